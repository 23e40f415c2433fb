"""The columns of a log as a table: which fields there are, which are chosen, which stand there until then."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.text import cut, printable
from k8stui.ui.dialogs.choose import Choice, choose
from k8stui.ui.logs.painter import Mode
from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from k8stui.ui.actions import Place
    from k8stui.ui.logs.viewer import LogViewer
    from k8stui.ui.views.logs import LogsView

SAMPLE = 500
"""Of the newest lines, so many are looked at."""
LIKELY_SAMPLE = 200
MOST_LIKELY = 4
WIDEST_LIKELY = 24
OFTEN = 0.1
"""Of the lines with fields, so many have one that is a column without being asked for."""


class Field(NamedTuple):
    """A field of the newest lines."""

    name: str
    lines: int
    example: str


def fields_of(viewer: LogViewer, sample: int = SAMPLE) -> tuple[list[Field], int]:
    """Fields of the newest lines, the most frequent first, and how many of these lines have fields."""
    from k8stui.kinds.logs.lines import parse

    model, source = viewer.model, viewer.model.source
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    with_fields = 0
    for seq in model.shown_between(max(source.first, source.end - sample), source.end):
        line = model.line(seq)
        if line is None or line.mark:
            continue
        fields = parse(line.text).fields
        with_fields += bool(fields)
        for key, value in fields:
            counts[key] += 1
            examples.setdefault(key, value)
    return [Field(key, count, examples[key]) for key, count in counts.most_common(200)], with_fields


def choose_likely(viewer: LogViewer) -> None:
    """Where nobody has chosen columns: some that many lines have, narrow enough to leave room to messages."""
    painter = viewer.painter
    if painter.mode is not Mode.TABLE or painter.columns or painter.columns_are_chosen:
        return
    found, lines = fields_of(viewer, LIKELY_SAMPLE)
    columns: list[str] = []
    room = viewer.across // 3
    for field in found:
        wide = max(width_of(field.name), width_of(field.example)) + 1
        if field.lines < OFTEN * lines or len(columns) == MOST_LIKELY:
            break
        if wide <= min(room, WIDEST_LIKELY):
            columns.append(field.name)
            room -= wide
    if columns:
        viewer.set_mode(Mode.TABLE, tuple(columns))


def ask_columns(place: Place, view: LogsView) -> None:
    """Choose a column of the table, or all of them by name."""
    viewer = view.viewer
    choose_likely(viewer)
    chosen = viewer.painter.columns

    def take(answer: str) -> None:
        if answer in chosen:
            columns = tuple(name for name in chosen if name != answer)
        elif "," in answer:
            columns = tuple(dict.fromkeys(name.strip() for name in answer.split(",") if name.strip()))
        else:
            columns = (*chosen, answer)
        viewer.painter.columns_are_chosen = True
        viewer.set_mode(Mode.TABLE, columns)
        view.post_message(view.Changed(view))

    found, lines = fields_of(viewer)
    choices = [Choice(name, f"✓ {name}", "shown; enter takes it away") for name in chosen]
    choices += [
        Choice(
            field.name,
            field.name,
            f"in {field.lines:,} line{'s' * (field.lines > 1)}, such as {cut(printable(field.example), 40)}",
        )
        for field in found
        if field.name not in chosen
    ]
    about = "" if lines else "The newest lines have no fields: JSON, logfmt, klog and access logs do."
    free = "a field, or several parted by commas"
    asking = choose(place.app, "Columns of the table", choices, take, about=about, free=free)
    place.app.run_worker(asking, group="dialog")
