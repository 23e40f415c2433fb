"""From the objects of a log query to the pods that belong to them: selectors, names and owners.

What comes out is live: pods that appear later are chosen by the same rules. It asks the server for the named
objects only, never for pods.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.catalog import Kind
    from k8stui.kube.cluster import Cluster
    from k8stui.kube.logs.query import LogQuery, ObjectTarget

TIMEOUT = 30.0


class PodChoice(msgspec.Struct, frozen=True):
    """Pods of one list and watch, and which of them."""

    namespaces: tuple[str, ...] = ()
    label_selector: str = ""
    field_selector: str = ""
    owner_uids: frozenset[str] = frozenset()
    """Only pods with one of these owners; empty: all."""
    owner_names: str = ""
    """Only pods whose owner's name matches this whole regular expression; "" is all."""

    def matches(self, pod: Any) -> bool:
        """Whether a pod of that list belongs."""
        if not self.owner_uids and not self.owner_names:
            return True
        owners = pod.metadata.owner_references
        if any(owner.uid in self.owner_uids for owner in owners):
            return True
        return bool(self.owner_names) and any(re.fullmatch(self.owner_names, owner.name) for owner in owners)


class _Requirement(msgspec.Struct, frozen=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class _LabelSelector(msgspec.Struct, frozen=True, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: tuple[_Requirement, ...] | None = None


class _Spec(msgspec.Struct, frozen=True):
    selector: msgspec.Raw = msgspec.Raw(b"null")


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""


class _Object(msgspec.Struct, frozen=True):
    metadata: _Meta = _Meta()
    spec: _Spec | None = None


class _List(msgspec.Struct, frozen=True):
    items: tuple[_Object, ...] | None = None


async def choices(cluster: Cluster, query: LogQuery, namespaces: tuple[str, ...]) -> list[PodChoice]:
    """Which pods a query means. `namespaces` hold where the query names none; () is all.

    Raises KubeError: ApiError 404 for an object that is not there.
    """
    spaces = namespaces if query.namespaces is None else query.namespaces
    if not query.objects:
        return [PodChoice(spaces, query.label_selector, query.field_selector)]
    found: list[PodChoice] = []
    for target in query.objects:
        found += await _of_target(cluster, target, spaces)
    return [_narrowed(choice, query) for choice in dict.fromkeys(found)]


def _narrowed(choice: PodChoice, query: LogQuery) -> PodChoice:
    labels = ",".join(filter(None, (choice.label_selector, query.label_selector)))
    fields = ",".join(filter(None, (choice.field_selector, query.field_selector)))
    return msgspec.structs.replace(choice, label_selector=labels, field_selector=fields)


async def _of_target(cluster: Cluster, target: ObjectTarget, spaces: tuple[str, ...]) -> list[PodChoice]:
    kind = await _kind(cluster, target.kind)
    if (kind.group, kind.plural) == ("", "pods"):
        return [PodChoice(spaces, field_selector=f"metadata.name={target.name}")]
    if (kind.group, kind.plural) == ("", "namespaces"):
        return [PodChoice((target.name,))]
    objects = await _objects(cluster, kind, target, spaces)
    if (kind.group, kind.plural) == ("", "nodes"):
        return [PodChoice(spaces, field_selector=f"spec.nodeName={target.name}") for _ in objects]
    return [_of_object(kind, found) for found in objects]


async def _kind(cluster: Cluster, name: str) -> Kind:
    kind = cluster.catalog.find(name)
    if kind is None and not cluster.catalog.is_complete:
        kind = (await cluster.rediscover()).find(name)
    if kind is None:
        raise ApiError(404, "NotFound", f'the server has no kind "{name}"')
    return kind


async def _objects(
    cluster: Cluster, kind: Kind, target: ObjectTarget, spaces: tuple[str, ...]
) -> list[_Object]:
    """The object of that name in each of the namespaces."""
    connection = cluster.connection
    if kind.namespaced and not spaces:
        params = {"fieldSelector": f"metadata.name={target.name}"}
        response = await connection.request("GET", kind.path(), params=params, timeout=TIMEOUT)
        found = list(_decoded(response.body, _List).items or ())
    else:
        found = []
        for space in spaces if kind.namespaced else ("",):
            try:
                response = await connection.request("GET", kind.path(space, target.name), timeout=TIMEOUT)
            except ApiError as error:
                if error.code != 404:
                    raise
            else:
                found.append(_decoded(response.body, _Object))
    if not found:
        where = f" in {_listed(spaces)}" if kind.namespaced and spaces else ""
        raise ApiError(404, "NotFound", f'{kind.name} "{target.name}" not found{where}')
    return found


def _listed(names: Sequence[str]) -> str:
    return f"namespace {names[0]}" if len(names) == 1 else f"namespaces {', '.join(names)}"


def _decoded(body: bytes, form: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "BadAnswer", f"an object was answered with something else: {error}") from error


def _of_object(kind: Kind, found: _Object) -> PodChoice:
    """Pods by the object's selector; without one, by their owner."""
    space = (found.metadata.namespace,) if found.metadata.namespace else ()
    if (kind.group, kind.plural) == ("batch", "cronjobs"):
        # its jobs come and go; the controller names them so
        return PodChoice(space, owner_names=re.escape(found.metadata.name) + r"-\d+")
    selector = _selector(bytes(found.spec.selector)) if found.spec is not None else ""
    if not selector and (kind.group, kind.plural) == ("", "services"):
        raise ApiError(
            0,
            "NoSelector",
            f'the service "{found.metadata.name}" has no selector, so no pods are known of it',
        )
    if selector:
        return PodChoice(space, selector)
    return PodChoice(space, owner_uids=frozenset((found.metadata.uid,)))


def _selector(raw: bytes) -> str:
    """A selector as the server takes it in a query: of matchLabels and matchExpressions, or plain labels."""
    try:
        plain = msgspec.json.decode(raw, type=dict[str, str])
    except msgspec.DecodeError:
        try:
            full = msgspec.json.decode(raw, type=_LabelSelector | None) or _LabelSelector()
        except msgspec.DecodeError:
            return ""
        terms = [f"{key}={value}" for key, value in (full.match_labels or {}).items()]
        return ",".join(sorted(terms) + [_term(each) for each in full.match_expressions or ()])
    return ",".join(f"{key}={value}" for key, value in sorted(plain.items()))


def _term(found: _Requirement) -> str:
    match found.operator:
        case "In" | "NotIn":
            return f"{found.key} {found.operator.lower()} ({','.join(found.values or ())})"
        case "DoesNotExist":
            return f"!{found.key}"
    return found.key
