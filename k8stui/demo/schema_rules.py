"""How lists and maps inside Kubernetes objects are merged: the markers of the API's own OpenAPI documents.

Keys are `Type.field`. A list that is not named here is atomic: it has one owner and is replaced as a whole.
Source: the `x-kubernetes-*` extensions in the OpenAPI v3 documents of a Kubernetes 1.34 API server.
"""

from __future__ import annotations

_CONDITIONS = (
    "ComponentStatus NamespaceStatus NodeStatus PersistentVolumeClaimStatus PodStatus"
    " ReplicationControllerStatus ServiceStatus DaemonSetStatus DeploymentStatus ReplicaSetStatus"
    " StatefulSetStatus ServiceCIDRStatus HorizontalPodAutoscalerStatus PodDisruptionBudgetStatus"
    " CustomResourceDefinitionStatus APIServiceStatus CertificateSigningRequestStatus FlowSchemaStatus"
    " PriorityLevelConfigurationStatus ValidatingAdmissionPolicyStatus"
)

MAP_LISTS: dict[str, tuple[str, ...]] = {
    **{f"{name}.conditions": ("type",) for name in _CONDITIONS.split()},
    **{
        f"{name}.{field}": keys
        for name in ("Container", "EphemeralContainer")
        for field, keys in (
            ("env", ("name",)),
            ("ports", ("containerPort", "protocol")),
            ("volumeDevices", ("devicePath",)),
            ("volumeMounts", ("mountPath",)),
        )
    },
    "ContainerStatus.allocatedResourcesStatus": ("name",),
    "ContainerStatus.volumeMounts": ("mountPath",),
    "NodeStatus.addresses": ("type",),
    "PodSpec.containers": ("name",),
    "PodSpec.ephemeralContainers": ("name",),
    "PodSpec.hostAliases": ("ip",),
    "PodSpec.imagePullSecrets": ("name",),
    "PodSpec.initContainers": ("name",),
    "PodSpec.resourceClaims": ("name",),
    "PodSpec.schedulingGates": ("name",),
    "PodSpec.topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "PodSpec.volumes": ("name",),
    "PodStatus.podIPs": ("ip",),
    "PodStatus.resourceClaimStatuses": ("name",),
    "ResourceRequirements.claims": ("name",),
    "ServiceAccount.secrets": ("name",),
    "ServiceSpec.ports": ("port", "protocol"),
    "ObjectMeta.ownerReferences": ("uid",),
    "CSINodeSpec.drivers": ("name",),
    "MutatingWebhookConfiguration.webhooks": ("name",),
    "ValidatingWebhookConfiguration.webhooks": ("name",),
    "ValidatingAdmissionPolicySpec.matchConditions": ("name",),
    "ValidatingAdmissionPolicySpec.variables": ("name",),
    "PriorityLevelConfigurationStatus.conditions": ("type",),
}
"""Lists whose elements are told apart by keys (`x-kubernetes-list-type: map`)."""

SET_LISTS = frozenset(
    (
        "NodeSpec.podCIDRs",
        "ObjectMeta.finalizers",
        "UncountedTerminatedPods.failed",
        "UncountedTerminatedPods.succeeded",
        "PodFailurePolicyOnExitCodesRequirement.values",
    )
)
"""Lists of scalars whose elements are owned one by one (`x-kubernetes-list-type: set`)."""

MERGE_ONLY: dict[str, str] = {"PodStatus.hostIPs": "ip", "JobStatus.conditions": "type"}
"""Lists that a strategic merge patch merges by a key though server-side apply takes them as atomic."""

NO_MERGE = frozenset(("ResourceRequirements.claims", "ServiceCIDRStatus.none"))
"""Lists with keys for server-side apply that a strategic merge patch replaces as a whole."""

RETAIN_KEYS = frozenset(
    (
        "DeploymentSpec.strategy",
        "PodSpec.volumes",
        "PodSpec.resourceClaims",
        "PodStatus.resourceClaimStatuses",
    )
)
"""Fields whose patch may name the keys that stay (`$retainKeys`)."""

ATOMIC_TYPES = frozenset(
    [
        "ConfigMapKeySelector",
        "EndpointAddress",
        "EndpointPort",
        "FileKeySelector",
        "LocalObjectReference",
        "NodeSelector",
        "NodeSelectorTerm",
        "ObjectFieldSelector",
        "ObjectReference",
        "ResourceFieldSelector",
        "ScopeSelector",
        "SecretKeySelector",
        "SecretReference",
        "TypedLocalObjectReference",
        "LabelSelector",
        "OwnerReference",
        "ServiceBackendPort",
        "CrossVersionObjectReference",
        "RoleRef",
    ]
) - {"CrossVersionObjectReference"}
"""Objects that have one owner as a whole (`x-kubernetes-map-type: atomic`)."""

ATOMIC_FIELDS = frozenset(
    ("PodSpec.nodeSelector", "ServiceSpec.selector", "ReplicationControllerSpec.selector")
)
"""Maps that have one owner as a whole."""

GRANULAR_FIELDS = frozenset(("PersistentVolumeSpec.claimRef",))
"""Fields of an atomic type that are owned key by key all the same."""

INT_OR_STRING = frozenset(
    (
        "ServicePort.targetPort",
        "HTTPGetAction.port",
        "TCPSocketAction.port",
        "NetworkPolicyPort.port",
        "PodDisruptionBudgetSpec.maxUnavailable",
        "PodDisruptionBudgetSpec.minAvailable",
        "RollingUpdateDeployment.maxSurge",
        "RollingUpdateDeployment.maxUnavailable",
        "RollingUpdateDaemonSet.maxSurge",
        "RollingUpdateDaemonSet.maxUnavailable",
        "RollingUpdateStatefulSetStrategy.maxUnavailable",
    )
)
"""Fields that take a number or a text."""

QUANTITY_FIELDS = frozenset(
    [
        "ResourceRequirements.limits",
        "ResourceRequirements.requests",
        "VolumeResourceRequirements.limits",
        "VolumeResourceRequirements.requests",
        "ResourceQuotaSpec.hard",
        "ResourceQuotaStatus.hard",
        "ResourceQuotaStatus.used",
        "LimitRangeItem.max",
        "LimitRangeItem.min",
        "LimitRangeItem.default",
        "LimitRangeItem.defaultRequest",
        "LimitRangeItem.maxLimitRequestRatio",
        "NodeStatus.capacity",
        "NodeStatus.allocatable",
        "PersistentVolumeSpec.capacity",
        "PersistentVolumeClaimStatus.capacity",
        "PersistentVolumeClaimStatus.allocatedResources",
        "PodSpec.overhead",
        "EmptyDirVolumeSource.sizeLimit",
        "ResourceFieldSelector.divisor",
        "MetricTarget.averageValue",
        "MetricTarget.value",
        "MetricValueStatus.averageValue",
        "MetricValueStatus.value",
        "CSIStorageCapacity.capacity",
        "CSIStorageCapacity.maximumVolumeSize",
        "Overhead.podFixed",
        "ContainerStatus.allocatedResources",
    ]
)
"""Quantities, or maps of them: a number is taken as its text."""
