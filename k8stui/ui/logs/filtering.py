"""What is typed after `/` over a log, as a rule that picks lines. Pure.

    timeout                     a regular expression; small letters match both cases
    timeout !health check       and without these words
    -F a.b[0]                   as plain text
    level>=warn pod:web         by level and source: also container:, ns:, kind:, log:, each with ! before it
    -C3 panic                   with three lines around each match (-A after, -B before)

The terms may be mixed. A line of a stack trace has the level of the line it belongs to. Gaps, restarts and
failures always pass; that a pod came, went or ended does not where words or levels are looked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from k8stui.kinds.logs.lines import continues, level_of, plain_text
from k8stui.kube.logs.query import LEVELS, QueryError, accepted_ranks, parse_query
from k8stui.kube.logs.types import ENDED, INFO
from k8stui.ui.widgets.filters import has_capital
from k8stui.ui.widgets.lines.model import SEARCHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from k8stui.kube.logs.query import LogQuery

FORMS = "text or regex · !without · level>=warn · pod:x container:x · -F plain · -C3 lines around"
"""What can be typed, in one line."""
MOST_CONTEXT = 1_000
LOOK_BACK = 200
"""Lines in which the head of a stack trace is looked for."""

_VALUE = r'(?:"(?:[^"\\]|\\.)*"|\S+)'
_TERM = re.compile(
    rf"(?<!\S)(?:(?P<plain>-F)(?!\S)|-(?P<side>[ABC])\s*(?P<lines>\d+)(?!\S)"
    rf"|(?P<key>!?(?:pod|container|kind|ns|log):{_VALUE})|(?P<level>!?level(?:>=|<=|==|[<>=:])\S+)"
    rf"|!(?P<without>{_VALUE}(?:\s+(?![!-]|level[<>=:]|(?:pod|container|kind|ns|log):)\S+)*))"
)


_UNFINISHED = re.compile(r"(?<!\S)!?level(?:[<>=]=?|:)(?!\S)")


class LogFilterError(ValueError):
    """A filter that cannot be understood, in a few words."""


class LogFilter:
    """Picks lines. The empty one picks all."""

    def __init__(self, text: str = "") -> None:
        """Raises LogFilterError."""
        self.text = text.strip()
        self.plain = False
        self.before = self.after = 0
        self._include: list[re.Pattern[str]] = []
        self._exclude: list[re.Pattern[str]] = []
        self._sources: list[tuple[str, re.Pattern[str], bool]] = []
        self._kinds: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._spaces: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._looks_at_levels = False
        self._parse()

    def __bool__(self) -> bool:
        return self.looks_at_text or self.looks_at_sources or self._looks_at_levels

    @property
    def looks_at_text(self) -> bool:
        """Whether the text of lines decides."""
        return bool(self._include or self._exclude)

    @property
    def looks_at_sources(self) -> bool:
        """Whether where a line comes from decides."""
        return bool(self._sources or any(self._kinds) or any(self._spaces))

    @property
    def finds(self) -> bool:
        """Whether it looks for words: such a line is shown even where it could be folded away."""
        return bool(self._include)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What to mark in the lines that are shown."""
        if not self._include:
            return None
        if len(self._include) == 1:
            return self._include[0]
        joined = "|".join(f"(?:{each.pattern})" for each in self._include)
        return re.compile(joined, self._include[0].flags & re.IGNORECASE)

    # Reading what was typed

    def _parse(self) -> None:
        rest, terms, without = [], [], []
        at = 0
        for found in _TERM.finditer(self.text):
            rest.append(self.text[at : found.start()].strip())
            at = found.end()
            if found["plain"]:
                self.plain = True
            elif found["side"]:
                self._context(found["side"], int(found["lines"][:6]))
            elif found["without"]:
                without.append(_unquoted(found["without"]))
            else:
                terms.append(found["key"] or found["level"])
        rest.append(self.text[at:].strip())
        words = " ".join(filter(None, rest))
        if _UNFINISHED.search(words):
            raise LogFilterError(f"which level? one of {', '.join(LEVELS)}")
        if words and words != "!":
            self._include.append(self._compiled(words))
        self._exclude += [self._compiled(each) for each in without]
        self._take(" ".join(terms))

    def _context(self, side: str, lines: int) -> None:
        lines = min(lines, MOST_CONTEXT)
        if side in "BC":
            self.before = lines
        if side in "AC":
            self.after = lines

    def _compiled(self, words: str) -> re.Pattern[str]:
        source = re.escape(words) if self.plain else words
        try:
            return re.compile(source, re.NOFLAG if has_capital(source) else re.IGNORECASE)
        except (re.error, RecursionError, OverflowError) as error:
            raise LogFilterError(str(error)) from None

    def _take(self, terms: str) -> None:
        """The terms with keys are those of the query language."""
        try:
            query: LogQuery = parse_query(terms)
        except QueryError as error:
            raise LogFilterError(str(error).partition(" (at ")[0]) from None
        self._include += [self._compiled(each.text) for each in query.logs]
        self._exclude += [self._compiled(each.text) for each in query.not_logs]
        self._wanted_ranks = accepted_ranks(query.levels)
        self._looks_at_levels = bool(query.levels)
        for attribute, wanted, unwanted in (
            ("pod", query.pods, query.not_pods),
            ("container", query.containers, query.not_containers),
        ):
            self._sources += [(attribute, each.compiled(), True) for each in wanted]
            self._sources += [(attribute, each.compiled(), False) for each in unwanted]
        self._kinds = (query.kinds, query.not_kinds)
        self._spaces = (query.namespaces or (), query.not_namespaces)

    # Picking lines

    def matching(self, start: int, lines: Sequence[Any], source: Any) -> list[int]:
        """Numbers of the lines that it picks; `source` is asked for lines before them."""
        found: Any = enumerate(lines, start)
        if self.looks_at_sources:
            known: dict[Any, bool] = {}
            found = [(seq, line) for seq, line in found if self._from(line, known)]
        if self._looks_at_levels:
            found = self._of_level(found, source)
        for pattern in self._exclude:
            search = pattern.search
            found = [(seq, line) for seq, line in found if line.mark or search(_text(line)) is None]
        if not self._include:
            return [seq for seq, _ in found]
        if len(self._include) > 1:
            patterns = self._include
            return [
                seq
                for seq, line in found
                if (_matters(line) if line.mark else any(p.search(_text(line)) for p in patterns))
            ]
        search = self._include[0].search
        return [
            seq
            for seq, line in found
            if (
                _matters(line)
                if line.mark
                else search(t if len(t := line.text) <= SEARCHED and "\x1b" not in t else _text(line))
            )
        ]

    def _from(self, line: Any, known: dict[Any, bool]) -> bool:
        source = line.source
        fits = known.get(source)
        if fits is None:
            fits = known[source] = self._fits(source)
        return fits

    def _fits(self, source: Any) -> bool:
        if source is None or not source.pod:
            return True  # a remark about all
        for attribute in ("pod", "container"):
            wanted = [each for each in self._sources if each[0] == attribute]
            text = getattr(source, attribute)
            if not text:
                continue
            positive = [pattern for _, pattern, positive in wanted if positive]
            if positive and not any(pattern.search(text) for pattern in positive):
                return False
            if any(pattern.search(text) for _, pattern, positive in wanted if not positive):
                return False
        (kinds, not_kinds), (spaces, not_spaces) = self._kinds, self._spaces
        if (kinds and source.kind_of_container not in kinds) or source.kind_of_container in not_kinds:
            return False
        return not ((spaces and source.namespace not in spaces) or source.namespace in not_spaces)

    def _of_level(self, lines: Iterable[tuple[int, Any]], source: Any) -> list[tuple[int, Any]]:
        # Sources are told apart by identity: to compare them by value costs more than to find a level.
        before: dict[int, int | None] = {}
        found, wanted = [], self._wanted_ranks
        for seq, line in lines:
            if line.mark:
                if None in wanted or _matters(line):
                    found.append((seq, line))
                continue
            text = line.text if len(line.text) <= SEARCHED else line.text[:SEARCHED]
            rank: int | None = level_of(text)
            owner = id(line.source)
            if rank is None and continues(text):
                rank = before[owner] if owner in before else _rank_before(seq, line, source)
            before[owner] = rank
            if rank in wanted:
                found.append((seq, line))
        return found


def _rank_before(seq: int, line: Any, source: Any) -> int | None:
    """The level of the line that a line of a stack trace belongs to."""
    for other in reversed(source.lines(max(source.first, seq - LOOK_BACK), seq)):
        if other.source == line.source and not other.mark and not continues(other.text):
            level = level_of(other.text[:SEARCHED])
            return None if level is None else int(level)
    return None


def _matters(remark: Any) -> bool:
    """Whether a remark is shown among lines that were looked for: not that one of many pods came or went."""
    return remark.mark not in (INFO, ENDED) or remark.source is None or not remark.source.pod


def _text(line: Any) -> str:
    text: str = line.text
    return plain_text(text if len(text) <= SEARCHED else text[:SEARCHED])


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        return text[1:-1].replace('\\"', '"')
    return text
