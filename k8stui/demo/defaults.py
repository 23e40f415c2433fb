"""What the API server fills in when an object is created or changed: the defaults that kubectl shows.

Works in place on a private copy of the object; called by the write path only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.resources import SERVICES, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from k8stui.demo.store import Store

Obj = dict[str, Any]


def _each(target: Obj, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = value


def _probe(probe: Obj) -> None:
    _each(probe, {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
    if "httpGet" in probe:
        _each(probe["httpGet"], {"path": "/", "scheme": "HTTP"})


def _container(container: Obj) -> None:
    image = container.get("image", "")
    tag = image.rpartition("/")[2].partition(":")[2]
    policy = "Always" if "@" not in image and tag in ("", "latest") else "IfNotPresent"
    _each(
        container,
        {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": policy,
        },
    )
    for port in container.get("ports") or ():
        _each(port, {"protocol": "TCP"})
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(kind):
            _probe(container[kind])
    limits = container["resources"].get("limits") or {}
    if limits:
        requests = container["resources"].setdefault("requests", {})
        for name, amount in limits.items():
            requests.setdefault(name, amount)
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference:
            _each(reference, {"apiVersion": "v1"})


_VOLUME_MODES = ("secret", "configMap", "downwardAPI", "projected")


def pod_spec(spec: Obj) -> None:
    """Defaults of a pod's spec or of a template's."""
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(kind) or ():
            _container(container)
    _each(
        spec,
        {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    )
    if spec.get("serviceAccountName"):
        _each(spec, {"serviceAccount": spec["serviceAccountName"]})
    for volume in spec.get("volumes") or ():
        for kind in _VOLUME_MODES:
            if isinstance(volume.get(kind), dict):
                _each(volume[kind], {"defaultMode": 420})
        if isinstance(volume.get("hostPath"), dict):
            _each(volume["hostPath"], {"type": ""})


def _template(spec: Obj) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _deployment(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    strategy = spec.setdefault("strategy", {})
    _each(strategy, {"type": "RollingUpdate"})
    if strategy["type"] == "RollingUpdate":
        _each(strategy, {"rollingUpdate": {}})
        _each(strategy["rollingUpdate"], {"maxUnavailable": "25%", "maxSurge": "25%"})
    _template(spec)


def _replica_set(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(spec, {"replicas": 1})
    _template(spec)


def _stateful_set(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(
        spec,
        {
            "replicas": 1,
            "podManagementPolicy": "OrderedReady",
            "revisionHistoryLimit": 10,
            "updateStrategy": {},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
    )
    _each(spec["updateStrategy"], {"type": "RollingUpdate"})
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _each(spec["updateStrategy"], {"rollingUpdate": {"partition": 0}})
    _template(spec)
    for claim in spec.get("volumeClaimTemplates") or ():
        _each(claim, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}})
        _each(claim.setdefault("spec", {}), {"volumeMode": "Filesystem"})


def _daemon_set(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(spec, {"revisionHistoryLimit": 10, "updateStrategy": {}})
    _each(spec["updateStrategy"], {"type": "RollingUpdate"})
    if spec["updateStrategy"]["type"] == "RollingUpdate":
        _each(spec["updateStrategy"], {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}})
    _template(spec)


def _job(obj: Obj, store: Store) -> None:
    spec, metadata = obj.setdefault("spec", {}), obj["metadata"]
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _each(
        spec,
        {
            "parallelism": 1,
            "backoffLimit": 6,
            "completionMode": "NonIndexed",
            "suspend": False,
            "podReplacementPolicy": "TerminatingOrFailed",
            "manualSelector": False,
        },
    )
    _template(spec)
    if spec.get("selector") or spec["manualSelector"]:
        return
    metadata.setdefault("uid", store.new_uid())
    labels = {
        "batch.kubernetes.io/controller-uid": metadata["uid"],
        "batch.kubernetes.io/job-name": metadata.get("name", ""),
        "controller-uid": metadata["uid"],
        "job-name": metadata.get("name", ""),
    }
    template = spec["template"]["metadata"]
    template["labels"] = {**(template.get("labels") or {}), **labels}
    metadata["labels"] = {**template["labels"], **(metadata.get("labels") or {})}
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata["uid"]}}


def _cron_job(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(
        spec,
        {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
    )
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    _template(job.setdefault("spec", {}))


def _free_address(store: Store) -> str:
    used = {service.get("spec", {}).get("clusterIP") for service in store.list(SERVICES)}
    while True:
        address = f"10.96.{store.random.randrange(1, 255)}.{store.random.randrange(1, 255)}"
        if address not in used:
            return address


def _free_node_port(store: Store) -> int:
    used = {
        port.get("nodePort")
        for service in store.list(SERVICES)
        for port in service.get("spec", {}).get("ports") or ()
    }
    while True:
        port = store.random.randrange(30000, 32768)
        if port not in used:
            return port


def _service(obj: Obj, store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(spec, {"type": "ClusterIP", "sessionAffinity": "None"})
    for port in spec.get("ports") or ():
        _each(port, {"protocol": "TCP"})
        _each(port, {"targetPort": port.get("port")})
    if spec["type"] != "ExternalName":
        if not spec.get("clusterIP"):
            spec["clusterIP"] = (spec.get("clusterIPs") or [_free_address(store)])[0]
        _each(
            spec,
            {
                "clusterIPs": [spec["clusterIP"]],
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "internalTrafficPolicy": "Cluster",
            },
        )
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _each(spec, {"externalTrafficPolicy": "Cluster"})
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = _free_node_port(store)
    if spec["type"] == "LoadBalancer":
        _each(spec, {"allocateLoadBalancerNodePorts": True})
    if spec["sessionAffinity"] == "ClientIP":
        _each(spec, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}})
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def _namespace(obj: Obj, _store: Store) -> None:
    obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")
    labels = obj["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", obj["metadata"].get("name", ""))


def _claim(obj: Obj, _store: Store) -> None:
    _each(obj.setdefault("spec", {}), {"volumeMode": "Filesystem"})
    _each(obj.setdefault("status", {}), {"phase": "Pending"})


def _volume(obj: Obj, _store: Store) -> None:
    _each(obj.setdefault("spec", {}), {"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"})
    _each(obj.setdefault("status", {}), {"phase": "Available"})


def _secret(obj: Obj, _store: Store) -> None:
    import base64

    _each(obj, {"type": "Opaque"})
    plain = obj.pop("stringData", None)
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


def _ingress(obj: Obj, _store: Store) -> None:
    obj.setdefault("status", {}).setdefault("loadBalancer", {})


def _network_policy(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    _each(spec, {"policyTypes": ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]})


def _autoscaler(obj: Obj, _store: Store) -> None:
    target = {"type": "Utilization", "averageUtilization": 80}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    _each(obj.setdefault("spec", {}), {"minReplicas": 1, "metrics": [metric]})


def _storage_class(obj: Obj, _store: Store) -> None:
    _each(obj, {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"})


def _priority_class(obj: Obj, _store: Store) -> None:
    _each(obj, {"preemptionPolicy": "PreemptLowerPriority"})


def _crd(obj: Obj, _store: Store) -> None:
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    _each(names, {"singular": kind.lower(), "listKind": kind + "List"})
    _each(spec, {"conversion": {"strategy": "None"}})


def _pod(obj: Obj, _store: Store) -> None:
    pod_spec(obj.setdefault("spec", {}))


_DEFAULTS: dict[str, Callable[[Obj, Store], None]] = {
    "pods": _pod,
    "namespaces": _namespace,
    "services": _service,
    "secrets": _secret,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "replicationcontrollers": _replica_set,
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "ingresses.networking.k8s.io": _ingress,
    "networkpolicies.networking.k8s.io": _network_policy,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "storageclasses.storage.k8s.io": _storage_class,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "customresourcedefinitions.apiextensions.k8s.io": _crd,
}


def apply_defaults(res: Resource, obj: Obj, store: Store) -> None:
    """Fill in, in place, what the client left out."""
    found = _DEFAULTS.get(res.storage)
    if found is not None:
        found(obj, store)
