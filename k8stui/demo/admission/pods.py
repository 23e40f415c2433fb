"""What admission fills in for a new pod: its account, token volume, tolerations, priority, limits, QoS class.

Used for pods of users and of controllers alike. Raises StoreError with the server's words; reads the store,
writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.admission.limits import check_pod, with_limits
from k8stui.demo.admission.policies import check_policies
from k8stui.demo.admission.quota import check_quota
from k8stui.demo.admission.security import check_security
from k8stui.demo.errors import forbidden
from k8stui.demo.resources import PODS, PRIORITY_CLASSES, SERVICE_ACCOUNTS
from k8stui.demo.world.podspec import (
    CONTAINER_ORDER,
    TERMINATION,
    admitted_spec,
    in_order,
    pod_spec,
    qos_class,
)

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Obj = dict[str, Any]

CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"
"""Who makes pods that no user makes."""

__all__ = ["admit_pod", "mutate_pod", "validate_pod"]


def admit_pod(store: Store, pod: Obj) -> Obj:
    """The pod as the server would store it. Raises StoreError(403) where it would refuse it."""
    admitted = mutate_pod(store, pod)
    validate_pod(store, admitted)
    return admitted


def mutate_pod(store: Store, pod: Obj) -> Obj:
    """The pod with all that is filled in. Raises StoreError(403) for an unknown account or priority class."""
    meta = pod["metadata"]
    namespace, name = (
        meta["namespace"],
        meta.get("name") or f"{meta.get('generateName', '')}{store.name_suffix()}",
    )
    spec = pod_spec(
        [_container_defaults(c) for c in pod["spec"].get("containers") or ()],
        **{k: v for k, v in pod["spec"].items() if k != "containers"},
    )
    if "initContainers" in spec:
        spec["initContainers"] = [_container_defaults(c) for c in spec["initContainers"] or ()]
    spec = _with_account(store, namespace, name, spec)
    priority, preemption = _priority(store, name, spec)
    spec, notes = with_limits(store, namespace, spec)
    spec = admitted_spec(spec, store.name_suffix(), priority=priority, preemption=preemption)
    metadata = {**meta, "name": name}
    if notes:
        metadata["annotations"] = {**(meta.get("annotations") or {}), "kubernetes.io/limit-ranger": notes}
    status: Obj = {"phase": "Pending", "qosClass": qos_class(spec)}
    if spec.get("schedulingGates"):
        status["conditions"] = [
            {
                "type": "PodScheduled",
                "observedGeneration": 1,
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": store.now(),
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
            }
        ]
    return {**pod, "metadata": metadata, "spec": spec, "status": status}


def validate_pod(store: Store, pod: Obj) -> None:
    """Refuse what policies, the namespace's LimitRanges and quotas forbid. Raises StoreError."""
    check_policies(store, PODS, pod, user=CONTROLLER)
    check_security(store, PODS, pod)
    check_pod(store, pod)
    check_quota(store, PODS, pod)


def _container_defaults(item: Obj) -> Obj:
    out = {**item, **{k: v for k, v in TERMINATION.items() if k not in item}}
    out.setdefault("resources", {})
    limits, requests = out["resources"].get("limits") or {}, out["resources"].get("requests") or {}
    if any(k not in requests for k in limits):
        out["resources"] = {**out["resources"], "requests": {**limits, **requests}}
    if "imagePullPolicy" not in out:
        image = out.get("image", "")
        tag = image.rpartition("/")[2].partition(":")[2]
        out["imagePullPolicy"] = "Always" if tag in ("", "latest") and "@" not in image else "IfNotPresent"
    return in_order(out, CONTAINER_ORDER)


def _with_account(store: Store, namespace: str, name: str, spec: Obj) -> Obj:
    """What the pod's service account says: it must exist; its wishes count where the pod has none."""
    wanted = spec.get("serviceAccountName") or "default"
    account = store.get(SERVICE_ACCOUNTS, namespace, wanted)
    if account is None:
        why = f'error looking up service account {namespace}/{wanted}: serviceaccount "{wanted}" not found'
        raise forbidden(PODS, name, why)
    out = dict(spec)
    secrets = account.get("imagePullSecrets")
    if secrets and not spec.get("imagePullSecrets"):
        out["imagePullSecrets"] = secrets
    if account.get("automountServiceAccountToken") is False and "automountServiceAccountToken" not in spec:
        # The pod itself stays without a word of it, as the server leaves it.
        out = {**out, "automountServiceAccountToken": False}
    return out


def _priority(store: Store, name: str, spec: Obj) -> tuple[int, str]:
    wanted = spec.get("priorityClassName")
    for cls in store.list(PRIORITY_CLASSES):
        if cls["metadata"]["name"] == wanted or (not wanted and cls.get("globalDefault")):
            return cls["value"], cls.get("preemptionPolicy", "PreemptLowerPriority")
    if wanted:
        raise forbidden(PODS, name, f"no PriorityClass with name {wanted} was found")
    return 0, "PreemptLowerPriority"
