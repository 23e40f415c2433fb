"""What can go wrong with a cluster's API server, on request: the rules of `--faults SPEC`.

This module reads specifications and decides which request is hit; `fault_injection.py` does the damage.
Decisions are random but seeded. Nothing here sends or waits.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """\
A comma-separated list of faults, each KIND[:SETTING...][@PATH]. PATH is a regular expression that is searched
in the request's path (without the secret prefix), with and without its query.

answers, instead of the real one:
  400 ... 599        this HTTP status with a Kubernetes Status (401, 403, 429, 500, 503, ...)
  410-http           410 Gone for watches and continued lists that name a version
  refuse             the connection is closed without an answer
  slow:TIME          the answer comes later by TIME (slow:200ms)
streams (watches, logs, exec) and, half way through, other answers:
  drop               the connection is cut
  halfopen           nothing more is sent, and the connection stays open
  stall:TIME         nothing is sent for TIME, then it goes on (stall:5s)
  end                the stream ends regularly
  truncate           the stream ends in the middle of a line
  garbage            a line that is not JSON, then it goes on
  split              every write is cut into small pieces
  410                the watch ends with an ERROR event "too old resource version"

settings, joined by ":" or by "," (order does not matter):
  0.05 or rate=0.05  the share of requests that is hit (default: all)
  every=TIME         streams are hit once in every TIME as long as they last; 401: credentials that were first
                     seen in an earlier TIME have expired, renewed ones work
  after=TIME         streams are hit after TIME (default: a random moment within the first three seconds)
  from=TIME for=TIME the fault begins TIME after it was set, and is over after another TIME
  times=N            only the first N requests that fit are hit
  retry=SECONDS      a Retry-After header with the answer
TIME is a number with ms, s, m or h.

examples:
  drop:0.05                                a twentieth of all connections is cut
  503:from=10s:for=20s                     an outage of twenty seconds
  401:every=60s,slow:200ms                 credentials for a minute, and a slow server
  403@/api/v1/nodes$,429:0.1:retry=2       no nodes for anybody, and too many requests
  410:every=30s@/pods                      watches of pods expire twice a minute
"""

STREAM_KINDS = frozenset(("drop", "halfopen", "stall", "end", "truncate", "garbage", "split", "410"))
ANSWER_KINDS = frozenset(("410-http", "refuse", "slow"))
NEEDS_TIME = frozenset(("stall", "slow"))
LONGEST = 600.0
"""Seconds: nothing is held longer than this, whatever was asked for."""
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_FACTORS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SETTING = re.compile(r"(rate|every|after|from|for|times|retry)=(.*)", re.DOTALL)


class FaultSpecError(ValueError):
    """The specification cannot be read; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault. Times are seconds."""

    kind: str
    text: str = ""
    rate: float = 1.0
    time: float = 0.0
    every: float = 0.0
    after: float | None = None
    begin: float = 0.0
    lasting: float | None = None
    times: int | None = None
    retry: int | None = None
    path: re.Pattern[str] | None = None

    @property
    def code(self) -> int:
        """The HTTP status of an answer, 0 for other kinds."""
        return int(self.kind) if self.kind.isdigit() and self.kind != "410" else 0

    @property
    def in_stream(self) -> bool:
        """Whether it strikes after the answer has begun."""
        return self.kind in STREAM_KINDS


def duration(text: str) -> float:
    """Seconds out of `200ms`, `5s`, `2m`, `1h`. Raises FaultSpecError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise FaultSpecError(f"{text!r} is no time: write 200ms, 5s, 2m or 1h")
    return float(match[1]) * _FACTORS[match[2]]


def split_rules(spec: str) -> list[str]:
    """The parts of a specification: commas within brackets of an expression do not count."""
    parts, depth, current = [], 0, ""
    for letter in spec:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [part.strip() for part in [*parts, current] if part.strip()]


def parse(spec: str) -> tuple[Rule, ...]:
    """Read a specification. Raises FaultSpecError with one clear sentence."""
    rules: list[Rule] = []
    for part in split_rules(spec):
        if _SETTING.fullmatch(part):
            if not rules:
                raise FaultSpecError(f"{part!r} comes before any fault")
            rules[-1] = replace(_with_setting(rules[-1], part), text=f"{rules[-1].text},{part}")
        else:
            rules.append(_parse_rule(part))
    for rule in rules:
        if rule.kind in NEEDS_TIME and not rule.time:
            raise FaultSpecError(f"{rule.text!r} needs a time, as in {rule.kind}:5s")
    return tuple(rules)


def _parse_rule(part: str) -> Rule:
    head, _, path = part.partition("@")
    kind, *settings = head.split(":")
    is_code = kind.isdigit() and 400 <= int(kind) <= 599
    if not is_code and kind not in STREAM_KINDS | ANSWER_KINDS:
        known = ", ".join(sorted(STREAM_KINDS | ANSWER_KINDS))
        raise FaultSpecError(f"{kind!r} is no fault: take an HTTP status from 400 to 599 or one of {known}")
    rule = Rule(kind, part)
    if path:
        try:
            rule = replace(rule, path=re.compile(path))
        except re.error as error:
            raise FaultSpecError(f"{path!r} is no regular expression: {error}") from error
    for setting in settings:
        rule = _with_setting(rule, setting)
    return rule


def _with_setting(rule: Rule, setting: str) -> Rule:
    match = _SETTING.fullmatch(setting)
    name, value = (match[1], match[2]) if match else ("", setting)
    try:
        if not name and _TIME.fullmatch(value):
            return replace(rule, time=min(LONGEST, duration(value)))
        if name in ("", "rate"):
            rate = float(value)
            if not 0 <= rate <= 1:
                raise FaultSpecError(f"{setting!r} in {rule.text!r}: a rate lies between 0 and 1")
            return replace(rule, rate=rate)
        if name in ("times", "retry"):
            counts: dict[str, Any] = {name: max(0, int(value))}
            return replace(rule, **counts)
    except ValueError as error:
        if isinstance(error, FaultSpecError):
            raise
        raise FaultSpecError(f"{setting!r} in {rule.text!r} is not understood") from error
    seconds = duration(value)
    field = {"from": "begin", "for": "lasting"}.get(name, name)
    if field == "every" and seconds < 0.05:
        raise FaultSpecError(f"{setting!r} in {rule.text!r}: at least 50ms")
    times: dict[str, Any] = {field: seconds}
    return replace(rule, **times)


class Faults:
    """The faults in force. They can be changed at any time; what is under way stays as it was decided.

    clock: seconds, monotonic. Everything is decided by one seeded generator, in the order of the requests.
    """

    def __init__(self, spec: str = "", *, seed: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seed = seed
        self.clock = clock
        self.set(spec)

    def set(self, spec: str) -> None:
        """Replace all faults. Raises FaultSpecError, and changes nothing then."""
        self.rules = parse(spec)
        self.spec = spec
        self.random = random.Random(self._seed)  # noqa: S311 - a simulation, repeatable by seed
        self.since = self.clock()
        self.struck: Counter[str] = Counter()
        """How often each rule has struck."""
        self._seen: dict[str, int] = {}

    def chosen(self, path: str, query: str, token: str) -> list[Rule]:
        """The faults that hit a request, in the order of the specification."""
        return [rule for rule in self.rules if self._hits(rule, path, query, token)]

    def _hits(self, rule: Rule, path: str, query: str, token: str) -> bool:
        if not self.active(rule):
            return False
        if rule.path is not None:
            full = f"{path}?{query}" if query else path
            if not (rule.path.search(path) or rule.path.search(full)):
                return False
        if rule.times is not None and self.struck[rule.text] >= rule.times:
            return False
        if rule.kind == "401" and rule.every:
            return self._expired(rule, token)
        if rule.rate < 1.0 and self.random.random() >= rule.rate:
            return False
        if not rule.in_stream:
            self.count(rule)
        return True

    def active(self, rule: Rule) -> bool:
        """Whether now is within the rule's time."""
        age = self.clock() - self.since - rule.begin
        return age >= 0 and (rule.lasting is None or age < rule.lasting)

    def count(self, rule: Rule) -> None:
        """A rule has struck."""
        self.struck[rule.text] += 1

    def _expired(self, rule: Rule, token: str) -> bool:
        """Whether credentials were seen first in an earlier period. None at all are as one that is kept."""
        period = int((self.clock() - self.since - rule.begin) // rule.every)
        if len(self._seen) > 10_000:
            self._seen.clear()
        if self._seen.setdefault(token, period) == period:
            return False
        self.count(rule)
        return True
