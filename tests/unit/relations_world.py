"""The recorded cluster as a world whose relations can be followed, through the real reader."""

from __future__ import annotations

import json
from typing import Any

from k8stui.kinds.relations.links import relations
from k8stui.kinds.relations.page import Row, rows
from k8stui.kube.catalog import Catalog, Kind
from k8stui.kube.relations import Reader
from tests.ui.fakes import FakeCluster
from tests.unit.kinds_golden import GOLDEN, NOW


def recorded_catalog() -> Catalog:
    """The kinds of the recorded server."""
    kinds = []
    for name in ("api", "apis"):
        document = json.loads((GOLDEN / f"discovery/aggregated-{name}.json").read_bytes())
        for item in document["items"]:
            group = item["metadata"].get("name", "")
            for version in item["versions"]:
                kinds += [_kind(group, version["version"], each) for each in version["resources"]]
    return Catalog(kinds)


def _kind(group: str, version: str, each: dict[str, Any]) -> Kind:
    return Kind(
        group,
        version,
        each["responseKind"]["kind"],
        each["resource"],
        each.get("singularResource", ""),
        tuple(each.get("shortNames", ())),
        each["scope"] == "Namespaced",
        tuple(each["verbs"]),
    )


class Recorded:
    """The recorded objects, which a test may change, and a cluster that holds them."""

    def __init__(self) -> None:
        catalog = recorded_catalog()
        self.world: dict[str, list[dict[str, Any]]] = {}
        for kind in catalog.preferred:
            path = GOLDEN / "lists" / f"{kind.name}.json"
            if path.exists():
                self.world[kind.name] = json.loads(path.read_bytes())["items"]
        self.cluster = FakeCluster(self.world)
        self.cluster.catalog = catalog

    def find(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any]:
        """A recorded object."""
        return next(
            each
            for each in self.world[kind]
            if each["metadata"]["name"] == name and each["metadata"].get("namespace", namespace) == namespace
        )

    def rows(self, kind_name: str, name: str, namespace: str = "default") -> list[Row]:
        """The lines of the relations of an object."""
        kind = self.cluster.catalog.find(kind_name)
        assert kind is not None
        raw = {"apiVersion": kind.api_version, "kind": kind.kind, **self.find(kind_name, name, namespace)}
        reader = Reader(self.cluster, lambda: None)
        try:
            return list(rows(filter(None, relations(reader, kind, raw, NOW))))
        finally:
            reader.close()

    def text(self, kind_name: str, name: str, namespace: str = "default") -> str:
        """The same as text."""
        return "\n".join(row.line.text for row in self.rows(kind_name, name, namespace))
