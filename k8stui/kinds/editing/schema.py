"""What a schema says about an object that is being edited: what is wrong, what can stand here, what it means.

Pure, on `kube.openapi.Schema`. The server has the last word: what is said here is meant to be seen while
typing, and stands in for the server's strict validation only where a server has none (before 1.25).
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.editing.documents import Problem

if TYPE_CHECKING:
    from k8stui.kinds.editing.documents import Context, EditDocument
    from k8stui.kinds.yaml_text import Path
    from k8stui.kube.openapi import Schema

MOST_PROBLEMS = 50
_SKIPPED = {("metadata", "managedFields"), ("status",)}
_NAMES = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
_NAMES |= {"array": "a list", "object": "fields below it"}


def check(
    document: EditDocument, schema: Schema, *, status: bool = False, partial: bool = False
) -> list[Problem]:
    """What of a document does not fit its schema, by line. `partial`: it may say less than is required."""
    if not isinstance(document.value, dict):
        return [Problem(document.start, "An object is expected: apiVersion, kind, metadata.")]
    checker = _Checker(document, status, partial)
    checker.look(document.value, schema, ())
    return sorted(checker.found, key=lambda problem: problem.line)


class _Checker:
    def __init__(self, document: EditDocument, status: bool, partial: bool) -> None:
        self._document = document
        self._status = status
        self._partial = partial
        self.found: list[Problem] = []

    def _say(self, path: Path, message: str) -> None:
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(self._document.line_of(path), message, path=path))

    def look(self, value: Any, schema: Schema, path: Path) -> None:
        """Compare a value with what may stand there."""
        if path in _SKIPPED and not (self._status and path == ("status",)):
            return
        if value is None:
            return
        types = schema.types
        actual = _type_of(value)
        if types and actual not in types and not (actual == "integer" and "number" in types):
            self._say(path, _wrong_type(path, value, actual, types))
            return
        if isinstance(value, dict):
            self._mapping(value, schema, path)
        elif isinstance(value, list):
            item = schema.item
            if item is not None:
                for at, each in enumerate(value):
                    self.look(each, item, (*path, at))
        else:
            self._plain(value, schema, path)

    def _mapping(self, value: dict[str, Any], schema: Schema, path: Path) -> None:
        for name in schema.required if not self._partial else ():
            if value.get(name) is None:
                where = f" of {_last(path)}" if path else ""
                self._say(path, f"{name} is required{where}.")
        free = schema.is_free
        for key, each in value.items():
            inner = schema.field(key)
            if inner is not None:
                self.look(each, inner, (*path, key))
            elif not free:
                near = difflib.get_close_matches(key, schema.fields, n=1, cutoff=0.6)
                hint = f" Did you mean {near[0]}?" if near else ""
                self._say((*path, key), f"There is no field {key} here.{hint}")

    def _plain(self, value: Any, schema: Schema, path: Path) -> None:
        enum = schema.enum
        if enum and value not in enum:
            self._say(path, f"{_last(path)} is one of {', '.join(map(str, enum))}, not {value}.")
        if isinstance(value, int | float) and not isinstance(value, bool):
            least, most = schema.minimum, schema.maximum
            if least is not None and value < least:
                self._say(path, f"{_last(path)} must be at least {least:g}.")
            if most is not None and value > most:
                self._say(path, f"{_last(path)} must be at most {most:g}.")
        if schema.name == "Quantity" and isinstance(value, str) and not _QUANTITY.match(value):
            self._say(path, f"{value!r} is no quantity: a number with m, k, M, G, Ki, Mi, Gi and the like.")
        if schema.pattern and isinstance(value, str):
            try:
                fits = re.search(schema.pattern, value) is not None
            except re.error:  # not all of the server's expressions are Python's
                fits = True
            if not fits:
                self._say(path, f"{_last(path)} must match {schema.pattern}.")


_QUANTITY = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE])?\Z")


def _last(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "this")


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def _wrong_type(path: Path, value: Any, actual: str, types: frozenset[str]) -> str:
    wanted = " or ".join(_NAMES.get(each, each) for each in sorted(types))
    given = _NAMES[actual] if actual in ("array", "object") else repr(value)
    if actual == "boolean":
        given = str(value).lower()
    hint = ""
    if types == {"string"} and actual in ("boolean", "integer", "number"):
        hint = f' Quote it: "{given}".'
    return f"{_last(path)} must be {wanted}, not {given}.{hint}"


# While typing


class Suggestion(Struct, frozen=True):
    """One way to go on."""

    text: str
    """What it is called, and what is put in place of the word."""
    about: str = ""
    after: str = ""
    """What follows it: `: `, or a line break and the indent of what comes below."""


def suggestions(context: Context, schema: Schema) -> list[Suggestion]:
    """What can stand at the cursor, best first."""
    if context.where == "text":
        return []
    here = schema.at(context.path)
    if here is None:
        return []
    found = _values(here) if context.where == "value" else _keys(here, context)
    low = context.prefix.lower()
    fitting = [each for each in found if each.text.lower().startswith(low)]
    fitting += [each for each in found if low and low in each.text.lower() and each not in fitting]
    return [each for each in fitting if each.text != context.prefix]


def _values(schema: Schema) -> list[Suggestion]:
    if schema.enum:
        default = schema.default
        return [Suggestion(_yaml(each), "default" if each == default else "") for each in schema.enum]
    if schema.types == {"boolean"}:
        return [Suggestion("true"), Suggestion("false")]
    if schema.default not in (None, {}, []):
        return [Suggestion(_yaml(schema.default), "default")]
    return []


def _yaml(value: Any) -> str:
    from k8stui.kinds.yaml_text import emit

    return emit(value).lines[0].text


def _keys(schema: Schema, context: Context) -> list[Suggestion]:
    if not schema.fields:
        return _values(schema)
    required = set(schema.required)
    names = [name for name in schema.fields if name not in context.taken]
    names.sort(key=lambda name: (name not in required, name))
    return [
        Suggestion(
            name, _about(schema.field(name), required=name in required), _after(schema.field(name), context)
        )
        for name in names
    ]


def _about(schema: Schema | None, *, required: bool) -> str:
    if schema is None:
        return ""
    return schema.type_text() + (", required" if required else "")


def _after(schema: Schema | None, context: Context) -> str:
    if schema is None:
        return ": "
    if schema.types == {"array"}:
        return f":\n{' ' * context.indent}- "
    if schema.types == {"object"}:
        return f":\n{' ' * (context.indent + 2)}"
    return ": "


class FieldDoc(Struct, frozen=True):
    """What a field is, for the side of the editor."""

    label: str
    """`spec.containers[].image`"""
    type: str = ""
    notes: tuple[str, ...] = ()
    """Required, default, values."""
    text: str = ""


def describe(path: Path, schema: Schema) -> FieldDoc | None:
    """What the schema says about a field; None for one that it does not know."""
    here = schema.at(path)
    if here is None:
        return None
    parent = schema.at(path[:-1]) if path else None
    notes = []
    if parent is not None and path and path[-1] in parent.required:
        notes.append("required")
    if here.default not in (None, {}, []):
        notes.append(f"default {_yaml(here.default)}")
    if here.enum:
        notes.append("one of " + ", ".join(map(str, here.enum)))
    if here.minimum is not None:
        notes.append(f"at least {here.minimum:g}")
    if here.maximum is not None:
        notes.append(f"at most {here.maximum:g}")
    if here.list_keys:
        notes.append("items by " + ", ".join(here.list_keys))
    if parent is not None and path and not isinstance(path[-1], int) and not here.description:
        item = here.item
        return FieldDoc(label_of(path), here.type_text(), tuple(notes), item.description if item else "")
    return FieldDoc(label_of(path), here.type_text(), tuple(notes), here.description)


def label_of(path: Path) -> str:
    """A path in one word, without the numbers of lists."""
    return "".join("[]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
