"""A pod taken apart, live: its containers as rows, each with what there is to know of it below.

The line under the cursor belongs to a container; what can be done with one is done from there. Secrets are
read only when their values are asked for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.kinds.anatomy.env import SECRETS, Sources, sources_of
from k8stui.kinds.anatomy.page import Row, anatomy
from k8stui.kinds.describe.common import EVENTS
from k8stui.kinds.describe.needs import Need
from k8stui.ui.spec import ViewType
from k8stui.ui.views.describe import DescribeContent, DescribeView

if TYPE_CHECKING:
    from k8stui.kinds.describe import Related
    from k8stui.kube.catalog import Kind


class AnatomyContent(DescribeContent):
    """The rows for the viewer; a line is known by its container as well."""

    def __init__(self, rows: list[Row]) -> None:
        super().__init__([row.line for row in rows])
        self.rows = rows

    def key(self, index: int) -> Any:
        """The same field of the same container is the same line."""
        row = self.rows[index]
        return ("head", row.container) if row.is_head else (row.container, super().key(index))


class AnatomyView(DescribeView):
    """The containers of a pod."""

    view_type: ClassVar[ViewType] = ViewType.ANATOMY
    noun = "containers"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.viewer.wrap = True  # what a state means stands at the end of its line
        self.revealed = False
        self._sources = Sources()

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> tuple[dict[str, Any], Related]:
        raw, related = await super().prepare(cluster, kind, body)
        self._sources = await self._read_sources(cluster, raw)
        return raw, related

    async def _read_sources(self, cluster: Any, raw: dict[str, Any]) -> Sources:
        """The config maps, and the secrets once they were asked for."""
        sources = Sources()
        namespace = str((raw.get("metadata") or {}).get("namespace", ""))
        wanted = [each for each in sources_of(raw) if self.revealed or each[0] != SECRETS]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._read_need(cluster, Need(name, kind, namespace, name)))
                for kind, name in wanted
            ]
        for key, task in zip(wanted, tasks, strict=True):
            found, problem = task.result()
            if found:
                sources.objects[key] = found[0]
            else:
                sources.problems[key] = problem or f"{key[0][:-1]} {key[1]} does not exist"
        return sources

    def _repaint(self) -> None:
        if self.raw is None:
            return
        events = self._related.get(EVENTS)
        now = self.session.backend.now()
        rows = anatomy(self.raw, events, self._sources, now, reveal=self.revealed)
        old = self.viewer.content
        first = not isinstance(old, AnatomyContent)
        if not isinstance(old, AnatomyContent) or [row.line for row in rows] != list(old.lines):
            content = AnatomyContent(rows)
            self.viewer.show(content)
            if first:
                self._fold(content)

    def _fold(self, content: AnatomyContent) -> None:
        """Open at first only what has trouble, or what is alone; the cursor goes to the first such."""
        heads = [at for at, row in enumerate(content.rows) if row.is_head]
        opened = [at for at in heads if content.rows[at].troubled] or (heads if len(heads) == 1 else [])
        self.viewer.folded = {at for at in heads if at not in opened and at in content.blocks}
        self.viewer.refold(self.wanted_head(content, opened or heads))

    def wanted_head(self, content: AnatomyContent, heads: list[int]) -> int:
        """The row to begin with: that of the container the view was opened for, else the first."""
        named = (
            at for at, row in enumerate(content.rows) if row.is_head and row.container == self.spec.container
        )
        return next(named, heads[0] if heads else 0)

    def reveal(self) -> None:
        """Read the secrets and show what they set, or mask it again."""
        self.revealed = not self.revealed
        self.read()

    @property
    def container(self) -> str:
        """The container that the line under the cursor is about; empty for the pod's own lines."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or not isinstance(content, AnatomyContent):
            return ""
        return content.rows[number].container

    @property
    def on_head(self) -> bool:
        """The cursor is on a container's row."""
        number, content = self.viewer.line_number, self.viewer.content
        return number is not None and isinstance(content, AnatomyContent) and content.rows[number].is_head

    def notes(self) -> tuple[str, ...]:
        return ("secrets shown",) if self.revealed else ()
