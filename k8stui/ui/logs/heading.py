"""What a log says of itself in its title and above its first line, in few words. Changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from k8stui.kinds.text import cut
from k8stui.ui.logs import states
from k8stui.ui.logs.painter import Mode
from k8stui.ui.logs.reading import RANGES
from k8stui.ui.views.base import Title

if TYPE_CHECKING:
    from k8stui.ui.logs.reading import LogReading
    from k8stui.ui.logs.viewer import LogViewer
    from k8stui.ui.views.logs import LogsView


def title_of(view: LogsView) -> Title:
    """What is read, what is picked and looked for, then how it is shown: a small pane cuts the end."""
    spec = view.spec
    notes = ["previous"] if spec.previous else []
    finding = view.viewer.finder.pattern is not None
    query = spec.query
    if finding or spec.filter:  # of these the end matters, and a small pane cuts the end
        query = cut(query, max(16, view.size.width // 3))
    notes += [text for text in (query, spec.node_log, spec.container) if text]
    if spec.filter:
        notes.append(f"/{spec.filter}{view.counted}")
    if finding:
        notes.append(view.viewer.finder.summary)
    if view.span is not RANGES[0]:
        notes.append(f"[{view.span.title}]")
    state, trouble = _state(view)
    state = cut(state, max(24, view.size.width * 3 // 5))
    return Title("logs", "", "", (*notes, *_looks(view.viewer)), state, trouble)


def _looks(viewer: LogViewer) -> list[str]:
    notes = [f"«{pattern.pattern}»" for pattern, _ in viewer.painter.highlights]
    if viewer.painter.mode is not Mode.RAW:
        notes.append(viewer.painter.mode.value)
    folds = (("traces", viewer.folds_traces), ("repeats", viewer.folds_repeats))
    if folded := [name for name, on in folds if on]:
        notes.append(f"{' and '.join(folded)} folded")
    return notes


def _state(view: LogsView) -> tuple[str, bool]:
    """Whether lines come, in a few words: quiet, waiting, broken and ended look different."""
    reading = view.reading
    if reading is None:
        return "", False
    if reading.problem:
        return "failed", True
    if view.activity:
        return view.activity, False
    said, trouble = states.summary(reading.statuses, time.monotonic(), reading.pool)
    group, node_log = reading.group, reading.node_log
    if group is not None and group.hindered:
        said, trouble = "broken, trying again", True
    if group is not None and group.to_come:
        said += f", {group.to_come:,} pods {'not read' if group.is_full else 'to come'}"
    if view.spec.node_log:
        broken = node_log is not None and bool(node_log.problem)
        said, trouble = "broken, trying again" if broken else "following", broken
    if reading.ended and not trouble:
        said = "ended"
    if not view.viewer.following:
        more = f", {view.behind:,} new" if view.behind else ""
        said = f"paused{more}" if not trouble else f"paused{more}, {said}"
    if reading.buffer.fallen:
        said += f", {reading.buffer.fallen:,} fell off"
    return said, trouble


def before_first(reading: LogReading) -> str:
    """What is before the first line that is held; nothing when there may be more."""
    older = reading.older
    fell = f"{reading.buffer.fallen:,} lines fell off" if reading.buffer.fallen else ""
    if reading.is_loading:
        return "reading older lines…"
    if older.problem:
        return f"older lines: {older.problem}"
    if older.full or (fell and not reading.buffer.room):
        return f"{reading.bound}: {fell or 'older ones do not fit'}"
    if not older.over:
        return fell
    return (
        f"older lines are rotated away: {older.refused}"
        if older.refused
        else "this is all that the server has"
    )
