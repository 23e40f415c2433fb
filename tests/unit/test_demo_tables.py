"""Server-side printing: the printers give, cell by cell, what a real API server gave for the same objects."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.demo.crds import resources_of
from k8stui.demo.durations import human_duration, parse_time
from k8stui.demo.resources import EVENTS_V1
from k8stui.demo.tables import printer_for
from k8stui.demo.tables_custom import custom_printer, find, parse_path
from tests.unit.demo_recorded import golden, recorded_names, resource_of

AGES = {"Age", "Last Seen", "First Seen", "Last Schedule"}
SERVED = [name for name in recorded_names() if resource_of(name) is not None]


def compared(rows: list[Any], columns: list[Any]) -> list[list[Any]]:
    """Cells without those that grow with time."""
    kept = []
    for cells in rows:
        row = []
        for column, cell in zip(columns, cells, strict=False):
            if column["name"] in AGES:
                continue
            row.append(str(cell).partition(" (")[0] if column["name"] == "Restarts" else cell)
        kept.append(row)
    return kept


@pytest.mark.parametrize("name", SERVED)
def test_columns_are_those_of_a_real_server(name: str) -> None:
    res = resource_of(name)
    assert res is not None
    keys = ("name", "type", "format", "priority")
    recorded = [
        tuple(column[key] for key in keys) for column in golden(f"tables/{name}.json")["columnDefinitions"]
    ]
    printer = printer_for(res)
    assert [tuple(column.definition()[key] for key in keys) for column in printer.columns] == recorded


@pytest.mark.parametrize("name", SERVED)
def test_cells_are_those_of_a_real_server(name: str) -> None:
    res, table = resource_of(name), golden(f"tables/{name}.json")
    assert res is not None
    # Both versions of an event are printed from the stored one.
    source = "events" if res is EVENTS_V1 else name
    objects = {
        (obj["metadata"].get("uid") or obj["metadata"]["name"], obj["metadata"].get("resourceVersion")): obj
        for obj in golden(f"lists/{source}.json").get("items") or ()
    }
    printer = printer_for(res)
    mine, theirs = [], []
    for row in table["rows"] or ():
        metadata = row["object"]["metadata"]
        obj = objects.get((metadata.get("uid") or metadata["name"], metadata.get("resourceVersion")))
        if obj is not None:  # the list was read a moment before the Table
            obj = {"kind": res.kind, **obj}
            mine.append(printer.cells(obj, parse_time("2026-11-21T02:14:30Z") or 0))
            theirs.append(row["cells"])
            assert (printer.conditions(obj) if printer.conditions else []) == row.get("conditions", [])
    assert compared(mine, table["columnDefinitions"]) == compared(theirs, table["columnDefinitions"])


def test_custom_columns_come_from_the_definition() -> None:
    crd = golden("lists/customresourcedefinitions.apiextensions.k8s.io.json")["items"][0]
    (_, version), *_ = resources_of(crd)
    printer = custom_printer(version)
    wanted = [entry["name"] for entry in version["additionalPrinterColumns"]]
    assert [column.name for column in printer.columns] == ["Name", *wanted]
    metadata = {"name": "g1", "creationTimestamp": "2026-11-21T02:14:00Z"}
    cells = printer.cells(
        {"metadata": metadata, "spec": {"size": 3, "color": "red"}}, parse_time("2026-11-21T02:14:30Z") or 0
    )
    assert cells == ["g1", 3, "red", "30s"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".spec.size", [3]),
        ("{.spec.size}", [3]),
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        (".spec.list[*].name", ["a", "b"]),
        (".spec.list[0].name", ["a"]),
        (".metadata.labels.example\\.com/team", ["shop"]),
        (".spec['size']", [3]),
        (".nothing.here", []),
    ],
)
def test_paths_of_custom_columns(path: str, text: list[Any]) -> None:
    obj = {
        "metadata": {"labels": {"example.com/team": "shop"}},
        "spec": {"size": 3, "list": [{"name": "a"}, {"name": "b"}]},
        "status": {"conditions": [{"type": "Old", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }
    assert find(obj, parse_path(path)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (11_100, "3h5m"),
        (28_800, "8h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (63_072_000, "2y"),
        (63_072_000 + 86_400, "2y1d"),
        (252_288_000, "8y"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text
