"""What `kubectl describe` said of a real cluster, taken apart, and the objects that it said it of."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from k8stui.kinds.describe import Need, Related, about, needs
from k8stui.kinds.describe.common import EVENTS

GOLDEN = Path(__file__).parent.parent / "golden"
KINDS = {
    "clusterroles_view": "clusterroles.rbac.authorization.k8s.io",
    "cronjobs": "cronjobs.batch",
    "csr": "certificatesigningrequests.certificates.k8s.io",
    "daemonsets": "daemonsets.apps",
    "deployments": "deployments.apps",
    "endpointslices": "endpointslices.discovery.k8s.io",
    "gadgets": "gadgets.example.com",
    "hpa": "horizontalpodautoscalers.autoscaling",
    "ingress": "ingresses.networking.k8s.io",
    "jobs": "jobs.batch",
    "limitrange": "limitranges",
    "networkpolicies": "networkpolicies.networking.k8s.io",
    "pdb": "poddisruptionbudgets.policy",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "quota": "resourcequotas",
    "replicasets": "replicasets.apps",
    "rolebindings": "rolebindings.rbac.authorization.k8s.io",
    "statefulsets": "statefulsets.apps",
    "storageclass": "storageclasses.storage.k8s.io",
}
GADGET = {
    "apiVersion": "example.com/v1",
    "kind": "Gadget",
    "metadata": {
        "name": "g1",
        "namespace": "shop",
        "creationTimestamp": "2026-11-21T02:11:08Z",
        "generation": 1,
        "resourceVersion": "613",
        "uid": "d3b3b47c-de2a-47cb-aa4d-e9664ef3ff78",
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {"color": "blue", "size": 3},
}
"""As described: the server was still making room for the kind when its list was recorded."""
_AGE = re.compile(r"(?<=\s)(?:\d+[smhdy])+(?: \(x\d+ over (?:\d+[smhdy])+\))?(?=\s|$)")


@cache
def listed(kind: str) -> list[dict[str, Any]]:
    """The recorded objects of a kind, as a GET of each would give them."""
    if kind == "gadgets.example.com":
        return [GADGET]
    page = json.loads((GOLDEN / "lists" / f"{kind}.json").read_text())
    single = {"apiVersion": page.get("apiVersion"), "kind": page.get("kind", "").removesuffix("List")}
    return [{**single, **item} for item in page["items"]]


def recorded(file: Path) -> list[list[str]]:
    """The descriptions in a recording, each as its lines."""
    found: list[list[str]] = []
    for line in file.read_text().splitlines():
        if line.startswith("Name:  "):
            found.append([])
        found[-1].append(line)
    return found


def facts(lines: list[str]) -> Counter[str]:
    """Lines without what is only layout: blanks, rules, and ages, which depend on the moment."""
    cleaned = (_AGE.sub("AGE", line.rstrip()) for line in lines)
    words = (" ".join(line.split()) for line in cleaned)
    return Counter(line for line in words if line and set(line) - set("- ="))


def related(kind: str, obj: dict[str, Any]) -> Related:
    """What a server would answer to the needs of a description."""
    lists = {
        need.name: [item for item in _answer(need) if _meant(need, item, obj)] for need in needs(kind, obj)
    }
    return Related(lists)


def _answer(need: Need) -> list[dict[str, Any]]:
    path = GOLDEN / "lists" / f"{need.kind}.json"
    return listed(need.kind) if path.exists() else []


def _meant(need: Need, item: dict[str, Any], obj: dict[str, Any]) -> bool:
    meta = item["metadata"]
    if need.namespace and meta.get("namespace") != need.namespace:
        return False
    if need.object_name and meta["name"] != need.object_name:
        return False
    if need.name == EVENTS:
        involved = item["involvedObject"]
        mine = obj["metadata"]
        same = involved["name"] == mine["name"] and involved.get("namespace", "") == mine.get("namespace", "")
        return same and involved["kind"] == obj["kind"] and about(item, obj)
    if need.field_selector.startswith("spec.nodeName="):
        return f"spec.nodeName={item['spec'].get('nodeName')}" == need.field_selector
    if need.field_selector.startswith("type="):
        return f"type={item.get('type')}" == need.field_selector
    labels = meta.get("labels", {})
    return all(
        f"{key}={labels.get(key)}" == part
        for part in filter(None, need.label_selector.split(","))
        for key in [part.split("=")[0]]
    )
