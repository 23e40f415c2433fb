"""An object described, live: what was read of it and around it, in kubectl's words, with links."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.kinds.describe import Line, Link, Need, Related, about, describe, needs
from k8stui.kinds.describe.common import EVENTS
from k8stui.ui.latest import start_latest
from k8stui.ui.spec import Target, ViewSpec, ViewType
from k8stui.ui.views.reading import LARGE, ObjectView
from k8stui.ui.widgets.document.content import MarkedLines, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.describe import Ref
    from k8stui.kube.catalog import Kind
    from k8stui.ui.widgets.document.viewer import DocumentViewer

NEED_LIMIT = 8.0
"""Seconds that each related read may take; without it, its part says so."""
PAGE = 500
MOST_READ = 5_000
"""Objects that a related read takes; more are too many to wait for."""
MANY = 3_000
"""Lines from which on they are written beside the screen's loop."""
AGES = 10.0
"""Seconds between two paintings of ages while nothing else happens."""


class DescribeContent(MarkedLines[Line]):
    """A description for the viewer."""

    _keys: list[Any] | None = None

    def key(self, index: int) -> Any:
        """The line by its label and the headings above it, told apart by number where they repeat."""
        if self._keys is None:
            self._keys = _keys(self.lines)
        return self._keys[index]


def _keys(lines: Sequence[Line]) -> list[Any]:
    keys: list[Any] = []
    above: list[tuple[int, str]] = []
    seen: dict[Any, int] = {}
    for line in lines:
        while above and above[-1][0] >= line.level:
            above.pop()
        mark = line.marks[0] if line.marks and line.marks[0].role in ("label", "heading") else None
        name = line.text[mark.start : mark.end] if mark is not None else ""
        key = (*(title for _, title in above), name)
        seen[key] = seen.get(key, 0) + 1
        keys.append((key, seen[key]))
        if name:
            above.append((line.level, name))
    return keys


def target_of(kind: Kind, ref: Ref) -> Target:
    """An object that is named, as something to point at."""
    noun = (kind.singular or kind.kind).lower()
    return Target(kind.name, ref.name, ref.namespace if kind.namespaced else "", "", noun)


async def _get(cluster: Any, path: str, params: dict[str, str]) -> dict[str, Any]:
    answer = await cluster.connection.request("GET", path, params=params)
    if len(answer.body) > LARGE:
        found: dict[str, Any] = await asyncio.to_thread(json.loads, answer.body)
    else:
        found = json.loads(answer.body)
    return found


async def _pages(cluster: Any, path: str, params: dict[str, str]) -> tuple[list[dict[str, Any]], str]:
    """A list page by page; a sentence instead of it when it is longer than one wants to wait for."""
    items: list[dict[str, Any]] = []
    while True:
        page = await _get(cluster, path, params)
        kind = str(page.get("kind", "")).removesuffix("List")
        single = {"apiVersion": page.get("apiVersion"), "kind": kind}
        items.extend({**single, **item} for item in page.get("items") or ())
        token = (page.get("metadata") or {}).get("continue")
        if not token:
            return items, ""
        if len(items) >= MOST_READ:
            return [], f"there are more than {MOST_READ:,} to look through"
        params = {**params, "continue": token}


class DescribeView(ObjectView):
    """A description of the object."""

    view_type: ClassVar[ViewType] = ViewType.DESCRIBE
    noun = "describe"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._related = Related()
        self._is_large = False
        self._events: Any = None

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(AGES, self._repaint)

    # Reading

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> tuple[dict[str, Any], Related]:
        self._is_large = len(body) > LARGE
        raw: dict[str, Any] = (
            await asyncio.to_thread(json.loads, body) if len(body) > LARGE else json.loads(body)
        )
        wanted = needs(kind.name, raw)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read_need(cluster, need)) for need in wanted]
        lists: dict[str, list[dict[str, Any]]] = {}
        problems: dict[str, str] = {}
        for need, task in zip(wanted, tasks, strict=True):
            found, problem = task.result()
            if problem:
                problems[need.name] = problem
            else:
                lists[need.name] = found
        if EVENTS in lists:
            lists[EVENTS] = [event for event in lists[EVENTS] if about(event, raw)]
        self._watch_events(cluster, raw)
        return raw, Related(lists, problems)

    async def _read_need(self, cluster: Any, need: Need) -> tuple[list[dict[str, Any]], str]:
        """What is needed, or why it could not be had, in one line."""
        from k8stui.kube.errors import KubeError

        kind = self.session.catalog.find(need.kind)
        if kind is None:
            return [], f"this server has no {need.kind}"
        params: dict[str, str] = {} if need.object_name else {"limit": str(PAGE)}
        if need.label_selector:
            params["labelSelector"] = need.label_selector
        if need.field_selector:
            params["fieldSelector"] = need.field_selector
        path = kind.path(need.namespace, need.object_name)
        try:
            async with asyncio.timeout(NEED_LIMIT):
                if need.object_name:
                    return [await _get(cluster, path, params)], ""
                return await _pages(cluster, path, params)
        except TimeoutError:
            return [], f"{kind.plural} were not read within {NEED_LIMIT:.0f} s"
        except KubeError as error:
            if getattr(error, "code", 0) == 404 and need.object_name:
                return [], ""
            return [], error.sentence()

    def _watch_events(self, cluster: Any, raw: dict[str, Any]) -> None:
        """Read again when there is a new event about the object."""
        kind = self.session.catalog.find("events")
        if self._events is not None or kind is None or not self.is_attached:
            return
        from k8stui.kinds.describe.needs import events_of

        need = events_of(raw)
        if not need.field_selector or self.kind is None or self.kind.name.startswith("events"):
            return
        self._events = cluster.subscribe(
            kind,
            namespaces=(need.namespace,) if need.namespace else (),
            field_selector=need.field_selector,
            wake=self._events_woken,
        )
        self._events.take()

    def _events_woken(self) -> None:
        if self._events is None:
            return
        changes = self._events.take()
        if (changes.changed or changes.removed) and not changes.reset:
            self.read_soon()

    def close(self) -> None:
        super().close()
        if self._events is not None:
            self._events.close()
            self._events = None

    # Showing

    def present(self, prepared: tuple[dict[str, Any], Related]) -> None:
        raw, self._related = prepared
        first = self.raw is None
        self.took(raw)
        self._repaint()
        if first and self.spec.filter:
            self.viewer.search(self.spec.filter)

    def _repaint(self) -> None:
        """Write it anew: ages went on."""
        if self.raw is None or self._kind is None:
            return
        if len(self.viewer.content) > MANY or self._is_large:
            start_latest(self, "paint", self._repaint_beside)
        elif (content := self._written(self.viewer.content)) is not None:
            self.viewer.show(content)

    async def _repaint_beside(self) -> None:
        """The same for many lines, beside the screen's loop."""
        content = await asyncio.to_thread(self._written, self.viewer.content)
        if content is not None and self.is_attached:
            self.viewer.show(content)

    def _written(self, old: Any) -> DescribeContent | None:
        """The description as it is now, ready to be shown; None when it says what is shown already."""
        raw, kind = self.raw, self._kind
        if raw is None or kind is None:
            return None
        lines = describe(kind.name, raw, self._related, self.session.backend.now())
        if says(old, lines):
            return None
        content = DescribeContent(lines)
        if len(old):
            content.find(None)
        return content

    # Links

    @property
    def links(self) -> tuple[Link, ...]:
        """What the line under the cursor names."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or not isinstance(content, DescribeContent):
            return ()
        return content.lines[number].links

    def spec_of(self, ref: Ref) -> ViewSpec | None:
        """The description of an object that is named; None for a kind that the server does not have."""
        kind = self.session.catalog.find(ref.kind)
        if kind is None:
            return None
        return ViewSpec(view=ViewType.DESCRIBE, kind=kind.name, target=target_of(kind, ref))

    def on_document_viewer_activated(self, event: DocumentViewer.Activated) -> None:
        """A double click is as good as Enter."""
        event.stop()
        self.post_message(self.Opened(self))
