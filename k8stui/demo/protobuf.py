"""Reads protobuf request bodies into plain objects: reading only, and only what clients send.

kubectl's typed commands (`create deployment`, `auth can-i`, ...) send protobuf. The envelope is the four
bytes `k8s\\0` and a `runtime.Unknown`; `data/protobuf.txt` has the field numbers of the API's proto files.
Zero values are dropped as JSON's `omitempty` does, but for the fields where zero says something.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.demo.errors import StoreError, bad_request
from k8stui.demo.store import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = b"k8s\0"
# Fields that are pointers in the API's types: a zero was meant.
_MEANT = frozenset(
    [
        "replicas",
        "parallelism",
        "completions",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "terminationGracePeriodSeconds",
        "activeDeadlineSeconds",
        "minReplicas",
        "partition",
        "gracePeriodSeconds",
        "runAsUser",
        "runAsGroup",
        "fsGroup",
        "automountServiceAccountToken",
        "controller",
        "blockOwnerDeletion",
        "suspend",
        "allowPrivilegeEscalation",
        "readOnlyRootFilesystem",
        "runAsNonRoot",
        "privileged",
        "shareProcessNamespace",
        "enableServiceLinks",
        "optional",
        "immutable",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
        "value",
        "revisionHistoryLimit",
    ]
)
_PACKAGES = {"": "core", "rbac.authorization.k8s.io": "rbac"}


@lru_cache(maxsize=1)
def _types() -> dict[str, dict[int, tuple[str, str, str]]]:
    """Fields by type and number: name, mark (`[`, `{`, `+` or nothing), type."""
    text = resources.files("k8stui.demo").joinpath("data/protobuf.txt").read_text("utf-8")
    found: dict[str, dict[int, tuple[str, str, str]]] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, *entries = line.split()
        fields = found[name] = {}
        for entry in entries:
            number, field, kind = entry.split(":")
            mark = kind[0] if kind[0] in "[{+" else ""
            fields[int(number)] = (field, mark, kind.removeprefix(mark))
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and raw value of each field: an int, or bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        wire = key & 7
        value: Any
        if wire == 0:
            value, position = _varint(data, position)
        elif wire == 2:
            length, position = _varint(data, position)
            value, position = data[position : position + length], position + length
        elif wire == 1:
            value, position = data[position : position + 8], position + 8
        elif wire == 5:
            value, position = data[position : position + 4], position + 4
        else:
            raise ValueError(f"wire type {wire}")
        yield key >> 3, value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _time(data: bytes) -> str | None:
    parts = dict(_fields(data))
    return rfc3339(_signed(parts.get(1, 0))) if parts.get(1) else None


def _int_or_string(data: bytes) -> Any:
    parts = dict(_fields(data))
    return parts.get(3, b"").decode() if parts.get(1) else _signed(parts.get(2, 0))


def _scalar(kind: str, raw: Any) -> Any:
    if kind == "s":
        return raw.decode()
    if kind == "i":
        return _signed(raw)
    if kind == "b":
        return bool(raw)
    if kind == "y":
        return base64.b64encode(raw).decode()
    if kind == "q":
        return dict(_fields(raw)).get(1, b"").decode()
    if kind == "t":
        return _time(raw)
    if kind == "o":
        return _int_or_string(raw)
    if kind == "r":
        inner = dict(_fields(raw)).get(1, b"")
        return msgspec.json.decode(inner) if inner else None
    return None


def _value(kind: str, raw: Any) -> Any:
    if "." not in kind:
        return _scalar(kind, raw)
    if kind.endswith(".ExtraValue"):
        return [item.decode() for _, item in _fields(raw)]
    return _message(kind, raw)


def _said(name: str, value: Any) -> bool:
    """Whether a value is worth keeping."""
    if name in _MEANT:
        return value is not None
    return value not in (None, "", 0, False) and value not in ({}, [])


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = _types().get(name, {})
    found: dict[str, Any] = {}
    for number, raw in _fields(data):
        known = fields.get(number)
        if known is None:
            continue
        field, mark, kind = known
        if mark == "[":
            found.setdefault(field, []).append(_value(kind, raw))
        elif mark == "{":
            entry = dict(_fields(raw))
            empty: Any = b"" if kind != "i" else 0
            found.setdefault(field, {})[entry.get(1, b"").decode()] = _value(kind, entry.get(2, empty))
        elif mark == "+":
            found.update(_value(kind, raw))
        else:
            value = _value(kind, raw)
            # An empty volume source says which volume it is; a zero number says nothing.
            if _said(field, value) or (value == {} and field == "emptyDir"):
                found[field] = value
    return found


def decode_envelope(data: bytes) -> dict[str, Any]:
    """The object in a protobuf body. Raises 400, and 415 for types that are not known here."""
    if not data.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        unknown = dict(_fields(data[len(_MAGIC) :]))
        meta = dict(_fields(unknown.get(1, b"")))
        api_version, kind = meta.get(1, b"").decode(), meta.get(2, b"").decode()
        group, _, version = api_version.rpartition("/")
        package = _PACKAGES.get(group) or group.partition(".")[0]
        if version != "v1":
            package += version
        name = f"{package}.{kind}"
        if kind == "DeleteOptions":
            name = "meta.DeleteOptions"
        if name not in _types():
            raise StoreError(
                415,
                "UnsupportedMediaType",
                f"the simulated server does not read protobuf of {api_version} {kind}",
                {},
            )
        body = _message(name, unknown.get(2, b""))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise bad_request(f"unable to decode protobuf: {error}") from None
    return {"kind": kind, "apiVersion": api_version, **body}
