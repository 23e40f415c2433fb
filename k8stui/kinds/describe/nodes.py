"""Nodes, described: what they have and what the pods on them ask for. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import (
    Raw,
    Related,
    ago,
    amount,
    amount_text,
    dig,
    items,
    link,
    plain,
    sorted_amounts,
    text,
    when,
)
from k8stui.kinds.describe.lines import UNSET, Page, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PODS = "pods"
LEASES = "leases"
ROLE = "node-role.kubernetes.io/"
STANDARD = ("cpu", "memory", "ephemeral-storage")


def node(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A node with the pods on it and the sums of what they ask for."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    labels = dig(obj, "metadata", "labels", default={})
    common.metadata(page, obj, "Name")
    roles = {key.removeprefix(ROLE) for key in labels if key.startswith(ROLE) and key != ROLE}
    roles |= {value for key, value in labels.items() if key == "kubernetes.io/role" and value}
    page.field("Roles", ",".join(sorted(roles)) or "<none>")
    common.metadata(page, obj, "Labels", "Annotations", "CreationTimestamp")
    page.fields("Taints", taints(spec))
    cordoned = bool(spec.get("unschedulable"))
    page.field("Unschedulable", Text(text(cordoned), "warning" if cordoned else ""))
    _lease(page, related)
    _conditions(page, items(status, "conditions"))
    page.heading("Addresses")
    for address in items(status, "addresses"):
        page.field(plain(address.get("type")), plain(address.get("address")), level=1)
    for label, key in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        page.heading(label)
        for name, value in sorted_amounts(status.get(key)):
            page.field(name, value, level=1)
    _system(page, status.get("nodeInfo") or {})
    for label, key in (("PodCIDR", "podCIDR"), ("ProviderID", "providerID")):
        if spec.get(key):
            page.field(label, plain(spec[key]))
    if items(spec, "podCIDRs"):
        page.field("PodCIDRs", ",".join(items(spec, "podCIDRs")))
    if not common.problem(page, related, PODS, "Non-terminated Pods"):
        _pods(page, status, related.get(PODS), now)
    common.events(page, related, now)


def taints(spec: Raw) -> list[str]:
    """Taints, one a line, by effect and key."""
    found = items(spec, "taints")
    found = sorted(found, key=lambda one: (str(one.get("effect")), str(one.get("key"))))
    return [_taint(taint) for taint in found]


def _taint(taint: Raw) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{plain(taint.get('key'))}{value}:{plain(taint.get('effect'))}"


def _lease(page: Page, related: Related) -> None:
    if common.problem(page, related, LEASES, "Lease"):
        return
    leases = related.get(LEASES)
    if not leases:
        return
    spec = leases[0].get("spec") or {}
    page.heading("Lease")
    page.field("HolderIdentity", text(spec.get("holderIdentity"), UNSET), level=1)
    page.field("AcquireTime", when(spec.get("acquireTime")) or UNSET, level=1)
    page.field("RenewTime", when(spec.get("renewTime")) or UNSET, level=1)


def _conditions(page: Page, found: Sequence[Raw]) -> None:
    if not found:
        return
    page.heading("Conditions")
    rows: list[tuple[str | Text, ...]] = []
    for each in found:
        kind, state = plain(each.get("type")), plain(each.get("status"))
        bad = state != ("True" if kind == "Ready" else "False")
        rows.append(
            (
                kind,
                Text(state, "warning" if bad else ""),
                when(each.get("lastHeartbeatTime")),
                when(each.get("lastTransitionTime")),
                plain(each.get("reason")),
                plain(each.get("message")),
            )
        )
    page.table(("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"), rows)


_SYSTEM = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
    ("Kube-Proxy Version", "kubeProxyVersion"),
)


def _system(page: Page, info: Raw) -> None:
    page.heading("System Info")
    for label, key in _SYSTEM:
        page.field(label, plain(info.get(key)), level=1)


# What the pods ask for


def pod_amounts(pod: Raw, which: str) -> dict[str, Decimal]:
    """What a pod requests, or its limits, as the scheduler counts: init containers run before the others,
    sidecars beside them."""
    spec = pod.get("spec") or {}
    total: dict[str, Decimal] = {}
    for container in items(spec, "containers"):
        _add(total, dig(container, "resources", which, default={}))
    sidecars: dict[str, Decimal] = {}
    peak: dict[str, Decimal] = {}
    for container in items(spec, "initContainers"):
        wanted = dig(container, "resources", which, default={})
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
            _add(sidecars, wanted)
            here = dict(sidecars)
        else:
            here = dict(sidecars)
            _add(here, wanted)
        for name, value in here.items():
            peak[name] = max(peak.get(name, Decimal(0)), value)
    for name, value in peak.items():
        total[name] = max(total.get(name, Decimal(0)), value)
    for name, value in dig(spec, "resources", which, default={}).items():
        total[name] = amount(value)
    overhead = spec.get("overhead") or {}
    if which == "requests" or total:
        _add(total, overhead if which == "requests" else {k: v for k, v in overhead.items() if k in total})
    return total


def _add(total: dict[str, Decimal], more: Raw) -> None:
    for name, value in more.items():
        total[name] = total.get(name, Decimal(0)) + amount(value)


def _share(value: Decimal, whole: Decimal, *, binary: bool) -> str:
    percent = int(value * 100 / whole) if whole else 0
    return f"{amount_text(value, binary=binary)} ({percent}%)"


def _pods(page: Page, status: Raw, pods: Sequence[Raw], now: datetime) -> None:
    have = status.get("allocatable") or status.get("capacity") or {}
    running = [pod for pod in pods if dig(pod, "status", "phase") not in ("Succeeded", "Failed")]
    running.sort(key=lambda pod: (str(dig(pod, "metadata", "namespace")), str(dig(pod, "metadata", "name"))))
    page.field("Non-terminated Pods", f"({len(running)} in total)")
    cpu, memory = amount(have.get("cpu")), amount(have.get("memory"))
    sums: dict[str, dict[str, Decimal]] = {"requests": {}, "limits": {}}
    rows: list[tuple[str | Text, ...]] = []
    for pod in running:
        cells: list[str] = []
        found = {which: pod_amounts(pod, which) for which in sums}
        for which, total in sums.items():
            for key, value in found[which].items():
                total[key] = total.get(key, Decimal(0)) + value
        for resource, whole, binary in (("cpu", cpu, False), ("memory", memory, True)):
            cells.extend(
                _share(found[which].get(resource, Decimal(0)), whole, binary=binary) for which in sums
            )
        namespace, name = plain(dig(pod, "metadata", "namespace")), plain(dig(pod, "metadata", "name"))
        age = ago(dig(pod, "metadata", "creationTimestamp"), now)
        rows.append((namespace, link(name, "pods", name, namespace), *cells, age))
    head = ("Namespace", "Name", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age")
    page.table(head, rows)
    _sums(page, have, sums)


def _sums(page: Page, have: Raw, sums: dict[str, dict[str, Decimal]]) -> None:
    page.heading("Allocated resources")
    page.text("(Total limits may be over 100 percent, i.e., overcommitted.)", level=1)
    zero = Decimal(0)
    more = sorted(name for name in have if name.startswith("hugepages-"))
    extended = sorted(name for name in have if "/" in name)
    rows = []
    for name in (*STANDARD, *more):
        whole = amount(have.get(name))
        binary = name != "cpu"
        shares = [_share(sums[which].get(name, zero), whole, binary=binary) for which in sums]
        rows.append((name, *shares))
    rows.extend(
        (name, *(amount_text(sums[which].get(name, zero), binary=False) for which in sums))
        for name in extended
    )
    page.table(("Resource", "Requests", "Limits"), rows)
