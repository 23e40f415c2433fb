"""In which form an answer is given: objects, `Table`, or metadata only; and the bytes of each.

What can be shared by all readers of a version of an object is encoded once and kept with that version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.demo.convert import needs_conversion, outward
from k8stui.demo.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from k8stui.demo.resources import Resource
    from k8stui.demo.store import Change, Version
    from k8stui.demo.tables import Printer

_ENCODER = msgspec.json.Encoder()
_META = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",'
_TABLE = b'{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":'
OBJECTS, TABLE, METADATA = "objects", "table", "metadata"
_ACCEPTED = (
    "only the following media types are accepted: application/json, application/yaml,"
    " application/vnd.kubernetes.protobuf"
)


def negotiate(accept: str) -> tuple[str, str]:
    """The form and media type for an Accept header, as the API server picks them.

    Protobuf is passed over: every client that asks for it takes JSON as well. Raises 406.
    """
    for entry in accept.split(",") if accept else ("*/*",):
        media, *parameters = [part.strip() for part in entry.split(";")]
        options = dict(part.partition("=")[::2] for part in parameters)
        if media not in ("application/json", "application/yaml", "*/*", "application/*", ""):
            continue
        media = "application/yaml" if media == "application/yaml" else "application/json"
        form = options.get("as")
        if form is None:
            return OBJECTS, media
        if options.get("g") != "meta.k8s.io" or options.get("v") not in ("v1", "v1beta1"):
            continue
        if form == "Table":
            return TABLE, media
        if form in ("PartialObjectMetadata", "PartialObjectMetadataList"):
            return METADATA, media
    raise StoreError(406, "NotAcceptable", _ACCEPTED)


def object_body(res: Resource, version: Version) -> bytes:
    """An object in JSON without `kind` and `apiVersion`, in the API version of `res`."""
    if not needs_conversion(res):
        return version.body
    extra = version.extra
    if extra is None:
        extra = version.extra = {}
    body = extra.get(res.api_version)
    if body is None:
        shown = outward(res, version.obj)
        body = _ENCODER.encode({k: v for k, v in shown.items() if k not in ("kind", "apiVersion")})
        extra[res.api_version] = body
    return bytes(body)


def metadata_body(version: Version) -> bytes:
    """`PartialObjectMetadata` in JSON."""
    extra = version.extra
    if extra is None:
        extra = version.extra = {}
    body = extra.get("meta")
    if body is None:
        body = _META + b'"metadata":' + _ENCODER.encode(version.obj["metadata"]) + b"}"
        extra["meta"] = body
    return bytes(body)


@dataclass(frozen=True, slots=True)
class Form:
    """How to write the objects of one answer. `now` gives the time for ages."""

    res: Resource
    kind: str
    printer: Printer
    include: str
    now: Callable[[], float]

    @property
    def key(self) -> str:
        """Distinguishes the encodings of one change."""
        return f"{self.kind}/{self.include}/{self.res.api_version}"

    def single(self, version: Version) -> bytes:
        """One object as the answer to a GET."""
        if self.kind == METADATA:
            return metadata_body(version)
        if self.kind == TABLE:
            return self.table([version], {"resourceVersion": str(version.rv)})
        return self.res.prefix + object_body(self.res, version)[1:]

    def item(self, version: Version) -> bytes:
        """One element of a list's `items` or a Table's `rows`."""
        if self.kind == METADATA:
            return metadata_body(version)
        if self.kind == TABLE:
            return self.row(version)
        body = object_body(self.res, version)
        return self.res.prefix + body[1:] if self.res.custom else body

    def row(self, version: Version) -> bytes:
        """One row of a Table."""
        obj = version.obj
        row: dict[str, Any] = {"cells": self.printer.cells(obj, self.now())}
        if self.printer.conditions is not None:
            conditions = self.printer.conditions(obj)
            if conditions:
                row["conditions"] = conditions
        if self.include == "None":
            included = b"null"
        elif self.include == "Object":
            included = self.res.prefix + object_body(self.res, version)[1:]
        else:
            included = metadata_body(version)
        return _ENCODER.encode(row)[:-1] + b',"object":' + included + b"}"

    def head(self, metadata: Mapping[str, Any]) -> bytes:
        """A list's bytes up to the first element."""
        encoded = _ENCODER.encode(metadata)
        if self.kind == TABLE:
            return _TABLE + encoded + b',"columnDefinitions":' + self.definitions() + b',"rows":['
        if self.kind == METADATA:
            kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        else:
            kind, api_version = self.res.list_kind, self.res.api_version
        return (
            f'{{"kind":"{kind}","apiVersion":"{api_version}","metadata":'.encode() + encoded + b',"items":['
        )

    def definitions(self) -> bytes:
        """The Table's columns."""
        return _ENCODER.encode([column.definition() for column in self.printer.columns])

    def table(
        self, versions: Sequence[Version], metadata: Mapping[str, Any], *, columns: bool = True
    ) -> bytes:
        """A whole Table; `columns=False` leaves the definitions out, as in all but a watch's first event."""
        rows = b",".join(self.row(version) for version in versions)
        definitions = self.definitions() if columns else b"null"
        encoded = _ENCODER.encode(metadata)
        return _TABLE + encoded + b',"columnDefinitions":' + definitions + b',"rows":[' + rows + b"]}"

    def event(self, type_: str, version: Version, *, columns: bool = False) -> bytes:
        """One line of a watch."""
        if self.kind == TABLE:
            body = self.table([version], {"resourceVersion": str(version.rv)}, columns=columns)
        elif self.kind == METADATA:
            body = metadata_body(version)
        else:
            body = self.res.prefix + object_body(self.res, version)[1:]
        return b'{"type":"' + type_.encode() + b'","object":' + body + b"}\n"

    def change(self, change: Change) -> bytes:
        """The line of a change. What is dear to make is made once for all watchers of this form."""
        if self.kind == OBJECTS:
            return self.event(change.type, change.version)
        frames = change.frames
        if frames is None:
            frames = change.frames = {}
        key = self.key
        frame = frames.get(key)
        if frame is None:
            frame = frames[key] = self.event(change.type, change.version)
        return frame

    def bookmark(self, rv: int, *, initial_end: bool = False) -> bytes:
        """A BOOKMARK line."""
        metadata: dict[str, Any] = {"resourceVersion": str(rv)}
        if initial_end:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        body: dict[str, Any] = {
            "kind": self.res.kind,
            "apiVersion": self.res.api_version,
            "metadata": metadata,
        }
        if self.kind != OBJECTS:
            body["kind"], body["apiVersion"] = "PartialObjectMetadata", "meta.k8s.io/v1"
        if self.kind == TABLE:
            cells = [None for _ in self.printer.columns]
            body = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": str(rv)},
                "columnDefinitions": None,
                "rows": [{"cells": cells, "object": body}],
            }
        return _ENCODER.encode({"type": "BOOKMARK", "object": body}) + b"\n"
