"""The relations of an object, live: owners, what is below, traffic, what it uses, who uses it.

A tree of lines; the line under the cursor is an object, and what can be done with it is done from here. The
objects come from collections that others hold as well where they do.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.kinds.relations.page import Row, rows
from k8stui.ui.latest import start_latest
from k8stui.ui.spec import Target, ViewSpec, ViewType
from k8stui.ui.views.describe import DescribeContent, target_of
from k8stui.ui.views.reading import LARGE, Meant, Named, ObjectView
from k8stui.ui.widgets.document.viewer import GUTTER

if TYPE_CHECKING:
    from textual.timer import Timer

    from k8stui.kinds.describe import Link
    from k8stui.kinds.relations.tree import Entry, Section
    from k8stui.kube.catalog import Kind
    from k8stui.kube.relations import Reader
    from k8stui.ui.widgets.document.viewer import DocumentViewer

SETTLE = 0.12
"""Seconds between a change of anything and building the tree again."""
SHARE = 10
"""Building the tree takes no more than this part of the time."""
SLICE = 0.004
"""Seconds of building after which the screen has its turn."""
AGES = 10.0
"""Seconds between two looks at times while nothing else happens."""


class RelationsContent(DescribeContent):
    """The tree for the viewer; a line is known by its object and the ones above it."""

    def __init__(self, found: list[Row]) -> None:
        super().__init__([row.line for row in found])
        self.rows = found

    def key(self, index: int) -> Any:
        """The same object under the same ones is the same line."""
        if self._keys is None:
            self._keys = _keys(self.rows)
        return self._keys[index]


def _keys(found: list[Row]) -> list[Any]:
    keys: list[Any] = []
    above: list[Any] = []
    for line, entry in found:
        del above[line.level :]
        name: Any = line.text if entry is None or entry.ref is None else entry.ref
        above += [""] * (line.level - len(above)) + [name]
        keys.append(tuple(above))
    return keys


class Turns:
    """Gives the screen its turn when work has used up its own."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._before = 0.0

    @property
    def took(self) -> float:
        """Seconds of work so far, without what others had."""
        return self._before + time.perf_counter() - self._began

    async def give(self, least: float = SLICE) -> None:
        """Let others go on, after so many seconds of work."""
        worked = time.perf_counter() - self._began
        if worked >= least:
            self._before += worked
            await asyncio.sleep(0)
            self._began = time.perf_counter()


def _warm() -> None:
    """Import and make ready what the first tree needs; runs in a thread."""
    import k8stui.kinds.relations.links  # noqa: F401 - so that the screen's loop finds it imported
    from k8stui.kube.relations import warm

    warm()


class RelationsView(ObjectView):
    """What belongs to an object."""

    view_type: ClassVar[ViewType] = ViewType.RELATIONS
    noun = "relations"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reader: Reader | None = None
        self._waiting: Timer | None = None
        self._building = False
        self._took = 0.0

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(AGES, self._rebuild)

    # Reading

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> dict[str, Any]:
        await asyncio.to_thread(_warm)
        found: dict[str, Any] = (
            await asyncio.to_thread(json.loads, body) if len(body) > LARGE else json.loads(body)
        )
        return found

    def present(self, prepared: dict[str, Any]) -> None:
        from k8stui.kube.relations import Reader

        # A list's items say no kind of their own, a GET does; some aggregated servers leave it out there too.
        assert self._kind is not None
        self.took({"apiVersion": self._kind.api_version, "kind": self._kind.kind, **prepared})
        if self._reader is None:
            self._reader = Reader(self.session.cluster, self._rebuild_soon)
        self._rebuild()

    def _rebuild_soon(self) -> None:
        """Something changed, or came: once for all that does within a moment."""
        if self._waiting is None and self.is_attached:
            # what takes long is done less often: the screen comes first
            self._waiting = self.set_timer(max(SETTLE, SHARE * self._took), self._rebuild)

    def _rebuild(self) -> None:
        self._waiting = None
        if self._building:
            self._rebuild_soon()
        elif self.raw is not None and self._reader is not None:
            self._building = True
            start_latest(self, "relations", self._build, self.raw, self._reader)

    async def _build(self, raw: dict[str, Any], reader: Reader) -> None:
        """Build the tree, with a turn for the screen whenever `SLICE` is used up."""
        from k8stui.kinds.relations.links import relations

        assert self._kind is not None
        turns = Turns()
        try:
            reader.begin()
            sections: list[Section] = []
            for section in relations(reader, self._kind, raw, self.session.backend.now()):
                if section is not None:
                    sections.append(section)
                await turns.give()
            reader.end()
            found: list[Row] = []
            for row in rows(sections, self._room):
                found.append(row)
                await turns.give()
            self._took = turns.took
            await turns.give(least=0.0)
            if self._reader is not None:
                self._show(found)
        finally:
            self._building = False

    def _show(self, found: list[Row]) -> None:
        """Show the tree where it is another one."""
        old = self.viewer.content
        if isinstance(old, RelationsContent) and [row.line for row in found] == list(old.lines):
            return
        untouched = self.viewer.cursor <= 0 or self._on_object
        self.viewer.show(RelationsContent(found))
        if untouched:
            self._cursor_to_object()
        if not isinstance(old, RelationsContent) and self.spec.filter:
            self.viewer.search(self.spec.filter)
        self._tell()
        self.post_message(self.Changed(self))

    @property
    def _room(self) -> int:
        """Cells of a line."""
        return max(0, self.viewer.scrollable_content_region.width - GUTTER)

    def on_resize(self) -> None:
        """There is another room for notes."""
        self._rebuild_soon()

    def _cursor_to_object(self) -> None:
        """Put the cursor on the object whose relations these are."""
        content = self.viewer.content
        if isinstance(content, RelationsContent):
            here = next((at for at, row in enumerate(content.rows) if row.entry and row.entry.here), None)
            if here is not None:
                self.viewer.move_to(self.viewer.document.place_of(here))

    @property
    def _on_object(self) -> bool:
        entry = self.entry
        return entry is not None and entry.here

    def close(self) -> None:
        super().close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    def state_text(self) -> str:
        if self._reader is not None and self._reader.stale:
            return f"not live: {self._reader.stale}"
        return super().state_text()

    # What is under the cursor

    @property
    def entry(self) -> Entry | None:
        """What the line under the cursor is about."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or not isinstance(content, RelationsContent) or number >= len(content.rows):
            return None
        return content.rows[number].entry

    @property
    def kind(self) -> Kind | None:
        entry = self.entry
        if entry is None or entry.ref is None:
            return None
        return self.session.catalog.find(entry.ref.kind)

    @property
    def objects(self) -> tuple[Any, ...]:
        """The object under the cursor: what actions mean here."""
        entry = self.entry
        if entry is None or entry.ref is None:
            return ()
        return (Meant(Named(entry.name, entry.ref.namespace, entry.uid)),)

    @property
    def links(self) -> tuple[Link, ...]:
        """What the line under the cursor names."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or not isinstance(content, RelationsContent):
            return ()
        return content.lines[number].links

    def spec_of(self, ref: Any) -> ViewSpec | None:
        """The relations of an object that is named; of this one its description."""
        kind = self.session.catalog.find(ref.kind)
        if kind is None:
            return None
        view = ViewType.DESCRIBE if self._on_object else ViewType.RELATIONS
        return ViewSpec(view=view, kind=kind.name, target=target_of(kind, ref))

    def _tell(self) -> None:
        """Panes that follow show what is under the cursor."""
        entry, kind = self.entry, self.kind
        target = None
        if entry is not None and entry.ref is not None and kind is not None:
            target = Target(kind.name, entry.name, entry.ref.namespace, entry.uid, entry.noun)
        self.post_message(self.Selected(self, target, True))

    def on_document_viewer_moved(self, event: DocumentViewer.Moved) -> None:
        """Another object is under the cursor."""
        event.stop()
        self._tell()

    def on_document_viewer_activated(self, event: DocumentViewer.Activated) -> None:
        """A double click is as good as Enter."""
        event.stop()
        self.post_message(self.Opened(self))
