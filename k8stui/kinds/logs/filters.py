"""Which lines a log query shows: its patterns and levels, applied to lines as they come.

Pure but for one memory: a line of a stack trace has no level of its own and goes with the line before it in
the same container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.logs.lines import continues, level_of, plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.logs.query import LogQuery
    from k8stui.kube.logs.types import LogLine, LogSource

SOURCES_KEPT = 4096


class LineFilter:
    """Give it lines in their order; remarks of ours always pass."""

    def __init__(self, query: LogQuery) -> None:
        self._include = [pattern.compiled() for pattern in query.logs]
        self._exclude = [pattern.compiled() for pattern in query.not_logs]
        self._levels = query.levels
        self._before: dict[LogSource, int | None] = {}

    def __call__(self, lines: Sequence[LogLine]) -> list[LogLine]:
        """Those lines that the query shows."""
        return [line for line in lines if line.mark or self.accepts(line)]

    def accepts(self, line: LogLine) -> bool:
        """Whether a line of a container is shown. `log:` sees the text without its colours."""
        if self._levels and not self._level_fits(line):
            return False
        text = plain_text(line.text)
        if self._include and not any(pattern.search(text) for pattern in self._include):
            return False
        return not any(pattern.search(text) for pattern in self._exclude)

    def _level_fits(self, line: LogLine) -> bool:
        """Positive levels widen each other as other terms do; negative ones all count."""
        level = level_of(line.text)
        rank = None if level is None else int(level)
        if rank is None and continues(line.text):
            rank = self._before.get(line.source)
        else:
            if len(self._before) >= SOURCES_KEPT:
                self._before.clear()
            self._before[line.source] = rank
        wanted = [term for term in self._levels if not term.negative]
        if wanted and not any(term.accepts(rank) for term in wanted):
            return False
        return all(term.accepts(rank) for term in self._levels if term.negative)
