"""What is folded into lines of a log, and what is shown below those that are open.

A line of a stack trace is folded into the first one, repeated lines into the last: such a line is seen where
it is folded, so searches find it there. Nothing here decides which lines are folded (`folding`,
`widgets.lines.model`), and nothing is painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.ui.logs.expanding import below, laid_out
from k8stui.ui.logs.folding import FAR, Folds, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.ui.widgets.lines.index import SeqIndex
    from k8stui.ui.widgets.lines.model import LineModel
    from k8stui.ui.widgets.lines.painter import ShownLine
    from k8stui.ui.widgets.painting import Palette


class _Below(NamedTuple):
    """Rows below an open line, and which line each of them shows (-1: none)."""

    key: Any
    rows: list[ShownLine]
    seqs: list[int]


class OpenedLines:
    """The lines of one model that are open. Tell it when one is opened or closed (`drop`)."""

    def __init__(self, model: LineModel, palette: Palette) -> None:
        self._model = model
        self._palette = palette
        self.folds = Folds(model.source)
        self._below: dict[int, _Below] = {}

    def set_source(self, folds: Folds) -> None:
        """Other lines from now on."""
        self.folds = folds
        self._below.clear()

    def drop(self, seq: int) -> None:
        """A line was opened or closed."""
        self._below.pop(seq, None)

    @property
    def _folds_traces(self) -> bool:
        return self._model.view.folds is not None

    def note(self, seq: int, matches: SeqIndex, *, is_open: bool) -> str:
        """What is folded into a shown line, in a few words, and how many of it a search has found."""
        if not self._model.filtered:
            return ""
        notes = []
        if (count := self._model.run_of(seq)) > 1:
            notes.append(f"×{count:,}")
        if self._folds_traces and not is_open and (lines := self.folds.count(seq)):
            notes.append(f"▸ {lines} more line{'s' * (lines > 1)}")
            if len(matches) and (found := sum(matches.has(at) for at, _ in self.folds.lines(seq))):
                notes.append(f"({found} found)")
        return " ".join(notes)

    def rows(self, seq: int, line: Any, width: int) -> Sequence[ShownLine]:
        """The rows below an open line, broken at `width` (0: not)."""
        return self._laid_out(seq, line, width).rows

    def seqs(self, seq: int) -> Sequence[int]:
        """Which line each of the rows below shows, as they were laid out last."""
        known = self._below.get(seq)
        return known.seqs if known is not None else ()

    def _laid_out(self, seq: int, line: Any, width: int) -> _Below:
        followers = self.folds.lines(seq) if self._folds_traces else []
        key = (width, len(followers), self._model.run_of(seq), self._palette.generation)
        known = self._below.get(seq)
        if known is None or known.key != key:
            rows = below(line, followers, self._repeats(seq, line))
            known = self._below[seq] = _Below(key, *laid_out(rows, width, self._palette))
        return known

    def _repeats(self, seq: int, line: Any) -> list[tuple[int, Any]]:
        """The lines that are shown as this one."""
        count = self._model.run_of(seq)
        if count < 2:
            return []
        what, start = same(line), max(self._model.source.first, seq - FAR)
        before = enumerate(self._model.source.lines(start, seq + 1), start)
        return [(at, each) for at, each in before if not each.mark and same(each) == what][-count:]
