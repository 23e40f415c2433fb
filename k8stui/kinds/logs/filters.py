"""Which lines a log query shows: its patterns and levels, applied to lines as they come.

Pure but for one memory: a line of a stack trace has no level of its own and goes with the line before it in
the same container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.logs.lines import continues, level_of, plain_text
from k8stui.kube.logs.query import accepted_ranks

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
        self._wanted_ranks = accepted_ranks(query.levels) if query.levels else None
        self._before: dict[int, tuple[LogSource, int | None]] = {}
        """By the identity of a source, which is held with it: comparing sources costs more than a level."""

    def __call__(self, lines: Sequence[LogLine]) -> list[LogLine]:
        """Those lines that the query shows."""
        return [line for line in lines if line.mark or self.accepts(line)]

    def accepts(self, line: LogLine) -> bool:
        """Whether a line of a container is shown. `log:` sees the text without its colours."""
        if self._wanted_ranks is not None and self._rank(line) not in self._wanted_ranks:
            return False
        if not self._include and not self._exclude:
            return True
        text = plain_text(line.text)
        if self._include and not any(pattern.search(text) for pattern in self._include):
            return False
        return not any(pattern.search(text) for pattern in self._exclude)

    def _rank(self, line: LogLine) -> int | None:
        """The place of a line's level in `LEVELS`."""
        level = level_of(line.text)
        rank = None if level is None else int(level)
        source = line.source
        if rank is None and continues(line.text):
            return self._before.get(id(source), (source, None))[1]
        if len(self._before) >= SOURCES_KEPT:
            self._before.clear()
        self._before[id(source)] = source, rank
        return rank
