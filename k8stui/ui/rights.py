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

UNSEEN = 0.7
"""Seconds that it takes to see a row and to let go of a key that was meant for another one."""

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


def changes(action: Action) -> bool:
    """It changes something in the cluster, or acts in a pod."""
    right = action.right
    return action.danger is not Danger.NONE or (right is not None and right.verb not in READING)


def unseen(action: Action, place: Place) -> str:
    """Why a key is not taken: what it would change has come under the cursor by itself, just now."""
    view = place.view
    if view is None or not (action.needs_object and place.objects and changes(action) and view.slid(UNSEEN)):
        return ""
    return (
        f"{place.objects[0].metadata.name} has just come under the cursor by itself. Look, then press again."
    )


class Rights:
    """What the user may not do at a place."""

    def __init__(self, session: Session, registry: Registry) -> None:
        self._session = session
        self._registry = registry
        self._failed: set[Question] = set()
        self._by_name: dict[Question, frozenset[str]] = {}
        """Of what is not allowed in general: the objects for which it is, by their names."""

    def refusal(self, action: Action, place: Place) -> str:
        """Why an action may not be done here, in one sentence; empty when it may, or that is not known."""
        if changes(action) and self._session.readonly:
            return READ_ONLY
        access = self._access
        for question in self._questions(action, place) if access is not None else ():
            known = access.known(
                question.verb, question.kind, question.namespace, subresource=question.subresource
            )
            if known is not None and not known and not self._allowed_by_name(question, place):
                return question.refusal()
        return ""

    def _allowed_by_name(self, question: Question, place: Place) -> bool:
        if place.kind is None or question.kind.name != place.kind.name:
            return False
        names = self._by_name.get(question, frozenset())
        return all(
            obj.metadata.name in names
            for obj in place.objects
            if not question.namespace or obj.metadata.namespace == question.namespace
        )

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
                if not await access.can(verb, kind, namespace, subresource=subresource):
                    self._by_name[question] = await _names(access, question)
            except KubeError:
                self._failed.add(question)
        then()

    def forget(self) -> None:
        """Another cluster is in use."""
        self._failed.clear()
        self._by_name.clear()


async def _names(access: Any, question: Question) -> frozenset[str]:
    """The objects for which rules allow it by name, which a review without a name does not tell."""
    resource = question.kind.plural + (f"/{question.subresource}" if question.subresource else "")
    rules = await access.rules(question.namespace or "default")
    found: frozenset[str] = rules.names(question.verb, question.kind.group, resource)
    return found
