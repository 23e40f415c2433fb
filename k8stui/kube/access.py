"""What this user may do, asked of the server: one permission, or all rules of a namespace; and who it is.

Answers are kept for a while, and callers that ask the same at once share one request. This
module must never guess: what the server did not answer is not known, and says so by an error.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from k8stui.kube.backoff import Clock, SystemClock
from k8stui.kube.errors import ApiError
from k8stui.kube.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

    from k8stui.kube.catalog import Kind
    from k8stui.kube.connection.protocols import Requests

T = TypeVar("T")

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
WHO_AM_I = tuple(f"/apis/authentication.k8s.io/{v}/selfsubjectreviews" for v in ("v1", "v1beta1", "v1alpha1"))
KEEP_SECONDS = 60.0
TIMEOUT = 15.0


class Permission(msgspec.Struct, frozen=True):
    """The server's answer to one question. Is true when allowed."""

    allowed: bool = False
    denied: bool = False
    """Refused by a rule, not merely allowed by none."""
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


class ResourceRule(msgspec.Struct, frozen=True, rename="camel"):
    """Verbs allowed on resources; "*" stands for all."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    resource_names: tuple[str, ...] | None = None

    def allows(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        """Whether this rule allows it; `resource` may be "pods/log"."""
        subresource = resource.partition("/")[2]
        resources = self.resources or ()
        return (
            bool({verb, "*"} & set(self.verbs))
            and bool({group, "*"} & set(self.api_groups or ()))
            and ("*" in resources or resource in resources or f"*/{subresource}" in resources)
            and (not self.resource_names or name in self.resource_names)
        )


class Rules(msgspec.Struct, frozen=True, rename="camel"):
    """All that the user may do in one namespace, as far as the server can tell."""

    resource_rules: tuple[ResourceRule, ...] = ()
    incomplete: bool = False
    """The server has authorizers that cannot list their rules: more may be allowed."""

    def allows(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        """Whether one of the rules allows it."""
        return any(rule.allows(verb, group, resource, name) for rule in self.resource_rules)

    def names(self, verb: str, group: str, resource: str) -> frozenset[str]:
        """The objects for which it is allowed by their names."""
        return frozenset(
            name
            for rule in self.resource_rules
            for name in rule.resource_names or ()
            if rule.allows(verb, group, resource, name)
        )


class UserInfo(msgspec.Struct, frozen=True):
    """Who the server takes the user for."""

    username: str = ""
    groups: tuple[str, ...] | None = None


class _PermissionAnswer(msgspec.Struct):
    status: Permission = Permission()


class _RulesAnswer(msgspec.Struct):
    status: Rules = Rules()


class _UserStatus(msgspec.Struct, rename="camel"):
    user_info: UserInfo = UserInfo()


class _UserAnswer(msgspec.Struct):
    status: _UserStatus = msgspec.field(default_factory=_UserStatus)


class Access:
    """Asks and remembers permissions for one connection. Close it to end questions under way."""

    def __init__(
        self, connection: Requests, *, keep_seconds: float = KEEP_SECONDS, clock: Clock | None = None
    ) -> None:
        self._connection = connection
        self._keep = keep_seconds
        self._clock: Clock = clock or SystemClock()
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self._asking: dict[Hashable, asyncio.Task[Any]] = {}
        self._tasks = Tasks("access reviews")

    async def can(
        self, verb: str, kind: Kind, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Permission:
        """Whether the user may do this. Raises KubeError when the server cannot be asked."""
        return await self._once(
            ("can", verb, kind.group, kind.plural, namespace, name, subresource),
            lambda: self._review(verb, kind, namespace, name, subresource),
        )

    def known(
        self, verb: str, kind: Kind, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Permission | None:
        """What is remembered of `can`, without asking."""
        key = ("can", verb, kind.group, kind.plural, namespace, name, subresource)
        permission: Permission | None = self._remembered(key)
        return permission

    async def rules(self, namespace: str) -> Rules:
        """All rules of the user in a namespace. Raises KubeError when the server cannot be asked."""
        return await self._once(("rules", namespace), lambda: self._rules(namespace))

    async def who_am_i(self) -> UserInfo | None:
        """Who the server takes the user for; None where the server cannot say (before 1.26)."""
        for path in WHO_AM_I:
            api_version = path.removeprefix("/apis/").rpartition("/")[0]
            try:
                answer = await self._post(path, api_version, "SelfSubjectReview", None, _UserAnswer)
            except ApiError as error:
                if error.code in (403, 404, 405):
                    continue
                raise
            return answer.status.user_info
        return None

    def forget(self) -> None:
        """Ask anew next time (rights may have changed)."""
        self._answers.clear()

    async def close(self) -> None:
        """End all questions under way; who waits for one is cancelled."""
        await self._tasks.close()

    async def _once(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The remembered answer, or that of one request shared by all who wait for it."""
        remembered: T | None = self._remembered(key)
        if remembered is not None:
            return remembered
        task: asyncio.Task[T] | None = self._asking.get(key)
        if task is None:
            task = self._asking[key] = self._tasks.start(self._remember(key, ask()), str(key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        # shielded: the first caller may go away while others still wait
        return await asyncio.shield(task)

    def _remembered(self, key: Hashable) -> Any:
        found = self._answers.get(key)
        if found is None or self._clock.monotonic() - found[0] > self._keep:
            return None
        return found[1]

    async def _remember(self, key: Hashable, asking: Coroutine[Any, Any, T]) -> T:
        answer = await asking
        self._answers[key] = (self._clock.monotonic(), answer)
        return answer

    async def _review(self, verb: str, kind: Kind, namespace: str, name: str, subresource: str) -> Permission:
        attributes = {
            "verb": verb,
            "group": kind.group,
            "version": kind.version,
            "resource": kind.plural,
            "namespace": namespace if kind.namespaced else "",
            "name": name,
            "subresource": subresource,
        }
        spec = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
        path = f"{AUTHORIZATION}/selfsubjectaccessreviews"
        answer = await self._authorization(path, "SelfSubjectAccessReview", spec, _PermissionAnswer)
        return answer.status

    async def _rules(self, namespace: str) -> Rules:
        path = f"{AUTHORIZATION}/selfsubjectrulesreviews"
        spec = {"namespace": namespace or "default"}
        return (await self._authorization(path, "SelfSubjectRulesReview", spec, _RulesAnswer)).status

    async def _authorization(self, path: str, kind: str, spec: dict[str, Any], answer: type[T]) -> T:
        return await self._post(path, "authorization.k8s.io/v1", kind, spec, answer)

    async def _post(
        self, path: str, api_version: str, kind: str, spec: dict[str, Any] | None, answer: type[T]
    ) -> T:
        body: dict[str, Any] = {"apiVersion": api_version, "kind": kind}
        if spec is not None:
            body["spec"] = spec
        response = await self._connection.request(
            "POST", path, body=msgspec.json.encode(body), timeout=TIMEOUT
        )
        try:
            return msgspec.json.decode(response.body, type=answer)
        except msgspec.DecodeError as error:
            raise ApiError(0, "BadAnswer", f"{kind} was answered with something else") from error
