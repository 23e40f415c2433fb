"""Recorded objects and Tables for the tests of objects and printers, and small objects made by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from k8stui.kube.codecs import Codec, StructCodec
from k8stui.kube.objects import STRUCTS, ColumnDefinition, ObjectDecoder, TableRow
from k8stui.kube.tables import TableCodec

GOLDEN = Path(__file__).parent.parent / "golden"

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

T = TypeVar("T")


def file_name(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


def golden_list(group: str, plural: str) -> bytes:
    return (GOLDEN / "lists" / f"{file_name(group, plural)}.json").read_bytes()


class Table(NamedTuple):
    """A list as the server prints it."""

    columns: tuple[ColumnDefinition, ...]
    items: list[TableRow]


def decoded(codec: Codec[T], body: bytes) -> list[T]:
    """The objects of a list, as the engine reads them."""
    return [codec.item(raw) for raw in codec.page(body).items]


def decoded_table(body: bytes) -> Table:
    codec = TableCodec()
    return Table(codec.page(body).columns, decoded(codec, body))


def golden_objects(group: str, plural: str) -> list[Any]:
    return decoded(StructCodec(STRUCTS[group, plural]), golden_list(group, plural))


def golden_table(name: str) -> Table:
    return decoded_table((GOLDEN / "tables" / f"{name}.json").read_bytes())


def golden_text(name: str) -> tuple[str, list[str]]:
    """Header and rows of what `kubectl get -A -o wide` printed."""
    head, *rows = (GOLDEN / "kubectl-get" / f"{name}.txt").read_text().rstrip("\n").split("\n")
    return head, rows


def split_row(head: str, names: list[str], row: str) -> list[str]:
    """The cells of a printed row, by where its columns begin."""
    starts, at = [], 0
    for name in names:
        at = re.compile(rf"{re.escape(name)}(?=\s|$)").search(head, at).start()  # type: ignore[union-attr]
        starts.append(at)
        at += len(name)
    return [row[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]


def make(struct: type[T], **parts: Any) -> T:
    """An object from its JSON, decoded as a server's would be."""
    return ObjectDecoder(struct).decode(msgspec.json.encode(parts))


def ago(**parts: float) -> str:
    """A time before NOW as the server writes it."""
    return (NOW - timedelta(**parts)).strftime("%Y-%m-%dT%H:%M:%SZ")
