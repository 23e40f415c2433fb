"""Any two keys of a column compare, and keys put values in the order of what they mean."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kinds import printer_for
from k8stui.kinds.tables.sorting import (
    age_key,
    duration_key,
    ip_key,
    name_key,
    natural,
    number_key,
    parse_duration,
    text_key,
)
from k8stui.kube.objects import Pod, TableRow
from tests.unit.kinds_golden import NOW, ago, make

SHAPES = [
    *("", "<none>", "<unknown>", "5m30s", "5m", "100Mi", "250m", "3 (2m ago)", "3", "1/2", "3/1 of 2", "80%"),
    *("10.0.0.1", "v1.9", "v1.10", "web-2", "-1", "+", "-", ".", "1e3", "1/0", "0x1", "٣", "²", "9" * 30),
    *("-٣", "1 (x ago)", "1 (2m ago) ", "5y", "1.5s", "100Mi/2Gi", "1.2.3.٣"),
]

CELLS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(SHAPES),
    st.integers().map(str),
    st.floats().map(str),
)


@pytest.mark.parametrize("key", [text_key, duration_key, name_key, ip_key])
@given(st.lists(CELLS, min_size=3, max_size=6))
def test_keys_of_any_cells_are_totally_ordered(key: Any, cells: list[str]) -> None:
    keys = [key(cell) for cell in cells]
    for a, b in itertools.product(keys, keys):
        assert (a < b) + (b < a) + (a == b) == 1
    for a, b, c in itertools.product(keys, keys, keys):
        assert not (a <= b <= c) or a <= c


@pytest.mark.parametrize(
    "cells",
    [
        ["0", "9", "10", "<none>"],
        ["250m", "1", "1500m", "2"],
        ["100Ki", "1Mi", "1000Mi", "1Gi"],
        ["1/2", "2/2", "10/10"],
        ["3 (9m ago)", "3 (2m ago)", "4 (9d ago)", "10"],
        ["9%", "80%", "100%"],
        ["a", "b", "<unknown>"],
        ["web-2", "web-10", "web-10a"],
        ["v1.9.3", "v1.10.0", "v2"],
        ["7", "x", ""],
        ["5s", "2d3h", "Running"],
    ],
)
def test_cells_come_in_the_order_of_what_they_mean(cells: list[str]) -> None:
    backwards = list(reversed(cells))
    assert sorted(backwards, key=text_key) == cells


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("90s", 90),
        ("5m30s", 330),
        ("5m", 300),
        ("3h5m", 11100),
        ("2d3h", 183600),
        ("2y30d", 65664000),
    ],
)
def test_a_duration_is_read_as_it_is_printed(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds
    assert duration_key(text) == (0, seconds)


@pytest.mark.parametrize("text", ["", "x", "5", "m", "5m x", "<unknown>", "<invalid>", "-5s"])
def test_other_texts_are_no_durations(text: str) -> None:
    assert parse_duration(text) is None


def test_natural_order_holds_for_numbers_of_any_length() -> None:
    assert natural("a" + "9" * 5000)[0] == "a"
    assert sorted(["a10", "a9", "a2b", "a2a"], key=natural) == ["a2a", "a2b", "a9", "a10"]


def test_addresses_of_both_versions_compare() -> None:
    addresses = ["10.0.0.10", "fd00::1", "10.0.0.9", "<none>", "9.0.0.1"]
    assert sorted(addresses, key=ip_key) == ["9.0.0.1", "10.0.0.9", "10.0.0.10", "fd00::1", "<none>"]


def test_the_youngest_comes_first_and_the_unknown_last() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    times = [None, now - timedelta(days=9), now, now - timedelta(seconds=1), datetime(1, 1, 1, tzinfo=UTC)]
    assert sorted(times, key=age_key)[:3] == [now, now - timedelta(seconds=1), now - timedelta(days=9)]
    assert number_key(None) > number_key(3.0)


def test_pods_are_ordered_by_what_they_are_and_not_by_their_texts() -> None:
    printer = printer_for("", "pods")
    names = [each.name for each in printer.columns]

    def pod(name: str, ready: int, restarts: int, minutes: float, ip: str) -> Pod:
        statuses = [
            {
                "name": str(at),
                "ready": at < ready,
                "state": {"running": {}},
                "restartCount": restarts if not at else 0,
            }
            for at in range(10)
        ]
        return make(
            Pod,
            metadata={"name": name, "creationTimestamp": ago(minutes=minutes)},
            spec={"containers": [{"name": str(at)} for at in range(10)]},
            status={"phase": "Running", "containerStatuses": statuses, "podIPs": [{"ip": ip}]},
        )

    a = pod("web-10", 10, 9, 1.1, "10.0.0.10")
    b = pod("web-9", 9, 10, 1.9, "10.0.0.9")
    for column, first in {"NAME": b, "READY": b, "RESTARTS": a, "AGE": a, "IP": b}.items():
        at = names.index(column)
        assert min([a, b], key=lambda each: printer.sort_key(each, at, NOW)) is first, column


@given(st.lists(st.tuples(CELLS, st.none() | st.datetimes(timezones=st.just(UTC))), min_size=2, max_size=5))
def test_table_rows_of_any_cells_sort_by_every_column(cells: list[tuple[str, datetime | None]]) -> None:
    from k8stui.kube.objects import ColumnDefinition, ObjectMeta

    columns = [ColumnDefinition("Name", "string", "name"), ColumnDefinition("X"), ColumnDefinition("Age")]
    printer = printer_for("x", "y", columns)
    rows = [TableRow(ObjectMeta(creation_timestamp=when), (text, text, text)) for text, when in cells]
    for column in range(4):
        sorted(rows, key=lambda each: printer.sort_key(each, column, NOW))
