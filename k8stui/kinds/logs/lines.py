"""What a log line says about itself: its format, level, message and fields.

Recognises JSON, logfmt, klog and the common access-log formats; everything else is plain. Pure. It must never
change what a line says: a line is recognised, its text stays as it was written. Lines come from programs
nobody knows, so nothing here raises, and the work for a line is bounded whatever its length.
"""

from __future__ import annotations

import re
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_JSON = 256 * 1024
"""Longer lines are not taken apart."""
HEAD = 512
"""Characters of a plain line in which a level is looked for."""


class Level(IntEnum):
    """How grave a line is; the numbers are places in `kube.logs.query.LEVELS`."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    FATAL = 5


class Format(Enum):
    """How a line is written."""

    PLAIN = "plain"
    JSON = "json"
    LOGFMT = "logfmt"
    KLOG = "klog"
    ACCESS = "access"


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A line, understood."""

    format: Format
    level: Level | None
    message: str
    fields: tuple[tuple[str, str], ...] = ()
    """What the line says beside level, message and time, in its order."""
    time: str = ""
    """The time as the program wrote it."""


_NAMES: dict[str, Level] = {
    **dict.fromkeys(("trace", "trc", "finest", "verbose"), Level.TRACE),
    **dict.fromkeys(("debug", "dbg", "dbug", "fine", "finer"), Level.DEBUG),
    **dict.fromkeys(("info", "inf", "information", "informational", "notice", "log", "config"), Level.INFO),
    **dict.fromkeys(("warn", "warning", "wrn"), Level.WARN),
    **dict.fromkeys(("error", "err", "eror", "severe", "fail"), Level.ERROR),
    **dict.fromkeys(
        ("fatal", "ftl", "critical", "crit", "panic", "dpanic", "alert", "emerg", "emergency"), Level.FATAL
    ),
}
_LETTERS = {
    "I": Level.INFO,
    "W": Level.WARN,
    "E": Level.ERROR,
    "F": Level.FATAL,
    "D": Level.DEBUG,
    "T": Level.TRACE,
}
LEVEL_KEYS = ("level", "lvl", "severity", "log.level", "loglevel", "levelname", "@l")
MESSAGE_KEYS = ("msg", "message", "@m", "event", "text", "log", "short_message", "MESSAGE", "body")
TIME_KEYS = ("time", "ts", "timestamp", "@timestamp", "@t", "t", "date", "datetime", "asctime")

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_KLOG_FRONT = re.compile(r"([IWEF])(\d{4} \d\d:\d\d:\d\d\.\d{1,6})\s+(\d+) ([^\s\]]+:\d+)\] ?")
_ACCESS = re.compile(
    r'(\S+) (\S+) (\S+) \[([^\]]{1,60})\] "([^"\\]*(?:\\.[^"\\]*)*)" (\d{3}) (\d+|-)'
    r'(?: "([^"\\]*(?:\\.[^"\\]*)*)" "([^"\\]*(?:\\.[^"\\]*)*)")?'
)
_PAIR = re.compile(r'\s*([^\s="\[\]{}(),]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
# Each alternative begins with its letter, and looks back after it: so the search jumps from letter to letter.
_UPPER = re.compile(
    "|".join(
        rf"{word[0]}(?<!\w{word[0]}){word[1:]}\b"
        for word in (
            *("TRACE", "DEBUG", "INFO", "NOTICE", "WARN(?:ING)?", "ERR(?:OR)?", "SEVERE"),
            *("CRIT(?:ICAL)?", "FATAL", "PANIC", "ALERT", "EMERG"),
        )
    )
)
_BRACKETED = re.compile(
    r"[\[<(](trace|debug|info|notice|warn(?:ing)?|error|err|crit(?:ical)?|fatal|panic|alert|emerg)[\]>)]"
)
_FIRST_WORD = re.compile(r"(?:trace|debug|info|notice|warn(?:ing)?|error|fatal|panic)(?=[: ])")
_NAMED = re.compile(
    r"(?:^|[\s,{\"])(?:level|lvl|severity|loglevel|levelname|log\.level|@l)\"?[=:] ?\"?([A-Za-z]+)"
)
_PYTHON_FAILURE = "Traceback (most recent call last)"
_FAILURE = re.compile(
    r"panic: |fatal error: |Exception in thread |Unhandled |(?:[\w$]+\.)*[A-Z]\w*(?:Error|Exception)\b(?::|$)"
)
_CONTINUES = re.compile(
    r"\s|\}|\)|\]|Caused by: |\.\.\. \d+ more|--- End of "  # Java, .NET
    r"|goroutine \d|created by \S+\.|\[signal \S+: |During handling |The above exc"  # Go, Python
    r"|stack backtrace:|note: run with `RUST_|Stack trace:$|#\d+ +(?:/|0x|\{main|\[int)"  # Rust, PHP
)
_GO_FRAME = re.compile(r"[\w./-]+(?:\.\(\*?\w+\))?\.[\w.]+\([0-9a-fx{}, ?.]*\)$")
LONGEST_FRAME = 300
_NOT_JSON = (msgspec.DecodeError, ValueError, RecursionError)


def plain_text(text: str) -> str:
    """The text without the escape sequences that colour it."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def continues(text: str) -> bool:
    """Whether a line belongs to the one before: a stack trace, or the rest of a message."""
    if text[:1] == "\x1b":
        text = plain_text(text)
    if text[:1] == "\r":  # a progress bar: what it was is written over
        text = text.rstrip("\r")
        text = text[text.rfind("\r") + 1 :]
    if not text or _CONTINUES.match(text) is not None:
        return True
    return text[-1] == ")" and len(text) < LONGEST_FRAME and _GO_FRAME.match(text) is not None


def level_place(text: str) -> tuple[int, int, Level] | None:
    """Where a line says how grave it is: from which character to before which, and what it says."""
    if text[:1] in _LETTERS and (klog := _KLOG_FRONT.match(text)):
        return klog.start(1), klog.end(2), _LETTERS[klog[1]]
    if access := _access(text):
        return access.start(6), access.end(6), _status_level(access[6])
    return _said_level(text[: 4 * HEAD] if text[:1] == "{" else text[:HEAD])


def level_of(text: str) -> Level | None:
    """How grave a line is, as far as it says so."""
    text = plain_text(text)
    first = text[:1]
    if first == "{":
        try:
            return _json_level(text)
        except _NOT_JSON:
            pass
    elif first in _LETTERS and _KLOG_FRONT.match(text):
        return _LETTERS[first]
    if access := _access(text):
        return _status_level(access[6])
    return _plain_level(text)


def parse(text: str) -> Parsed:
    """Take a line apart."""
    text = plain_text(text).rstrip("\r\n")
    first = text[:1]
    if first == "{":
        fields = _json(text)
        if fields is not None:
            return _from_fields(Format.JSON, text, [(key, value) for key, value in fields.items()])
    elif first in _LETTERS and (klog := _KLOG_FRONT.match(text)):
        return _from_klog(klog, text[klog.end() :])
    if access := _access(text):
        return _from_access(access)
    pairs = _logfmt(text)
    if pairs is not None:
        return _from_fields(Format.LOGFMT, text, pairs)
    return Parsed(Format.PLAIN, _plain_level(text), text)


def pretty(text: str) -> str | None:
    """A JSON line over several lines; None for every other one."""
    text = plain_text(text).strip()
    if text[:1] not in ("{", "[") or len(text) > LONGEST_JSON:
        return None
    try:
        return msgspec.json.format(text, indent=2)
    except _NOT_JSON:
        return None


def _json(text: str) -> dict[str, Any] | None:
    if len(text) > LONGEST_JSON:
        return None
    try:
        found = msgspec.json.decode(text)
    except _NOT_JSON:
        return None
    return found if isinstance(found, dict) else None


class _LevelFields(msgspec.Struct, gc=False):
    """What of a JSON line may tell its level, by `LEVEL_KEYS`; the decoder skips all else."""

    level: Any = None
    lvl: Any = None
    severity: Any = None
    log_level: Any = msgspec.field(name="log.level", default=None)
    loglevel: Any = None
    levelname: Any = None
    at_l: Any = msgspec.field(name="@l", default=None)
    log: Any = None


_LEVEL_DECODER = msgspec.json.Decoder(_LevelFields)


def _json_level(text: str) -> Level | None:
    """Raises one of `_NOT_JSON`."""
    if len(text) > LONGEST_JSON:
        raise ValueError(len(text))
    found = _LEVEL_DECODER.decode(text)
    nested = found.log
    return _first_of(
        (
            *(found.level, found.lvl, found.severity, found.log_level),
            *(found.loglevel, found.levelname, found.at_l),
            nested.get("level") if isinstance(nested, dict) else None,
        )
    )


def _first_level(fields: dict[str, Any]) -> Level | None:
    nested = fields.get("log")
    values = [fields.get(key) for key in LEVEL_KEYS]
    return _first_of((*values, nested.get("level") if isinstance(nested, dict) else None))


def _first_of(values: Iterable[Any]) -> Level | None:
    """What the first of the values says that names a level."""
    for value in values:
        if value is not None and (level := _named_level(value)) is not None:
            return level
    return None


def _named_level(value: Any) -> Level | None:
    if isinstance(value, str):
        if value.isdecimal():
            return _numbered(int(value[:9]))
        name = value.strip().lower()
        return _LETTERS.get(name.upper()) if len(name) == 1 else _NAMES.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return _numbered(value)
    return None


def _numbered(value: int) -> Level | None:
    """Levels as numbers: 10 to 60 as bunyan and pino write them; 0 to 7 as syslog does."""
    if 10 <= value <= 60:
        return Level(min(5, value // 10 - 1))
    if 0 <= value <= 7:
        return (
            Level.FATAL,
            Level.FATAL,
            Level.FATAL,
            Level.ERROR,
            Level.WARN,
            Level.INFO,
            Level.INFO,
            Level.DEBUG,
        )[value]
    return None


def _plain_level(text: str) -> Level | None:
    found = _said_level(text if len(text) <= HEAD else text[:HEAD])
    return None if found is None else found[2]


def _said_level(head: str) -> tuple[int, int, Level] | None:
    """Where the start of a line says how grave it is: by a named level, by a word, by a failure."""
    if "level" in head or "lvl" in head or "severity" in head or "@l" in head:
        named = _NAMED.search(head)
        if named and (level := _NAMES.get(named[1].lower())) is not None:
            return named.start(1), named.end(1), level
    if word := _word(head):
        start, end = word
        return start, end, _NAMES[head[start:end].lower()]
    if failure := _FAILURE.match(head):
        return 0, failure.end(), Level.ERROR
    at = head.find(_PYTHON_FAILURE)
    return None if at < 0 else (at, at + len(_PYTHON_FAILURE), Level.ERROR)


def _word(head: str) -> tuple[int, int] | None:
    """The first word that is the name of a level."""
    if first := _FIRST_WORD.match(head):
        return first.span()
    upper, bracketed = _UPPER.search(head), _BRACKETED.search(head)
    if upper and not (bracketed and bracketed.start() < upper.start()):
        return upper.span()
    return bracketed.span(1) if bracketed else None


def _access(text: str) -> re.Match[str] | None:
    return _ACCESS.match(text) if text.find('] "', 0, 300) >= 0 else None


def _status_level(status: str) -> Level:
    return Level.ERROR if status[0] == "5" else Level.WARN if status[0] == "4" else Level.INFO


def _from_access(found: re.Match[str]) -> Parsed:
    client, _, user, when, request, status, size, referer, agent = found.groups()
    named = (
        ("client", client),
        ("user", user),
        ("status", status),
        ("size", size),
        ("referer", referer or "-"),
        ("agent", agent or "-"),
    )
    fields = tuple((key, value) for key, value in named if value != "-")
    return Parsed(Format.ACCESS, _status_level(status), request, fields, when)


def _from_klog(front: re.Match[str], rest: str) -> Parsed:
    letter, when, _, where = front.groups()
    fields: tuple[tuple[str, str], ...] = (("caller", where),)
    message = rest
    if rest.startswith('"'):
        end = _quote_end(rest)
        pairs = _logfmt(rest[end:]) if end else None
        if end:
            message = _unquoted(rest[:end])
            fields += tuple(pairs or ())
    return Parsed(Format.KLOG, _LETTERS[letter], message, fields, when)


def _quote_end(text: str) -> int:
    found = re.match(r'"(?:[^"\\]|\\.)*"', text)
    return found.end() if found else 0


def _logfmt(text: str) -> list[tuple[str, str]] | None:
    """All of a line as `key=value`; None where something else stands in it, or less than two pairs."""
    if "=" not in text or len(text) > LONGEST_JSON:
        return None
    pairs: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return None
        pairs.append((found[1], _unquoted(found[2])))
        at = found.end()
    return pairs if len(pairs) > 1 or (pairs and pairs[0][0] in (*LEVEL_KEYS, *MESSAGE_KEYS)) else None


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"':
        return value
    try:
        return msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, ValueError):
        return value[1:-1]


def _from_fields(form: Format, text: str, pairs: list[tuple[str, Any]]) -> Parsed:
    """Level, message and time by the names that programs use for them; the rest are fields."""
    named = dict(pairs)
    message_key = next((key for key in MESSAGE_KEYS if isinstance(named.get(key), str)), "")
    time_key = next((key for key in TIME_KEYS if key in named), "")
    if form is Format.JSON:
        level = _first_level(named)
        level_key = next((key for key in LEVEL_KEYS if _named_level(named.get(key)) is not None), "")
    else:
        level = _plain_level(text)
        level_key = next((key for key, value in pairs if key in LEVEL_KEYS and _NAMES.get(value.lower())), "")
    taken = {message_key, time_key, level_key}
    fields = tuple((key, _shown(value)) for key, value in pairs if key not in taken)
    message = named[message_key] if message_key else "" if fields else text
    return Parsed(form, level, message, fields, _shown(named[time_key]) if time_key else "")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError):
        return str(value)
