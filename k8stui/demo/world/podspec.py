"""Containers, pod templates and pod specs with the defaults that the API server fills in.

Keys stand in the order in which the server writes them. Templates are shared between objects:
nobody may change a dict made here in place.
"""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

TERMINATION = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
DEFAULT_TOLERATIONS: list[Obj] = [
    {
        "key": f"node.kubernetes.io/{what}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for what in ("not-ready", "unreachable")
]
#: What the DaemonSet controller adds to its pods.
DAEMON_TOLERATIONS: list[Obj] = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
    {"key": "node.kubernetes.io/disk-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/pid-pressure", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"},
]
HOST_NETWORK_TOLERATION = {
    "key": "node.kubernetes.io/network-unavailable",
    "operator": "Exists",
    "effect": "NoSchedule",
}
TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105
_PROBE_ORDER = (
    "exec",
    "httpGet",
    "tcpSocket",
    "grpc",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
_PROBE_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
CONTAINER_ORDER = (
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "volumeMounts",
    "volumeDevices",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
)
POD_SPEC_ORDER = (
    "volumes",
    "initContainers",
    "containers",
    "ephemeralContainers",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "activeDeadlineSeconds",
    "dnsPolicy",
    "nodeSelector",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "securityContext",
    "imagePullSecrets",
    "hostname",
    "subdomain",
    "affinity",
    "schedulerName",
    "tolerations",
    "priorityClassName",
    "priority",
    "enableServiceLinks",
    "preemptionPolicy",
    "topologySpreadConstraints",
    "schedulingGates",
)


def in_order(obj: Obj, order: tuple[str, ...]) -> Obj:
    """The same entries in the server's order; unknown ones last."""
    return {k: obj[k] for k in order if k in obj} | {k: v for k, v in obj.items() if k not in order}


def probe(**spec: Any) -> Obj:
    """A probe with its defaults. `path`/`port` make an HTTP one, `tcp` a TCP one, `command` an exec one."""
    out: Obj = dict(_PROBE_DEFAULTS)
    if "path" in spec:
        out["httpGet"] = {"path": spec.pop("path"), "port": spec.pop("port"), "scheme": "HTTP"}
    if "tcp" in spec:
        out["tcpSocket"] = {"port": spec.pop("tcp")}
    if "command" in spec:
        out["exec"] = {"command": spec.pop("command")}
    return in_order(out | spec, _PROBE_ORDER)


def env_list(env: dict[str, Any]) -> list[Obj]:
    """Environment entries; a dict value is a `valueFrom`."""
    return [
        {"name": k, "valueFrom": v} if isinstance(v, dict) else {"name": k, "value": str(v)}
        for k, v in env.items()
    ]


def container(
    name: str,
    image: str,
    *,
    ports: dict[str, int] | None = None,
    env: dict[str, Any] | None = None,
    cpu: str = "",
    memory: str = "",
    cpu_limit: str = "",
    memory_limit: str = "",
    mounts: dict[str, str] | None = None,
    **more: Any,
) -> Obj:
    """A container spec as the server stores it. `mounts` maps volume names to paths; `more` is API fields."""
    resources: Obj = {}
    if limits := {k: v for k, v in (("cpu", cpu_limit), ("memory", memory_limit)) if v}:
        resources["limits"] = limits
    if requests := {k: v for k, v in (("cpu", cpu), ("memory", memory)) if v}:
        resources["requests"] = requests
    tag = image.rpartition("/")[2].partition(":")[2]
    out: Obj = {
        "name": name,
        "image": image,
        "resources": resources,
        **TERMINATION,
        "imagePullPolicy": "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent",
    }
    if ports:
        out["ports"] = [{"name": k, "containerPort": v, "protocol": "TCP"} for k, v in ports.items()]
    if env:
        out["env"] = env_list(env)
    if mounts:
        out["volumeMounts"] = [{"name": k, "mountPath": v} for k, v in mounts.items()]
    return in_order(out | more, CONTAINER_ORDER)


def template(
    labels: dict[str, str], containers: list[Obj], *, annotations: dict[str, str] | None = None, **spec: Any
) -> Obj:
    """A pod template with the defaults of its spec."""
    meta: Obj = {"labels": labels}
    if annotations:
        meta["annotations"] = annotations
    return {"metadata": meta, "spec": pod_spec(containers, **spec)}


def pod_spec(containers: list[Obj], **spec: Any) -> Obj:
    """A pod spec with the defaults that do not depend on admission."""
    base: Obj = {
        "containers": containers,
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    account = spec.get("serviceAccountName")
    if account:
        base["serviceAccount"] = account
    return in_order(base | spec, POD_SPEC_ORDER)


def token_volume(suffix: str) -> Obj:
    """The projected volume that the ServiceAccount admission adds to each pod."""
    sources: list[Obj] = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "namespace",
                        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    }
                ]
            }
        },
    ]
    return {"name": f"kube-api-access-{suffix}", "projected": {"sources": sources, "defaultMode": 420}}


def _with_mount(spec: Obj, volume: str) -> Obj:
    mount = {"name": volume, "readOnly": True, "mountPath": TOKEN_MOUNT}
    mounts: list[Obj] = spec.get("volumeMounts", [])
    if any(m["mountPath"] == TOKEN_MOUNT for m in mounts):
        return spec
    return in_order(spec | {"volumeMounts": [*mounts, mount]}, CONTAINER_ORDER)


def admitted_spec(
    spec: Obj,
    token_suffix: str,
    *,
    priority: int = 0,
    preemption: str = "PreemptLowerPriority",
    node: str = "",
) -> Obj:
    """The spec after the server's own admission: token volume, account, tolerations, priority."""
    out = dict(spec)
    account = out.get("serviceAccountName") or "default"
    out["serviceAccountName"] = out["serviceAccount"] = account
    has_token = any(v["name"].startswith("kube-api-access-") for v in out.get("volumes", []))
    if out.get("automountServiceAccountToken", True) and not has_token:
        volume = token_volume(token_suffix)
        out["volumes"] = [*out.get("volumes", []), volume]
        for field in ("initContainers", "containers"):
            if field in out:
                out[field] = [_with_mount(c, volume["name"]) for c in out[field]]
    present = {(t.get("key"), t.get("effect")) for t in out.get("tolerations", [])}
    extra = [t for t in DEFAULT_TOLERATIONS if (t["key"], t["effect"]) not in present]
    if (None, None) in present or (None, "NoExecute") in present:
        extra = []
    out["tolerations"] = [*out.get("tolerations", []), *extra]
    out.setdefault("priority", priority)
    out.setdefault("enableServiceLinks", True)
    out.setdefault("preemptionPolicy", preemption)
    if node:
        out["nodeName"] = node
    return in_order(out, POD_SPEC_ORDER)


def qos_class(spec: Obj) -> str:
    """Guaranteed, Burstable or BestEffort by the containers' requests and limits."""
    guaranteed, anything = True, False
    for item in [*spec.get("initContainers", []), *spec["containers"]]:
        resources = item.get("resources", {})
        limits, requests = resources.get("limits", {}), resources.get("requests", {})
        anything = anything or bool(limits or requests)
        for name in ("cpu", "memory"):
            if name not in limits or requests.get(name, limits[name]) != limits[name]:
                guaranteed = False
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
