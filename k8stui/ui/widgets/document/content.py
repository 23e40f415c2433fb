"""What a document is to its viewer: lines with colours and keys, of which some are folded away.

Made elsewhere, of YAML or a description; nothing here knows what the lines mean, and nothing paints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLES = (
    "key",
    "string",
    "number",
    "word",
    "text",
    "sign",
    "heading",
    "label",
    "link",
    "good",
    "warning",
    "bad",
    "muted",
)
"""The colours there are."""


class Piece(NamedTuple):
    """A stretch of a line that has a colour of its own."""

    start: int
    end: int
    role: str
    """One of `ROLES`."""


class Content(Protocol):
    """What is shown."""

    @property
    def blocks(self) -> Mapping[int, int]:
        """A line that can be folded -> the line after the last of what it hides."""
        ...

    def __len__(self) -> int: ...
    def text(self, index: int) -> str:
        """A line, safe to paint."""
        ...

    def pieces(self, index: int) -> Sequence[Piece]:
        """The colours of a line, from left to right."""
        ...

    def key(self, index: int) -> Any:
        """What the line is about: the same before and after a change of its value."""
        ...

    def find(self, key: Any) -> int | None:
        """The first line with that key."""
        ...


class Nothing:
    """No lines."""

    blocks: ClassVar[Mapping[int, int]] = {}

    def __len__(self) -> int:
        return 0

    def text(self, index: int) -> str:
        """There is none."""
        raise IndexError(index)

    def pieces(self, index: int) -> Sequence[Piece]:
        """There are none."""
        raise IndexError(index)

    def key(self, index: int) -> Any:
        """There is none."""
        raise IndexError(index)

    def find(self, key: Any) -> int | None:
        """There is none."""
        return None


class Keyed:
    """Finds the lines of a content by their keys; what was made once is kept."""

    _places: dict[Any, int] | None = None

    def find(self, key: Any) -> int | None:
        """The first line with that key."""
        if self._places is None:
            self._places = {self.key(index): index for index in range(len(self) - 1, -1, -1)}
        return self._places.get(key)

    def __len__(self) -> int:
        raise NotImplementedError

    def key(self, index: int) -> Any:
        """What a line is about."""
        raise NotImplementedError


class WithText(Protocol):
    """A line of any kind."""

    @property
    def text(self) -> str: ...


class Marked(WithText, Protocol):
    """A line with colours, under the lines above it that have a lower level."""

    @property
    def marks(self) -> Sequence[tuple[int, int, str]]: ...
    @property
    def level(self) -> int: ...


TextLine = TypeVar("TextLine", bound=WithText)
MarkedLine = TypeVar("MarkedLine", bound=Marked)


class Lines(Keyed, Generic[TextLine]):
    """A content that is made of its lines."""

    def __init__(self, lines: Sequence[TextLine], blocks: Mapping[int, int]) -> None:
        self.lines = lines
        self.blocks = blocks

    def __len__(self) -> int:
        return len(self.lines)

    def text(self, index: int) -> str:
        """A line."""
        return self.lines[index].text


class MarkedLines(Lines[MarkedLine]):
    """Lines that bring their colours; each that stands above deeper ones can be folded."""

    def __init__(self, lines: Sequence[MarkedLine]) -> None:
        super().__init__(lines, _by_level(lines))

    def pieces(self, index: int) -> list[Piece]:
        """Labels, links, warnings."""
        return [Piece(*mark) for mark in self.lines[index].marks]


def _by_level(lines: Sequence[Marked]) -> dict[int, int]:
    """Lines with deeper lines below them."""
    blocks: dict[int, int] = {}
    waiting: list[int] = []
    for index, level in enumerate([*(line.level for line in lines), -1]):
        while waiting and lines[waiting[-1]].level >= level:
            opener = waiting.pop()
            if index > opener + 1:
                blocks[opener] = index
        waiting.append(index)
    return blocks


def says(content: Content, lines: Sequence[WithText]) -> bool:
    """Whether a content says what these lines say."""
    return len(content) == len(lines) and all(content.text(at) == line.text for at, line in enumerate(lines))


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line for the painter."""

    text: str
    pieces: Sequence[Piece] = ()
    hidden: int = 0
    """Lines that are folded below it."""
    changed: bool = False
    time: str = ""
    source: Any = None
    mark: str = ""


class DocumentLines:
    """The lines of a content that are not folded away, by their place from the top."""

    first = 0

    def __init__(self, content: Content, folded: set[int], changed: frozenset[int] = frozenset()) -> None:
        self.content = content
        self.folded = folded
        self.changed = changed
        self.places: Sequence[int] = range(len(content))
        """Numbers of the lines that are shown."""
        if folded:
            places, index, blocks = [], 0, content.blocks
            while index < len(content):
                places.append(index)
                index = blocks[index] if index in folded and index in blocks else index + 1
            self.places = places

    @property
    def end(self) -> int:
        """Number after the last shown line."""
        return len(self.places)

    def line(self, seq: int) -> DocumentLine:
        """A shown line with its colours."""
        index = self.places[seq]
        content = self.content
        hidden = content.blocks[index] - index - 1 if index in self.folded else 0
        return DocumentLine(content.text(index), content.pieces(index), hidden, index in self.changed)

    def lines(self, start: int, stop: int) -> list[DocumentLine]:
        """Shown lines, for searching."""
        return [DocumentLine(self.content.text(self.places[seq])) for seq in range(start, stop)]

    def place_of(self, index: int) -> int:
        """Where a line is shown, or the line that it is folded into."""
        if isinstance(self.places, range):
            return index
        from bisect import bisect_right

        return max(0, bisect_right(self.places, index) - 1)
