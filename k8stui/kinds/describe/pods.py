"""Pods, described. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import Raw, Related, dig, items, link, pairs, plain, when
from k8stui.kinds.describe.containers import containers
from k8stui.kinds.describe.lines import NONE, Page, Text
from k8stui.kinds.describe.template import spread, tolerations
from k8stui.kinds.describe.volumes import volumes

if TYPE_CHECKING:
    from datetime import datetime


def pod(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A pod, from its name to its events."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    namespace = dig(obj, "metadata", "namespace", default="")
    _head(page, obj, namespace)
    _status(page, obj, now)
    init, main, debug = "initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"
    for title, specs, statuses in (
        ("Init Containers", "initContainers", init),
        ("Containers", "containers", main),
        ("Ephemeral Containers", "ephemeralContainers", debug),
    ):
        containers(page, title, items(spec, specs), items(status, statuses), namespace, pod=obj)
    gates = items(spec, "readinessGates")
    if gates:
        page.heading("Readiness Gates")
        states = {c.get("type"): c.get("status") for c in items(status, "conditions")}
        names = [plain(gate.get("conditionType")) for gate in gates]
        page.table(("Type", "Status"), [(name, plain(states.get(name)) or NONE) for name in names])
    _conditions(page, status)
    volumes(page, items(spec, "volumes"), namespace)
    page.field("QoS Class", plain(status.get("qosClass")) or "<unknown>")
    page.fields("Node-Selectors", pairs(spec.get("nodeSelector")))
    page.fields("Tolerations", tolerations(spec))
    spread(page, spec)
    common.events(page, related, now)


def _head(page: Page, obj: Raw, namespace: str) -> None:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Namespace")
    if "priority" in spec:
        page.field("Priority", plain(spec.get("priority")))
    if spec.get("priorityClassName"):
        name = spec["priorityClassName"]
        page.field("Priority Class Name", link(name, "priorityclasses", name))
    if spec.get("runtimeClassName"):
        name = spec["runtimeClassName"]
        page.field("Runtime Class Name", link(name, "runtimeclasses", name))
    account = spec.get("serviceAccountName")
    if account:
        page.field("Service Account", link(account, "serviceaccounts", account, namespace))
    node = spec.get("nodeName")
    if node:
        page.field("Node", link(node, "nodes", node), f"/{plain(status.get('hostIP'))}")
    else:
        page.field("Node", NONE)
    if status.get("startTime"):
        page.field("Start Time", when(status["startTime"]))
    common.metadata(page, obj, "Labels", "Annotations")


def _status(page: Page, obj: Raw, now: datetime) -> None:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if not common.deletion(page, obj, now):
        phase = plain(status.get("phase"))
        page.field("Status", Text(phase, "warning" if phase in ("Failed", "Unknown") else ""))
    for label, key in (("Reason", "reason"), ("Message", "message")):
        if status.get(key):
            page.field(label, Text(plain(status[key]), "warning"))
    profile = dig(spec, "securityContext", "seccompProfile", "type")
    if profile:
        page.field("SeccompProfile", profile)
        local = dig(spec, "securityContext", "seccompProfile", "localhostProfile")
        if local:
            page.field("LocalhostProfile", local)
    page.field("IP", plain(status.get("podIP")))
    addresses = items(status, "podIPs")
    if addresses:
        page.heading("IPs")
        for address in addresses:
            page.field("IP", plain(address.get("ip")), level=1)
    else:
        page.field("IPs", NONE)
    common.controlled_by(page, obj)
    if status.get("nominatedNodeName"):
        name = status["nominatedNodeName"]
        page.field("NominatedNodeName", link(name, "nodes", name))


def _conditions(page: Page, status: Raw) -> None:
    found = items(status, "conditions")
    if not found:
        return
    page.heading("Conditions")
    # Why a condition is not true is worth more than that it is not.
    rows: list[tuple[str | Text, ...]] = []
    for each in found:
        good = each.get("status") == "True"
        why = "" if good else ": ".join(plain(each[key]) for key in ("reason", "message") if each.get(key))
        state = plain(each.get("status"))
        row = (plain(each.get("type")), state if good else Text(state, "warning"))
        rows.append((*row, Text(why, "muted")) if why else row)
    page.table(("Type", "Status"), rows)
