"""The kinds that the simulated cluster serves: their names, verbs, subresources and where they are stored.

Facts (names, verbs, short names, categories) are those of a Kubernetes 1.34 API server's discovery.
This module holds data only; it never touches objects or requests. Kinds that come and go at run time
(custom resources) live in a `registry.Registry`, next to the built-in ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")


@dataclass(frozen=True, slots=True)
class SubResource:
    """A subresource as discovery tells it; `group` and `version` are those of the kind it answers with."""

    name: str
    kind: str
    verbs: tuple[str, ...] = STATUS_VERBS
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One served kind in one version. `storage` names the table of the store that holds its objects."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL
    subresources: tuple[SubResource, ...] = ()
    storage: str = ""
    """Several versions (or groups) of one kind share a storage; empty means `plural.group`."""
    custom: bool = False
    prefix: bytes = field(default=b"", compare=False, repr=False)
    """The first bytes of every encoded object of this kind: `{"kind":...,"apiVersion":...,`."""

    def __post_init__(self) -> None:
        if not self.storage:
            object.__setattr__(self, "storage", f"{self.plural}.{self.group}" if self.group else self.plural)
        text = f'{{"kind":"{self.kind}","apiVersion":"{self.api_version}",'
        object.__setattr__(self, "prefix", text.encode())

    @property
    def api_version(self) -> str:
        """`v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """The kind of a list of these."""
        return self.kind + "List"

    @property
    def qualified(self) -> str:
        """`pods` or `deployments.apps`, as errors and short outputs name a resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """`Pod` or `Deployment.apps`, as validation errors name a kind."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def has_generation(self) -> bool:
        """Whether the API server counts the desired states of such an object in `metadata.generation`."""
        return self.custom or self.plural in _WITH_GENERATION

    def subresource(self, name: str) -> SubResource | None:
        """The subresource of that name."""
        return next((sub for sub in self.subresources if sub.name == name), None)

    def has(self, subresource: str) -> bool:
        """Whether it has that subresource."""
        return self.subresource(subresource) is not None


def _core(
    plural: str, kind: str, short: str = "", *subs: SubResource, all_: bool = False, cluster: bool = False
) -> Resource:
    return Resource(
        "",
        "v1",
        plural,
        kind,
        kind.lower(),
        namespaced=not cluster,
        short_names=tuple(short.split()),
        categories=("all",) if all_ else (),
        subresources=subs,
    )


def _named(
    group_version: str,
    plural: str,
    kind: str,
    short: str = "",
    *subs: SubResource,
    categories: tuple[str, ...] = (),
    cluster: bool = False,
    verbs: tuple[str, ...] = ALL,
    storage: str = "",
) -> Resource:
    group, _, version = group_version.partition("/")
    return Resource(
        group,
        version,
        plural,
        kind,
        kind.lower(),
        namespaced=not cluster,
        short_names=tuple(short.split()),
        categories=categories,
        verbs=verbs,
        subresources=subs,
        storage=storage,
    )


def _status(kind: str) -> SubResource:
    return SubResource("status", kind)


SCALE = SubResource("scale", "Scale", STATUS_VERBS, "autoscaling", "v1")
_PROXY_VERBS = ("create", "delete", "get", "patch", "update")
_STREAM = ("create", "get")
_EVERY = ("all",)
_EXTENSIONS = ("api-extensions",)

BINDINGS = Resource("", "v1", "bindings", "Binding", "binding", verbs=("create",))
COMPONENT_STATUSES = Resource(
    "", "v1", "componentstatuses", "ComponentStatus", "componentstatus", False, ("cs",), (), ("get", "list")
)
CONFIG_MAPS = _core("configmaps", "ConfigMap", "cm")
ENDPOINTS = _core("endpoints", "Endpoints", "ep")
EVENTS = _core("events", "Event", "ev")
LIMIT_RANGES = _core("limitranges", "LimitRange", "limits")
NAMESPACES = Resource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    "namespace",
    False,
    ("ns",),
    (),
    ("create", "delete", "get", "list", "patch", "update", "watch"),
    (SubResource("finalize", "Namespace", ("update",)), _status("Namespace")),
)
NODES = _core(
    "nodes",
    "Node",
    "no",
    SubResource("proxy", "NodeProxyOptions", _PROXY_VERBS),
    _status("Node"),
    cluster=True,
)
PERSISTENT_VOLUME_CLAIMS = _core(
    "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", _status("PersistentVolumeClaim")
)
PERSISTENT_VOLUMES = _core(
    "persistentvolumes", "PersistentVolume", "pv", _status("PersistentVolume"), cluster=True
)
PODS = _core(
    "pods",
    "Pod",
    "po",
    SubResource("attach", "PodAttachOptions", _STREAM),
    SubResource("binding", "Binding", ("create",)),
    SubResource("ephemeralcontainers", "Pod"),
    SubResource("eviction", "Eviction", ("create",), "policy", "v1"),
    SubResource("exec", "PodExecOptions", _STREAM),
    SubResource("log", "Pod", ("get",)),
    SubResource("portforward", "PodPortForwardOptions", _STREAM),
    SubResource("proxy", "PodProxyOptions", _PROXY_VERBS),
    SubResource("resize", "Pod"),
    _status("Pod"),
    all_=True,
)
POD_TEMPLATES = _core("podtemplates", "PodTemplate")
REPLICATION_CONTROLLERS = _core(
    "replicationcontrollers",
    "ReplicationController",
    "rc",
    SCALE,
    _status("ReplicationController"),
    all_=True,
)
RESOURCE_QUOTAS = _core("resourcequotas", "ResourceQuota", "quota", _status("ResourceQuota"))
SECRETS = _core("secrets", "Secret")
SERVICE_ACCOUNTS = _core(
    "serviceaccounts",
    "ServiceAccount",
    "sa",
    SubResource("token", "TokenRequest", ("create",), "authentication.k8s.io", "v1"),
)
SERVICES = _core(
    "services",
    "Service",
    "svc",
    SubResource("proxy", "ServiceProxyOptions", _PROXY_VERBS),
    _status("Service"),
    all_=True,
)

API_SERVICES = _named(
    "apiregistration.k8s.io/v1",
    "apiservices",
    "APIService",
    "",
    _status("APIService"),
    categories=_EXTENSIONS,
    cluster=True,
)
CONTROLLER_REVISIONS = _named("apps/v1", "controllerrevisions", "ControllerRevision")
DAEMON_SETS = _named("apps/v1", "daemonsets", "DaemonSet", "ds", _status("DaemonSet"), categories=_EVERY)
DEPLOYMENTS = _named(
    "apps/v1", "deployments", "Deployment", "deploy", SCALE, _status("Deployment"), categories=_EVERY
)
REPLICA_SETS = _named(
    "apps/v1", "replicasets", "ReplicaSet", "rs", SCALE, _status("ReplicaSet"), categories=_EVERY
)
STATEFUL_SETS = _named(
    "apps/v1", "statefulsets", "StatefulSet", "sts", SCALE, _status("StatefulSet"), categories=_EVERY
)
EVENTS_V1 = _named("events.k8s.io/v1", "events", "Event", "ev", storage="events")
HPAS = _named(
    "autoscaling/v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    "hpa",
    _status("HorizontalPodAutoscaler"),
    categories=_EVERY,
)
HPAS_V1 = _named(
    "autoscaling/v1",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    "hpa",
    _status("HorizontalPodAutoscaler"),
    categories=_EVERY,
)
CRON_JOBS = _named("batch/v1", "cronjobs", "CronJob", "cj", _status("CronJob"), categories=_EVERY)
JOBS = _named("batch/v1", "jobs", "Job", "", _status("Job"), categories=_EVERY)
CERTIFICATE_SIGNING_REQUESTS = _named(
    "certificates.k8s.io/v1",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    "csr",
    SubResource("approval", "CertificateSigningRequest"),
    _status("CertificateSigningRequest"),
    cluster=True,
)
INGRESS_CLASSES = _named("networking.k8s.io/v1", "ingressclasses", "IngressClass", cluster=True)
INGRESSES = _named("networking.k8s.io/v1", "ingresses", "Ingress", "ing", _status("Ingress"))
IP_ADDRESSES = _named("networking.k8s.io/v1", "ipaddresses", "IPAddress", "ip", cluster=True)
NETWORK_POLICIES = _named("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", "netpol")
SERVICE_CIDRS = _named(
    "networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", "", _status("ServiceCIDR"), cluster=True
)
POD_DISRUPTION_BUDGETS = _named(
    "policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", _status("PodDisruptionBudget")
)
_RBAC = "rbac.authorization.k8s.io/v1"
CLUSTER_ROLE_BINDINGS = _named(_RBAC, "clusterrolebindings", "ClusterRoleBinding", cluster=True)
CLUSTER_ROLES = _named(_RBAC, "clusterroles", "ClusterRole", cluster=True)
ROLE_BINDINGS = _named(_RBAC, "rolebindings", "RoleBinding")
ROLES = _named(_RBAC, "roles", "Role")
_STORAGE = "storage.k8s.io/v1"
CSI_DRIVERS = _named(_STORAGE, "csidrivers", "CSIDriver", cluster=True)
CSI_NODES = _named(_STORAGE, "csinodes", "CSINode", cluster=True)
CSI_STORAGE_CAPACITIES = _named(_STORAGE, "csistoragecapacities", "CSIStorageCapacity")
STORAGE_CLASSES = _named(_STORAGE, "storageclasses", "StorageClass", "sc", cluster=True)
VOLUME_ATTACHMENTS = _named(
    _STORAGE, "volumeattachments", "VolumeAttachment", "", _status("VolumeAttachment"), cluster=True
)
VOLUME_ATTRIBUTES_CLASSES = _named(
    _STORAGE, "volumeattributesclasses", "VolumeAttributesClass", "vac", cluster=True
)
_ADMISSION = "admissionregistration.k8s.io/v1"
MUTATING_WEBHOOKS = _named(
    _ADMISSION,
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    categories=_EXTENSIONS,
    cluster=True,
)
ADMISSION_POLICIES = _named(
    _ADMISSION,
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    "",
    _status("ValidatingAdmissionPolicy"),
    categories=_EXTENSIONS,
    cluster=True,
)
ADMISSION_POLICY_BINDINGS = _named(
    _ADMISSION,
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    categories=_EXTENSIONS,
    cluster=True,
)
VALIDATING_WEBHOOKS = _named(
    _ADMISSION,
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    categories=_EXTENSIONS,
    cluster=True,
)
CRDS = _named(
    "apiextensions.k8s.io/v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "crd crds",
    _status("CustomResourceDefinition"),
    categories=_EXTENSIONS,
    cluster=True,
)
PRIORITY_CLASSES = _named("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", "pc", cluster=True)
LEASES = _named("coordination.k8s.io/v1", "leases", "Lease")
RUNTIME_CLASSES = _named("node.k8s.io/v1", "runtimeclasses", "RuntimeClass", cluster=True)
ENDPOINT_SLICES = _named("discovery.k8s.io/v1", "endpointslices", "EndpointSlice")
FLOW_SCHEMAS = _named(
    "flowcontrol.apiserver.k8s.io/v1", "flowschemas", "FlowSchema", "", _status("FlowSchema"), cluster=True
)
PRIORITY_LEVELS = _named(
    "flowcontrol.apiserver.k8s.io/v1",
    "prioritylevelconfigurations",
    "PriorityLevelConfiguration",
    "",
    _status("PriorityLevelConfiguration"),
    cluster=True,
)
NODE_METRICS = Resource(
    "metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", "", False, (), (), ("get", "list"), storage="-"
)
POD_METRICS = Resource(
    "metrics.k8s.io", "v1beta1", "pods", "PodMetrics", "", True, (), (), ("get", "list"), storage="-"
)


def _review(group: str, plural: str, kind: str, *, namespaced: bool = False, version: str = "v1") -> Resource:
    verbs = ("create",)
    return Resource(group, version, plural, kind, kind.lower(), namespaced, (), (), verbs, storage="-")


_AUTHN, _AUTHZ = "authentication.k8s.io", "authorization.k8s.io"
REVIEWS = (
    _review(_AUTHN, "selfsubjectreviews", "SelfSubjectReview"),
    # Older clients know identity reviews by their beta version only.
    _review(_AUTHN, "selfsubjectreviews", "SelfSubjectReview", version="v1beta1"),
    _review(_AUTHN, "tokenreviews", "TokenReview"),
    _review(_AUTHZ, "localsubjectaccessreviews", "LocalSubjectAccessReview", namespaced=True),
    _review(_AUTHZ, "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    _review(_AUTHZ, "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    _review(_AUTHZ, "subjectaccessreviews", "SubjectAccessReview"),
)

BUILTIN: tuple[Resource, ...] = (
    *(BINDINGS, COMPONENT_STATUSES, CONFIG_MAPS, ENDPOINTS, EVENTS, LIMIT_RANGES, NAMESPACES, NODES),
    *(PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS, POD_TEMPLATES, REPLICATION_CONTROLLERS),
    *(RESOURCE_QUOTAS, SECRETS, SERVICE_ACCOUNTS, SERVICES),
    *(API_SERVICES, CONTROLLER_REVISIONS, DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS),
    *(EVENTS_V1, *REVIEWS, HPAS, HPAS_V1, CRON_JOBS, JOBS, CERTIFICATE_SIGNING_REQUESTS),
    *(INGRESS_CLASSES, INGRESSES, IP_ADDRESSES, NETWORK_POLICIES, SERVICE_CIDRS, POD_DISRUPTION_BUDGETS),
    *(CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES),
    *(CSI_DRIVERS, CSI_NODES, CSI_STORAGE_CAPACITIES, STORAGE_CLASSES, VOLUME_ATTACHMENTS),
    *(VOLUME_ATTRIBUTES_CLASSES, MUTATING_WEBHOOKS, ADMISSION_POLICIES, ADMISSION_POLICY_BINDINGS),
    *(VALIDATING_WEBHOOKS, CRDS, PRIORITY_CLASSES, LEASES, RUNTIME_CLASSES, ENDPOINT_SLICES),
    *(FLOW_SCHEMAS, PRIORITY_LEVELS, NODE_METRICS, POD_METRICS),
)
"""Every kind that is always served, in the order of a real server's discovery."""


_WITH_GENERATION = frozenset(
    res.plural
    for res in (
        *(
            CRDS,
            CRON_JOBS,
            DAEMON_SETS,
            DEPLOYMENTS,
            ENDPOINT_SLICES,
            FLOW_SCHEMAS,
            INGRESS_CLASSES,
            INGRESSES,
        ),
        *(JOBS, MUTATING_WEBHOOKS, NETWORK_POLICIES, POD_DISRUPTION_BUDGETS, PODS, PRIORITY_CLASSES),
        *(PRIORITY_LEVELS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS, ADMISSION_POLICIES),
        *(ADMISSION_POLICY_BINDINGS, VALIDATING_WEBHOOKS),
    )
)
