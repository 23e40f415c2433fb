"""Lines of a log by when they were written. Pure: asks a line model, paints nothing.

Lines are merged by time, so they are searched by halves; remarks of ours may have no time: passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.logs.times import nanoseconds

if TYPE_CHECKING:
    from k8stui.ui.widgets.lines.model import LineModel


def first_at(model: LineModel, nanos: int) -> int | None:
    """The first shown line written at a time (since the epoch) or later; None: all are older."""
    low, high = 0, len(model)
    while low < high:
        middle = (low + high) // 2
        at = middle
        while at < high and not _nanos(model, at):
            at += 1
        if at < high and _nanos(model, at) < nanos:
            low = at + 1
        else:
            high = middle
    while low < len(model) and not _nanos(model, low):
        low += 1  # a remark of ours right before is not what was asked for
    return model.seq_at(low)


def _nanos(model: LineModel, index: int) -> int:
    seq = model.seq_at(index)
    line = None if seq is None else model.line(seq)
    return 0 if line is None else nanoseconds(line.time)
