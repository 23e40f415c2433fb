"""Label selectors as kubectl's `-l` reads them: `a=b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a`, `!a`, `a>1`.

Source: the grammar in the Kubernetes documentation, "Labels and selectors", and the server's behaviour
that `!=` and `notin` also match objects without the label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?"
_REQUIREMENT = re.compile(
    rf"\s*(?:"
    rf"(?P<absent>!)\s*(?P<absent_key>{_KEY})"
    rf"|(?P<set_key>{_KEY})\s+(?P<set_op>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<key>{_KEY})\s*(?:(?P<op>==|!=|=|>|<)\s*(?P<value>{_VALUE}))?"
    rf")\s*(?:,|$)"
)


class SelectorError(ValueError):
    """A selector that cannot be read; the text says where."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on the labels of an object."""

    key: str
    op: str
    """One of `exists`, `absent`, `in`, `notin`, `>`, `<`."""
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy it."""
        value = labels.get(self.key)
        if self.op == "exists":
            return value is not None
        if self.op == "absent":
            return value is None
        if self.op == "in":
            return value in self.values
        if self.op == "notin":
            return value not in self.values
        try:
            number, bound = int(value or ""), int(next(iter(self.values)))
        except ValueError:
            return False
        return number > bound if self.op == ">" else number < bound


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of its requirements must hold."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy every requirement."""
        return all(requirement.matches(labels) for requirement in self.requirements)


def parse_selector(text: str) -> LabelSelector:
    """Read a selector. Raises SelectorError."""
    text = text.strip()
    requirements: list[Requirement] = []
    at = 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        if match is None:
            raise SelectorError(f"No label selector from {text[at:]!r} on; write a=b, a!=b, a in (b,c), !a.")
        requirements.append(_requirement(match))
        at = match.end()
    return LabelSelector(tuple(requirements))


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent_key"], "absent")
    if match["set_op"]:
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["set_key"], match["set_op"], values)
    op, value = match["op"], frozenset((match["value"] or "",))
    if op is None:
        return Requirement(match["key"], "exists")
    names = {"=": "in", "==": "in", "!=": "notin"}
    return Requirement(match["key"], names.get(op, op), value)
