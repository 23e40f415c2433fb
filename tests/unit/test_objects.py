"""What the server sends becomes small objects, whatever is odd in it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.kinds import printer_for
from k8stui.kube.codecs import StructCodec
from k8stui.kube.objects import STRUCTS, EndpointSlice, Event, ObjectMeta, Pod
from tests.unit.kinds_golden import NOW, decoded, file_name, golden_list, golden_objects, make

KINDS = sorted(STRUCTS)
IDS = [file_name(*kind) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_recorded_list_is_decoded_whole(kind: tuple[str, str]) -> None:
    raw = msgspec.json.decode(golden_list(*kind))
    found = golden_objects(*kind)
    assert [each.metadata.uid for each in found] == [each["metadata"]["uid"] for each in raw["items"]]
    assert all(each.metadata.creation_timestamp.tzinfo is UTC for each in found)


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_one_broken_object_changes_nothing_for_the_others(kind: tuple[str, str]) -> None:
    raw = msgspec.json.decode(golden_list(*kind))
    odd = copy.deepcopy(raw["items"][0])
    odd["metadata"]["labels"] = ["not", "a", "map"]
    odd["metadata"]["name"] = "odd"
    raw["items"].insert(0, odd)
    first, *others = decoded(StructCodec(STRUCTS[kind]), msgspec.json.encode(raw))
    assert others == golden_objects(*kind)
    assert (first.metadata.name, first.metadata.labels) == ("odd", {})
    assert first.metadata.uid == others[0].metadata.uid


def test_bytes_that_are_no_utf8_do_not_lose_the_object() -> None:
    codec = StructCodec(Pod)
    data = b'{"kind":"PodList","items":[{"metadata":{"name":"a\xff"}},{"metadata":{"name":"b"}}]}'
    assert [each.metadata.name for each in decoded(codec, data)] == ["a\ufffd", "b"]
    event = codec.event(b'{"type":"ADDED","object":{"metadata":{"name":"a\xff"}}}')
    assert event.objects[0].metadata.name == "a\ufffd"


def test_values_of_other_types_are_read_as_far_as_they_can() -> None:
    pod = make(
        Pod,
        metadata={"name": 7, "generation": "3", "labels": {"a": True, "b": None, "c": 1.5}, "uid": None},
        spec={"containers": [None, "x", {"name": "c", "image": ["no"]}], "nodeName": {"no": 1}},
        status={"containerStatuses": [{"name": "c", "restartCount": "4", "ready": "true", "state": []}]},
    )
    assert pod.metadata == ObjectMeta(name="7", generation=3, labels={"a": "true", "c": "1.5"})
    assert [each.name for each in pod.spec.containers] == ["c"]
    assert pod.spec.node_name == ""
    assert pod.status.container_statuses[0].restart_count == 4
    assert pod.status.container_statuses[0].ready is True


def test_an_endpoint_slice_may_have_null_lists() -> None:
    endpoints = make(EndpointSlice, addressType="IPv4", endpoints=None, ports=None)
    assert (endpoints.endpoints, endpoints.ports) == (None, None)


def test_times_are_read_with_and_without_fractions() -> None:
    event = make(
        Event,
        eventTime="2026-11-21T02:10:57.123456Z",
        firstTimestamp="2026-11-21T02:10:57Z",
        lastTimestamp="0001-01-01T00:00:00Z",
        series={"count": 2, "lastObservedTime": "2026-11-21T04:10:57.5+02:00"},
    )
    assert event.event_time == datetime(2026, 11, 21, 2, 10, 57, 123456, UTC)
    assert event.first_timestamp == datetime(2026, 11, 21, 2, 10, 57, 0, UTC)
    assert event.series is not None
    assert event.series.last_observed_time == datetime(2026, 11, 21, 2, 10, 57, 500000, UTC)
    assert make(Event, metadata={"name": "e"}, eventTime="yesterday").event_time is None


def test_a_time_without_a_zone_is_taken_as_utc_so_that_times_always_compare() -> None:
    pod = make(Pod, metadata={"name": "p", "creationTimestamp": "2026-11-21T02:10:57"})
    assert pod.metadata.creation_timestamp == datetime(2026, 11, 21, 2, 10, 57, 0, UTC)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "managedFields":
                found += _paths(each, (*path, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            found += _paths(each, (*path, at))
    return found


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_value_anywhere_makes_a_list_unreadable_or_a_row_unprintable(
    kind: tuple[str, str], data: st.DataObject
) -> None:
    raw = msgspec.json.decode(golden_list(*kind))
    items = raw["items"] = raw["items"][:3]
    victim = data.draw(st.sampled_from(items))
    *way, last = data.draw(st.sampled_from(_paths(victim)))
    holder = victim
    for step in way:
        holder = holder[step]
    holder[last] = data.draw(JSON)
    found = decoded(StructCodec(STRUCTS[kind]), msgspec.json.encode(raw))
    assert len(found) == len(items)
    printer = printer_for(*kind)
    for obj in found:
        cells = printer.cells(obj, NOW)
        assert len(cells) == len(printer.columns)
        assert all(isinstance(cell, str) for cell in cells)
        printer.tone(obj), printer.is_fault(obj), printer.attention(obj)
    for column in range(len(printer.columns)):
        sorted(printer.sort_key(obj, column, NOW) for obj in found)
