"""Cluster-wide objects: classes, roles, custom definitions, webhooks, signing requests."""

from __future__ import annotations

import base64
from typing import Any

from k8stui.demo.world import plain, storage
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.custom import make_definitions
from k8stui.demo.world.requests import signing_request

Obj = dict[str, Any]

__all__ = ["make_cluster_objects"]

_RBAC_DEFAULT = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
_BOOT = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def _classes(world: World) -> None:
    for name, default, mode in (("moa-ssd", True, "WaitForFirstConsumer"), ("moa-hdd", False, "Immediate")):
        plain.simple(
            world,
            "storage.k8s.io/v1",
            "StorageClass",
            name,
            age=180 * DAY,
            annotations={"storageclass.kubernetes.io/is-default-class": "true"} if default else None,
            provisioner="csi.moa.example",
            parameters={"type": name[4:]},
            reclaimPolicy="Delete",
            allowVolumeExpansion=True,
            volumeBindingMode=mode,
        )
    local: Obj = {"provisioner": "kubernetes.io/no-provisioner", "reclaimPolicy": "Retain"}
    plain.simple(
        world,
        "storage.k8s.io/v1",
        "StorageClass",
        "local-nvme",
        volumeBindingMode="WaitForFirstConsumer",
        **local,
    )
    spec = {
        "attachRequired": True,
        "fsGroupPolicy": "File",
        "podInfoOnMount": False,
        "volumeLifecycleModes": ["Persistent"],
    }
    plain.simple(world, "storage.k8s.io/v1", "CSIDriver", "csi.moa.example", age=180 * DAY, spec=spec)
    for name, value, text in (
        (
            "system-node-critical",
            2000001000,
            "Used for system critical pods that must not be moved from their current node.",
        ),
        (
            "system-cluster-critical",
            2000000000,
            (
                "Used for system critical pods that must run in the cluster, but can be moved to another node"
                " if necessary."
            ),
        ),
        ("shop-critical", 100000, "결제와 상점 앞단: 마지막까지 지켜야 하는 서비스"),
        ("batch-low", -10, "배치 작업"),
    ):
        plain.simple(
            world,
            "scheduling.k8s.io/v1",
            "PriorityClass",
            name,
            age=180 * DAY,
            generation=1,
            value=value,
            description=text,
            preemptionPolicy="PreemptLowerPriority",
        )
    for name in ("old-export", "reserve-1"):
        storage.persistent_volume(
            world,
            name,
            "10Gi",
            "moa-hdd",
            age=60 * DAY,
            policy="Retain",
            phase="Released" if name == "old-export" else "Available",
        )
    plain.simple(
        world,
        "networking.k8s.io/v1",
        "ServiceCIDR",
        "kubernetes",
        age=211 * DAY,
        manager="kube-apiserver",
        spec={"cidrs": ["10.96.0.0/16"]},
        status={
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "lastTransitionTime": world.ago(211 * DAY),
                    "reason": "",
                    "message": "Kubernetes Service CIDR is ready",
                }
            ]
        },
    )


def _roles(world: World) -> None:
    old: Obj = {"age": 211 * DAY, "labels": _BOOT, "annotations": _RBAC_DEFAULT, "manager": "kube-apiserver"}
    everything = [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ]
    plain.rbac(world, "ClusterRole", "cluster-admin", rules=everything, **old)
    read = "get list watch"
    pods = "pods pods/log services endpoints configmaps events persistentvolumeclaims replicationcontrollers"
    view = [
        plain.rule(read, pods),
        plain.rule(read, "deployments replicasets statefulsets daemonsets", "apps"),
        plain.rule(read, "jobs cronjobs", "batch"),
        plain.rule(read, "ingresses networkpolicies", "networking.k8s.io"),
    ]
    plain.rbac(world, "ClusterRole", "view", rules=view, **old)
    write = "create delete deletecollection patch update"
    edit = [
        *view,
        plain.rule(write, "pods pods/exec pods/portforward services configmaps secrets"),
        plain.rule(write, "deployments deployments/scale statefulsets", "apps"),
    ]
    plain.rbac(world, "ClusterRole", "edit", rules=edit, **old)
    plain.rbac(
        world,
        "ClusterRole",
        "admin",
        rules=[*edit, plain.rule("*", "roles rolebindings", "rbac.authorization.k8s.io")],
        **old,
    )
    plain.rbac(
        world,
        "ClusterRole",
        "system:discovery",
        rules=[{"verbs": ["get"], "nonResourceURLs": ["/api", "/apis", "/version", "/openapi/*"]}],
        **old,
    )
    plain.rbac(
        world,
        "ClusterRole",
        "system:node",
        rules=[
            plain.rule(read, "nodes pods services"),
            plain.rule("patch update", "nodes/status pods/status"),
        ],
        **old,
    )
    plain.rbac(
        world,
        "ClusterRoleBinding",
        "cluster-admin",
        subjects=[plain.subject("Group", "system:masters")],
        role=("ClusterRole", "cluster-admin"),
        **old,
    )
    plain.rbac(
        world,
        "ClusterRoleBinding",
        "system:discovery",
        subjects=[plain.subject("Group", "system:authenticated")],
        role=("ClusterRole", "system:discovery"),
        **old,
    )
    for name, namespace in (
        ("prometheus", "monitoring"),
        ("cilium", "kube-system"),
        ("ingress-nginx", "ingress-nginx"),
    ):
        plain.rbac(
            world,
            "ClusterRole",
            name,
            rules=[plain.rule(read, "nodes pods services endpoints namespaces")],
            age=170 * DAY,
        )
        plain.rbac(
            world,
            "ClusterRoleBinding",
            name,
            subjects=[plain.subject("ServiceAccount", name, namespace)],
            role=("ClusterRole", name),
            age=170 * DAY,
        )


def _webhooks(world: World) -> None:
    client = {
        "service": {
            "namespace": "cert-manager",
            "name": "cert-manager-webhook",
            "path": "/validate",
            "port": 443,
        },
        "caBundle": "ZGVtbw==",
    }
    rules = [
        {
            "operations": ["CREATE", "UPDATE"],
            "apiGroups": ["cert-manager.io"],
            "apiVersions": ["v1"],
            "resources": ["*/*"],
            "scope": "*",
        }
    ]
    hook = {
        "name": "webhook.cert-manager.io",
        "clientConfig": client,
        "rules": rules,
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
        "sideEffects": "None",
        "timeoutSeconds": 30,
        "admissionReviewVersions": ["v1"],
    }
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        more = {"reinvocationPolicy": "Never"} if kind.startswith("Mutating") else {}
        plain.simple(
            world,
            "admissionregistration.k8s.io/v1",
            kind,
            "cert-manager-webhook",
            age=150 * DAY,
            generation=2,
            webhooks=[hook | more],
        )
    gone = hook | {
        "name": "policy.retired.moa.example",
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": "policy", "name": "retired", "path": "/", "port": 443}},
        "rules": [
            {
                "operations": ["CREATE"],
                "apiGroups": ["shop.moa.example"],
                "apiVersions": ["v1"],
                "resources": ["branches"],
                "scope": "*",
            }
        ],
    }
    plain.simple(
        world,
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "retired-policy",
        age=170 * DAY,
        generation=1,
        webhooks=[gone],
    )


def _signing_requests(world: World) -> None:
    api = "certificates.k8s.io/v1"
    for name, user, age, verdict, group in (
        ("minji-laptop", "minji@moa.example", 12 * MINUTE, "", "developers"),
        ("joon-laptop", "joon@moa.example", 3 * DAY, "Approved", "developers"),
        ("unknown-device", "guest", 5 * HOUR, "Denied", "system:masters"),
    ):
        status: Obj = {}
        if verdict:
            since = world.ago(age - 60)
            row = {
                "type": verdict,
                "status": "True",
                "reason": f"Kubectl{verdict.removesuffix('d').removesuffix('e')}e",
                "message": f"This CSR was {verdict.lower()} by kubectl certificate.",
                "lastUpdateTime": since,
                "lastTransitionTime": since,
            }
            status["conditions"] = [row]
            if verdict == "Approved":
                status["certificate"] = base64.b64encode(plain.CA.encode()).decode()
        plain.simple(
            world,
            api,
            "CertificateSigningRequest",
            name,
            age=age,
            status=status,
            spec={
                "request": signing_request(user, group),
                "signerName": "kubernetes.io/kube-apiserver-client",
                "expirationSeconds": 86400,
                "usages": ["client auth"],
                "username": user,
                "groups": ["system:authenticated"],
            },
        )


def make_cluster_objects(world: World) -> None:
    """Everything cluster-wide but nodes and namespaces."""
    _classes(world)
    _roles(world)
    make_definitions(world)
    _webhooks(world)
    _signing_requests(world)
