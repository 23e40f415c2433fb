"""Server-side Tables: recorded pages and watches become rows, also from servers with odd habits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from k8stui.kube.codecs import BadData, StructCodec, codec_for
from k8stui.kube.objects import Event, Pod, TableRow
from k8stui.kube.tables import TableCodec

GOLDEN = Path(__file__).parent.parent / "golden"
DEEP = b"[" * 100_000 + b"]" * 100_000
"""More levels than any decoder goes into."""


def lines(name: str) -> list[bytes]:
    return (GOLDEN / "watch" / name).read_bytes().splitlines()


def test_a_kind_without_a_struct_has_the_servers_columns_and_cells() -> None:
    codec = TableCodec()
    page = codec.page((GOLDEN / "tables" / "resourcequotas.json").read_bytes())
    rows = [codec.item(raw) for raw in page.items]
    assert [column.name for column in page.columns] == ["Name", "Request", "Limit", "Age"]
    assert rows
    for row in rows:
        assert isinstance(row, TableRow)
        assert row.metadata.uid
        assert row.cells[0] == row.metadata.name
        assert len(row.cells) == len(page.columns)
    assert page.version
    assert page.token == ""


def test_a_recorded_watch_as_tables() -> None:
    codec = TableCodec()
    events = [codec.event(line) for line in lines("pods-table.ndjson")]
    assert [event.type for event in events] == ["ADDED"] * 4 + ["BOOKMARK"]
    assert events[0].columns[0].name == "Name"
    assert all(not event.columns for event in events[1:])
    assert events[0].objects[0].cells[0] == events[0].objects[0].metadata.name
    assert events[-1].ends_initial
    assert events[-1].version == "981"
    assert events[-1].objects == ()


def test_recorded_watches_as_structs() -> None:
    codec = StructCodec(Pod)
    events = [codec.event(line) for line in lines("pods-send-initial-events.ndjson")]
    assert [event.type for event in events] == ["ADDED"] * 4 + ["BOOKMARK"]
    assert events[-1].ends_initial
    assert events[-1].version == "996"
    replaced = [codec.event(line) for line in lines("pods-raw-delete-and-replace.ndjson")]
    assert "DELETED" in {event.type for event in replaced}
    names = {event.objects[0].metadata.name for event in replaced if event.objects}
    assert all(name.startswith("cart-") for name in names)


@pytest.mark.parametrize("codec", [StructCodec(Pod), TableCodec()])
def test_an_error_in_the_stream_is_the_servers_error(codec: StructCodec[Pod] | TableCodec) -> None:
    recorded = json.loads((GOLDEN / "exchanges" / "error-410-watch-too-old.json").read_bytes())
    event = codec.event(json.dumps(recorded["response"]["body"]).encode())
    assert event.error is not None
    assert (event.error.code, event.error.reason) == (410, "Expired")
    assert "too old resource version" in event.error.message


@pytest.mark.parametrize("codec", [StructCodec(Pod), TableCodec()])
@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        b"{}",
        b"null",
        b'{"type":"ADDED"}',
        b'{"type":"ADDED","object":{}}',
        b'{"type":"ADDED","object":null}',
        b'{"type":"EXTRA","object":{"metadata":{"name":"x"}}}',
        b'{"type":"MODIFIED","object":{"metadata":{"name":"x","uid":"u","resour',
        b'{"type":"ADDED","object":{"metadata":{"name":"\xff\xfe"',
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":[' + DEEP + b"]}]}}",
        b'{"type":"ADDED","object":{"metadata":{"name":"x","labels":' + DEEP + b"}}}",
    ],
    ids=range(13),
)
def test_garbage_is_told_apart(codec: StructCodec[Pod] | TableCodec, line: bytes) -> None:
    with pytest.raises(BadData):
        codec.event(line)


@pytest.mark.parametrize("codec", [StructCodec(Pod), TableCodec()])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"kind":"Status"}',
        b'{"kind":"PodList","items":3}',
        b'{"kind":"PodList","items":[{',
        b'{"kind":"PodList","items":[' + DEEP + b"]}",
        b'{"kind":"Table","rows":[{"cells":[' + DEEP + b"]}]}",
    ],
    ids=range(10),
)
def test_a_page_that_is_no_list_is_told_apart(codec: StructCodec[Pod] | TableCodec, body: bytes) -> None:
    with pytest.raises(BadData):
        codec.page(body)


@pytest.mark.parametrize("codec", [StructCodec(Pod), TableCodec()])
def test_an_object_that_is_nested_too_deeply_is_told_apart(codec: StructCodec[Pod] | TableCodec) -> None:
    with pytest.raises(BadData):
        codec.item(b'{"cells":[' + DEEP + b'],"metadata":{"labels":' + DEEP + b"}}")


def test_a_page_names_its_continuation() -> None:
    metadata = b'{"resourceVersion":"7","continue":"abc","remainingItemCount":3}'
    for codec, kind in ((StructCodec(Pod), b"PodList"), (TableCodec(), b"Table")):
        page = codec.page(b'{"kind":"' + kind + b'","metadata":' + metadata + b"}")
        assert (page.version, page.token, page.remaining) == ("7", "abc", 3)


def test_a_bookmark_ends_the_initial_events_only_if_it_says_so() -> None:
    ended = [StructCodec(Event).event(line).ends_initial for line in lines("events-raw.ndjson")]
    assert ended == [False] * (len(ended) - 1) + [True]
    event = StructCodec(Pod).event(
        b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"},'
        b'"spec":{"containers":null},"status":{}}}'
    )
    assert (event.version, event.ends_initial) == ("9", False)


def test_an_empty_list_may_be_null() -> None:
    page = StructCodec(Pod).page(b'{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":null}')
    assert (list(page.items), page.version) == ([], "7")
    page = TableCodec().page(b'{"kind":"Table","metadata":{"resourceVersion":"7"},"rows":null}')
    assert (list(page.items), page.version) == ([], "7")


def test_rows_without_an_object_are_known_by_their_first_cell() -> None:
    codec = TableCodec()
    page = codec.page(
        b'{"kind":"Table","metadata":{"resourceVersion":"7"},"columnDefinitions":[{"name":"Name"}],'
        b'"rows":[{"cells":["one",3],"object":null},{"cells":["two",[1,"x"]]}]}'
    )
    rows = [codec.item(raw) for raw in page.items]
    assert [row.metadata.name for row in rows] == ["one", "two"]
    assert rows[1].cells == ("two", '[1,"x"]')


def test_a_server_without_tables_gives_a_table_of_names() -> None:
    codec = TableCodec()
    page = codec.page(
        b'{"kind":"PodMetricsList","metadata":{},"items":[{"metadata":{"name":"a","namespace":"shop"}}]}'
    )
    rows = [codec.item(raw) for raw in page.items]
    assert [column.name for column in page.columns] == ["Name"]
    assert [(row.metadata.name, row.cells) for row in rows] == [("a", ("a",))]
    event = codec.event(
        b'{"type":"ADDED","object":{"kind":"Odd","metadata":{"name":"b","resourceVersion":"9"}}}'
    )
    assert (event.objects[0].cells, event.version) == (("b",), "9")


def test_hot_kinds_travel_as_structs_and_all_others_as_tables() -> None:
    assert isinstance(codec_for("", "pods"), StructCodec)
    assert isinstance(codec_for("apps", "deployments"), StructCodec)
    assert isinstance(codec_for("example.com", "gadgets"), TableCodec)
    assert isinstance(codec_for("example.com", "pods"), TableCodec)
