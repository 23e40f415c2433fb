"""All relations of an object: its family, its traffic, what it uses, and who uses it. Pure.

Users are told by the names in pods and in the templates of workloads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.describe.common import dig, items
from k8stui.kinds.relations.traffic import Traffic
from k8stui.kinds.relations.tree import (
    BUDGETS,
    INGRESSES,
    JOBS,
    PODS,
    POLICIES,
    Entry,
    Section,
    remark,
)
from k8stui.kinds.relations.uses import pod_spec_of, uses_of
from k8stui.kinds.selectors import Selector, SelectorError, selector_of
from k8stui.kinds.tables.printing import Tone
from k8stui.kube.live.indexes import pod_spec
from k8stui.kube.objects.podrefs import ACCOUNTS, CLAIMS, CONFIG_MAPS, PRIORITIES, SECRETS, named
from k8stui.kube.relations import Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from k8stui.kinds.describe.common import Raw
    from k8stui.kinds.relations.tree import World
    from k8stui.kube.catalog import Kind

VOLUMES = "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"
NODES = "nodes"
ROLE_BINDINGS = "rolebindings.rbac.authorization.k8s.io"
CLUSTER_ROLE_BINDINGS = "clusterrolebindings.rbac.authorization.k8s.io"
TEMPLATES = (
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "cronjobs.batch",
    JOBS,
)
"""Workloads whose templates are looked through; ReplicaSets only repeat those of Deployments."""
USED = frozenset({CONFIG_MAPS, SECRETS, CLAIMS, ACCOUNTS, PRIORITIES})


def relations(world: World, kind: Kind, raw: Raw, now: datetime) -> Iterator[Section | None]:
    """All sections about an object; those that have nothing to say are left out, but for the family.

    One after the other, with None where who asks may pause: a tree of hundreds of entries takes a while.
    """
    tree = Links(world, kind, raw, now)
    yield (yield from tree.family())
    for make in (tree.traffic, tree.uses, tree.users):
        yield from (section for section in make() if section.entries)
        yield None


class Selected(Struct, frozen=True):
    """Takes the objects that a selector takes."""

    selector: Selector

    def __call__(self, obj: Any) -> bool:
        return self.selector.matches(obj.metadata.labels)


class OfClass(Struct, frozen=True):
    """Takes the claims and volumes of a storage class."""

    name: str

    def __call__(self, obj: Any) -> bool:
        return bool(obj.spec.storage_class_name == self.name)


class Links(Traffic):
    """Adds what an object uses, and who uses it."""

    # What it uses

    def uses(self) -> list[Section]:
        """What the object names."""
        made: list[Entry] = []
        spec = pod_spec_of(self.raw)
        if spec is not None:
            node = str(dig(self.raw, "spec", "nodeName", default="")) if self.kind.name == PODS else ""
            if node:
                made.append(self.named(NODES, "", node, alone=True))
            for use in uses_of(spec):
                found = self.world.catalog.find(use.kind)
                namespace = self.namespace if found is None or found.namespaced else ""
                entry = self.named(
                    use.kind, namespace, use.name, note=use.places(), optional=use.optional and bool(use.how)
                )
                if use.kind == CLAIMS:
                    entry.children = self._storage(namespace, use.name)
                made.append(entry)
        made += self._others()
        return [Section("Uses", made)]

    def _others(self) -> list[Entry]:
        """What kinds without pods name."""
        raw, namespace = self.raw, self.namespace
        match self.kind.name:
            case "statefulsets.apps":
                return self._claims_of_set()
            case "persistentvolumeclaims":
                return self._storage(namespace, self.name)
            case "persistentvolumes":
                claim = dig(raw, "spec", "claimRef", default={})
                classes = self._class(str(dig(raw, "spec", "storageClassName", default="")))
                if claim:
                    where = str(claim.get("namespace", ""))
                    classes.append(self.named(CLAIMS, where, str(claim.get("name", "")), note="bound to"))
                return classes
            case "ingresses.networking.k8s.io":
                name = str(dig(raw, "spec", "ingressClassName", default=""))
                made = [self.named("ingressclasses.networking.k8s.io", "", name)] if name else []
                for tls in items(raw, "spec", "tls"):
                    if tls.get("secretName"):
                        hosts = ", ".join(map(str, tls.get("hosts") or ()))
                        made.append(
                            self.named(SECRETS, namespace, str(tls["secretName"]), note=f"TLS of {hosts}")
                        )
                return made
            case "horizontalpodautoscalers.autoscaling":
                target = dig(raw, "spec", "scaleTargetRef", default={})
                kind = self.world.catalog.for_object(
                    str(target.get("apiVersion", "")), str(target.get("kind", ""))
                )
                return (
                    []
                    if kind is None
                    else [self.named(kind.name, namespace, str(target.get("name", "")), alone=True)]
                )
            case "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io":
                return self._bound()
            case "serviceaccounts":
                names = [*items(raw, "secrets"), *items(raw, "imagePullSecrets")]
                return [self.named(SECRETS, namespace, str(each.get("name", ""))) for each in names]
        return []

    def _bound(self) -> list[Entry]:
        """The role of a binding and the accounts it is given to."""
        role = dig(self.raw, "roleRef", default={})
        of_cluster = role.get("kind") == "ClusterRole"
        kind = f"{'clusterroles' if of_cluster else 'roles'}.rbac.authorization.k8s.io"
        where = "" if of_cluster else self.namespace
        made = [self.named(kind, where, str(role.get("name", "")), note="gives", alone=True)]
        for subject in items(self.raw, "subjects"):
            name = str(subject.get("name", ""))
            if subject.get("kind") == "ServiceAccount":
                where = str(subject.get("namespace") or self.namespace)
                made.append(self.named(ACCOUNTS, where, name, note="to"))
            else:
                made.append(remark(f"{str(subject.get('kind', '')).lower()} {name}", Tone.OK))
        return made

    def _storage(self, namespace: str, claim: str) -> list[Entry]:
        """The volume and class of a claim."""
        found = self.world.one(CLAIMS, namespace, claim, alone=False).object
        if found is None:
            return []
        made = self._class(found.spec.storage_class_name or "")
        if found.spec.volume_name:
            made.insert(0, self.named(VOLUMES, "", found.spec.volume_name, alone=True))
        return made

    def _class(self, name: str) -> list[Entry]:
        return [self.named(CLASSES, "", name)] if name else []

    def _claims_of_set(self) -> list[Entry]:
        """The claims that a stateful set made: named by template, set and number."""
        stems = [
            f"{dig(each, 'metadata', 'name', default='')}-{self.name}-"
            for each in items(self.raw, "spec", "volumeClaimTemplates")
        ]
        if not stems:
            return []
        found = self.world.all(Query(CLAIMS, self.namespace))
        chosen = [
            each
            for each in found.objects
            if any(
                each.metadata.name.startswith(s) and each.metadata.name[len(s) :].isdecimal() for s in stems
            )
        ]
        return self.entries(CLAIMS, found, chosen)

    # Who uses it

    def users(self) -> list[Section]:
        """Pods and templates that name the object, and others that do."""
        made: list[Entry] = []
        name = self.kind.name
        if name in USED:
            made += self._templates()
            made += self._using_pods()
        if name == SECRETS:
            made += self._secret_users()
        elif name == ACCOUNTS:
            made += self._bindings()
        elif name == NODES:
            made += self.entries(
                PODS, self.world.all(Query(PODS, "", field_selector=f"spec.nodeName={self.name}"))
            )
        elif name == CLASSES:
            for stored in (CLAIMS, VOLUMES):
                made += self.entries(stored, self.world.all(Query(stored), OfClass(self.name)))
        elif name in (POLICIES, BUDGETS):
            made += self._selected_pods()
        title = "Runs" if name == NODES else "Selects" if name in (POLICIES, BUDGETS) else "Used by"
        return [Section(title, made)]

    def _templates(self) -> list[Entry]:
        """Workloads whose templates name the object; those that another workload made are left out."""
        made: list[Entry] = []
        for kind in TEMPLATES:
            found = self.world.users(Query(kind, self.namespace), self.kind.name, self.namespace, self.name)
            chosen = [obj for obj in found.objects if obj.metadata.controller is None]
            rows = self.entries(kind, found, chosen)
            for row, obj in zip(rows, chosen, strict=False):
                row.note = self._how(obj, "template")
            made += rows
        return made

    def _using_pods(self) -> list[Entry]:
        query = Query(PODS, self.namespace)
        found = self.world.users(query, self.kind.name, self.namespace, self.name)
        made = self.entries(PODS, found)
        for row, obj in zip(made, found.objects, strict=False):
            row.note = self._how(obj, "")
        return made

    def _how(self, obj: Any, lead: str) -> str:
        """Where a pod or a template names the object."""
        spec = pod_spec(obj)
        ways = dict.fromkeys(
            each.how for each in named(spec) if each.kind == self.kind.name and each.name == self.name
        )
        words = " and ".join(filter(None, ways))
        return f"{lead}: {words}" if lead and words else lead or words

    def _secret_users(self) -> list[Entry]:
        ingresses = self.world.all(Query(INGRESSES, self.namespace))
        made = [
            self.entry(INGRESSES, obj, (), "TLS")
            for obj in ingresses.objects
            if any(tls.secret_name == self.name for tls in obj.spec.tls or ())
        ]
        accounts = self.world.all(Query(ACCOUNTS, self.namespace))
        made += [
            self.entry(ACCOUNTS, obj)
            for obj in accounts.objects
            if any(ref.name == self.name for ref in (*(obj.secrets or ()), *(obj.image_pull_secrets or ())))
        ]
        return [*made, *self.unseen(INGRESSES, ingresses), *self.unseen(ACCOUNTS, accounts)]

    def _bindings(self) -> list[Entry]:
        """The bindings that give the account something."""
        made: list[Entry] = []
        for kind, namespace in ((ROLE_BINDINGS, self.namespace), (CLUSTER_ROLE_BINDINGS, "")):
            found = self.world.all(Query(kind, namespace))
            for obj in found.objects:
                if any(self._is_me(each, obj.metadata.namespace) for each in obj.subjects or ()):
                    note = f"gives {obj.role_ref.kind} {obj.role_ref.name}"
                    made.append(self.entry(kind, obj, (), note))
            made += self.unseen(kind, found)
        return made

    def _is_me(self, subject: Any, namespace: str) -> bool:
        if subject.kind == "ServiceAccount":
            return subject.name == self.name and (subject.namespace or namespace) == self.namespace
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}")
        return subject.kind == "Group" and subject.name in groups

    def _selected_pods(self) -> list[Entry]:
        """The pods that a policy or a budget is about."""
        import msgspec

        from k8stui.kube.objects import LabelSelector

        where = "podSelector" if self.kind.name == POLICIES else "selector"
        try:
            raw = dig(self.raw, "spec", where)
            selector = selector_of(None if raw is None else msgspec.convert(raw, LabelSelector))
        except (SelectorError, msgspec.ValidationError):
            return []
        return self.entries(PODS, self.world.all(Query(PODS, self.namespace), Selected(selector)))
