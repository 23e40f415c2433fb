"""A server's refusal on the lines that it speaks of. Pure.

Causes of a Status name fields as `spec.template.spec.containers[0].image`; strict decoding names them in its
message (`unknown field "spec.replica"`), as do the JSON decoder's complaints about types.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.editing.documents import Problem
from k8stui.kube.errors import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from k8stui.kinds.editing.documents import EditDocument
    from k8stui.kinds.yaml_text import Path

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(?:\"([^\"]*)\"|([^\[\]]*))\]")
_STRICT = re.compile(r'(unknown|duplicate) field "([^"]+)"')
_GO = re.compile(r"cannot unmarshal (\w+) into Go struct field \w+\.([\w.]+) of type (\S+)")
_GO_TYPES = {"int32": "a whole number", "int64": "a whole number", "string": "text", "bool": "true or false"}
_VALIDATION = re.compile(r"ValidationError\(\w+(?:\.([^)]+))?\): (.*?)(?:;|$)")
_UNTYPED = re.compile(
    r"(\.(?:[^\s:\[\]]|\[[^\]]*\])+): (?:(field not declared in schema)|expected ([\w ()]+), got )"
)
"""Server-side apply's words; items are named by their keys: `.spec.ports[port=80,protocol="TCP"].x`."""
_KEYED = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]*)')
_ELEMENT = re.compile(r"(?:object: |errors?: ?)\s*(\.[\w.\[\]]+)(?:: element (\d+))?")


def field_path(field: str) -> Path:
    """The path of a field as servers write it."""
    steps: list[str | int] = []
    for match in _STEP.finditer(field):
        name, quoted, index = match.groups()
        if name is not None:
            steps.append(name)
        elif quoted is not None:
            steps.append(quoted)
        else:
            steps.append(int(index) if index.isdecimal() else index)
    return tuple(steps)


def refusal_problems(error: Any, document: EditDocument) -> list[Problem]:
    """The problems that a refusal tells, each on its line. At least one, on the first line if need be."""
    found = list(_causes(error, document)) or list(_from_message(error.message, document))
    if not found:
        found = [Problem(document.start, plain_text(error.sentence(), 600))]
    return sorted(set(found), key=lambda problem: problem.line)


class Owned(NamedTuple):
    """A field that another manager owns, when a server-side apply was refused for it."""

    field: str
    manager: str
    problem: Problem
    """The same, on its line."""


def owned_fields(error: Any, document: EditDocument) -> list[Owned]:
    """The conflicts that a server-side apply met, by line; empty where it was refused for something else.

    Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
    """
    found = []
    for cause in error.causes:
        if cause.reason != "FieldManagerConflict":
            continue
        field = cause.field.lstrip(".")
        manager = cause.message.partition('"')[2].partition('"')[0] or cause.message
        path = resolved(_by_keys(field_path(field), document.value), document)
        message = plain_text(f"{manager} owns {field}, with another value.", 600)
        found.append(Owned(field, manager, Problem(document.line_of(path), message, path=path)))
    return sorted(found, key=lambda owned: owned.problem.line)


def _causes(error: Any, document: EditDocument) -> Iterator[Problem]:
    for cause in getattr(error, "causes", ()) or ():
        if not cause.field or cause.field in ("<nil>", "nil"):
            continue
        if cause.field == "patch":
            # the whole patched object stands in the message; what is wrong with it is at the end
            said = cause.message.rpartition('}": ')[2]
            yield from list(_from_message(said, document)) or [Problem(document.start, plain_text(said, 600))]
            continue
        path = resolved(field_path(cause.field), document)
        message = plain_text(cause.message or cause.reason, 600)
        yield Problem(document.line_of(path), f"{cause.field}: {message}", path=path)


def _from_message(message: str, document: EditDocument) -> Iterator[Problem]:
    for word, field in _STRICT.findall(message):
        path = resolved(field_path(field), document)
        said = "The server knows no field" if word == "unknown" else "The server reads twice the field"
        yield Problem(document.line_of(path), f"{said} {field}.", path=path)
    untyped = _UNTYPED.findall(message)
    for field, unknown, wanted in untyped:
        path = resolved(_by_keys(field_path(field), document.value), document)
        name = field.lstrip(".")
        said = f"The server knows no field {name}." if unknown else f"{name}: {wanted} is wanted."
        yield Problem(document.line_of(path), said, path=path)
    for given, field, wanted in _GO.findall(message):
        # the first part is the field of the inner Go struct, as a path from somewhere; find the nearest
        path = _by_tail(tuple(field.split(".")), document)
        name = _GO_TYPES.get(wanted, wanted)
        yield Problem(document.line_of(path), f"{field}: {given} where {name} is wanted.", path=path)
    for field, element in _ELEMENT.findall(message) if not untyped else ():
        path = (*field_path(field), *([int(element)] if element else []))
        yield Problem(document.line_of(path), plain_text(message, 300), path=path)
    for field, said in _VALIDATION.findall(message):
        path = resolved(field_path(field or ""), document)
        yield Problem(document.line_of(path), plain_text(said, 300), path=path)


def resolved(path: Path, document: EditDocument) -> Path:
    """The path in the text that is edited: a Secret's data is `stringData` there, keys may have dots."""
    if path in document.lines:
        return path
    if path[:1] == ("data",) and ("stringData", *path[1:]) in document.lines:
        return ("stringData", *path[1:])
    for cut in range(1, len(path)):
        # `metadata.labels.app.kubernetes.io/name` has lost its brackets
        joined = (*path[:cut], ".".join(map(str, path[cut:])))
        if joined in document.lines:
            return joined
    return path


def _by_keys(path: Path, value: Any) -> Path:
    """A path with the places of items that it names by keys; a key that is left out may be a default."""
    found: list[str | int] = []
    for step in path:
        if isinstance(value, list) and isinstance(step, str):
            if step.startswith("="):
                # an item of a set is named by its value
                found.append(
                    next((at for at, item in enumerate(value) if str(item) == step[1:].strip('"')), 0)
                )
                value = None
                continue
            keys = {key: given.strip('"') for key, given in _KEYED.findall(step)}
            fitting = (
                at
                for at, item in enumerate(value)
                if isinstance(item, dict) and all(str(item.get(key, keys[key])) == keys[key] for key in keys)
            )
            step = next(fitting, 0)
        found.append(step)
        if isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return tuple(found)


def _by_tail(tail: Path, document: EditDocument) -> Path:
    for path in document.lines:
        if tuple(step for step in path if isinstance(step, str))[-len(tail) :] == tail:
            return path
    for path in document.lines:
        if path and path[-1] == tail[-1]:
            return path
    return ()
