"""Dates in tables that the server prints: read where the definition says, and counting on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from k8stui.kinds.tables.custom_columns import ColumnReader
from k8stui.kinds.tables.date_cells import DateReader, date_reader, has_dates
from k8stui.kinds.tables.served import TablePrinter
from k8stui.kube.catalog import Catalog, Kind
from k8stui.kube.codecs import codec_for
from k8stui.kube.definitions import Definitions, PrinterColumn
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.live.collection import Collection, Phase
from k8stui.kube.objects import ColumnDefinition, TableRow
from k8stui.kube.objects.meta import ObjectMeta
from k8stui.kube.objects.related import Form

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
PRINTED = (
    PrinterColumn("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    PrinterColumn("Since", "date", '.status.conditions[?(@.type=="Ready")].lastTransitionTime'),
    PrinterColumn("Synced", "date", ".status.synced"),
    PrinterColumn("Made", "date", ".metadata.creationTimestamp"),
)
DEFINED = (
    ColumnDefinition("Name", "string", "name"),
    *(ColumnDefinition(each.name, each.type) for each in PRINTED),
)


def thing(synced: Any = "2025-06-01T11:59:30Z") -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2025-06-01T10:00:00Z"}
    other = {"type": "Other", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    meta = {"name": "one", "uid": "u", "resourceVersion": "7", "creationTimestamp": "2025-05-01T12:00:00Z"}
    return {"metadata": meta, "status": {"conditions": [other, ready], "synced": synced}}


def row(obj: dict[str, Any], *cells: Any, form: Form | None = None) -> Any:
    codec: Any = codec_for("example.com", "things", form or Form(dates=date_reader(PRINTED)))
    columns = [{"name": each.name, "type": each.type} for each in DEFINED]
    table = {"kind": "Table", "metadata": {}, "columnDefinitions": columns}
    page = codec.page(json.dumps({**table, "rows": [{"cells": list(cells), "object": obj}]}).encode())
    return codec.item(page.items[0])


def shown(found: Any, seconds: int = 0) -> tuple[str, ...]:
    return TablePrinter(DEFINED).cells(found, NOW + timedelta(seconds=seconds))


def test_dates_count_on_where_they_are_read() -> None:
    found = row(thing(), "one", "True", "2h", "30s", "31d")
    assert shown(found) == ("one", "True", "120m", "30s", "31d")
    assert shown(found, 7) == ("one", "True", "120m", "37s", "31d")
    assert shown(found, 3600) == ("one", "True", "3h", "60m", "31d")


def test_they_stand_still_as_the_server_printed_them_where_nobody_reads_them() -> None:
    found = row(thing(), "one", "True", "2h", "30s", "31d", form=Form(columns=ColumnReader(("{.x}",))))
    assert shown(found) == shown(found, 7) == ("one", "True", "2h", "30s", "31d")


@pytest.mark.parametrize(
    ("synced", "printed", "text"),
    [
        (None, None, ""),
        ("yesterday", "<invalid>", "<invalid>"),
        ("2025-06-01T11:59:30", "<invalid>", "<invalid>"),
        (5, None, ""),
        ("0001-01-01T00:00:00Z", "<unknown>", "<unknown>"),
        ("2025-06-01T12:00:30Z", "<invalid>", "<invalid>"),
        ("2025-06-01T13:59:30+02:00", "30s", "30s"),
        ("2025-06-01T11:59:30.123456789Z", "29s", "29s"),
    ],
)
def test_what_is_no_date_is_shown_as_the_server_does(synced: Any, printed: Any, text: str) -> None:
    assert shown(row(thing(synced), "one", "True", "2h", printed, "31d"))[3] == text


def test_they_sort_by_the_moment() -> None:
    printer = TablePrinter(DEFINED)
    rows = [
        row(thing(f"2025-06-01T{at}Z"), "one", "True", "2h", "x", "31d") for at in ("09:00:00", "11:59:59")
    ]
    older, newer = (printer.sort_key(each, 3, NOW) for each in rows)
    assert newer < older, "the youngest first"
    assert printer.columns[3].live


def test_whole_objects_are_asked_for_only_where_metadata_does_not_do() -> None:
    def params(*columns: PrinterColumn) -> dict[str, str]:
        codec: Any = codec_for("example.com", "things", Form(dates=date_reader(columns)))
        return codec.params  # type: ignore[no-any-return]

    assert params(PRINTED[2]) == {"includeObject": "Object"}
    assert params(PRINTED[3]) == {"includeObject": "Metadata"}
    assert date_reader((PRINTED[0],)) is None
    assert date_reader(()) is None


def test_columns_of_the_settings_and_dates_are_read_together() -> None:
    form = Form(columns=ColumnReader(("{.status.synced}",)), dates=date_reader(PRINTED))
    found = row(thing(), "one", "True", "2h", "30s", "31d", form=form)
    assert found.extra == ("2025-06-01T11:59:30Z",)
    assert shown(found, 1)[3] == "31s"


def test_bytes_that_are_no_object_change_nothing() -> None:
    reader = DateReader(((1, ".a"), (2, ".b["), (9, ".a")))
    assert reader(("x", "1d", "2d"), b"\xff") == ("x", "1d", "2d")
    assert reader(("x", "1d", "2d"), b'{"a":[]}') == ("x", "1d", "2d")


BUILT_IN = "CreationTimestamp is a timestamp representing the server time when this object was created."
OF_PATH = "Custom resource definition column (in JSONPath format): "


@pytest.mark.parametrize(
    ("type", "description", "of_object"),
    [
        ("string", BUILT_IN, True),
        ("date", BUILT_IN, True),
        ("date", f"{OF_PATH}.metadata.creationTimestamp", True),
        ("date", f"{OF_PATH}.status.since", False),
        ("string", f"{OF_PATH}.spec.age", False),
        ("date", "How long it has been ready.", False),
        ("integer", f"{OF_PATH}.spec.years", False),
        ("integer", "In years.", False),
    ],
)
def test_a_column_of_the_name_age_may_be_the_age_of_something_else(
    type: str, description: str, of_object: bool
) -> None:
    columns = (DEFINED[0], ColumnDefinition("Age", type, description=description))
    found = row(thing(), "one", "7", form=Form(columns=ColumnReader(("{.x}",))))
    printer = TablePrinter(columns)
    assert printer.cells(found, NOW) == ("one", "31d" if of_object else "7")
    assert has_dates(columns) == (type == "date" and not of_object)


def test_the_age_of_something_else_counts_on_where_it_is_read() -> None:
    columns = (DEFINED[0], ColumnDefinition("Age", "date", description=f"{OF_PATH}.status.synced"))
    form = Form(dates=date_reader((PrinterColumn("Age", "date", ".status.synced"),)))
    found = row(thing(), "one", "30s", form=form)
    assert TablePrinter(columns).cells(found, NOW + timedelta(seconds=9)) == ("one", "39s")


# Definitions

CRDS = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
THINGS = Kind("example.com", "v2", "Thing", "things")


class Server:
    """Answers for definitions."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Any:
        self.asked.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return type("Answer", (), {"body": msgspec.json.encode(self.answer)})()

    def definitions(self, *kinds: Kind) -> Definitions:
        return Definitions(lambda: self, lambda: Catalog(kinds or (CRDS, THINGS)))


def definition() -> dict[str, Any]:
    column = {"name": "Synced", "type": "date", "jsonPath": ".status.synced", "priority": 1}
    versions = [
        {"name": "v1", "schema": {"openAPIV3Schema": {}}},
        {"name": "v2", "additionalPrinterColumns": [column], "served": True},
    ]
    return {"metadata": {"name": "things.example.com"}, "spec": {"versions": versions}}


async def test_a_definition_is_asked_once_for_the_version_that_is_shown() -> None:
    server = Server(definition())
    definitions = server.definitions()
    assert definitions.known(THINGS) is None
    assert await definitions.learn(THINGS) == (PRINTED[2],)
    assert await definitions.learn(THINGS) == definitions.known(THINGS) == (PRINTED[2],)
    assert server.asked == [
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com",
    ]
    assert await definitions.learn(msgspec.structs.replace(THINGS, version="v1")) == ()


@pytest.mark.parametrize("code", [403, 404])
async def test_who_may_not_read_definitions_is_asked_for_nothing_again(code: int) -> None:
    server = Server(ApiError(code, "No", "no"))
    definitions = server.definitions()
    assert await definitions.learn(THINGS) == ()
    assert definitions.known(THINGS) == ()


async def test_a_definition_that_did_not_arrive_is_asked_for_again() -> None:
    server = Server(ConnectionLost("gone"))
    definitions = server.definitions()
    assert await definitions.learn(THINGS) == ()
    assert definitions.known(THINGS) is None
    server.answer = definition()
    assert await definitions.learn(THINGS) == (PRINTED[2],)


async def test_a_server_without_definitions_is_not_asked() -> None:
    server = Server(definition())
    assert await server.definitions(THINGS).learn(THINGS) == ()
    assert server.asked == []


async def test_what_is_known_is_forgotten_when_a_definition_changes() -> None:
    definitions = Server(definition()).definitions(msgspec.structs.replace(CRDS, verbs=("watch",)), THINGS)
    collections: list[Collection[Any]] = []
    told: list[str] = []

    def subscribe(kind: Kind, *, wake: Any) -> Any:
        collections.append(Collection(kind))
        return collections[0].subscribe(wake)

    definitions.watch(subscribe, lambda: told.append("changed"))
    assert definitions.watched
    ((part,),) = (each.parts.values() for each in collections)
    await definitions.learn(THINGS)
    part.status(Phase.LIVE)
    assert told == ["changed"], "they may have changed since the kinds were read"
    await definitions.learn(THINGS)
    part.status(Phase.STALE)
    part.status(Phase.LIVE)
    assert definitions.known(THINGS) == (PRINTED[2],)
    part.events([TableRow(ObjectMeta(name="things.example.com", uid="u", resource_version="2"))], ())
    assert told == ["changed", "changed"]
    assert definitions.known(THINGS) is None
    definitions.close()
    assert not collections[0].subscribers
