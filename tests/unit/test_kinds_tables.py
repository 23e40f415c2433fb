"""Kinds without a Struct: the server's columns, their order, and what is wrong by convention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k8stui.kinds import Tone, printer_for
from k8stui.kinds.tables.served import TablePrinter, cell_text, status_tone
from k8stui.kube.objects import ColumnDefinition, ObjectMeta, TableRow
from tests.unit.kinds_golden import NOW, golden_table


def column(name: str, kind: str = "string", format: str = "", priority: int = 0) -> ColumnDefinition:
    return ColumnDefinition(name=name, type=kind, format=format, priority=priority)


def row(*cells: Any, minutes: float | None = 5, name: str = "x") -> TableRow:
    created = None if minutes is None else NOW - timedelta(minutes=minutes)
    return TableRow(ObjectMeta(name=name, creation_timestamp=created), cells)


def printer(*names: str) -> TablePrinter:
    return TablePrinter([column(name) for name in names])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ("two\nlines", "two..."),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (-1, "-1"),
        (3.0, "3"),
        (0.5, "0.5"),
        (["a", 1], "[a 1]"),
        ([], "[]"),
        ({"b": 1, "a": "x"}, "map[a:x b:1]"),
    ],
)
def test_a_cell_reads_as_kubectl_prints_it(value: Any, text: str) -> None:
    assert cell_text(value) == text


def test_columns_are_headed_as_kubectl_heads_them() -> None:
    shown = TablePrinter(
        [
            column("Name", format="name"),
            column("Size", "integer"),
            column("Last Backup", priority=1),
            column("Age"),
        ]
    ).columns
    assert [each.name for each in shown] == ["NAME", "SIZE", "LAST BACKUP", "AGE"]
    assert [each.priority for each in shown] == [0, 0, 1, 0]
    assert [each.align for each in shown] == ["left", "right", "left", "left"]
    assert [each.live for each in shown] == [False, False, False, True]


def test_ages_count_on_without_a_new_answer() -> None:
    table = printer("Name", "Age")
    made = row("x", "5m", minutes=5)
    assert table.cells(made, NOW) == ("x", "5m")
    assert table.cells(made, NOW + timedelta(minutes=7)) == ("x", "12m")
    assert table.cells(row("x", "3h", minutes=None), NOW) == ("x", "3h")


def test_rows_with_too_few_or_too_many_cells_still_fit_the_columns() -> None:
    table = printer("Name", "Status", "Age")
    assert table.cells(row("x", minutes=None), NOW) == ("x", "", "")
    assert table.cells(row("x", "y", "z", "more", minutes=None), NOW) == ("x", "y", "z")
    assert table.sort_key(row("x", "y"), 1, NOW) < table.sort_key(row(), 1, NOW)
    assert table.tone(row()) is Tone.OK


def test_until_the_server_has_named_its_columns_name_and_age_are_shown() -> None:
    assert [each.name for each in printer_for("example.com", "gadgets").columns] == ["NAME", "AGE"]
    assert printer_for("", "configmaps", []).cells(row("x", name="x"), NOW)[0] == "x"


@pytest.mark.parametrize(
    ("name", "cells", "ordered"),
    [
        ("Age", ["2d3h", "5m30s", "90s", "<unknown>"], ["90s", "5m30s", "2d3h", "<unknown>"]),
        ("Last Schedule", ["5m", "6s", "3h", "<none>"], ["6s", "5m", "3h", "<none>"]),
        ("Capacity", ["1Gi", "100Mi", "", "500Ki"], ["500Ki", "100Mi", "1Gi", ""]),
        ("CPU", ["2", "250m", "1500m"], ["250m", "1500m", "2"]),
        ("Restarts", ["10", "3 (2m ago)", "3 (9m ago)", "0"], ["0", "3 (9m ago)", "3 (2m ago)", "10"]),
        ("Ready", ["10/10", "1/2", "0/1", "2/2"], ["0/1", "1/2", "2/2", "10/10"]),
        ("Used", ["100%", "9%", "25.5%"], ["9%", "25.5%", "100%"]),
        ("Host", ["10.0.0.10", "10.0.0.9", "9.255.0.1"], ["9.255.0.1", "10.0.0.9", "10.0.0.10"]),
        ("Version", ["v1.10.0", "v1.9.3", "<none>"], ["v1.9.3", "v1.10.0", "<none>"]),
        ("Owner", ["web-10", "web-2", "db-1"], ["db-1", "web-2", "web-10"]),
        ("Number", [10, 9, None, 9.5], [9, 9.5, 10, None]),
        ("Completions", ["3/1 of 2", "0/1", "1/1"], ["0/1", "1/1", "3/1 of 2"]),
    ],
)
def test_cells_are_ordered_by_what_they_mean(name: str, cells: list[Any], ordered: list[Any]) -> None:
    table = printer("Name", name)
    rows = [row("x", each, minutes=None) for each in cells]
    in_order = sorted(rows, key=lambda each: table.sort_key(each, 1, NOW))
    assert [each.cells[1] for each in in_order] == ordered


def test_age_is_ordered_by_the_time_and_not_by_the_text() -> None:
    table = printer("Name", "Age")
    rows = [row("b", "5m", minutes=5.9), row("a", "5m", minutes=5.1), row("c", "2s", minutes=99)]
    in_order = sorted(rows, key=lambda each: table.sort_key(each, 1, NOW))
    assert [each.cells[0] for each in in_order] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("Active", Tone.OK),
        ("Bound", Tone.OK),
        ("Approved,Issued", Tone.OK),
        ("Ready,SchedulingDisabled", Tone.OK),
        ("Succeeded", Tone.DONE),
        ("Pending", Tone.WARN),
        ("Released", Tone.WARN),
        ("Terminating", Tone.BUSY),
        ("Progressing", Tone.BUSY),
        ("Failed", Tone.ERROR),
        ("CrashLoopBackOff", Tone.ERROR),
        ("Lost", Tone.ERROR),
        ("Denied", Tone.ERROR),
        ("NotReady", Tone.ERROR),
        ("Suspended", Tone.MUTED),
        ("Frobnicated", Tone.WARN),
        ("", None),
        ("<none>", None),
        ("42", None),
    ],
)
def test_a_status_in_words_has_a_meaning(text: str, tone: Tone | None) -> None:
    assert status_tone(text) is tone


@pytest.mark.parametrize(
    ("columns", "cells", "tone", "fault"),
    [
        (("Name", "Status"), ("x", "Active"), Tone.OK, False),
        (("Name", "Phase"), ("x", "Failed"), Tone.ERROR, True),
        (("Name", "Condition"), ("x", "Pending"), Tone.WARN, True),
        (("Name", "Ready"), ("x", "1/1"), Tone.OK, False),
        (("Name", "Ready"), ("x", "0/1"), Tone.WARN, True),
        (("Name", "Ready", "Status"), ("x", "0/1", "Completed"), Tone.DONE, False),
        (("Name", "Ready"), ("x", "True"), Tone.OK, False),
        (("Name", "Ready"), ("x", "False"), Tone.ERROR, True),
        (("Name", "Available"), ("x", "False (MissingEndpoints)"), Tone.ERROR, True),
        (("Name", "Synced"), ("x", "Unknown"), Tone.WARN, True),
        (("Name", "Degraded"), ("x", "True"), Tone.ERROR, True),
        (("Name", "Degraded"), ("x", "False"), Tone.OK, False),
        (("Name", "Suspend"), ("x", "False"), Tone.OK, False),
        (("Name", "Desired", "Current", "Ready"), ("x", 3, 3, 2), Tone.WARN, True),
        (("Name", "Desired", "Current", "Ready"), ("x", 3, 3, 3), Tone.OK, False),
        (("Name", "Ready"), ("x", 0), Tone.OK, False),
        (("Last Seen", "Type"), ("2m", "Warning"), Tone.WARN, True),
        (("Last Seen", "Type"), ("2m", "Normal"), Tone.OK, False),
        (("Name", "Type"), ("x", "Opaque"), Tone.OK, False),
        (("Name", "Data"), ("x", 3), Tone.OK, False),
    ],
)
def test_what_is_wrong_is_told_by_conventional_columns(
    columns: tuple[str, ...], cells: tuple[Any, ...], tone: Tone, fault: bool
) -> None:
    assert printer(*columns).tone(row(*cells)) is tone
    assert printer(*columns).is_fault(row(*cells)) is fault


def test_an_object_on_its_way_out_is_busy() -> None:
    going = TableRow(ObjectMeta(name="x", deletion_timestamp=NOW), ("x", "Active"))
    assert printer("Name", "Status").tone(going) is Tone.BUSY


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("apiservices.apiregistration.k8s.io", []),
        ("persistentvolumeclaims", ["data"]),
        ("certificatesigningrequests.certificates.k8s.io", ["newuser"]),
        ("deployments.apps", ["cart"]),
        ("pods", ["badimage", "badinit", "crash", "toobig"]),
        ("horizontalpodautoscalers.autoscaling", []),
        ("resourcequotas", []),
    ],
)
def test_the_faults_of_the_recorded_cluster(name: str, faults: list[str]) -> None:
    table = golden_table(name)
    judge = TablePrinter(table.columns)
    assert [each.metadata.name for each in table.items if judge.is_fault(each)] == faults
