"""Columns of the user's own: labels, and JSONPath from the settings, for kinds with and without a Struct."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from k8stui.kinds import printer_for
from k8stui.kinds.relations.family import kind_of
from k8stui.kinds.tables.custom_columns import ColumnReader, WithColumns, custom_columns, label_column
from k8stui.kube.codecs import codec_for
from k8stui.kube.live.collection import Collection
from k8stui.kube.objects import Pod
from k8stui.kube.objects.related import Form
from k8stui.settings import parse_settings
from k8stui.ui import commands
from tests.unit.kinds_golden import NOW, golden_list
from tests.unit.relations_world import recorded_catalog

READER = ColumnReader(
    ("{.spec.containers[*].image}", "{.spec.nope}", "{.spec.terminationGracePeriodSeconds}", "{.x[")
)


def pods() -> list[Any]:
    codec = codec_for("", "pods", Form(columns=READER))
    return [codec.item(raw) for raw in codec.page(golden_list("", "pods")).items]


def test_a_pod_keeps_its_struct_and_gets_cells() -> None:
    found = {pod.metadata.name: pod for pod in pods()}
    pod = found["web-85b8456458-7gs5l"]
    assert isinstance(pod, Pod) and kind_of(pod) == "Pod"
    image, missing, grace, wrong = pod.extra  # type: ignore[attr-defined]
    assert "," in image, "two containers"
    assert (missing, grace, wrong) == ("<none>", 30, "<error>")


def test_changes_of_a_watch_bring_their_cells() -> None:
    codec = codec_for("", "pods", Form(columns=READER))
    item = json.loads(golden_list("", "pods"))["items"][0]
    item["spec"]["terminationGracePeriodSeconds"] = 7
    (pod,) = codec.event(
        json.dumps({"type": "MODIFIED", "object": item}, separators=(",", ":")).encode()
    ).objects
    assert pod.extra[2] == 7
    bookmark = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}}'
    assert codec.event(bookmark).version == "9"


def test_a_table_is_asked_for_with_whole_objects_and_keeps_the_cells_only() -> None:
    codec = codec_for("", "configmaps", Form(columns=ColumnReader(("{.data.host}",))))
    assert codec.params == {"includeObject": "Object"}
    obj = {"kind": "ConfigMap", "metadata": {"name": "conf", "uid": "u"}, "data": {"host": "db", "more": "x"}}
    table = {
        "kind": "Table",
        "columnDefinitions": [{"name": "Name"}],
        "rows": [{"cells": ["conf"], "object": obj}],
    }
    (raw,) = codec.page(json.dumps(table).encode()).items
    row = codec.item(raw)
    assert (row.metadata.uid, row.cells, row.extra) == ("u", ("conf",), ("db",))


def test_a_server_without_tables_gives_cells_too() -> None:
    codec = codec_for("example.com", "widgets", Form(columns=ColumnReader(("{.spec.size}",))))
    body = {"kind": "WidgetList", "items": [{"metadata": {"name": "w"}, "spec": {"size": 3}}]}
    (raw,) = codec.page(json.dumps(body).encode()).items
    assert codec.item(raw).extra == (3,)


def test_values_of_secrets_do_not_get_into_a_table() -> None:
    raw = json.dumps({"kind": "Secret", "metadata": {}, "data": {"password": "aHVudGVyMg=="}}).encode()
    assert ColumnReader(("{.data.password}",))(raw) == ("(masked: 7 bytes)",)


def test_columns_stand_behind_the_kinds_own_and_sort_by_what_they_mean() -> None:
    columns, reader = custom_columns(
        {"po": {"images": READER.paths[0], "none": READER.paths[1], "grace": READER.paths[2]}},
        recorded_catalog(),
        recorded_catalog().find("pods"),  # type: ignore[arg-type]
    )
    assert reader is not None and reader.paths == READER.paths[:3]
    printer = WithColumns(printer_for("", "pods"), (label_column("app.kubernetes.io/name"), *columns))
    assert [column.name for column in printer.columns][-4:] == [
        "APP.KUBERNETES.IO/NAME",
        "IMAGES",
        "NONE",
        "GRACE",
    ]
    at = len(printer.columns) - 1
    found = pods()
    assert printer.cells(found[0], NOW)[at] == "30"
    assert printer.sort_key(found[0], at, NOW) == (0, 30.0)
    assert printer.sort_key(found[0], at - 1, NOW) == (2,)
    assert printer.cell_tone(found[0], at) is None
    assert printer.tone(found[0]) == printer_for("", "pods").tone(found[0])


def test_equal_columns_share_a_collection() -> None:
    assert Form(columns=ColumnReader(("{.a}",))) == Form(columns=ColumnReader(("{.a}",)))
    assert hash(Form(columns=ColumnReader(("{.a}",)))) == hash(Form(columns=ColumnReader(("{.a}",))))
    kind = recorded_catalog().find("pods")
    assert kind is not None
    assert Collection(kind, form=Form(columns=READER)).form != Collection(kind).form


def test_settings_name_columns_and_a_wrong_path_costs_only_its_column() -> None:
    text = '[columns."pods"]\nIMAGE = "{.spec.containers[*].image}"\nBAD = "{.x["\n[columns.cm]\nA = 3\n'
    loaded = parse_settings(text, Path("s.toml"))
    assert any("line 3: column BAD: " in warning for warning in loaded.warnings)
    good = parse_settings(text.partition("[columns.cm]")[0], Path("s.toml"))
    assert good.settings.columns == {"pods": {"IMAGE": "{.spec.containers[*].image}"}}


@pytest.mark.parametrize(
    ("line", "labels"), [("po -L app", ("app",)), ("po -n shop -L app,tier -L x/y", ("app", "tier", "x/y"))]
)
def test_labels_are_asked_for_on_the_line(line: str, labels: tuple[str, ...]) -> None:
    assert commands.parse(line).labels == labels
