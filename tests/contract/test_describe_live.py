"""Fact by fact, live: every line that `kubectl describe` prints of an object is in our description of it.

One object of each kind is made, on the simulated and on the real cluster; both are read at once, again and
again until nothing changed between the two readings.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe import Related, about, describe, needs
from k8stui.kinds.describe.common import EVENTS
from k8stui.kube.discovery import discover
from k8stui.kube.errors import ApiError
from tests.contract.kubectl import Kubectl
from tests.unit.describe_recorded import facts
from tests.unit.test_describe_recorded import untold

if TYPE_CHECKING:
    from k8stui.kube.catalog import Catalog
    from tests.contract.conftest import Admin, Target

LABELS = {"app": "web", "tier": "front"}
POD = {
    "serviceAccountName": "robot",
    "terminationGracePeriodSeconds": 0,
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "nodeSelector": {"disk": "fast"},
    "initContainers": [{"name": "init", "image": "busybox:1.36", "command": ["true"]}],
    "containers": [
        {
            "name": "web",
            "image": "busybox:1.36",
            "command": ["sleep"],
            "args": ["3600"],
            "ports": [{"containerPort": 8080}],
            "env": [
                {"name": "A", "value": "plain"},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "k"}}},
                {
                    "name": "C",
                    "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "k", "optional": True}},
                },
                {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "conf"}, "prefix": "X_"}],
            "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"memory": "16Mi"}},
            "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 5},
            "livenessProbe": {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 3},
            "volumeMounts": [{"name": "conf", "mountPath": "/conf", "readOnly": True}],
        }
    ],
    "volumes": [
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "host", "hostPath": {"path": "/tmp", "type": "Directory"}},
    ],
}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
SELECTOR = {"matchLabels": LABELS}
BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
JOB = {
    "metadata": {"labels": {"job": "j"}},
    "spec": {**{k: v for k, v in POD.items() if k in ("containers", "volumes")}, "restartPolicy": "Never"},
}
OBJECTS: list[tuple[str, dict[str, Any]]] = [
    ("configmaps", {"data": {"k": "value", "file.conf": "several\nlines\n"}, "metadata": {"name": "conf"}}),
    ("secrets", {"data": {"k": "aHVudGVyMg=="}, "type": "Opaque", "metadata": {"name": "hidden"}}),
    ("serviceaccounts", {"metadata": {"name": "robot", "annotations": {"a": "b"}}}),
    (
        "pods",
        {
            "metadata": {"name": "alone", "labels": {"app": "alone"}, "annotations": {"x": "y"}},
            "spec": POD,
        },
    ),
    ("deployments.apps", {"spec": {"replicas": 2, "selector": SELECTOR, "template": TEMPLATE}}),
    ("statefulsets.apps", {"spec": {"serviceName": "web", "selector": SELECTOR, "template": TEMPLATE}}),
    ("daemonsets.apps", {"spec": {"selector": SELECTOR, "template": TEMPLATE}}),
    ("replicationcontrollers", {"spec": {"replicas": 0, "selector": LABELS, "template": TEMPLATE}}),
    ("jobs.batch", {"spec": {"template": JOB, "completions": 2, "backoffLimit": 1}}),
    ("cronjobs.batch", {"spec": {"schedule": "0 4 1 1 *", "jobTemplate": {"spec": {"template": JOB}}}}),
    (
        "services",
        {
            "spec": {
                "selector": LABELS,
                "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
                "type": "NodePort",
            }
        },
    ),
    (
        "ingresses.networking.k8s.io",
        {
            "spec": {
                "tls": [{"hosts": ["a.example"], "secretName": "tls"}],
                "rules": [
                    {
                        "host": "a.example",
                        "http": {"paths": [{"path": "/x", "pathType": "Prefix", "backend": BACKEND}]},
                    }
                ],
            }
        },
    ),
    (
        "networkpolicies.networking.k8s.io",
        {
            "spec": {
                "podSelector": SELECTOR,
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 80}]}],
            }
        },
    ),
    (
        "persistentvolumeclaims",
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        },
    ),
    ("resourcequotas", {"spec": {"hard": {"pods": "50", "requests.cpu": "4"}}}),
    (
        "limitranges",
        {"spec": {"limits": [{"type": "Container", "default": {"memory": "64Mi"}, "max": {"cpu": "1"}}]}},
    ),
    (
        "horizontalpodautoscalers.autoscaling",
        {
            "spec": {
                "minReplicas": 1,
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "thing"},
            }
        },
    ),
    ("poddisruptionbudgets.policy", {"spec": {"minAvailable": 1, "selector": SELECTOR}}),
    (
        "roles.rbac.authorization.k8s.io",
        {"rules": [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}]},
    ),
    (
        "rolebindings.rbac.authorization.k8s.io",
        {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "thing"},
            "subjects": [{"kind": "ServiceAccount", "name": "robot"}, {"kind": "User", "name": "ada"}],
        },
    ),
]
CLUSTER_WIDE = (
    "nodes",
    "storageclasses.storage.k8s.io",
    "persistentvolumes",
    "priorityclasses.scheduling.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
)
"""Kinds of which the first object there is is described."""
MADE_BY_CONTROLLERS = ("replicasets.apps", "endpointslices.discovery.k8s.io")
TRIES = 6
VARIES = (
    "Annotations: kubectl.kubernetes.io/last-applied",  # it is in the YAML
    "Target CPU utilization:",  # older kubectls; newer ones tell it among the metrics, and so do we
    "Current CPU utilization:",
    "/x web:80 (<error:",  # a kubectl that asks for a newer version of slices than the server has
)
"""Beginnings of lines that are excused."""


async def read(admin: Admin, catalog: Catalog, kind: str, namespace: str, name: str) -> list[str]:
    """Our description of an object as it is now."""
    found = catalog.find(kind)
    assert found is not None
    raw = await admin.get(found.path(namespace, name))
    lists: dict[str, list[dict[str, Any]]] = {}
    for need in needs(found.name, raw):
        of = catalog.find(need.kind)
        if of is None:
            continue
        params = {"labelSelector": need.label_selector, "fieldSelector": need.field_selector}
        try:
            answer = await admin.connection.request(
                "GET",
                of.path(need.namespace, need.object_name),
                params={key: value for key, value in params.items() if value},
            )
        except ApiError:
            lists[need.name] = []
            continue
        page = json.loads(answer.body)
        single = {
            "apiVersion": page.get("apiVersion"),
            "kind": str(page.get("kind", "")).removesuffix("List"),
        }
        lists[need.name] = (
            [page] if need.object_name else [{**single, **item} for item in page["items"] or ()]
        )
    if EVENTS in lists:
        lists[EVENTS] = [event for event in lists[EVENTS] if about(event, raw)]
    return [line.text for line in describe(found.name, raw, Related(lists), datetime.now(UTC))]


def program(target: Target) -> str:
    """A kubectl that fits the server."""
    found = shutil.which("kubectl") if target.is_real else None
    return found or str(Path(sys.executable).with_name("kubectl"))


def modern(text: str) -> str:
    """A description in the words of newer kubectls, whichever it was made by."""
    for older, newer in (
        ("#success=", "successThreshold="),
        ("#failure=", "failureThreshold="),
        ("ConfigMapOptional:", "Optional:"),
        ("SecretOptionalName:", "Optional:"),
        ("<nil>", "false"),
    ):
        text = text.replace(older, newer)
    return text


async def missing(
    admin: Admin, catalog: Catalog, run: Kubectl, kind: str, namespace: str, name: str
) -> list[str]:
    """The lines of kubectl's that ours has not; both are read until both tell of the same state."""
    left: list[str] = []
    for _ in range(TRIES):
        done = run.run("describe", kind, name)
        if "could not find the requested resource" in done.stderr:
            return []  # an older version of the kind than this kubectl knows
        assert done.returncode == 0, done.stderr
        theirs = facts(modern(done.stdout).splitlines())
        ours = facts(modern("\n".join(await read(admin, catalog, kind, namespace, name))).splitlines())
        left = [line for line in untold(theirs, ours) if not line.startswith(VARIES)]
        if not left:
            break
    return [f"{kind} {name}: {line}" for line in left]


async def create(admin: Admin, path: str, obj: dict[str, Any]) -> None:
    """Make an object; the token of its service account may be on its way."""
    async with asyncio.timeout(20):
        while True:
            try:
                await admin.create(path, obj)
                return
            except ApiError as error:
                if "retry after the token" not in str(error):
                    raise
            await asyncio.sleep(0.1)


async def test_every_kind_is_described_as_kubectl_does(
    cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    catalog = await discover(admin.connection)
    run = Kubectl(
        program(cluster_under_test), cluster_under_test.kubeconfig, namespace, cluster_under_test.admin.name
    )
    made: list[tuple[str, str, str]] = []
    for plural, body in OBJECTS:
        kind = catalog.find(plural)
        if kind is None:
            continue
        meta = {"name": "thing", "labels": {"of": "describe"}, **body.get("metadata", {})}
        obj = {**body, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}
        await create(admin, kind.path(namespace), obj)
        made.append((kind.name, namespace, meta["name"]))
    for plural in CLUSTER_WIDE:
        kind = catalog.find(plural)
        items = (await admin.get(kind.path()))["items"] if kind is not None else []
        made += [(plural, "", item["metadata"]["name"]) for item in items[:1]]
    for plural in MADE_BY_CONTROLLERS:
        kind = catalog.find(plural)
        assert kind is not None
        async with asyncio.timeout(30):
            while not (items := (await admin.get(kind.path(namespace)))["items"]):
                await asyncio.sleep(0.1)
        made.append((plural, namespace, items[0]["metadata"]["name"]))
    made.append(("namespaces", "", namespace))
    left = [line for each in made for line in await missing(admin, catalog, run, *each)]
    assert not left, "\n".join(left)
    assert len(made) > len(OBJECTS)
