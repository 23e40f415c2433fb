"""A JSONPath over a list of objects, followed object by object as their bytes come in.

Most paths ask the same of each object (`{.items[*].x}`, `{range .items[*]}…{end}`): `ItemReader`, which is
given to the engine, keeps only what such a path finds in an object, so that any number of objects can be
asked and a change costs one of them. What asks of the list itself (`{.items[0]}`, `{..name}`) needs all
objects at once; the reader keeps them whole then, compressed. `assemble` makes one result of all. Pure.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.jsonpath.path import JsonPath, parse_path
from k8stui.kinds.jsonpath.result import Result, lines_of_text, lines_of_values, result_of
from k8stui.kinds.jsonpath.syntax import (
    Expression,
    Field,
    Filter,
    Indexes,
    JsonPathError,
    Literal,
    Range,
    Root,
    Wildcard,
)
from k8stui.kinds.yaml_noise import Reveal, is_secret, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.jsonpath.syntax import Part, Step

ITEMS = Field((("items",),))
ERROR = b"!"
"""What was kept is not JSON, but the reason why there is none."""


class Split(msgspec.Struct, frozen=True):
    """A path that asks the same of each object."""

    each: JsonPath
    """What is asked of a list of one object."""
    is_text: bool
    """The result is one text between `before` and `after`, else values."""
    before: str = ""
    after: str = ""


@lru_cache(maxsize=64)
def split(query: str) -> Split | None:
    """The path as one over each object; None where it needs all objects at once. Raises JsonPathError."""
    path = parse_path(query)
    if len(path.parts) == 1 and isinstance(path.parts[0], Expression):
        return Split(path, is_text=False) if _each(path.parts[0].steps) and _plain(path.parts) else None
    ranges = [part for part in path.parts if isinstance(part, Range)]
    if len(ranges) != 1 or not _each(ranges[0].steps) or not _plain(tuple(ranges)):
        return None
    if any(isinstance(part, Expression) for part in path.parts):
        return None
    at = path.parts.index(ranges[0])
    before, after = (_literal(parts) for parts in (path.parts[:at], path.parts[at + 1 :]))
    return Split(JsonPath((ranges[0],), query), True, before, after)


def _each(steps: tuple[Step, ...]) -> bool:
    """Whether a path begins with every object of the list, or with those that a filter takes."""
    steps = steps[1:] if steps and isinstance(steps[0], Root) else steps
    return len(steps) > 1 and steps[0] == ITEMS and isinstance(steps[1], Wildcard | Filter)


def _plain(parts: tuple[Part, ...], inside: bool = False) -> bool:
    """Whether nothing in it looks at other objects: `$` does, and a union goes through all of them twice."""
    for part in parts:
        if isinstance(part, Literal):
            continue
        steps = part.steps[0 if inside else 1 :]
        if not all(_stays(step) for step in steps):
            return False
        if isinstance(part, Range) and not _plain(part.body, inside=True):
            return False
    return True


def _stays(step: Step) -> bool:
    match step:
        case Root():
            return False
        case Field():
            return len(step.names) == 1
        case Indexes():
            return len(step.parts) == 1
        case Filter():
            operands = (step.left, step.right)
            return not any(
                isinstance(inner, Root) for each in operands if each and each.path for inner in each.path
            )
    return True


def _literal(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Literal))


class ItemReader(msgspec.Struct, frozen=True):
    """What is kept of an object for a path, from its bytes. Equal readers share a collection."""

    query: str
    api_version: str
    kind: str
    revealed: bool = False
    """Values of secrets are decoded, else masked."""
    before: Any = None
    """A reader of cells that come first (the columns of the settings, by which rows may be filtered)."""

    def __call__(self, raw: bytes | msgspec.Raw) -> tuple[Any, ...]:
        """The cells, and what the path finds as bytes."""
        cells: tuple[Any, ...] = () if self.before is None else self.before(raw)
        return (*cells, self._kept(raw))

    def _kept(self, raw: bytes | msgspec.Raw) -> bytes:
        try:
            value = {"apiVersion": self.api_version, "kind": self.kind, **msgspec.json.decode(raw)}
            if "managedFields" not in self.query:
                (value.get("metadata") or {}).pop("managedFields", None)
            way = split(self.query)
            value = masked(value, Reveal.DECODED if self.revealed else Reveal.MASKED)
            if way is None:
                return zlib.compress(msgspec.json.encode(value), 1)
            return msgspec.json.encode(_of_one(way, value))
        except JsonPathError as error:
            return ERROR + str(error).encode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return ERROR + f"An object could not be read: {error}".encode()


def _of_one(way: Split, value: Any) -> Any:
    found = {"kind": "List", "items": [value]}
    text = way.each.render(found)  # an index that is not there is an error, as in kubectl
    return text if way.is_text else way.each.find(found)


def masked(raw: dict[str, Any], how: Reveal) -> dict[str, Any]:
    """The secret with its values masked or decoded; anything else as it is."""
    if not is_secret(raw):
        return raw
    keys = [key for part in ("data", "stringData") for key in (raw.get(part) or {})]
    return readable(raw, reveal=dict.fromkeys(keys, how))


def assemble(query: str, kept: Sequence[bytes]) -> Result:
    """The result over all objects, of what was kept of each. Raises JsonPathError."""
    for each in kept:
        if each.startswith(ERROR):
            raise JsonPathError(each[1:].decode())
    way = split(query)
    if way is None:
        items = [msgspec.json.decode(zlib.decompress(each)) for each in kept]
        return result_of(parse_path(query), {"kind": "List", "items": items})
    if way.is_text:
        return lines_of_text(way.before + "".join(map(msgspec.json.decode, kept)) + way.after)
    return lines_of_values([value for each in kept for value in msgspec.json.decode(each)])
