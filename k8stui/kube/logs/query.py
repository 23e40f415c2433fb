"""The language that says which logs to read: `deploy/web container:app level>=warn since:1h log:timeout`.

Terms are parted by blanks and may come in any order. Terms of different keys narrow each other; several
terms of one key widen it (`pod:a pod:b` is both), except `label:` and `field:`, which all must hold, and
terms with `!`, of which none may hold. Pure: it parses and compares, and asks nobody.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.logs.types import EPHEMERAL, INIT, REGULAR, SIDECAR

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = ("trace", "debug", "info", "warn", "error", "fatal")
"""From the least to the gravest."""
_LEVEL_NAMES = {name: rank for rank, name in enumerate(LEVELS)} | {
    "notice": 2,
    "warning": 3,
    "err": 4,
    "critical": 5,
    "panic": 5,
}
CONTAINER_KINDS = (REGULAR, INIT, SIDECAR, EPHEMERAL)
FIELDS = (
    *(f"status.phase={phase}" for phase in ("Running", "Pending", "Succeeded", "Failed")),
    *("spec.nodeName=", "spec.serviceAccountName=", "metadata.name=", "status.podIP="),
)
"""Fields of pods that servers select by, as they are offered."""

KEYS: dict[str, str] = {
    "pod": "pods whose name matches a regular expression",
    "container": "containers whose name matches a regular expression",
    "kind": f"kinds of containers: {', '.join(CONTAINER_KINDS)}",
    "label": "pods with these labels, as in kubectl -l",
    "field": "pods with these fields, as in kubectl --field-selector",
    "node": "pods on this node",
    "ns": "namespaces, parted by commas; * is all",
    "log": "lines that match a regular expression",
    "level": "lines of a level: level>=warn, level:error",
    "since": "lines written since: 90s, 1h, 2h30m, or a time such as 2026-01-31T08:00:00Z",
    "tail": "so many of the last lines of each container; all is every line",
}
"""Keys of terms, each with what it selects."""
NEGATABLE = ("pod", "container", "kind", "ns", "log", "level")

_TERM = re.compile(r"(!?)([a-z-]+):")
_LEVEL = re.compile(r"(!?)level(>=|<=|>|<|==|=|:)")
_OBJECT = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)/(\S+)")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")


class QueryError(ValueError):
    """A query that cannot be understood; the text is one sentence that names the place."""

    def __init__(self, complaint: str, term: str, at: int) -> None:
        super().__init__(f'{complaint} (at character {at + 1}, "{term}")')
        self.term = term
        self.at = at
        """Where the term begins, from 0."""


class Pattern(msgspec.Struct, frozen=True):
    """A regular expression that is searched; small letters alone match both cases."""

    text: str

    def compiled(self) -> re.Pattern[str]:
        """Ready to search with."""
        smart = self.text == self.text.lower()
        return re.compile(self.text, re.IGNORECASE if smart else 0)


class ObjectTarget(msgspec.Struct, frozen=True):
    """An object whose pods are read: `deploy/web`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class LevelTerm(msgspec.Struct, frozen=True):
    """A condition on the level of lines: `level>=warn`."""

    operator: str
    rank: int
    """Place in LEVELS."""
    negative: bool = False

    def accepts(self, rank: int | None) -> bool:
        """Whether a line of that level fulfils it; a line without a level fulfils negative ones only."""
        if rank is None:
            return self.negative
        match self.operator:
            case ">=":
                found = rank >= self.rank
            case "<=":
                found = rank <= self.rank
            case ">":
                found = rank > self.rank
            case "<":
                found = rank < self.rank
            case _:
                found = rank == self.rank
        return found != self.negative


def accepted_ranks(terms: Sequence[LevelTerm]) -> frozenset[int | None]:
    """The levels that terms let through: by any of those that include, and by all that exclude.

    None stands for a line without a level.
    """
    including = [term for term in terms if not term.negative]
    excluding = [term for term in terms if term.negative]
    return frozenset(
        rank
        for rank in (None, *range(len(LEVELS)))
        if (not including or any(term.accepts(rank) for term in including))
        and all(term.accepts(rank) for term in excluding)
    )


class LogQuery(msgspec.Struct, frozen=True):
    """A parsed query. Empty parts do not narrow."""

    objects: tuple[ObjectTarget, ...] = ()
    pods: tuple[Pattern, ...] = ()
    not_pods: tuple[Pattern, ...] = ()
    containers: tuple[Pattern, ...] = ()
    not_containers: tuple[Pattern, ...] = ()
    kinds: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    namespaces: tuple[str, ...] | None = None
    """None: not named; () is all."""
    not_namespaces: tuple[str, ...] = ()
    logs: tuple[Pattern, ...] = ()
    not_logs: tuple[Pattern, ...] = ()
    levels: tuple[LevelTerm, ...] = ()
    since: timedelta | datetime | None = None
    tail: int | None = None
    """None: not named, or all lines."""
    tail_named: bool = False

    @property
    def label_selector(self) -> str:
        """For the server."""
        return ",".join(self.labels)

    @property
    def field_selector(self) -> str:
        """For the server."""
        return ",".join(self.fields)

    @property
    def filters_lines(self) -> bool:
        """Whether the text of lines is looked at."""
        return bool(self.logs or self.not_logs or self.levels)


def parse_query(text: str) -> LogQuery:
    """Parse a query. Raises QueryError."""
    found: dict[str, list[object]] = {}
    for at, term in split_terms(text):
        _read(term, at, found)
    single: dict[str, object] = {
        key: found.pop(key)[-1] for key in ("since", "tail", "tail_named") if key in found
    }
    spaces = found.pop("namespaces", None)
    if spaces is not None:
        single["namespaces"] = () if "*" in spaces else tuple(dict.fromkeys(spaces))
    return LogQuery(**{key: tuple(values) for key, values in found.items()}, **single)  # type: ignore[arg-type]


def join_arguments(words: list[str]) -> str:
    """A query of words as a shell gives them: `log:connection lost` in one word stays one term."""
    return " ".join(_quoted(word) if re.match(r"!?log:", word) else word for word in words)


def _quoted(word: str) -> str:
    key, _, value = word.partition(":")
    if not re.search(r"\s", value) or value[:1] in "\"'":
        return word
    escaped = value.replace('"', '\\"')
    return f'{key}:"{escaped}"'


def split_terms(text: str) -> list[tuple[int, str]]:
    """The terms with their places; a value may stand in quotes: `log:"a b"`. Raises QueryError."""
    terms, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        begin = at
        colon = _TERM.match(text, at) or _LEVEL.match(text, at)
        at = colon.end() if colon else at
        if at < len(text) and text[at] in "\"'":
            end = _closing(text, at)
            if end < 0:
                raise QueryError(f"the closing {text[at]} is missing", text[begin:], begin)
            value = text[at + 1 : end].replace(f"\\{text[at]}", text[at])
            terms.append((begin, text[begin:at] + value))
            at = end + 1
            continue
        while at < len(text) and not text[at].isspace():
            at += 1
        terms.append((begin, text[begin:at]))
    return terms


def _closing(text: str, at: int) -> int:
    quote, place = text[at], at + 1
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == quote:
            return place
        place += 1
    return -1


def _read(term: str, at: int, found: dict[str, list[object]]) -> None:
    """One term into the parts of the query."""
    if level := _LEVEL.match(term):
        found.setdefault("levels", []).append(_level(term, at, level))
        return
    keyed = _TERM.match(term)
    if keyed is None:
        _read_bare(term, at, found)
        return
    negative, key, value = bool(keyed[1]), keyed[2], term[keyed.end() :]
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        hint = f"did you mean {near[0]}:?" if near else f"there are {', '.join(KEYS)}"
        raise QueryError(f"there is no key {key}:, {hint}", term, at)
    if negative and key not in NEGATABLE:
        raise QueryError(f"{key}: has no negative", term, at)
    if not value:
        raise QueryError(f"nothing stands after {key}:", term, at)
    _READERS[key](value, term, at, negative, found)


def _read_bare(term: str, at: int, found: dict[str, list[object]]) -> None:
    """A term without a key: an object, labels, or the name of a pod."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]*/", term):
        raise QueryError(f"the name is missing after {term}", term, at)
    if target := _OBJECT.fullmatch(term):
        found.setdefault("objects", []).append(ObjectTarget(target[1], target[2]))
    elif "=" in term:
        found.setdefault("labels", []).append(term)
    elif term.startswith("!"):
        found.setdefault("not_pods", []).append(_pattern(term[1:], term, at))
    else:
        found.setdefault("pods", []).append(_pattern(term, term, at))


def _pattern(value: str, term: str, at: int) -> Pattern:
    try:
        re.compile(value)
    except re.error as error:
        raise QueryError(f"this is no regular expression: {error.msg}", term, at) from None
    return Pattern(value)


def _read_pattern(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    key = term.lstrip("!").partition(":")[0]
    found.setdefault(f"not_{key}s" if negative else f"{key}s", []).append(_pattern(value, term, at))


def _read_kinds(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    for kind in value.split(","):
        if kind not in CONTAINER_KINDS:
            raise QueryError(f"{kind or 'nothing'} is none of {', '.join(CONTAINER_KINDS)}", term, at)
        found.setdefault("not_kinds" if negative else "kinds", []).append(kind)


def _read_namespaces(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    for name in value.split(","):
        if not _NAME.fullmatch(name) and (name != "*" or negative):
            raise QueryError(f"{name or 'nothing'} is no name of a namespace", term, at)
        found.setdefault("not_namespaces" if negative else "namespaces", []).append(name)


def _read_selector(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    key = term.partition(":")[0]
    if key == "node":
        found.setdefault("fields", []).append(f"spec.nodeName={value}")
        return
    if key == "field" and "=" not in value:
        raise QueryError("a field needs a value: field:status.phase=Running", term, at)
    found.setdefault(f"{key}s", []).append(value)


def _read_since(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    found.setdefault("since", []).append(_since(value, term, at))


def _read_tail(value: str, term: str, at: int, negative: bool, found: dict[str, list[object]]) -> None:
    if value != "all" and not value.isdecimal():
        raise QueryError("tail: needs a number of lines, or all", term, at)
    found.setdefault("tail", []).append(None if value == "all" else int(value))
    found.setdefault("tail_named", []).append(True)


_READERS = {
    "pod": _read_pattern,
    "container": _read_pattern,
    "log": _read_pattern,
    "kind": _read_kinds,
    "ns": _read_namespaces,
    "label": _read_selector,
    "field": _read_selector,
    "node": _read_selector,
    "since": _read_since,
    "tail": _read_tail,
}


def _level(term: str, at: int, found: re.Match[str]) -> LevelTerm:
    name = term[found.end() :].lower()
    if name not in _LEVEL_NAMES:
        raise QueryError(f"{name or 'nothing'} is no level, there are {', '.join(LEVELS)}", term, at)
    operator = found[2] if found[2] in (">=", "<=", ">", "<") else "="
    return LevelTerm(operator, _LEVEL_NAMES[name], bool(found[1]))


def _since(value: str, term: str, at: int) -> timedelta | datetime:
    parts = _DURATION.fullmatch(value)
    if parts and value:
        days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        try:
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            raise QueryError("so long ago there was no cluster", term, at) from None
    try:
        return datetime.fromisoformat(value).astimezone()
    except ValueError:
        raise QueryError("since: needs a duration such as 1h30m, or a time", term, at) from None


class Completion(msgspec.Struct, frozen=True):
    """What may stand at a place of a query."""

    start: int
    """Where the text to be replaced begins."""
    prefix: str
    """What stands there already."""
    wants: str
    """"term", or what the value is: "pod", "container", "label", "node", "ns", "name" ..."""
    of: str = ""
    """For "name": the kind of object as it was typed."""
    words: tuple[str, ...] = ()
    """What can be offered without asking the cluster."""


def complete(text: str, cursor: int) -> Completion:
    """What can stand where the cursor is. Never raises: a query is incomplete while it is typed."""
    begin = cursor
    while begin and not text[begin - 1].isspace():
        begin -= 1
    term = text[begin:cursor]
    if level := _LEVEL.match(term):
        return _offer(begin + level.end(), term[level.end() :], "level", LEVELS)
    if keyed := _TERM.match(term):
        value = term[keyed.end() :]
        comma = value.rfind(",") + 1
        fixed = {
            "kind": CONTAINER_KINDS,
            "since": ("5m", "1h", "24h"),
            "tail": ("100", "500", "all"),
            "field": FIELDS,
        }.get(keyed[2], ())
        return _offer(begin + keyed.end() + comma, value[comma:], keyed[2], fixed)
    kind, slash, name = term.partition("/")
    if slash:
        return Completion(begin + len(kind) + 1, name, "name", kind)
    return _offer(begin, term, "term", (*_terms(negative=term.startswith("!")),))


def _terms(*, negative: bool) -> list[str]:
    if negative:
        return [f"!{key}:" for key in NEGATABLE]
    return [*(f"{key}:" for key in KEYS if key != "level"), "level>="]


def _offer(start: int, prefix: str, wants: str, words: tuple[str, ...]) -> Completion:
    return Completion(start, prefix, wants, "", tuple(word for word in words if word.startswith(prefix)))
