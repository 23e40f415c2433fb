"""Stack traces folded into their first line, and repeated lines into one. Pure.

Whether a line is folded is decided by the line alone, so that 200,000 lines cost one look each; how many
lines a shown one hides is asked only for lines on the screen. Lines of other containers may stand between
those of a trace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from k8stui.kinds.logs.lines import continues

if TYPE_CHECKING:
    from k8stui.ui.widgets.lines.model import LineSource

FAR = 2_000
"""Lines after the first of a trace in which the rest is looked for."""
MOST = 500
"""Lines of a trace that are counted and shown."""
HEAD = 4_096
# It begins with a digit and one look ahead: most digits of a line are no moment, and this is asked of each.
_MOMENT = re.compile(
    r"[0-9](?=[0-9](?::|/[A-Z]|[0-9][0-9]))(?:"
    r"[0-9]{3}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*"
    r"|[0-9]:\d\d:\d\d[.,\d]*"
    r"|(?<!\w[0-9])[0-9]{9,18}(?:\.\d+)?\b"
    r"|(?<!\w[0-9])[0-9]/[A-Z][a-z]{2}/\d{4}:\S+(?: [+-]\d{4})?)"
)


def same(line: Any) -> str:
    """What two lines have in common that say the same: all but the moment."""
    text = line.text if len(line.text) <= HEAD else line.text[:HEAD]
    return _MOMENT.sub("\0", text)


class Folds:
    """Which lines are folded into which."""

    def __init__(self, source: LineSource) -> None:
        self._source = source
        self._known: dict[int, int] = {}
        self._traces: dict[Any, tuple[int, int]] = {}

    def __call__(self, seq: int, line: Any) -> bool:
        """Whether a line is shown as part of one before it; a line without such a one never is."""
        if line.mark or not continues(line.text):
            return False
        head, last = self._traces.get(line.source, (0, -1))
        if head <= seq <= last:
            return True
        source, lines = self._source, 0
        for at in range(seq - 1, max(source.first, seq - FAR) - 1, -1):
            other = source.line(at)
            if other.source != line.source or other.mark:
                continue
            if head <= at <= last:
                break
            if not continues(other.text):
                head = at
                break
            lines += 1
            if lines >= MOST:
                return False
        else:
            return False
        if len(self._traces) > 4_096:
            self._traces.clear()
        self._traces[line.source] = (head, seq)
        return True

    def head(self, seq: int, line: Any) -> int | None:
        """The line that a folded one is shown in; None for one that is not folded."""
        return self._traces[line.source][0] if self(seq, line) else None

    def count(self, seq: int) -> int:
        """How many lines are folded into this one; it may grow while the trace is being written."""
        known = self._known.get(seq)
        if known is not None:
            return known
        found, ended = self._look(seq)
        if ended:
            if len(self._known) > 4_096:
                self._known.clear()
            self._known[seq] = len(found)
        return len(found)

    def lines(self, seq: int) -> list[tuple[int, Any]]:
        """The lines that are folded into this one, with their numbers."""
        return self._look(seq)[0]

    def alike(self, one: int, other: int) -> bool:
        """Whether the same lines are folded into two lines."""
        texts = ([line.text for _, line in self._look(seq)[0]] for seq in (one, other))
        return next(texts) == next(texts)

    def _look(self, seq: int) -> tuple[list[tuple[int, Any]], bool]:
        source = self._source
        if not source.first <= seq < source.end:
            return [], True
        head = source.line(seq)
        if head.mark or continues(head.text):
            return [], True  # what follows such a line is folded into its head, or not at all
        found: list[tuple[int, Any]] = []
        at, stop = seq + 1, min(source.end, seq + FAR)
        size = 4  # mostly the next lines tell
        while at < stop:
            for number, line in enumerate(source.lines(at, min(stop, at + size)), at):
                if line.source != head.source or (line.mark and not found):
                    continue
                if line.mark or not continues(line.text) or len(found) >= MOST:
                    return found, True
                found.append((number, line))
            at, size = at + size, 64
        return found, stop == seq + FAR
