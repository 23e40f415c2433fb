"""The kinds that a server knows, and how a typed name finds one of them.

Names resolve as kubectl resolves them: plural, singular, kind and short name, alone or with
`.group` or `.version.group`, in the server's order of groups, preferred version first. This
module is data and pure functions: it must never request anything.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Kind(msgspec.Struct, frozen=True, gc=False):
    """One resource of the API in one version: what discovery says about it."""

    group: str
    """The API group; "" for the core group."""
    version: str
    kind: str
    """As in manifests: "Pod"."""
    plural: str
    """As in paths: "pods"."""
    singular: str = ""
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    """Names below an object: "log", "scale", "status"."""

    @property
    def name(self) -> str:
        """The name kubectl prints: "pods", "deployments.apps"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """As in manifests: "v1", "apps/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path below the server's URL. A namespace is ignored for cluster-scoped kinds."""
        parts = ["/apis", self.group, self.version] if self.group else ["/api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name:
            parts.append(name)
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def can(self, verb: str) -> bool:
        """Whether the server offers a verb for this kind at all (not whether the user may use it)."""
        return verb in self.verbs


class Catalog:
    """The kinds of one server, in the order in which names are resolved."""

    def __init__(
        self,
        kinds: Iterable[Kind] = (),
        failed: Mapping[str, str] | None = None,
        *,
        complete: bool = True,
    ) -> None:
        self.kinds: tuple[Kind, ...] = tuple(kinds)
        """All kinds in all versions: groups in the server's order, preferred versions first."""
        self.failed: dict[str, str] = dict(failed or {})
        """API group versions that could not be read, each with the reason in one sentence."""
        self.is_complete = complete
        """False for the builtin kinds that stand in until the server has been asked."""

    def __iter__(self) -> Iterator[Kind]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalog):
            return NotImplemented
        return self.kinds == other.kinds and self.failed == other.failed

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def preferred(self) -> tuple[Kind, ...]:
        """Each resource once, in the version that is used when none is named."""
        first: dict[tuple[str, str], Kind] = {}
        for kind in self.kinds:
            first.setdefault((kind.group, kind.plural), kind)
        return tuple(first.values())

    @cached_property
    def categories(self) -> dict[str, tuple[Kind, ...]]:
        """Kinds by category: "all" gives what `kubectl get all` lists."""
        found: dict[str, list[Kind]] = {}
        for kind in self.preferred:
            for category in kind.categories:
                found.setdefault(category, []).append(kind)
        return {category: tuple(kinds) for category, kinds in found.items()}

    def find(self, text: str) -> Kind | None:
        """The kind that kubectl would take for a name, or None.

        Tried in turn: `name.version.group`, then `name` or `name.group` (a group may be
        shortened to a prefix). Case is of no matter.
        """
        text = text.strip().lower()
        if not text:
            return None
        name, _, rest = text.partition(".")
        if "." in rest:
            version, _, group = rest.partition(".")
            found = self._lookup(name, group, version)
            if found is not None:
                return found
        return self._lookup(name, rest) or self._core_version(name, rest)

    def get(self, group: str, plural: str) -> Kind | None:
        """The preferred version of a resource that is known exactly."""
        return self._by_resource.get((group, plural))

    def for_object(self, api_version: str, kind: str) -> Kind | None:
        """The resource of an object that is known by apiVersion and kind (an owner, a reference)."""
        group = api_version.rpartition("/")[0]
        same = [k for k in self.kinds if k.group == group and k.kind == kind]
        exact = [k for k in same if k.api_version == api_version]
        found = exact or same
        return found[0] if found else None

    def complete(self, prefix: str) -> list[str]:
        """Names to offer for what has been typed: short names and plurals, shortest first.

        A plural that several groups have is written with its group for all but the first.
        """
        prefix = prefix.strip().lower()
        names: dict[str, None] = {}
        for kind in self.preferred:
            if not kind.can("list") and kind.verbs:
                continue
            for name in (*kind.short_names, kind.plural, kind.name, kind.singular):
                if name.startswith(prefix) and self._is_worth_offering(name, kind):
                    names.setdefault(name)
        return sorted(names, key=lambda name: (len(name), name))

    def _is_worth_offering(self, name: str, kind: Kind) -> bool:
        found = self.find(name)
        if found is None or (found.group, found.plural) != (kind.group, kind.plural):
            return False
        if name == kind.name and kind.group:  # the bare plural is enough where it is unique
            bare = self.find(kind.plural)
            return bare is None or bare.group != kind.group
        return name != kind.singular or not kind.plural.startswith(name)

    @cached_property
    def _by_resource(self) -> dict[tuple[str, str], Kind]:
        return {(kind.group, kind.plural): kind for kind in self.preferred}

    @cached_property
    def _by_name(self) -> dict[str, list[Kind]]:
        """Kinds by plural, singular and kind, in resolution order."""
        found: dict[str, list[Kind]] = {}
        for kind in self.kinds:
            for name in {kind.plural.lower(), kind.singular.lower(), kind.kind.lower()} - {""}:
                found.setdefault(name, []).append(kind)
        return found

    @cached_property
    def _by_short_name(self) -> dict[str, list[Kind]]:
        found: dict[str, list[Kind]] = {}
        for kind in self.kinds:
            for name in kind.short_names:
                found.setdefault(name.lower(), []).append(kind)
        return found

    def _lookup(self, name: str, group: str = "", version: str = "") -> Kind | None:
        """Full names win over short names; an exact group wins over a prefix of one."""
        for names in (self._by_name, self._by_short_name):
            candidates = names.get(name, [])
            if version:
                candidates = [kind for kind in candidates if kind.version == version]
            if not group and not version:
                if candidates:
                    return candidates[0]
                continue
            exact = [kind for kind in candidates if kind.group == group]
            if exact:
                return exact[0]
            if not version and group:
                shortened = [kind for kind in candidates if kind.group.startswith(group)]
                if shortened:
                    return shortened[0]
        return None

    def _core_version(self, name: str, version: str) -> Kind | None:
        """`pods.v1` and `pods.v1.` name a version of the core group."""
        return self._lookup(name, "", version.rstrip(".")) if version else None


def _hot(
    group: str,
    version: str,
    kind: str,
    plural: str,
    shorts: str = "",
    *,
    namespaced: bool = True,
    **more: str,
) -> Kind:
    return Kind(
        group,
        version,
        kind,
        plural,
        kind.lower(),
        tuple(shorts.split()),
        namespaced,
        tuple(verb for verb in ALL_VERBS if verb != more.get("without")),
        tuple(more.get("categories", "").split()),
        tuple(more.get("subresources", "").split()),
    )


BUILTIN = Catalog(
    (
        _hot("", "v1", "ConfigMap", "configmaps", "cm"),
        _hot("", "v1", "Event", "events", "ev"),
        _hot(
            "",
            "v1",
            "Namespace",
            "namespaces",
            "ns",
            namespaced=False,
            subresources="finalize status",
            without="deletecollection",
        ),
        _hot("", "v1", "Node", "nodes", "no", namespaced=False, subresources="proxy status"),
        _hot("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", subresources="status"),
        _hot(
            "", "v1", "PersistentVolume", "persistentvolumes", "pv", namespaced=False, subresources="status"
        ),
        _hot(
            "",
            "v1",
            "Pod",
            "pods",
            "po",
            categories="all",
            subresources="attach binding ephemeralcontainers eviction exec log portforward proxy status",
        ),
        _hot("", "v1", "Secret", "secrets"),
        _hot("", "v1", "ServiceAccount", "serviceaccounts", "sa", subresources="token"),
        _hot("", "v1", "Service", "services", "svc", categories="all", subresources="proxy status"),
        _hot("apps", "v1", "DaemonSet", "daemonsets", "ds", categories="all", subresources="status"),
        _hot(
            "apps", "v1", "Deployment", "deployments", "deploy", categories="all", subresources="scale status"
        ),
        _hot("apps", "v1", "ReplicaSet", "replicasets", "rs", categories="all", subresources="scale status"),
        _hot(
            "apps", "v1", "StatefulSet", "statefulsets", "sts", categories="all", subresources="scale status"
        ),
        _hot("batch", "v1", "Job", "jobs", categories="all", subresources="status"),
    ),
    complete=False,
)
"""Kinds that every supported server has in this version, so that a first list need not wait for discovery."""
