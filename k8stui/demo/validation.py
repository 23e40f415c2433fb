"""What the API server refuses: broken names, missing fields, selectors that don't fit, changed immutables.

A choice of the rules of a real server: those that people meet. Each finding is a `Cause` with the server's
words. Objects are only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from k8stui.demo.custom_rules import custom_causes
from k8stui.demo.errors import Cause, invalid
from k8stui.demo.selectors import object_selector
from k8stui.demo.validation_names import (
    LABEL_NAME,
    LABEL_WORDS,
    check_finalizers,
    check_metadata,
    invalid_value,
    json_text,
    required,
    unsupported,
)

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource
    from k8stui.demo.schemas import Schema

Obj = Mapping[str, Any]


def _not_negative(obj: Obj, path: str) -> list[Cause]:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, int) and value < 0:
        return [invalid_value(path, value, "must be greater than or equal to 0")]
    return []


def _containers(spec: Obj, path: str) -> list[Cause]:
    causes: list[Cause] = []
    if not spec.get("containers"):
        causes.append(required(f"{path}.containers"))
    seen: set[str] = set()
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(kind) or ()):
            where = f"{path}.{kind}[{index}]"
            name = container.get("name", "")
            if not name:
                causes.append(required(f"{where}.name"))
            elif not LABEL_NAME.fullmatch(name):
                causes.append(invalid_value(f"{where}.name", name, LABEL_WORDS))
            elif name in seen:
                causes.append(
                    Cause(f"{where}.name", f"Duplicate value: {json_text(name)}", "FieldValueDuplicate")
                )
            seen.add(name)
            if not container.get("image"):
                causes.append(required(f"{where}.image"))
            causes += _ports(container, where)
            causes += _mounts(container, spec, where)
            causes += _resources(container, where)
            policy = container.get("imagePullPolicy")
            if policy not in (None, "Always", "IfNotPresent", "Never"):
                supported = ("Always", "IfNotPresent", "Never")
                causes.append(unsupported(f"{where}.imagePullPolicy", policy, supported))
    return causes


def _ports(container: Obj, where: str) -> list[Cause]:
    words = "must be between 1 and 65535, inclusive"
    return [
        invalid_value(f"{where}.ports[{index}].containerPort", port.get("containerPort", 0), words)
        for index, port in enumerate(container.get("ports") or ())
        if not 1 <= (port.get("containerPort") or 0) <= 65535
    ]


_UNITS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "": 1.0} | {
    f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", start=1)
}


def _amount(text: str) -> float:
    match = re.fullmatch(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)", str(text))
    return float(match[1]) * _UNITS.get(match[2], 1.0) if match else 0.0


def _resources(container: Obj, where: str) -> list[Cause]:
    """Requests above their limits."""
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    words = "must be less than or equal to {} limit of {}"
    return [
        invalid_value(f"{where}.resources.requests", asked, words.format(name, limits[name]))
        for name, asked in (resources.get("requests") or {}).items()
        if name in limits and _amount(asked) > _amount(limits[name])
    ]


def _mounts(container: Obj, spec: Obj, where: str) -> list[Cause]:
    volumes = {volume.get("name") for volume in spec.get("volumes") or ()}
    return [
        Cause(
            f"{where}.volumeMounts[{index}].name",
            f"Not found: {json_text(mount.get('name'))}",
            "FieldValueNotFound",
        )
        for index, mount in enumerate(container.get("volumeMounts") or ())
        if mount.get("name") not in volumes
    ]


def _pod(obj: Obj, _old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    causes = _containers(spec, "spec")
    policy = spec.get("restartPolicy")
    if policy not in (None, "Always", "OnFailure", "Never"):
        causes.append(unsupported("spec.restartPolicy", policy, ("Always", "OnFailure", "Never")))
    return causes


def _pod_change(obj: Obj, old: Obj | None) -> list[Cause]:
    """Of a pod's spec only images, deadline, added tolerations and the grace period may change."""
    if old is None:
        return []

    def fixed(spec: Obj) -> dict[str, Any]:
        found = dict(spec)
        for kind in ("containers", "initContainers"):
            found[kind] = [{**c, "image": "", "resources": {}} for c in spec.get(kind) or ()]
        for key in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"):
            found.pop(key, None)
        return found

    if fixed(obj.get("spec", {})) == fixed(old.get("spec", {})):
        return []
    words = (
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to"
        " existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was"
        " previously negative)"
    )
    return [Cause("spec", words, "FieldValueForbidden")]


def _workload(obj: Obj, old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    selector = spec.get("selector")
    causes: list[Cause] = [] if selector else [required("spec.selector")]
    strategy = spec.get("strategy") or {}
    if strategy.get("type", "Recreate") not in ("Recreate", "RollingUpdate"):
        causes.append(unsupported("spec.strategy", strategy, ("Recreate", "RollingUpdate")))
    causes += _not_negative(obj, "spec.replicas")
    template = spec.get("template", {})
    labels = template.get("metadata", {}).get("labels") or {}
    if not object_selector(selector)(labels):
        words = "`selector` does not match template `labels`"
        causes.append(invalid_value("spec.template.metadata.labels", labels, words))
    causes += _containers(template.get("spec", {}), "spec.template.spec")
    policy = template.get("spec", {}).get("restartPolicy")
    if policy not in (None, "Always"):
        causes.append(unsupported("spec.template.spec.restartPolicy", policy, ("Always",)))
    if old is not None and selector != old.get("spec", {}).get("selector"):
        causes.append(invalid_value("spec.selector", selector, "field is immutable"))
    return causes


def _stateful(obj: Obj, old: Obj | None) -> list[Cause]:
    causes = _workload(obj, None)
    if old is None:
        return causes
    free = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ]

    def fixed(spec: Obj) -> dict[str, Any]:
        return {key: value for key, value in spec.items() if key not in free}

    if fixed(obj.get("spec", {})) != fixed(old.get("spec", {})):
        words = (
            "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
            " 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and"
            " 'minReadySeconds' are forbidden"
        )
        causes.append(Cause("spec", words, "FieldValueForbidden"))
    return causes


_JOB_POLICIES = 'valid values: "OnFailure", "Never"'


def _job(obj: Obj, old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    template = spec.get("template", {})
    causes = _containers(template.get("spec", {}), "spec.template.spec")
    for field in ("parallelism", "completions", "backoffLimit"):
        causes += _not_negative(obj, f"spec.{field}")
    policy = template.get("spec", {}).get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        causes.append(required("spec.template.spec.restartPolicy", _JOB_POLICIES))
    if old is not None:
        before = old.get("spec", {})
        for field in ("selector", "template", "completions", "completionMode"):
            if spec.get(field) != before.get(field) and not before.get("suspend"):
                causes.append(invalid_value(f"spec.{field}", spec.get(field), "field is immutable"))
    return causes


def _cron_job(obj: Obj, _old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    schedule = spec.get("schedule", "")
    if not schedule:
        return [required("spec.schedule")]
    fields = schedule.split()
    if not (len(fields) == 5 or schedule.startswith("@")):
        words = f"expected exactly 5 fields, found {len(fields)}: [{schedule}]"
        return [invalid_value("spec.schedule", schedule, words)]
    inner = spec.get("jobTemplate", {}).get("spec", {}).get("template", {}).get("spec", {})
    causes = _containers(inner, "spec.jobTemplate.spec.template.spec")
    if inner.get("restartPolicy") not in ("OnFailure", "Never"):
        path = "spec.jobTemplate.spec.template.spec.restartPolicy"
        causes.append(required(path, _JOB_POLICIES))
    return causes


def _service(obj: Obj, old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    kinds = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    causes = []
    if spec.get("type") not in kinds:
        causes.append(unsupported("spec.type", spec.get("type"), kinds))
    if not spec.get("ports") and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        causes.append(required("spec.ports"))
    for index, port in enumerate(spec.get("ports") or ()):
        if not 1 <= (port.get("port") or 0) <= 65535:
            words = "must be between 1 and 65535, inclusive"
            causes.append(invalid_value(f"spec.ports[{index}].port", port.get("port", 0), words))
        if len(spec["ports"]) > 1 and not port.get("name"):
            causes.append(required(f"spec.ports[{index}].name"))
    before = (old or {}).get("spec", {})
    addressed = before.get("clusterIP") and "ExternalName" not in (spec.get("type"), before.get("type"))
    if addressed and spec.get("clusterIP") != before["clusterIP"]:
        causes.append(invalid_value("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set"))
    return causes


def _config_map(obj: Obj, old: Obj | None) -> list[Cause]:
    if old is not None and old.get("immutable") and obj.get("data") != old.get("data"):
        words = "Forbidden: field is immutable when `immutable` is set"
        return [Cause("data", words, "FieldValueForbidden")]
    return []


def _secret(obj: Obj, old: Obj | None) -> list[Cause]:
    causes = _config_map(obj, old)
    if old is not None and obj.get("type") != old.get("type"):
        causes.append(invalid_value("type", obj.get("type"), "field is immutable"))
    return causes


def _role_binding(obj: Obj, old: Obj | None) -> list[Cause]:
    if old is not None and obj.get("roleRef") != old.get("roleRef"):
        return [invalid_value("roleRef", obj.get("roleRef"), "cannot change roleRef")]
    return []


def _claim(obj: Obj, old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    causes = (
        []
        if spec.get("accessModes")
        else [required("spec.accessModes", "at least 1 access mode is required")]
    )
    size = (spec.get("resources") or {}).get("requests", {}).get("storage")
    if not size:
        causes.append(required("spec.resources[storage]"))
    if old is None or not size:
        return causes
    before = old.get("spec", {})
    if _fixed_claim(spec) != _fixed_claim(before) and before.get("volumeName"):
        words = (
            "Forbidden: spec is immutable after creation except resources.requests and"
            " volumeAttributesClassName for bound claims"
        )
        causes.append(Cause("spec", words, "FieldValueForbidden"))
    has = (old.get("status", {}).get("capacity") or {}).get("storage")
    asked = (before.get("resources") or {}).get("requests", {}).get("storage", "0")
    if _amount(size) < _amount(asked) and (not has or _amount(size) <= _amount(has)):
        words = "Forbidden: field can not be less than status.capacity"
        if not has:
            words = "Forbidden: field can not be less than previous value"
        causes.append(Cause("spec.resources.requests.storage", words, "FieldValueForbidden"))
    return causes


def _fixed_claim(spec: Obj) -> dict[str, Any]:
    """What of a bound claim never changes."""
    free = ("resources", "volumeAttributesClassName")
    return {key: value for key, value in spec.items() if key not in free}


def _autoscaler(obj: Obj, _old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    if not isinstance(spec.get("maxReplicas"), int) or spec["maxReplicas"] < 1:
        return [invalid_value("spec.maxReplicas", spec.get("maxReplicas", 0), "must be greater than 0")]
    return []


def _definition(obj: Obj, old: Obj | None) -> list[Cause]:
    spec = obj.get("spec", {})
    names, group = spec.get("names") or {}, spec.get("group", "")
    causes = []
    wanted = f"{names.get('plural', '')}.{group}"
    if obj["metadata"].get("name") != wanted:
        words = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid_value("metadata.name", obj["metadata"].get("name"), words))
    causes += [required(f"spec.names.{key}") for key in ("plural", "kind") if not names.get(key)]
    if "." not in group:
        causes.append(invalid_value("spec.group", group, "should be a domain with at least one dot"))
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        causes.append(unsupported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced")))
    versions = spec.get("versions") or []
    if sum(1 for version in versions if version.get("storage")) != 1:
        words = "must have exactly one version marked as storage version"
        causes.append(Cause("spec.versions", f"Invalid value: {words}"))
    for index, version in enumerate(versions):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            where = f"spec.versions[{index}].schema.openAPIV3Schema"
            causes.append(required(where, "schemas are required"))
    for key in ("group", "scope"):
        before = (old or {}).get("spec", {}).get(key)
        if before and before != spec.get(key):
            causes.append(invalid_value(f"spec.{key}", spec.get(key), "field is immutable"))
    return causes


_RULES: dict[str, Callable[[Obj, Obj | None], list[Cause]]] = {
    "pods": _pod,
    "deployments.apps": _workload,
    "replicasets.apps": _workload,
    "daemonsets.apps": _workload,
    "statefulsets.apps": _stateful,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "services": _service,
    "configmaps": _config_map,
    "secrets": _secret,
    "persistentvolumeclaims": _claim,
    "rolebindings.rbac.authorization.k8s.io": _role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _role_binding,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "customresourcedefinitions.apiextensions.k8s.io": _definition,
}


def check(res: Resource, obj: Obj, old: Obj | None, schema: Schema | None, *, subresource: str = "") -> None:
    """Raise 422 with all that is wrong with the next state of an object."""
    causes = check_metadata(res, obj)
    if old is not None:
        causes += check_finalizers(obj, old)
    rule = _RULES.get(res.storage)
    if rule is not None and subresource != "status":
        causes += rule(obj, old)
    if res.storage == "pods" and not subresource:
        causes += _pod_change(obj, old)
    if res.custom and schema is not None:
        for key, value in obj.items():
            if key not in ("apiVersion", "kind", "metadata") and key in schema.fields:
                causes += custom_causes(value, schema.fields[key].raw or {}, key, (old or {}).get(key))
        causes += [required(key) for key in sorted(schema.required) if key not in obj]
    if causes:
        raise invalid(res, obj["metadata"].get("name", ""), causes)
