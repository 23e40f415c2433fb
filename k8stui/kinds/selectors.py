"""Label selectors, with kubectl's grammar: parsed, made canonical, and matched here.

Sources of the grammar: the Kubernetes documentation on labels and selectors, and k8s.io/apimachinery's
`labels.Parse`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.kube.objects import LabelSelector

_TOKEN = re.compile(r"\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)")
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")


class SelectorError(ValueError):
    """A selector that cannot be parsed; the text is a sentence for the user."""


class Requirement(msgspec.Struct, frozen=True):
    """One term: `operator` is one of `=`, `!=`, `in`, `notin`, `exists`, `!`, `gt`, `lt`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil it; `!=` and `notin` are fulfilled by a missing label."""
        value = labels.get(self.key)
        match self.operator:
            case "=" | "in":
                return value is not None and value in self.values
            case "!=" | "notin":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        try:
            left, right = int(value or ""), int(self.values[0])
        except ValueError:
            return False
        return left > right if self.operator == "gt" else left < right

    def __str__(self) -> str:
        match self.operator:
            case "=" | "!=":
                return f"{self.key}{self.operator}{self.values[0]}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
        return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"


class Selector(msgspec.Struct, frozen=True):
    """All requirements together. `nothing` is the selector that no object fulfils."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return not self.nothing and all(each.matches(labels) for each in self.requirements)

    def __str__(self) -> str:
        return ",".join(str(each) for each in self.requirements)


def selector_of(selector: LabelSelector | None) -> Selector:
    """The selector in a workload's spec: none selects nothing, an empty one everything.

    Raises SelectorError for an operator that Kubernetes does not know.
    """
    if selector is None:
        return Selector(nothing=True)
    found = [Requirement(key, "=", (value,)) for key, value in (selector.match_labels or {}).items()]
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    for each in selector.match_expressions or ():
        if each.operator not in operators:
            raise SelectorError(f'"{each.operator}" is not a valid label selector operator')
        found.append(Requirement(each.key, operators[each.operator], each.values or ()))
    return Selector(tuple(sorted(found, key=lambda each: each.key)))


def selector_of_labels(labels: Mapping[str, str]) -> Selector:
    """The plain selector of a service."""
    return Selector(tuple(Requirement(key, "=", (labels[key],)) for key in sorted(labels)))


def parse_selector(text: str) -> Selector:
    """Parse a label selector (`app=web,tier in (a,b),!old`); raises SelectorError with what is wrong."""
    tokens = _tokens(text)
    found: list[Requirement] = []
    at = 0
    while at < len(tokens):
        requirement, at = _requirement(tokens, at)
        found.append(requirement)
        if at < len(tokens):
            if tokens[at] != ",":
                raise SelectorError(f'found "{tokens[at]}", expected "," or the end of the selector')
            at += 1
            if at == len(tokens):
                raise SelectorError('nothing after the last ","')
    return Selector(tuple(sorted(found, key=lambda each: each.key)))


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SelectorError(f'cannot read "{text[at:]}"')
        tokens.append(found[1])
        at = found.end()
    return tokens


def _requirement(tokens: list[str], at: int) -> tuple[Requirement, int]:
    if tokens[at] == "!":
        return Requirement(_key(tokens, at + 1), "!"), at + 2
    key = _key(tokens, at)
    at += 1
    operator = tokens[at] if at < len(tokens) else ","
    match operator:
        case ",":
            return Requirement(key, "exists"), at
        case "=" | "==" | "!=":
            value = tokens[at + 1] if at + 1 < len(tokens) and tokens[at + 1] != "," else ""
            made = Requirement(key, operator.replace("==", "="), (_value(value),))
            return made, at + 2 if value else at + 1
        case ">" | "<":
            value = tokens[at + 1] if at + 1 < len(tokens) else ""
            if not re.fullmatch(r"-?[0-9]+", value):
                raise SelectorError(f'"{value}" after "{key} {operator}" is not a whole number')
            return Requirement(key, "gt" if operator == ">" else "lt", (value,)), at + 2
        case "in" | "notin":
            values, at = _set(tokens, at + 1)
            return Requirement(key, operator, values), at
    raise SelectorError(f'found "{operator}" after "{key}", expected =, ==, !=, in, notin, < or >')


def _set(tokens: list[str], at: int) -> tuple[tuple[str, ...], int]:
    if at >= len(tokens) or tokens[at] != "(":
        raise SelectorError('expected "(" and the values after in or notin')
    if ")" not in tokens[at:]:
        raise SelectorError('the ")" after the values is missing')
    end = tokens.index(")", at)
    values, wanted = [], True
    for word in tokens[at + 1 : end]:
        if word == ",":
            if wanted:
                values.append("")
            wanted = True
        elif wanted:
            values.append(_value(word))
            wanted = False
        else:
            raise SelectorError(f'found "{word}", expected "," or ")"')
    if wanted and end > at + 1:
        values.append("")
    return tuple(values or [""]), end + 1


def _key(tokens: list[str], at: int) -> str:
    key = tokens[at] if at < len(tokens) else ""
    prefix, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
        raise SelectorError(f'"{key}" is not a label key' if key else "a label key is missing")
    return key


def _value(value: str) -> str:
    if value and not _NAME.fullmatch(value):
        raise SelectorError(f'"{value}" is not a label value')
    return value
