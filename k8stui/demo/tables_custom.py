"""Printers of custom kinds, from the `additionalPrinterColumns` of their CRD. Pure functions.

JSONPaths are read in the small form that CRDs allow: fields, indexes, `[*]` and `[?(@.a=="b")]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from k8stui.demo.durations import age
from k8stui.demo.tables import AGE, NAME, Cells, Column, Printer, created

_STEP = re.compile(
    r"""\.(?P<field>(?:[^.\[\]\\]|\\.)+)
      | \[(?P<quoted>'[^']*'|"[^"]*")\]
      | \[(?P<index>-?\d+|\*)\]
      | \[\?\(@\.(?P<key>[^=!<>\s]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[^)]+)\)\]""",
    re.VERBOSE,
)
Step = Callable[[Any], list[Any]]


def _field(name: str) -> Step:
    return lambda value: [value[name]] if isinstance(value, Mapping) and name in value else []


def _index(text: str) -> Step:
    def step(value: Any) -> list[Any]:
        if not isinstance(value, list):
            return []
        if text == "*":
            return value
        number = int(text)
        return [value[number]] if -len(value) <= number < len(value) else []

    return step


def _filter(key: str, wanted: str) -> Step:
    text = wanted.strip().strip("\"'")

    def step(value: Any) -> list[Any]:
        if not isinstance(value, list):
            return []
        return [item for item in value if isinstance(item, Mapping) and str(item.get(key)) == text]

    return step


def parse_path(path: str) -> list[Step]:
    """The steps of a JSONPath such as `.status.conditions[?(@.type=="Ready")].status`."""
    path = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    if not path.startswith((".", "[")):
        path = "." + path
    steps = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return [lambda _value: []]
        groups = match.groupdict()
        if groups["field"]:
            steps.append(_field(groups["field"].replace("\\.", ".")))
        elif groups["quoted"]:
            steps.append(_field(groups["quoted"][1:-1]))
        elif groups["index"]:
            steps.append(_index(groups["index"]))
        else:
            steps.append(_filter(groups["key"], groups["value"]))
        position = match.end()
    return steps


def find(obj: Any, steps: list[Step]) -> list[Any]:
    """All values at a parsed path."""
    values = [obj]
    for step in steps:
        values = [found for value in values for found in step(value)]
    return values


def _cell(values: list[Any], kind: str, now: float) -> Any:
    if not values:
        return None
    value = values[0]
    if kind == "date":
        return age(value, now) if isinstance(value, str) else "<unknown>"
    if kind == "integer":
        return int(value) if isinstance(value, int | float) else None
    if kind in ("number", "boolean"):
        return value if isinstance(value, bool | int | float) else None
    if len(values) > 1:
        return ",".join(str(item) for item in values)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def custom_printer(version: Mapping[str, Any]) -> Printer:
    """The printer of one version of a custom kind."""
    given = version.get("additionalPrinterColumns")
    if not given:
        return Printer(
            (NAME, replace(AGE, type="date")), lambda obj, now: [obj["metadata"]["name"], created(obj, now)]
        )
    columns = [NAME]
    paths = []
    for entry in given:
        kind, path = entry.get("type", "string"), entry.get("jsonPath", "")
        said = f"Custom resource definition column (in JSONPath format): {path}"
        columns.append(
            Column(
                entry["name"],
                kind,
                entry.get("format", ""),
                entry.get("priority", 0),
                entry.get("description") or said,
            )
        )
        paths.append((parse_path(path), kind))

    def cells(obj: Mapping[str, Any], now: float) -> Cells:
        return [obj["metadata"]["name"], *(_cell(find(obj, steps), kind, now) for steps, kind in paths)]

    return Printer(tuple(columns), cells)
