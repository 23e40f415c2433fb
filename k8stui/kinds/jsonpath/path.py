"""JSONPath as kubectl understands it: parsed once, evaluated over JSON values, printed as kubectl prints.

The dialect of `kubectl -o jsonpath` (Kubernetes documentation, "JSONPath support"): text with expressions in
braces; fields, `['name']`, indexes, slices, unions, wildcards, `..` descent, filters `?(@.x=="y")` with
`==`, `!=`, `<`, `<=`, `>`, `>=`; quoted literals; `range`/`end`. As in `kubectl get`, a field that is not
there is empty. Nothing is executed: a path only reads. Pure; it raises `JsonPathError` and nothing else.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.jsonpath.syntax import (
    DEEPEST,
    Descent,
    Expression,
    Field,
    Filter,
    Indexes,
    JsonPathError,
    Literal,
    Operand,
    Parser,
    Part,
    Root,
    Step,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class JsonPath(Struct, frozen=True):
    """A parsed template."""

    parts: tuple[Part, ...]
    source: str

    def find(self, value: Any) -> list[Any]:
        """All values that the expressions find, in order, without the texts between; nothing is an error."""
        return list(_found(self.parts, value, value))

    def render(self, value: Any) -> str:
        """What `kubectl -o jsonpath` prints. Raises JsonPathError for an index that a list does not have."""
        return _render(self.parts, value, value)


def parse_path(text: str) -> JsonPath:
    """Parse a template; `.spec.x` and `spec.x` are taken without braces too. Raises JsonPathError."""
    source = text.strip()
    if not source:
        raise JsonPathError("The path is empty: try {.metadata.name}.")
    if "{" not in source:
        source = "{" + (source if source[0] in ".[$@?*" else f".{source}") + "}"
    parts, rest = Parser(source).parts(0, 0)
    if rest != len(source):
        raise JsonPathError("{end} without a {range} before it.", rest)
    return JsonPath(parts, text)


@lru_cache(maxsize=256)
def path_or_none(text: str) -> JsonPath | None:
    """A template that is used for many objects; None for one that cannot be parsed."""
    try:
        return parse_path(text)
    except JsonPathError:
        return None


# Evaluating


def _found(parts: tuple[Part, ...], value: Any, root: Any) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, Expression):
            yield from follow(part.steps, value, root, strict=False)
        elif not isinstance(part, Literal):
            for each in follow(part.steps, value, root, strict=False):
                yield from _found(part.body, each, root)


def _render(parts: tuple[Part, ...], value: Any, root: Any) -> str:
    made: list[str] = []
    for part in parts:
        if isinstance(part, Literal):
            made.append(part.text)
        elif isinstance(part, Expression):
            made.append(" ".join(map(text_of, follow(part.steps, value, root, strict=True))))
        else:
            made += [_render(part.body, each, root) for each in follow(part.steps, value, root, strict=True)]
    return "".join(made)


def follow(steps: tuple[Step, ...], value: Any, root: Any, *, strict: bool) -> list[Any]:
    """The values that a path leads to. Raises JsonPathError, where `strict`, for an index out of bounds."""
    found = [value]
    for step in steps:
        if isinstance(step, Root):
            found = [root]
        elif isinstance(step, Descent):
            found = [each for start in found for each in _below(start, 0)]
            strict = False  # what lies somewhere below need not lie everywhere
        else:
            # a union takes its first member of all values, then the next, as kubectl does
            found = [
                each
                for part in _members(step)
                for start in found
                for each in _step(part, start, root, strict)
            ]
    return found


def _members(step: Step) -> list[Step]:
    if isinstance(step, Field):
        return [Field((name,)) for name in step.names]
    return [Indexes((part,)) for part in step.parts] if isinstance(step, Indexes) else [step]


def _step(step: Step, value: Any, root: Any, strict: bool) -> list[Any]:
    if isinstance(step, Field):
        if not isinstance(value, dict):
            return []
        found = (_named(value, route) for route in step.names)
        return [each for each in found if each is not None]
    if isinstance(step, Wildcard):
        if isinstance(value, dict):
            return [value[key] for key in sorted(value)]
        return list(value) if isinstance(value, list) else []
    if isinstance(step, Indexes):
        return _indexed(step, value, strict)
    assert isinstance(step, Filter)
    elements = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [each for each in elements if _passes(step, each, root)]


def _named(value: dict[str, Any], route: tuple[str, ...]) -> Any:
    """The value of a name; of one with dots, that of the whole name, else what its parts lead to."""
    found: Any = value.get(route[0])
    if found is None and len(route) > 1:
        found = value
        for name in route[1:]:
            found = found.get(name) if isinstance(found, dict) else None
    return found


def _indexed(step: Indexes, value: Any, strict: bool) -> list[Any]:
    if not isinstance(value, list):
        if strict and value is not None:
            raise JsonPathError("An index is asked of something that is no list.")
        return []
    found: list[Any] = []
    for part in step.parts:
        if part.index:
            at = part.start or 0
            if -len(value) <= at < len(value):
                found.append(value[at])
            elif strict:
                raise JsonPathError(f"There is no element {at}: the list has {len(value)}.")
            continue
        if part.step is not None and part.step <= 0:
            raise JsonPathError("The step of a slice must be above 0.")
        found += value[part.start : part.stop : part.step]
    return found


def _below(value: Any, depth: int) -> Iterator[Any]:
    """A value and everything in it, outer ones first."""
    if depth > DEEPEST:
        return
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _below(each, depth + 1)


def _passes(step: Filter, value: Any, root: Any) -> bool:
    left = _operand(step.left, value, root)
    if not step.operator:
        return bool(left)
    assert step.right is not None
    right = _operand(step.right, value, root)
    if not left or not right:
        return False
    return _compare(left[0], step.operator, right[0])


def _operand(operand: Operand, value: Any, root: Any) -> list[Any]:
    if operand.path is None:
        return [operand.value]
    return follow(operand.path, value, root, strict=False)


def _compare(left: Any, operator: str, right: Any) -> bool:
    """As numbers where both are, as texts where both are, as truth values where both are; else unequal."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))
    if not numbers and type(left) is not type(right):
        return operator == "!="
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
    if not numbers and not isinstance(left, str):
        return False
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def text_of(value: Any) -> str:
    """A value as kubectl prints it: texts as they are, lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = json.dumps(
        _plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=isinstance(value, dict)
    )
    # as Go writes JSON, so that what is copied here is what a script got from kubectl
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: Any) -> Any:
    """The value with whole numbers written as such."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value
