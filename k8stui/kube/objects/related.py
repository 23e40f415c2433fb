"""Structs of kinds that are shown as Tables, for who follows relations: which objects they name, no more.

Source of the field names: the Kubernetes API reference (networking.k8s.io, core, autoscaling, policy,
rbac.authorization.k8s.io), with the older forms of servers since 1.20.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - msgspec reads it
from typing import Any, Protocol

import msgspec

from k8stui.kube.objects.meta import Condition, KubeObject, KubeStruct, LabelSelector
from k8stui.kube.objects.podrefs import NameRef, NamingPod


class BackendService(KubeStruct, frozen=True, gc=False):
    """`backend.service`."""

    name: str = ""


class IngressBackend(KubeStruct, frozen=True, gc=False):
    """Where an ingress sends to."""

    service: BackendService | None = None


class IngressPath(KubeStruct, frozen=True, gc=False):
    """`http.paths[]`."""

    path: str = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(KubeStruct, frozen=True, gc=False):
    """`rules[].http`."""

    paths: tuple[IngressPath, ...] | None = ()


class IngressRule(KubeStruct, frozen=True, gc=False):
    """`rules[]`."""

    host: str = ""
    http: IngressHttp | None = None


class IngressTls(KubeStruct, frozen=True, gc=False):
    """`tls[]`."""

    secret_name: str = ""


class IngressSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of an ingress."""

    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] | None = ()
    tls: tuple[IngressTls, ...] | None = ()


class Ingress(KubeObject, frozen=True, gc=False):
    """networking.k8s.io/v1 Ingress."""

    spec: IngressSpec = IngressSpec()

    def routes(self) -> list[tuple[str, str]]:
        """Service and the address that leads to it (`shop.example.com/cart`)."""
        found = []
        if self.spec.default_backend is not None and self.spec.default_backend.service is not None:
            found.append((self.spec.default_backend.service.name, "anything else"))
        for rule in self.spec.rules or ():
            found += [
                (path.backend.service.name, f"{rule.host or '*'}{path.path or '/'}")
                for path in (rule.http.paths if rule.http is not None else ()) or ()
                if path.backend.service is not None
            ]
        return found


class PolicySpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a network policy."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] | None = ()


class NetworkPolicy(KubeObject, frozen=True, gc=False):
    """networking.k8s.io/v1 NetworkPolicy."""

    spec: PolicySpec = PolicySpec()


class ClaimSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a claim."""

    volume_name: str = ""
    storage_class_name: str | None = None


class PhaseStatus(KubeStruct, frozen=True, gc=False):
    """A status that is told by its phase."""

    phase: str = ""


class Claim(KubeObject, frozen=True, gc=False):
    """core/v1 PersistentVolumeClaim."""

    spec: ClaimSpec = ClaimSpec()
    status: PhaseStatus = PhaseStatus()


class VolumeSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a volume."""

    storage_class_name: str = ""
    capacity: dict[str, str] | None = None


class PersistentVolume(KubeObject, frozen=True, gc=False):
    """core/v1 PersistentVolume."""

    spec: VolumeSpec = VolumeSpec()
    status: PhaseStatus = PhaseStatus()


class ScaleTarget(KubeStruct, frozen=True, gc=False):
    """`spec.scaleTargetRef`."""

    kind: str = ""
    name: str = ""
    api_version: str = ""


class AutoscalerSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of an autoscaler."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int | None = None
    max_replicas: int = 0


class AutoscalerStatus(KubeStruct, frozen=True, gc=False):
    """`status` of an autoscaler."""

    current_replicas: int | None = 0
    conditions: tuple[Condition, ...] | None = ()


class Autoscaler(KubeObject, frozen=True, gc=False):
    """autoscaling HorizontalPodAutoscaler, v1 and v2."""

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class BudgetSpec(KubeStruct, frozen=True, gc=False):
    """`spec` of a disruption budget."""

    selector: LabelSelector | None = None


class BudgetStatus(KubeStruct, frozen=True, gc=False):
    """`status` of a disruption budget."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0


class DisruptionBudget(KubeObject, frozen=True, gc=False):
    """policy PodDisruptionBudget."""

    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ServiceAccount(KubeObject, frozen=True, gc=False):
    """core/v1 ServiceAccount."""

    secrets: tuple[NameRef, ...] | None = ()
    image_pull_secrets: tuple[NameRef, ...] | None = ()


class Subject(KubeStruct, frozen=True, gc=False):
    """Whom a binding gives something."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class RoleRef(KubeStruct, frozen=True, gc=False):
    """What a binding gives."""

    kind: str = ""
    name: str = ""


class RoleBinding(KubeObject, frozen=True, gc=False):
    """rbac.authorization.k8s.io/v1 RoleBinding and ClusterRoleBinding."""

    subjects: tuple[Subject, ...] | None = ()
    role_ref: RoleRef = RoleRef()


RELATED: dict[tuple[str, str], type[Any]] = {
    ("", "pods"): NamingPod,
    ("networking.k8s.io", "ingresses"): Ingress,
    ("extensions", "ingresses"): Ingress,
    ("networking.k8s.io", "networkpolicies"): NetworkPolicy,
    ("", "persistentvolumeclaims"): Claim,
    ("", "persistentvolumes"): PersistentVolume,
    ("autoscaling", "horizontalpodautoscalers"): Autoscaler,
    ("policy", "poddisruptionbudgets"): DisruptionBudget,
    ("", "serviceaccounts"): ServiceAccount,
    ("rbac.authorization.k8s.io", "rolebindings"): RoleBinding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): RoleBinding,
}
"""By API group and plural; every other kind's own form says enough."""


class DateCells(Protocol):
    """Knows which cells of a Table's row are dates."""

    @property
    def whole(self) -> bool:
        """Whether more than an object's metadata is needed."""

    def __call__(self, cells: tuple[Any, ...], raw: Any) -> tuple[Any, ...]:
        """The cells with moments in place of texts, from the bytes of the object."""


class Form(msgspec.Struct, frozen=True):
    """In which form the objects of a collection are held, where that is not the kind's own.

    Collections of different forms are different collections.
    """

    related: bool = False
    """As the Struct in `RELATED`: what the object names."""
    columns: Callable[[Any], tuple[Any, ...]] | None = None
    """Makes of an object's bytes the cells that are held with it (`extra`); hashable, equal when alike."""
    dates: DateCells | None = None
    """Puts moments into the cells of a Table's row; hashable, equal when alike."""
