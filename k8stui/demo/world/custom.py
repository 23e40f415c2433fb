"""Custom kinds of the world: their definitions, and objects of them."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, World

Obj = dict[str, Any]

__all__ = ["make_custom_objects", "make_definitions"]


def _crd(
    world: World,
    plural: str,
    kind: str,
    short: str,
    spec: Obj,
    columns: list[Obj],
    *,
    scope: str = "Namespaced",
) -> None:
    group = "shop.moa.example"
    names = {
        "plural": plural,
        "singular": kind.lower(),
        "shortNames": [short],
        "kind": kind,
        "listKind": f"{kind}List",
        "categories": ["moa"],
    }
    schema = {
        "type": "object",
        "properties": {
            "spec": spec,
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            *columns,
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    }
    since = world.ago(150 * DAY)
    rows = [
        {
            "type": "NamesAccepted",
            "status": "True",
            "lastTransitionTime": since,
            "reason": "NoConflicts",
            "message": "no conflicts found",
        },
        {
            "type": "Established",
            "status": "True",
            "lastTransitionTime": since,
            "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted",
        },
    ]
    plain.simple(
        world,
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.{group}",
        age=150 * DAY,
        generation=1,
        finalizers=["customresourcecleanup.apiextensions.k8s.io"],
        spec={
            "group": group,
            "names": names,
            "scope": scope,
            "versions": [version],
            "conversion": {"strategy": "None"},
        },
        status={"conditions": rows, "acceptedNames": names, "storedVersions": ["v1"]},
        status_manager="kube-apiserver",
    )


def make_definitions(world: World) -> None:
    promotion = {
        "type": "object",
        "required": ["discount"],
        "properties": {
            "title": {"type": "string"},
            "discount": {"type": "integer", "minimum": 1, "maximum": 90},
            "channel": {"type": "string", "enum": ["web", "app", "store"]},
            "until": {"type": "string", "format": "date-time"},
        },
    }
    _crd(
        world,
        "promotions",
        "Promotion",
        "promo",
        promotion,
        [
            {"name": "Title", "type": "string", "jsonPath": ".spec.title"},
            {"name": "Discount", "type": "integer", "description": "percent", "jsonPath": ".spec.discount"},
            {"name": "State", "type": "string", "jsonPath": ".status.state"},
            {"name": "Until", "type": "string", "jsonPath": ".spec.until"},
            {"name": "Channel", "type": "string", "jsonPath": ".spec.channel", "priority": 1},
        ],
    )
    store = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "terminals": {"type": "integer"},
            "open": {"type": "boolean"},
        },
    }
    _crd(
        world,
        "branches",
        "Branch",
        "br",
        store,
        [
            {"name": "City", "type": "string", "jsonPath": ".spec.city"},
            {"name": "Terminals", "type": "integer", "jsonPath": ".spec.terminals"},
            {"name": "Open", "type": "boolean", "jsonPath": ".spec.open"},
        ],
        scope="Cluster",
    )


def make_custom_objects(world: World) -> None:
    """Objects of the shop's own kinds."""
    api = "shop.moa.example/v1"
    for name, title, discount, state, channel in (
        ("chuseok-2026", "추석 특가", 10, "Active", "web"),
        ("app-only", "앱 전용 할인", 15, "Active", "app"),
        ("spring-sale", "봄맞이 세일", 20, "Expired", "store"),
    ):
        plain.simple(
            world,
            api,
            "Promotion",
            name,
            "shop",
            age=20 * DAY,
            generation=1,
            status={"state": state},
            spec={
                "title": title,
                "discount": discount,
                "channel": channel,
                "until": world.ago(-9 * DAY if state == "Active" else 40 * DAY),
            },
        )
    for name, city, terminals, is_open in (
        ("seoul-gangnam", "서울", 12, True),
        ("busan-haeundae", "부산", 6, True),
        ("jeju-airport", "제주", 2, False),
    ):
        plain.simple(
            world,
            api,
            "Branch",
            name,
            age=90 * DAY,
            generation=1,
            spec={"city": city, "terminals": terminals, "open": is_open},
        )
