"""A path followed object by object finds what kubectl's way finds in the whole list."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from k8stui.kinds.jsonpath.items import ItemReader, assemble, split
from k8stui.kinds.jsonpath.path import parse_path
from k8stui.kinds.jsonpath.result import result_of
from k8stui.kinds.jsonpath.syntax import JsonPathError
from tests.unit.kinds_golden import golden_list

EACH = (
    "{.items[*].metadata.name}",
    ".items[*].spec.containers[*].image",
    '{.items[?(@.status.phase=="Running")].metadata.name}',
    "{.items[*].status.containerStatuses}",
    "{.items[*]..image}",
    "{$.items[*].spec.containers[0].name}",
    '{range .items[*]}{.metadata.name}{"\\t"}{.spec.nodeName}{"\\n"}{end}',
    'pods: {range .items[*]}{range .spec.containers[*]}{.name}{","}{end}{end}and that is all',
)
AT_ONCE = (
    "{.items[0].metadata.name}",
    "{.items[-2:].metadata.name}",
    "{..name}",
    "{.items}",
    "{.kind}",
    '{.items[*]["metadata","spec"].name}',
    "{.items[*].metadata.name} {.items[*].spec.nodeName}",
    "{range .items[*]}{.metadata.name}{$.kind}{end}",
)


def items() -> list[dict[str, Any]]:
    found = json.loads(golden_list("", "pods"))["items"]
    for each in found:
        each["metadata"].pop("managedFields", None)
    return [{"apiVersion": "v1", "kind": "Pod", **each} for each in found]


def kept(query: str, objects: list[dict[str, Any]], *, revealed: bool = False) -> list[bytes]:
    reader = ItemReader(query, objects[0]["apiVersion"], objects[0]["kind"], revealed)
    return [reader(msgspec.json.encode(each))[-1] for each in objects]


@pytest.mark.parametrize("query", EACH + AT_ONCE)
def test_the_result_is_that_of_the_whole_list(query: str) -> None:
    objects = items()
    assert assemble(query, kept(query, objects)) == result_of(
        parse_path(query), {"kind": "List", "items": objects}
    )


@pytest.mark.parametrize("query", EACH)
def test_what_is_kept_is_what_was_asked_for(query: str) -> None:
    objects = items()
    assert split(query) is not None
    assert sum(map(len, kept(query, objects))) < len(json.dumps(objects)) / 2


@pytest.mark.parametrize("query", AT_ONCE)
def test_what_asks_of_the_list_needs_all_of_it_kept_small(query: str) -> None:
    objects = items()
    assert split(query) is None
    assert sum(map(len, kept(query, objects))) < len(msgspec.json.encode(objects)) / 2


def test_an_index_that_is_not_there_is_an_error_as_in_kubectl() -> None:
    with pytest.raises(JsonPathError, match="There is no element 7"):
        assemble(EACH[0], kept("{.items[*].spec.containers[7].name}", items()))


def test_managed_fields_are_kept_only_for_who_asks_for_them() -> None:
    objects = json.loads(golden_list("", "pods"))["items"]
    objects = [{"apiVersion": "v1", "kind": "Pod", **each} for each in objects]
    query = "{.items[*].metadata.managedFields[*].manager}"
    assert assemble(query, kept(query, objects)).found >= len(objects)
    assert assemble("{.items[*].metadata}", kept("{.items[*].metadata}", objects)).lines
    assert b"managedFields" not in b"".join(kept("{.items[*].metadata}", objects))


def test_secrets_are_masked_until_they_are_asked_for() -> None:
    data = {"password": "aHVudGVyMg=="}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": data}
    query = "{.items[*].data.password}"
    assert b"hunter2" not in kept(query, [secret])[0]
    assert b"aHVudGVyMg" not in kept(query, [secret])[0]
    assert b"hunter2" in kept(query, [secret], revealed=True)[0]
