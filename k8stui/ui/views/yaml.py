"""An object as YAML, live: noise hidden until it is asked for, secrets masked key by key."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from k8stui.kinds.editing.field_owners import owners_of
from k8stui.kinds.yaml_noise import Reveal, is_secret, readable
from k8stui.kinds.yaml_text import Document, Path, YamlLine, emit
from k8stui.ui.spec import ViewType
from k8stui.ui.views.reading import LARGE, ObjectView
from k8stui.ui.widgets.document.content import Lines, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.catalog import Kind


class YamlContent(Lines[YamlLine]):
    """A document of YAML for the viewer."""

    def __init__(self, document: Document) -> None:
        super().__init__(document.lines, document.blocks)
        self._keys: list[Any] | None = None

    def pieces(self, index: int) -> list[Piece]:
        """Key, signs and value."""
        return _pieces(self.lines[index])

    def key(self, index: int) -> Any:
        """The field, and which line of it."""
        if self._keys is None:
            self._keys = keys_of(self.lines)
        return self._keys[index]


def keys_of(lines: Sequence[YamlLine]) -> list[tuple[Path, int]]:
    """For each line its field and its number within the field."""
    keys, path, number = [], None, 0
    for line in lines:
        number = number + 1 if line.path == path else 0
        path = line.path
        keys.append((path, number))
    return keys


def _pieces(line: YamlLine) -> list[Piece]:
    text, end = line.text, len(line.text)
    if line.role == "text":
        return [Piece(0, end, "text")]
    pieces: list[Piece] = []
    start = len(text) - len(text.lstrip(" "))
    dashes = start
    while text.startswith("- ", dashes):
        dashes += 2
    if line.key_end:
        dashes = line.key_at
    if dashes > start:
        pieces.append(Piece(start, dashes, "sign"))
    value = dashes
    if line.key_end:
        pieces += [Piece(line.key_at, line.key_end, "key"), Piece(line.key_end, line.key_end + 1, "sign")]
        value = line.key_end + 1
    role = "sign" if line.role == "open" else line.role
    if role and value < end:
        pieces.append(Piece(value, end, role))
    return pieces


class Prepared(NamedTuple):
    """What was read: the object, its lines, and which of them are others than before."""

    raw: dict[str, Any]
    content: YamlContent
    changed: frozenset[int]


class YamlView(ObjectView):
    """YAML of the object."""

    view_type: ClassVar[ViewType] = ViewType.YAML
    noun = "yaml"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.noise = False
        self._reveal: dict[str, Reveal] = {}
        self._changes = 0

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> Prepared:
        old = None if self.raw is None else self.viewer.content
        if len(body) > LARGE:
            return await asyncio.to_thread(self._prepare, body, old)
        return self._prepare(body, old)

    def _prepare(self, body: bytes, old: Any) -> Prepared:
        """Read it, and compare it with what is shown, if anything is."""
        raw: dict[str, Any] = json.loads(body)
        content = self._content(raw)
        changed = frozenset() if old is None else self._changed(old, content)
        content.find(None)
        return Prepared(raw, content, changed)

    def _content(self, raw: dict[str, Any]) -> YamlContent:
        content = YamlContent(emit(readable(raw, noise=self.noise, reveal=self._reveal)))
        if len(content):
            content.key(0)
        return content

    def present(self, prepared: Prepared) -> None:
        raw, content, changed = prepared
        first = self.raw is None
        self.took(raw)
        self._changes = len(changed)
        self.viewer.show(content, changed)
        if first and self.spec.filter:
            self.viewer.search(self.spec.filter)

    @staticmethod
    def _changed(old: Any, new: YamlContent) -> frozenset[int]:
        """The lines that are not as they were before this reading."""
        texts = {old.key(index): old.text(index) for index in range(len(old))}
        return frozenset(
            index
            for index in range(len(new))
            if texts.get(new.key(index)) != new.text(index) and new.key(index)[0][-1:] != ("resourceVersion",)
        )

    def _again(self) -> None:
        """The same object, shown in another way."""
        if self.raw is not None:
            self.viewer.show(self._content(self.raw))
            self.post_message(self.Changed(self))

    # What can be asked

    def toggle_noise(self) -> None:
        """Show managedFields and the like, or no longer."""
        self.noise = not self.noise
        self._again()

    @property
    def is_secret(self) -> bool:
        """The object has values that are masked."""
        return self.raw is not None and is_secret(self.raw)

    def reveal(self, *, every: bool = False) -> str:
        """Show the value under the cursor in the next way (masked, decoded, as stored); what is said."""
        if self.raw is None:
            return ""
        keys = [key for part in ("data", "stringData") for key in (self.raw.get(part) or {})]
        if not every:
            path = self.path
            keys = [str(path[1])] if len(path) > 1 and path[0] in ("data", "stringData") else []
        if not keys:
            return "Put the cursor on a key of the data."
        ways = list(Reveal)
        way = ways[(ways.index(self._reveal.get(keys[0], Reveal.MASKED)) + 1) % len(ways)]
        self._reveal.update(dict.fromkeys(keys, way))
        self._again()
        return ""

    @property
    def path(self) -> Path:
        """The field under the cursor."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or not isinstance(content, YamlContent):
            return ()
        return content.lines[number].path

    def owners_text(self) -> str:
        """Who set the field under the cursor, and when, in a sentence."""
        from k8stui.kinds.describe.common import ago

        path = self.path
        if self.raw is None or not path:
            return ""
        name = ".".join(map(str, path))
        now = self.session.backend.now()
        said = []
        for owner in owners_of(self.raw, path):
            part = f", {owner.subresource}" if owner.subresource else ""
            below = "" if owner.exact else "parts of it by "
            said.append(f"{below}{owner.manager} ({owner.operation}{part}, {ago(owner.time, now)} ago)")
        if not said:
            return f"{name}: no manager is noted for it; the server or an old client set it."
        return f"{name}: set by {'; '.join(said)}."

    def notes(self) -> tuple[str, ...]:
        notes = ["with managed fields"] if self.noise else []
        if self._changes:
            notes.append(f"{self._changes} line{'s' * (self._changes > 1)} changed")
        return tuple(notes)
