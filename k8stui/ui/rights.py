"""Which actions this user may not do, and why: by read-only mode, and by what the server answers.

The server is asked by access reviews a moment after the place has settled, once for each right and namespace.
What is not known is not forbidden: the server decides when it is done. Nothing here hides an action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.ui.actions import Danger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from k8stui.kube.catalog import Kind
    from k8stui.ui.actions import Action, Place, Registry
    from k8stui.ui.session import Session

READING = frozenset({"get", "list", "watch"})
MOST_NAMESPACES = 5
"""Of many marked rows, so many namespaces are asked for."""

READ_ONLY = "Read-only: k8stui sends nothing that would change the cluster."


class Question(NamedTuple):
    """One thing that an access review can answer."""

    verb: str
    kind: Kind
    namespace: str
    subresource: str

    def refusal(self) -> str:
        """The sentence for a no."""
        resource = f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.name
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"You may not {self.verb} {resource}{where}."


class Rights:
    """What the user may not do at a place."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry
        self._failed: set[Question] = set()

    def refusal(self, action: Action, place: Place) -> str:
        """Why an action may not be done here, in one sentence; empty when it may, or that is not known."""
        right = action.right
        changes = action.danger is not Danger.NONE or (right is not None and right.verb not in READING)
        if changes and self._session.readonly:
            return READ_ONLY
        access = self._access
        for question in self._questions(action, place) if access is not None else ():
            known = access.known(
                question.verb, question.kind, question.namespace, subresource=question.subresource
            )
            if known is not None and not known:
                return question.refusal()
        return ""

    @property
    def _access(self) -> Any:
        from k8stui.kube.errors import KubeError

        try:
            return getattr(self._session.cluster, "access", None)
        except KubeError:
            return None  # the kubeconfig is unusable: the screen says so elsewhere

    def _questions(self, action: Action, place: Place) -> Iterable[Question]:
        right = action.right
        if right is None or not place.objects:
            return
        kind = self._session.catalog.find(right.resource) if right.resource else place.kind
        if kind is None:
            return
        namespaces = dict.fromkeys(obj.metadata.namespace or "" for obj in place.objects)
        for namespace in list(namespaces)[:MOST_NAMESPACES]:
            yield Question(right.verb, kind, namespace if kind.namespaced else "", right.subresource)

    def unknown(self, place: Place) -> list[Question]:
        """What the actions of a place want to know and nobody has asked yet."""
        access = self._access
        if access is None:
            return []
        found: dict[Question, None] = {}
        for action in self._registry.working(place):
            for question in self._questions(action, place):
                verb, kind, namespace, subresource = question
                if access.known(verb, kind, namespace, subresource=subresource) is None:
                    found[question] = None
        return [question for question in found if question not in self._failed]

    async def ask(self, questions: list[Question], then: Callable[[], object]) -> None:
        """Ask the server, and do `then` when all is answered. What it cannot answer is not asked again."""
        from k8stui.kube.errors import KubeError

        access = self._access
        if access is None:
            return
        for question in questions:
            verb, kind, namespace, subresource = question
            try:
                await access.can(verb, kind, namespace, subresource=subresource)
            except KubeError:
                self._failed.add(question)
        then()

    def forget(self) -> None:
        """Another cluster is in use."""
        self._failed.clear()
