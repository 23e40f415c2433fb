"""What `kubectl describe` says of an object, as lines with links: pure functions of what was read.

`needs` says what must be read besides the object, `describe` makes the lines. Nothing here requests anything
or paints anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.describe import network, nodes, pods, policy, storage, workloads
from k8stui.kinds.describe.common import Raw, Related
from k8stui.kinds.describe.generic import anything
from k8stui.kinds.describe.lines import Line, Link, Page, Ref
from k8stui.kinds.describe.needs import Need, about, needs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Describer = Callable[[Page, Raw, Related, datetime], None]

_RBAC = "rbac.authorization.k8s.io"
DESCRIBERS: dict[str, Describer] = {
    "pods": pods.pod,
    "nodes": nodes.node,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "replicationcontrollers": workloads.replica_set,
    "statefulsets.apps": workloads.stateful_set,
    "daemonsets.apps": workloads.daemon_set,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "horizontalpodautoscalers.autoscaling": workloads.autoscaler,
    "poddisruptionbudgets.policy": workloads.disruption_budget,
    "services": network.service,
    "endpointslices.discovery.k8s.io": network.endpoint_slice,
    "ingresses.networking.k8s.io": network.ingress,
    "ingressclasses.networking.k8s.io": network.ingress_class,
    "networkpolicies.networking.k8s.io": network.network_policy,
    "persistentvolumes": storage.volume,
    "persistentvolumeclaims": storage.claim,
    "storageclasses.storage.k8s.io": storage.storage_class,
    "configmaps": policy.config_map,
    "secrets": policy.secret,
    "serviceaccounts": policy.service_account,
    f"roles.{_RBAC}": policy.role,
    f"clusterroles.{_RBAC}": policy.role,
    f"rolebindings.{_RBAC}": policy.role_binding,
    f"clusterrolebindings.{_RBAC}": policy.role_binding,
    "resourcequotas": policy.quota,
    "limitranges": policy.limit_range,
    "namespaces": policy.namespace,
    "priorityclasses.scheduling.k8s.io": policy.priority_class,
    "certificatesigningrequests.certificates.k8s.io": policy.certificate_request,
}
"""By `Kind.name`."""


def describe(kind: str, obj: Raw, related: Related, now: datetime) -> list[Line]:
    """The description of an object of a kind (`Kind.name`)."""
    page = Page()
    DESCRIBERS.get(kind, anything)(page, obj, related, now)
    return page.lines()


__all__ = ["DESCRIBERS", "Line", "Link", "Need", "Ref", "Related", "about", "describe", "needs"]
