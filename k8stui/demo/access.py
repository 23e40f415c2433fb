"""Who may do what: the RBAC of the simulated cluster, from the Role and Binding objects that are in it.

Members of `system:masters` may do everything. The answers are given in the API server's words. Nothing is
changed in here, and no user is authenticated here (that is `server`, by path prefix and impersonation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import StoreError
from k8stui.demo.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES

if TYPE_CHECKING:
    from k8stui.demo.routing import RequestInfo, User
    from k8stui.demo.store import Store

Rule = Mapping[str, Any]
MASTERS = "system:masters"

# What every authenticated user of a real cluster may do (roles system:basic-user, system:discovery,
# system:public-info-viewer).
_BASIC: tuple[Rule, ...] = (
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
    {
        "verbs": ["get"],
        "nonResourceURLs": [
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/",
        ],
    },
)
_EVERYTHING: tuple[Rule, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """One question to the authorizer."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


def attributes(info: RequestInfo) -> Attributes:
    """The question that a request poses."""
    if not info.is_resource:
        return Attributes(info.verb, path=info.path)
    return Attributes(info.verb, info.group, info.plural, info.subresource, info.namespace, info.name)


def _fits(wanted: str, given: Sequence[str]) -> bool:
    return "*" in given or wanted in given


def _resource_fits(ask: Attributes, given: Sequence[str]) -> bool:
    whole = f"{ask.resource}/{ask.subresource}" if ask.subresource else ask.resource
    if "*" in given or whole in given:
        return True
    return bool(ask.subresource) and f"*/{ask.subresource}" in given


def _allows(rule: Rule, ask: Attributes) -> bool:
    if not _fits(ask.verb, rule.get("verbs") or ()):
        return False
    if ask.path:
        urls = rule.get("nonResourceURLs") or ()
        return any(
            url in ("*", ask.path) or (url.endswith("*") and ask.path.startswith(url[:-1])) for url in urls
        )
    names = rule.get("resourceNames") or ()
    return (
        _fits(ask.group, rule.get("apiGroups") or ())
        and _resource_fits(ask, rule.get("resources") or ())
        and (not names or ask.name in names)
    )


def _is_subject(subject: Mapping[str, Any], user: User, namespace: str) -> bool:
    kind, name = subject.get("kind"), subject.get("name")
    if kind == "User":
        return name == user.name
    if kind == "Group":
        return name in user.groups
    if kind == "ServiceAccount":
        return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{name}"
    return False


class Authorizer:
    """Decides by the Role and Binding objects of the store, read anew for each question."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rules(self, user: User, namespace: str) -> Iterator[Rule]:
        """All rules that hold for a user in a namespace (cluster-wide ones included)."""
        if MASTERS in user.groups:
            yield from _EVERYTHING
        if "system:authenticated" in user.groups:
            yield from _BASIC
        for binding in self._store.list(CLUSTER_ROLE_BINDINGS):
            if any(_is_subject(subject, user, "") for subject in binding.get("subjects") or ()):
                yield from self._role(binding["roleRef"], "")
        if not namespace:
            return
        for binding in self._store.list(ROLE_BINDINGS, namespace):
            if any(_is_subject(subject, user, namespace) for subject in binding.get("subjects") or ()):
                yield from self._role(binding["roleRef"], namespace)

    def _role(self, reference: Mapping[str, Any], namespace: str) -> Sequence[Rule]:
        if reference["kind"] == "ClusterRole":
            role = self._store.get(CLUSTER_ROLES, "", reference["name"])
        else:
            role = self._store.get(ROLES, namespace, reference["name"])
        return (role or {}).get("rules") or ()

    def allowed(self, user: User, ask: Attributes) -> bool:
        """Whether the user may."""
        if MASTERS in user.groups:
            return True
        return any(_allows(rule, ask) for rule in self.rules(user, ask.namespace))

    def check(self, user: User, ask: Attributes) -> None:
        """Raise 403 with the server's sentence when the user may not."""
        if not self.allowed(user, ask):
            raise denied(user, ask)


def denied(user: User, ask: Attributes) -> StoreError:
    """The refusal, worded as a real server does."""
    if ask.path:
        message = f'forbidden: User "{user.name}" cannot {ask.verb} path "{ask.path}"'
        return StoreError(403, "Forbidden", message, {})
    where = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
    what = f"{ask.resource}/{ask.subresource}" if ask.subresource else ask.resource
    subject = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    if ask.name:
        subject += f' "{ask.name}"'
    message = (
        f'{subject} is forbidden: User "{user.name}" cannot {ask.verb} resource "{what}"'
        f' in API group "{ask.group}" {where}'
    )
    details: dict[str, Any] = {"name": ask.name} if ask.name else {}
    if ask.group:
        details["group"] = ask.group
    details["kind"] = ask.resource
    return StoreError(403, "Forbidden", message, details)
