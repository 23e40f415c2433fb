"""A rollout, live: how far it is, why it does not get on, its revisions and what each of them changed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, ClassVar

from k8stui.kinds.rollout.history import Revision, owned, revisions
from k8stui.kinds.rollout.page import PageLine, RolloutFacts, rollout_page
from k8stui.kinds.rollout.status import RolloutPhase, rollout_status
from k8stui.kinds.rollout.trouble import pod_trouble
from k8stui.ui.spec import ViewType
from k8stui.ui.views.reading import ObjectView
from k8stui.ui.widgets.document.content import MarkedLines, says

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.catalog import Kind
    from k8stui.ui.views.base import Title

AGAIN = 2.0
"""Seconds after which it is read again while it goes on: ReplicaSets and pods change beside the object."""
MOST_PODS = 200


class RolloutContent(MarkedLines[PageLine]):
    """The page for the viewer; a revision hides what it changed."""

    def key(self, index: int) -> Any:
        """What a line is about."""
        return self.lines[index].key


class RolloutView(ObjectView):
    """The rollout of a workload."""

    view_type: ClassVar[ViewType] = ViewType.ROLLOUT
    noun = "rollout"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.facts: RolloutFacts | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(AGAIN, self._while_it_goes_on)

    def _while_it_goes_on(self) -> None:
        facts = self.facts
        if facts is not None and not self._gone:
            if facts.status.phase is not RolloutPhase.COMPLETE:
                self.read_soon()
            else:
                self._repaint()

    # Reading

    async def prepare(self, cluster: Any, kind: Kind, body: bytes) -> RolloutFacts:
        from k8stui.kube.errors import KubeError

        obj: dict[str, Any] = json.loads(body)
        status = rollout_status(kind.kind, obj)
        if status is None:
            raise KubeError(f"{kind.plural} have no rollouts")
        items: list[dict[str, Any]] = []
        problem = ""
        try:
            items = await self._history(cluster, kind, obj)
        except KubeError as error:
            problem = error.sentence()
        found = await asyncio.to_thread(revisions, kind.kind, obj, items)
        trouble: list[str] = []
        if status.phase is not RolloutPhase.COMPLETE:
            trouble = pod_trouble(await self._new_pods(cluster, kind, obj, found))
        return RolloutFacts(kind.kind, obj, status, found, trouble, problem)

    async def _history(self, cluster: Any, kind: Kind, obj: dict[str, Any]) -> list[dict[str, Any]]:
        from k8stui.kube.operations.reading import read_items

        plural = "replicasets" if kind.kind == "Deployment" else "controllerrevisions"
        keeper = self.session.catalog.get("apps", plural)
        selector = _selector(obj)
        if keeper is None or not selector:
            return []
        space = obj["metadata"].get("namespace", "")
        return await read_items(cluster.connection, keeper.path(space), {"labelSelector": selector})

    async def _new_pods(
        self, cluster: Any, kind: Kind, obj: dict[str, Any], found: Sequence[Revision]
    ) -> list[dict[str, Any]]:
        """The pods of the newest revision; none where they cannot be read."""
        from k8stui.kube.errors import KubeError
        from k8stui.kube.operations.reading import read_json

        pods, selector = self.session.catalog.get("", "pods"), _selector(obj)
        current = next((each for each in found if each.current), None)
        if pods is None or current is None or not selector:
            return []
        params = {"labelSelector": selector, "limit": str(MOST_PODS)}
        path = pods.path(obj["metadata"].get("namespace", ""))
        try:
            items = (await read_json(cluster.connection, path, params)).get("items") or []
        except KubeError:
            return []
        if kind.kind == "Deployment":
            return owned(items, current.source["metadata"].get("uid", ""))
        return [pod for pod in items if _revision_label(pod) == _hash_of(current)]

    # Showing

    def present(self, prepared: RolloutFacts) -> None:
        first = self.raw is None
        self.took(dict(prepared.obj))
        self.facts = prepared
        self._repaint()
        if first:
            self._fold_older()

    def _repaint(self) -> None:
        if self.facts is None:
            return
        lines = rollout_page(self.facts, self.session.backend.now())
        if not says(self.viewer.content, lines):
            self.viewer.show(RolloutContent(lines))

    def _fold_older(self) -> None:
        """Only what the newest revision changed is open at first; the cursor is on the one before it."""
        content = self.viewer.content
        assert isinstance(content, RolloutContent)
        heads = [at for at, line in enumerate(content.lines) if line.revision and line.level == 0]
        self.viewer.fold(heads[1:])
        if heads:
            wanted = heads[1] if len(heads) > 1 else heads[0]
            self.viewer.move_to(self.viewer.document.places.index(wanted))

    # What actions ask

    @property
    def revision(self) -> Revision | None:
        """The revision under the cursor."""
        number, content = self.viewer.line_number, self.viewer.content
        if number is None or self.facts is None or not isinstance(content, RolloutContent):
            return None
        meant = content.lines[number].revision
        return next((each for each in self.facts.revisions if each.number == meant), None)

    def state_text(self) -> str:
        return "" if self.facts is None else self.facts.status.phase.value

    def title(self) -> Title:
        title = super().title()
        stuck = self.facts is not None and self.facts.status.phase is RolloutPhase.STUCK
        return title._replace(trouble=True) if stuck else title


def _selector(obj: Mapping[str, Any]) -> str:
    """The workload's selector as the server takes it; empty where it selects nothing."""
    import msgspec

    from k8stui.kinds.selectors import SelectorError, selector_of
    from k8stui.kube.objects.meta import LabelSelector

    try:
        raw = (obj.get("spec") or {}).get("selector")
        found = selector_of(msgspec.convert(raw, LabelSelector | None))
    except (SelectorError, msgspec.ValidationError):
        return ""
    return "" if found.nothing else str(found)


def _revision_label(pod: Mapping[str, Any]) -> str:
    labels = (pod.get("metadata") or {}).get("labels") or {}
    return str(labels.get("controller-revision-hash", ""))


def _hash_of(revision: Revision) -> str:
    """What pods of the revision are labelled with: its own label, else its name."""
    labels = revision.source["metadata"].get("labels") or {}
    name = revision.name
    own = str(labels.get("controller-revision-hash", ""))
    return own or name
