"""Printers of networking, storage, access and extension kinds. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from k8stui.demo.durations import human_duration
from k8stui.demo.tables import (
    NONE,
    UNSET,
    Cells,
    Column,
    Printer,
    addresses,
    columns,
    created,
    dig,
    limited,
    selector_text,
)
from k8stui.demo.tables_core import CREATED_AT

Obj = Mapping[str, Any]


def _fields(*paths: str, default: Any = "") -> Callable[[Obj, float], Cells]:
    """Name, the values at these paths, age."""

    def cells(obj: Obj, now: float) -> Cells:
        return [obj["metadata"]["name"], *(dig(obj, path, default) for path in paths), created(obj, now)]

    return cells


def _counting(path: str) -> Callable[[Obj, float], Cells]:
    def cells(obj: Obj, now: float) -> Cells:
        return [obj["metadata"]["name"], len(dig(obj, path, ())), created(obj, now)]

    return cells


def _slice(obj: Obj, now: float) -> Cells:
    ports = [str(port.get("port", "*")) for port in obj.get("ports") or ()]
    found = [ip for endpoint in obj.get("endpoints") or () for ip in endpoint.get("addresses") or ()]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        limited(ports) or UNSET,
        limited(found) or UNSET,
        created(obj, now),
    ]


def _ingress(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    legacy = (obj["metadata"].get("annotations") or {}).get("kubernetes.io/ingress.class")
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName") or legacy or NONE,
        limited(hosts) or "*",
        addresses(dig(obj, "status.loadBalancer.ingress", ())),
        "80, 443" if spec.get("tls") else "80",
        created(obj, now),
    ]


def _policy(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], selector_text(dig(obj, "spec.podSelector")), created(obj, now)]


def _ingress_class(obj: Obj, now: float) -> Cells:
    parameters = dig(obj, "spec.parameters")
    text = NONE
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        text = f"{parameters['kind']}{group}/{parameters['name']}"
    return [obj["metadata"]["name"], dig(obj, "spec.controller", ""), text, created(obj, now)]


def _ip(obj: Obj, now: float) -> Cells:
    # A real server gives an age without a column for it; so clients meet that here, too.
    parent = dig(obj, "spec.parentRef", {})
    parts = (parent.get("group"), parent.get("resource"), parent.get("namespace"), parent.get("name"))
    return [obj["metadata"]["name"], "/".join(part for part in parts if part), created(obj, now)]


def _cidr(obj: Obj, now: float) -> Cells:
    return [obj["metadata"]["name"], ",".join(dig(obj, "spec.cidrs", ())), created(obj, now)]


def _binding(obj: Obj, now: float) -> Cells:
    role = obj.get("roleRef", {})
    found: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or ():
        name = subject["name"]
        if subject["kind"] == "ServiceAccount":
            name = f"{subject.get('namespace', '')}/{name}"
        found.setdefault(subject["kind"], []).append(name)
    return [
        obj["metadata"]["name"],
        f"{role.get('kind', '')}/{role.get('name', '')}",
        created(obj, now),
        *(", ".join(found[kind]) for kind in ("User", "Group", "ServiceAccount")),
    ]


def _request(obj: Obj, now: float) -> Cells:
    conditions = {c["type"] for c in dig(obj, "status.conditions", ())}
    text = "Denied" if "Denied" in conditions else "Approved" if "Approved" in conditions else "Pending"
    if "Failed" in conditions:
        text += ",Failed"
    if dig(obj, "status.certificate"):
        text += ",Issued"
    seconds = dig(obj, "spec.expirationSeconds")
    return [
        obj["metadata"]["name"],
        created(obj, now),
        dig(obj, "spec.signerName", NONE),
        dig(obj, "spec.username", ""),
        human_duration(seconds) if seconds is not None else NONE,
        text,
    ]


def _class(obj: Obj, now: float) -> Cells:
    annotations = obj["metadata"].get("annotations") or {}
    default = any(
        annotations.get(f"storageclass.{kind}kubernetes.io/is-default-class") == "true"
        for kind in ("", "beta.")
    )
    return [
        obj["metadata"]["name"] + (" (default)" if default else ""),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion")),
        created(obj, now),
    ]


def _driver(obj: Obj, now: float) -> Cells:
    spec = obj.get("spec", {})
    audiences = [request.get("audience", "") for request in spec.get("tokenRequests") or ()]
    return [
        obj["metadata"]["name"],
        spec.get("attachRequired", True),
        spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False),
        ",".join(audiences) or UNSET,
        spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or ("Persistent",)),
        created(obj, now),
    ]


def _attachment(obj: Obj, now: float) -> Cells:
    return [
        obj["metadata"]["name"],
        dig(obj, "spec.attacher", ""),
        dig(obj, "spec.source.persistentVolumeName", ""),
        dig(obj, "spec.nodeName", ""),
        bool(dig(obj, "status.attached")),
        created(obj, now),
    ]


def _api_service(obj: Obj, now: float) -> Cells:
    service = dig(obj, "spec.service")
    available: Obj = next((c for c in dig(obj, "status.conditions", ()) if c["type"] == "Available"), {})
    text = available.get("status", "Unknown")
    if text != "True" and available.get("reason"):
        text = f"{text} ({available['reason']})"
    return [
        obj["metadata"]["name"],
        f"{service['namespace']}/{service['name']}" if service else "Local",
        text,
        created(obj, now),
    ]


def _flow_schema(obj: Obj, now: float) -> Cells:
    dangling: Obj = next((c for c in dig(obj, "status.conditions", ()) if c["type"] == "Dangling"), {})
    return [
        obj["metadata"]["name"],
        dig(obj, "spec.priorityLevelConfiguration.name", NONE),
        dig(obj, "spec.matchingPrecedence", 0),
        dig(obj, "spec.distinguisherMethod.type", NONE),
        created(obj, now),
        dangling.get("status", "?"),
    ]


def _priority_level(obj: Obj, now: float) -> Cells:
    limited_, queuing = dig(obj, "spec.limited", {}), dig(obj, "spec.limited.limitResponse.queuing", {})
    return [
        obj["metadata"]["name"],
        dig(obj, "spec.type", ""),
        limited_.get("nominalConcurrencyShares", NONE),
        queuing.get("queues", NONE),
        queuing.get("handSize", NONE),
        queuing.get("queueLengthLimit", NONE),
        created(obj, now),
    ]


def _admission_policy(obj: Obj, now: float) -> Cells:
    kind = dig(obj, "spec.paramKind")
    return [
        obj["metadata"]["name"],
        len(dig(obj, "spec.validations", ())),
        f"{kind['apiVersion']}/{kind['kind']}" if kind else UNSET,
        created(obj, now),
    ]


def _admission_binding(obj: Obj, now: float) -> Cells:
    reference = dig(obj, "spec.paramRef")
    text = UNSET
    if reference:
        namespace = reference.get("namespace")
        text = f"{namespace or '*'}/{reference.get('name', '')}"
    return [obj["metadata"]["name"], dig(obj, "spec.policyName", ""), text, created(obj, now)]


_BINDINGS = Printer(columns("Name;Role;Age", wide="Users;Groups;ServiceAccounts"), _binding)
_WEBHOOKS = Printer(columns("Name;Webhooks;Age", integers="Webhooks"), _counting("webhooks"))
_ATTACHMENT_COLUMNS = (
    *columns("Name"),
    Column("Attacher", format="name"),
    *columns("PV;Node;Attached;Age", booleans="Attached"),
)
_N, _S, _R = "networking.k8s.io", "storage.k8s.io", "rbac.authorization.k8s.io"
_A, _F = "admissionregistration.k8s.io", "flowcontrol.apiserver.k8s.io"

PRINTERS: dict[str, Printer] = {
    "endpointslices.discovery.k8s.io": Printer(columns("Name;AddressType;Ports;Endpoints;Age"), _slice),
    f"ingresses.{_N}": Printer(columns("Name;Class;Hosts;Address;Ports;Age"), _ingress),
    f"networkpolicies.{_N}": Printer(columns("Name;Pod-Selector;Age"), _policy),
    f"ingressclasses.{_N}": Printer(columns("Name;Controller;Parameters;Age"), _ingress_class),
    f"ipaddresses.{_N}": Printer(columns("Name;ParentRef"), _ip),
    f"servicecidrs.{_N}": Printer(columns("Name;CIDRs;Age"), _cidr),
    f"rolebindings.{_R}": _BINDINGS,
    f"clusterrolebindings.{_R}": _BINDINGS,
    f"roles.{_R}": CREATED_AT,
    f"clusterroles.{_R}": CREATED_AT,
    "certificatesigningrequests.certificates.k8s.io": Printer(
        columns("Name;Age;SignerName;Requestor;RequestedDuration;Condition"), _request
    ),
    f"storageclasses.{_S}": Printer(
        columns("Name;Provisioner;ReclaimPolicy;VolumeBindingMode;AllowVolumeExpansion;Age"), _class
    ),
    f"csidrivers.{_S}": Printer(
        columns(
            "Name;AttachRequired;PodInfoOnMount;StorageCapacity;TokenRequests;RequiresRepublish;Modes;Age",
            booleans="AttachRequired;PodInfoOnMount;StorageCapacity;RequiresRepublish",
        ),
        _driver,
    ),
    f"csinodes.{_S}": Printer(columns("Name;Drivers;Age", integers="Drivers"), _counting("spec.drivers")),
    f"csistoragecapacities.{_S}": CREATED_AT,
    f"volumeattachments.{_S}": Printer(_ATTACHMENT_COLUMNS, _attachment),
    f"volumeattributesclasses.{_S}": Printer(columns("Name;DriverName;Age"), _fields("driverName")),
    "apiservices.apiregistration.k8s.io": Printer(columns("Name;Service;Available;Age"), _api_service),
    f"flowschemas.{_F}": Printer(
        columns("Name;PriorityLevel;MatchingPrecedence;DistinguisherMethod;Age;MissingPL"), _flow_schema
    ),
    f"prioritylevelconfigurations.{_F}": Printer(
        columns("Name;Type;NominalConcurrencyShares;Queues;HandSize;QueueLengthLimit;Age"), _priority_level
    ),
    f"mutatingwebhookconfigurations.{_A}": _WEBHOOKS,
    f"validatingwebhookconfigurations.{_A}": _WEBHOOKS,
    f"validatingadmissionpolicies.{_A}": Printer(
        columns("Name;Validations;ParamKind;Age", integers="Validations"), _admission_policy
    ),
    f"validatingadmissionpolicybindings.{_A}": Printer(
        columns("Name;PolicyName;ParamRef;Age"), _admission_binding
    ),
    "runtimeclasses.node.k8s.io": Printer(columns("Name;Handler;Age"), _fields("handler")),
    "customresourcedefinitions.apiextensions.k8s.io": CREATED_AT,
}
