"""A ring of lines as `kube.logs.buffer.LogBuffer` keeps one, for the tests of the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.widgets.lines.model import LineView, TextLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Ring:
    """Lines by absolute number; old ones fall off."""

    def __init__(self, most: int = 200_000) -> None:
        self._lines: list[Any] = [None] * most
        self._most = most
        self.first = 0
        self.end = 0

    def append(self, text: str, *, time: str = "", source: str | None = None, mark: str = "") -> None:
        self._lines[self.end % self._most] = TextLine(text, time, source, mark)
        self.end += 1
        self.first = max(self.first, self.end - self._most)

    def extend(self, texts: list[str]) -> None:
        for text in texts:
            self.append(text)

    def line(self, seq: int) -> TextLine:
        if not self.first <= seq < self.end:
            raise IndexError(seq)
        line: TextLine = self._lines[seq % self._most]
        return line

    def lines(self, start: int, stop: int) -> list[TextLine]:
        return [self._lines[seq % self._most] for seq in range(max(start, self.first), min(stop, self.end))]


class Texts:
    """Matches lines by their text; remarks always."""

    def __init__(self, passes: Callable[[str], bool]) -> None:
        self._passes = passes

    def matching(self, start: int, lines: Sequence[Any], source: Any) -> list[int]:
        return [seq for seq, line in enumerate(lines, start) if line.mark or self._passes(line.text)]


def only(passes: Callable[[str], bool]) -> LineView:
    """A view of the lines whose text passes."""
    return LineView(Texts(passes))
