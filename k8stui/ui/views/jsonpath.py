"""The result of a JSONPath over an object, or over the rows of a table; live.

Over a table it is followed through the rows that the table showed (its filter, faults, marks and order
count), and again when they change, beside the screen's loop. Values of secrets stay masked until asked for.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from k8stui.kinds.yaml_noise import Reveal
from k8stui.kinds.yaml_text import Document
from k8stui.ui.latest import start_latest
from k8stui.ui.spec import ViewType
from k8stui.ui.views.base import Title
from k8stui.ui.views.jsonpath_rows import JsonPathRows
from k8stui.ui.views.reading import ObjectView
from k8stui.ui.views.yaml import YamlContent

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from k8stui.kinds.jsonpath.result import Result
    from k8stui.kube.catalog import Kind
    from k8stui.ui.views.jsonpath_rows import Chosen

SETTLE = 0.15
"""Seconds between a change of rows and following the path again."""
SHARE = 10
"""Following it takes no more than this part of the time."""
TURN = 0.01
"""Seconds between two slices of looking at the rows."""


class Prepared(NamedTuple):
    """What was read and found."""

    content: YamlContent
    found: int
    problem: str = ""
    raw: dict[str, Any] | None = None


class JsonPathView(ObjectView):
    """What a path finds."""

    view_type: ClassVar[ViewType] = ViewType.JSONPATH
    noun = "jsonpath"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rows: JsonPathRows | None = None
        self._waiting: Timer | None = None
        self._following = False
        self._took = 0.0
        self._count = 0
        self._left_out = 0
        self._revealed = False
        self._trouble = ""

    # Reading

    def _start(self) -> None:
        if self.target is not None:
            super()._start()
            return
        self.close()
        cluster = self._read_from = self.session.cluster
        if cluster is None:
            self.viewer.placeholder = self.session.problem or f"{self.session.step}…"
            return
        self._kind = self.session.catalog.find(self.spec.kind)
        if self._kind is None:
            self._say(f"This server has no kind {self.spec.kind!r}.")
            return
        self._rows = JsonPathRows(
            self.spec, self.session, self._kind, revealed=self._revealed, changed=self._rows_changed
        )
        self._look()

    def _rows_changed(self) -> None:
        """Rows changed: look in a moment, once for all that does until then."""
        if self._waiting is None and self.is_attached:
            self._waiting = self.set_timer(max(SETTLE, SHARE * self._took), self._look)

    def _look(self) -> None:
        """Bring the rows up to date, a slice at a time, then follow the path."""
        self._waiting = None
        if self._rows is None or not self.is_attached:
            return
        if self._rows.step() or self._following:
            self._waiting = self.set_timer(TURN, self._look)
        elif self._rows.phase in ("denied", "gone"):
            self._say(self._rows.state.reason or "The server does not know this kind any more.")
        else:
            self._following = True
            start_latest(self, "read", self._follow, self._rows)
        self.post_message(self.Changed(self))

    async def _follow(self, rows: JsonPathRows) -> None:
        began = time.perf_counter()
        try:
            chosen = rows.chosen()
            prepared = await asyncio.to_thread(_assemble, self.spec.query, rows, chosen)
            if rows is self._rows:
                self._problem, self._left_out = "", chosen.left_out
                self.raw = {}
                self.present(prepared)
                self.post_message(self.Changed(self))
        finally:
            self._following = False
            self._took = time.perf_counter() - began

    def read(self) -> None:
        if self.target is None:
            self._start()
        else:
            super().read()

    def close(self) -> None:
        super().close()
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> Prepared:
        import msgspec

        raw = {"apiVersion": kind.api_version, "kind": kind.kind, **msgspec.json.decode(body)}
        return await asyncio.to_thread(self._evaluate, raw)

    def _evaluate(self, raw: dict[str, Any]) -> Prepared:
        """Runs in a thread: follow the path through one object."""
        from k8stui.kinds.jsonpath.items import masked
        from k8stui.kinds.jsonpath.path import parse_path
        from k8stui.kinds.jsonpath.result import result_of

        value = masked(raw, Reveal.DECODED if self._revealed else Reveal.MASKED)
        return _prepared(lambda: result_of(parse_path(self.spec.query), value), raw)

    def present(self, prepared: Prepared) -> None:
        if prepared.raw is not None:
            self.took(prepared.raw)
        self._count, self._trouble = prepared.found, prepared.problem
        if not len(prepared.content):
            loading = self._rows is not None and self._rows.phase == "loading"
            nothing = "Reading…" if loading else "Nothing is found there."
            self.viewer.placeholder = prepared.problem or nothing
        old = self.viewer.content
        same = isinstance(old, YamlContent) and old.lines == prepared.content.lines
        if not same or not len(prepared.content):
            self.viewer.show(prepared.content)

    # What can be asked

    @property
    def is_secret(self) -> bool:
        """There are values that are masked."""
        return self._kind is not None and self._kind.name == "secrets"

    def reveal(self) -> None:
        """Show the values of secrets, or mask them again."""
        self._revealed = not self._revealed
        self.read()

    @property
    def objects(self) -> tuple[Any, ...]:
        return () if self.target is None else super().objects

    def rescope(self) -> None:
        if self.target is None:
            self._start()
        else:
            super().rescope()

    def title(self) -> Title:
        title = super().title()
        scope = title.scope
        if self.target is None and self._kind is not None:
            scope = ",".join(self.namespaces) or "all" if self._kind.namespaced else ""
            scope = f"{self._kind.plural} {scope}".strip()
        state, bad, rows = title.state, title.trouble, self._rows
        if self._trouble:
            state, bad = self._trouble, True
        elif rows is not None and rows.phase == "loading":
            state, bad = f"reading {rows.state.loaded:,}", False
        elif rows is not None and rows.phase == "stale":
            state, bad = f"not live: {rows.state.reason}", True
        elif self._left_out:
            state, bad = f"without {self._left_out:,} more objects: ask by {{.items[*]…}} for all", True
        number = f"{self._count:,}" if self._count else ""
        notes = title.notes if rows is None else (*rows.notes(), *title.notes)
        return Title(title.name, scope, number, (self.spec.query, *notes), state, bad)


def _assemble(query: str, rows: JsonPathRows, chosen: Chosen) -> Prepared:
    """Runs in a thread: one result of what was kept of the rows."""
    from k8stui.kinds.jsonpath.items import assemble

    return _prepared(lambda: assemble(query, rows.kept(chosen)))


def _prepared(make: Callable[[], Result], raw: dict[str, Any] | None = None) -> Prepared:
    """The lines of a result, or why there is none."""
    from k8stui.kinds.jsonpath.syntax import JsonPathError

    try:
        result = make()
    except JsonPathError as error:
        return Prepared(YamlContent(Document((), {})), 0, str(error), raw)
    content = YamlContent(Document(result.lines, result.blocks))
    content.find(None)  # here, beside the screen: showing it looks for the place that was shown
    return Prepared(content, result.found, "", raw)
