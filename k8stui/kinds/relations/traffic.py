"""How traffic reaches pods, and what governs them: services, endpoint slices, ingresses, policies. Pure.

Services are told by their selectors and endpoint slices, ingresses by their backends, policies and budgets by
their selectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.relations.tree import (
    AUTOSCALERS,
    BUDGETS,
    INGRESSES,
    MOST_ENTRIES,
    PODS,
    POLICIES,
    SERVICES,
    SLICES,
    Entry,
    Section,
    Tree,
    remark,
)
from k8stui.kinds.relations.uses import pod_spec_of, template_labels
from k8stui.kinds.selectors import SelectorError, selector_of, selector_of_labels
from k8stui.kinds.tables.printing import Tone
from k8stui.kube.relations import Found, Query

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE_NAME = "kubernetes.io/service-name"
FEW = 10
"""Pods that are watched each by itself where nothing tells what they have in common."""


class Traffic(Tree):
    """Adds to the family how its pods are reached and governed."""

    def traffic(self) -> list[Section]:
        """Services, endpoint slices, ingresses."""
        match self.kind.name:
            case "services":
                service = self.world.one(SERVICES, self.namespace, self.name).object
                below = self._behind(self.name, service)
                return [Section("Sends to", below), Section("Reached by", self._ingresses_to(self.name))]
            case "ingresses.networking.k8s.io":
                return [Section("Sends to", self._backends())]
            case "endpointslices.discovery.k8s.io":
                return [Section("Endpoints", self._slice_pods())]
        labels = template_labels(self.raw)
        if pod_spec_of(self.raw) is None or not labels:
            return []
        return [
            Section("Reached by", self._services_of(labels)),
            Section("Governed by", self._governors(labels)),
        ]

    def _behind(self, service: str, obj: Any | None) -> list[Entry]:
        """The endpoint slices of a service with their pods, and pods that it selects but does not use."""
        slices = self.world.all(Query(SLICES, self.namespace, f"{SERVICE_NAME}={service}"))
        labels = dict(obj.spec.selector or {}) if obj is not None else {}
        pods = self._pods(labels) if labels else None
        made = self.entries(SLICES, slices)
        there: set[str] = set()
        by_name = {each.metadata.name: each for each in slices.objects}
        for entry in made:
            if entry.name in by_name:
                entry.children = self._endpoints(by_name[entry.name], there, pods)
        if pods is None or not slices.complete or not pods.complete:
            return made
        outside = [
            each
            for each in pods.objects
            if each.metadata.name not in there and each.status.phase in ("Running", "Pending")
        ]
        rows = self.entries(PODS, pods, outside)
        for row in rows:
            row.note = "selected, but not among the endpoints"
        if not there and not outside:
            rows.append(remark("no pod is selected", Tone.WARN))
        return made + rows

    def _pods(self, labels: dict[str, str]) -> Found:
        """The pods with these labels."""
        terms = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        return self.world.all(Query(PODS, self.namespace, terms))

    def _endpoints(self, obj: Any, seen: set[str], pods: Found | None) -> list[Entry]:
        """The endpoints of a slice; `pods` are those that its service selects."""
        made: list[Entry] = []
        endpoints = obj.endpoints or ()
        known = {each.metadata.name: each for each in pods.objects} if pods is not None else {}
        for endpoint in endpoints[:MOST_ENTRIES]:
            ready = endpoint.conditions.ready is not False
            note = ", ".join(endpoint.addresses or ())
            note += "" if ready else " (not ready)"
            target = endpoint.target_ref
            if target is None or target.kind != "Pod":
                made.append(remark(note, Tone.OK if ready else Tone.WARN))
                continue
            seen.add(target.name)
            if target.name in known:
                made.append(self.entry(PODS, known[target.name], (), note))
            else:
                where, alone = target.namespace or self.namespace, len(endpoints) <= FEW
                made.append(self.named(PODS, where, target.name, note=note, alone=alone))
        if len(endpoints) > MOST_ENTRIES:
            made.append(remark(f"and {len(endpoints) - MOST_ENTRIES:,} more"))
        return made

    def _slice_pods(self) -> list[Entry]:
        found = self.world.one(SLICES, self.namespace, self.name).object
        if found is None:
            return []
        service = found.metadata.labels.get(SERVICE_NAME, "")
        owner = self.world.one(SERVICES, self.namespace, service).object if service else None
        labels = dict(owner.spec.selector or {}) if owner is not None else {}
        return self._endpoints(found, set(), self._pods(labels) if labels else None)

    def _backends(self) -> list[Entry]:
        found = self.world.one(INGRESSES, self.namespace, self.name, alone=False).object
        if found is None:
            return []
        routes: dict[str, list[str]] = {}
        for service, address in found.routes():
            routes.setdefault(service, []).append(address)
        made = []
        for service, addresses in routes.items():
            shown = ", ".join(addresses[:3]) + (" …" if len(addresses) > 3 else "")
            entry = self.named(SERVICES, self.namespace, service, note=shown)
            obj = self.world.one(SERVICES, self.namespace, service, alone=False).object
            if obj is not None:
                entry.children = self._behind(service, obj)
            made.append(entry)
        return made

    def _ingresses_to(self, service: str) -> list[Entry]:
        found = self.world.all(Query(INGRESSES, self.namespace))
        made = []
        for obj in found.objects:
            addresses = [address for name, address in obj.routes() if name == service]
            if addresses:
                made.append(self.entry(INGRESSES, obj, (), ", ".join(addresses[:3])))
        return [*made, *self.unseen(INGRESSES, found)]

    def _services_of(self, labels: dict[str, str]) -> list[Entry]:
        found = self.world.all(Query(SERVICES, self.namespace))
        made = []
        for obj in found.objects:
            if not obj.spec.selector or not selector_of_labels(obj.spec.selector).matches(labels):
                continue
            entry = self.entry(SERVICES, obj)
            if self.kind.name == PODS:
                entry.note = self._endpoint_note(obj.metadata.name)
            entry.children = self._ingresses_to(obj.metadata.name)
            made.append(entry)
        return [*made, *self.unseen(SERVICES, found)]

    def _endpoint_note(self, service: str) -> str:
        """How a service sees the pod."""
        slices = self.world.all(Query(SLICES, self.namespace, f"{SERVICE_NAME}={service}"))
        for each in slices.objects:
            for endpoint in each.endpoints or ():
                target = endpoint.target_ref
                if target is not None and target.name == self.name:
                    ready = endpoint.conditions.ready is not False
                    return "gets traffic" if ready else "an endpoint, but not ready: gets no traffic"
        return "not among its endpoints" if slices.complete else ""

    def _governors(self, labels: dict[str, str]) -> list[Entry]:
        """Autoscalers, disruption budgets and network policies."""
        made: list[Entry] = []
        if self.kind.name != PODS:
            scalers = self.world.all(Query(AUTOSCALERS, self.namespace))
            chosen = [
                each
                for each in scalers.objects
                if each.spec.scale_target_ref.kind == self.kind.kind
                and each.spec.scale_target_ref.name == self.name
            ]
            made += self.entries(AUTOSCALERS, scalers, chosen)
        made += self._selecting(BUDGETS, labels, lambda obj: obj.spec.selector)
        made += self._selecting(POLICIES, labels, lambda obj: obj.spec.pod_selector)
        return made

    def _selecting(self, kind: str, labels: dict[str, str], selector: Callable[[Any], Any]) -> list[Entry]:
        """The objects of a kind whose selector takes these labels."""
        found = self.world.all(Query(kind, self.namespace))
        chosen = []
        for obj in found.objects:
            try:
                takes = selector_of(selector(obj)).matches(labels)
            except SelectorError:
                continue
            if takes:
                chosen.append(obj)
        return self.entries(kind, found, chosen)
