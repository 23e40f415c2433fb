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
from k8stui.kube.objects import (
    STRUCTS,
    Bookmark,
    EndpointSlice,
    Event,
    ObjectMeta,
    Pod,
    Service,
    Status,
    decode_status,
    list_decoder,
    object_decoder,
    table_decoder,
    table_watch_decoder,
    watch_decoder,
)
from tests.unit.kinds_golden import GOLDEN, NOW, file_name, golden_list, golden_objects, golden_table, make

KINDS = sorted(STRUCTS)
IDS = [file_name(*kind) for kind in KINDS]


def watch_lines(name: str) -> list[bytes]:
    return (GOLDEN / "watch" / f"{name}.ndjson").read_bytes().splitlines()


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_a_recorded_list_is_decoded_whole(kind: tuple[str, str]) -> None:
    raw = msgspec.json.decode(golden_list(*kind))
    page = list_decoder(STRUCTS[kind]).decode(golden_list(*kind))
    assert page.metadata.resource_version == raw["metadata"]["resourceVersion"]
    assert [each.metadata.uid for each in page.items] == [each["metadata"]["uid"] for each in raw["items"]]
    assert all(each.metadata.creation_timestamp.tzinfo is UTC for each in page.items)


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_one_broken_object_changes_nothing_for_the_others(kind: tuple[str, str]) -> None:
    raw = msgspec.json.decode(golden_list(*kind))
    odd = copy.deepcopy(raw["items"][0])
    odd["metadata"]["labels"] = ["not", "a", "map"]
    odd["metadata"]["name"] = "odd"
    raw["items"].insert(0, odd)
    first, *others = list_decoder(STRUCTS[kind]).decode(msgspec.json.encode(raw)).items
    assert others == golden_objects(*kind)
    assert (first.metadata.name, first.metadata.labels) == ("odd", {})
    assert first.metadata.uid == others[0].metadata.uid


def test_a_page_names_its_continuation() -> None:
    page = list_decoder(Pod).decode(
        b'{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"abc","remainingItemCount":3},"items":[]}'
    )
    assert (page.metadata.resource_version, page.metadata.continue_) == ("7", "abc")
    assert page.metadata.remaining_item_count == 3


def test_null_items_are_no_items() -> None:
    page = list_decoder(Pod).decode(b'{"metadata":{"resourceVersion":"7"},"items":null}')
    assert page.items == ()
    assert page.metadata.resource_version == "7"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"<html>", b"[]", b"null", b"{}", b'{"items":3}', b'{"items":[{"a":']
)
def test_what_is_no_list_is_an_error_and_never_an_empty_list(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        list_decoder(Pod).decode(data)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"{}", b'{"type":"ADDED"}', b'{"type":"ADDED","obj']
)
def test_what_is_no_watch_event_is_an_error(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        watch_decoder(Pod).decode(line)
    with pytest.raises(msgspec.DecodeError):
        table_watch_decoder().decode(line)


def test_a_recorded_watch_is_decoded_whole() -> None:
    events = [watch_decoder(Pod).decode(line) for line in watch_lines("pods-raw-delete-and-replace")]
    assert [each.type for each in events].count("DELETED") == 1
    assert all(isinstance(each.object, Pod) and each.object.metadata.uid for each in events)


def test_the_bookmark_after_the_initial_events_is_told_apart() -> None:
    *_, last = [watch_decoder(Event).decode(line) for line in watch_lines("events-raw")]
    assert isinstance(last.object, Bookmark)
    assert last.object.initial_events_end
    assert last.object.metadata.resource_version == "1013"
    plain = watch_decoder(Pod).decode(
        b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9","creationTimestamp":null},'
        b'"spec":{"containers":null},"status":{}}}'
    )
    assert isinstance(plain.object, Bookmark)
    assert plain.object.metadata.resource_version == "9"
    assert not plain.object.initial_events_end


def test_an_error_in_a_watch_is_a_status() -> None:
    line = (
        b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
        b'"message":"too old resource version: 1 (5)","reason":"Expired","code":410}}'
    )
    for decoder in (watch_decoder(Pod), watch_decoder(Event), table_watch_decoder()):
        event = decoder.decode(line)
        assert isinstance(event.object, Status)
        assert (event.object.code, event.object.reason) == (410, "Expired")


def test_a_status_has_its_details() -> None:
    exchange = msgspec.json.decode((GOLDEN / "exchanges" / "error-422-invalid-deployment.json").read_bytes())
    status = decode_status(msgspec.json.encode(exchange["response"]["body"]))
    assert status.code == 422
    assert status.details is not None
    assert status.details.causes[0].field


def test_a_table_has_columns_and_rows_with_metadata() -> None:
    table = golden_table("pods")
    assert table.columns[0].name == "Name"
    assert [each.name for each in table.columns if each.priority] == [
        "IP",
        "Node",
        "Nominated Node",
        "Readiness Gates",
    ]
    assert all(row.metadata.uid and row.cells[0] == row.metadata.name for row in table.items)


def test_a_table_watch_names_its_columns_once_and_ends_its_initial_events() -> None:
    first, *others, last = [table_watch_decoder().decode(line) for line in watch_lines("pods-table")]
    assert first.object.columns
    assert all(not each.object.columns and len(each.object.items) == 1 for each in others)
    assert isinstance(last.object, Bookmark)
    assert last.object.initial_events_end
    assert last.object.metadata.resource_version == "981"


@pytest.mark.parametrize(
    "data", [b'{"kind":"Status","code":429}', b'{"kind":"PodList","items":[]}', b"{}", b"[]", b"{"]
)
def test_an_answer_that_is_no_table_is_an_error_and_never_an_empty_table(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        table_decoder().decode(data)


def test_bytes_that_are_no_utf8_do_not_lose_the_object() -> None:
    data = b'{"metadata":{},"items":[{"metadata":{"name":"a\xff"}},{"metadata":{"name":"b"}}]}'
    assert [each.metadata.name for each in list_decoder(Pod).decode(data).items] == ["a\ufffd", "b"]
    event = watch_decoder(Pod).decode(b'{"type":"ADDED","object":{"metadata":{"name":"a\xff"}}}')
    assert event.object.metadata.name == "a\ufffd"


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


def test_int_or_string_keeps_what_it_is() -> None:
    service = make(
        Service, spec={"ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8080}]}
    )
    assert [each.target_port for each in service.spec.ports] == ["http", 8080]


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


def test_json_that_is_nested_too_deeply_is_an_error_like_any_other() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    pod = b'{"metadata":{"name":"p","labels":' + deep + b"}}"
    with pytest.raises(msgspec.DecodeError):
        list_decoder(Pod).decode(b'{"items":[' + pod + b"]}")
    with pytest.raises(msgspec.DecodeError):
        watch_decoder(Pod).decode(b'{"type":"ADDED","object":' + pod + b"}")
    with pytest.raises(msgspec.DecodeError):
        object_decoder(Pod).decode(pod)
    with pytest.raises(msgspec.DecodeError):
        table_decoder().decode(b'{"kind":"Table","rows":[{"cells":[' + deep + b"]}]}")
    with pytest.raises(msgspec.DecodeError):
        table_watch_decoder().decode(b'{"type":"ADDED","object":' + pod + b"}")


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
    page = list_decoder(STRUCTS[kind]).decode(msgspec.json.encode(raw))
    assert len(page.items) == len(items)
    printer = printer_for(*kind)
    for obj in page.items:
        cells = printer.cells(obj, NOW)
        assert len(cells) == len(printer.columns)
        assert all(isinstance(cell, str) for cell in cells)
        printer.tone(obj), printer.is_fault(obj), printer.attention(obj)
    for column in range(len(printer.columns)):
        sorted(printer.sort_key(obj, column, NOW) for obj in page.items)
