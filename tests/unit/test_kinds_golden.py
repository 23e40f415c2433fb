"""Our cells are the server's and kubectl's own, for every recorded object."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from k8stui.kinds import printer_for
from k8stui.kinds.tables.served import cell_text
from k8stui.kube.objects import STRUCTS
from tests.unit.kinds_golden import file_name, golden_objects, golden_table, golden_text, split_row

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = sorted(STRUCTS)
IDS = [file_name(*kind) for kind in KINDS]
OTHERS = [
    "apiservices.apiregistration.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "persistentvolumeclaims",
    "resourcequotas",
]


RECORDED = datetime(2026, 11, 21, 2, 14, 10, tzinfo=UTC)


def moment_of(printed: Callable[[datetime], list[list[str]]], wanted: list[list[str]]) -> datetime:
    """The moment of a recording: the one, within the recorded minute, at which all ages agree at once."""
    return min(
        (RECORDED + timedelta(milliseconds=100 * step) for step in range(400)),
        key=lambda now: sum(a != b for a, b in zip(printed(now), wanted, strict=True)),
    )


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_cells_are_those_of_the_servers_table(kind: tuple[str, str]) -> None:
    table, printer = golden_table(file_name(*kind)), printer_for(*kind)
    objects = {each.metadata.uid: each for each in golden_objects(*kind)}
    wanted = [[cell_text(cell) for cell in row.cells] for row in table.items]

    def printed(now: datetime) -> list[list[str]]:
        return [list(printer.cells(objects[row.metadata.uid], now)) for row in table.items]

    assert printed(moment_of(printed, wanted)) == wanted


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_columns_are_those_of_the_servers_table(kind: tuple[str, str]) -> None:
    ours = [(each.name, each.priority) for each in printer_for(*kind).columns]
    assert ours == [(each.name.upper(), each.priority) for each in golden_table(file_name(*kind)).columns]


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_rows_are_those_that_kubectl_prints(kind: tuple[str, str]) -> None:
    printer, objects = printer_for(*kind), golden_objects(*kind)
    head, rows = golden_text(file_name(*kind))
    names = [each.name for each in printer.columns]
    spaced = head.startswith("NAMESPACE ")
    wanted = [split_row(head, ["NAMESPACE", *names] if spaced else names, row) for row in rows]

    def printed(now: datetime) -> list[list[str]]:
        return [
            [
                *([each.metadata.namespace] if spaced else []),
                *(cell.strip() for cell in printer.cells(each, now)),
            ]
            for each in objects
        ]

    ours = printed(moment_of(printed, wanted))
    # One event happened again between the two recordings.
    again = [at for at, row in enumerate(wanted) if kind[1] == "events" and row[-2] != ours[at][-2]]
    assert len(again) <= 1
    for at, row in enumerate(wanted):
        assert at in again or ours[at] == row


@pytest.mark.parametrize("name", OTHERS)
def test_a_kind_without_a_struct_is_shown_as_kubectl_shows_it(name: str) -> None:
    table = golden_table(name)
    printer = printer_for("any", "kind", table.columns)
    head, rows = golden_text(name)
    names = [each.name for each in printer.columns]
    spaced = head.startswith("NAMESPACE ")
    wanted = [split_row(head, ["NAMESPACE", *names] if spaced else names, row) for row in rows]

    def printed(now: datetime) -> list[list[str]]:
        return [
            [
                *([row.metadata.namespace] if spaced else []),
                *(cell.strip() for cell in printer.cells(row, now)),
            ]
            for row in table.items
        ]

    assert printed(moment_of(printed, wanted)) == wanted
