"""What a table says in its middle when it has no rows to show, and in a few words at all times.

An empty table never stands for a failure: each state has its own sentence, with the reason and what can be
done next. Pure functions of a state; no Textual in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.text import printable
from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from k8stui.ui.widgets.protocols import StateLike
    from k8stui.ui.widgets.table.row_model import RowModel


LONG_WAIT = 3.0
"""Seconds after which a user wonders what goes on, or wants it sooner."""


class Subject(NamedTuple):
    """What a table is about, in the words of its messages."""

    noun: str = "objects"
    """Plural: `pods`, `deployments.apps`."""
    scope: str = ""
    """Where: `in namespace shop`, `in all namespaces`, `on node worker-1`."""
    empty_hint: str = ""
    """What one can do when there are none: `0 shows all namespaces.`"""
    follows: str = "what this pane follows"
    """What a narrowed table is narrowed to: `pod shop/cart-1`."""
    denied_hint: str = "Choose another namespace with :ns, or ask for the right to list."
    """What one can do when the server says no."""


class MessageLine(NamedTuple):
    """A line of a message; `style` is a component class without prefix."""

    text: str
    style: str


def phase_of(state: StateLike | None) -> str:
    """`loading`, `live`, `stale`, `denied` or `gone`."""
    return "loading" if state is None else str(state.phase.name).lower()


def seconds(span: float) -> str:
    """A short wait or age in words: `4 s`, `3 min`, `2 h`."""
    span = max(0.0, span)
    if span < 120:
        return f"{span:.0f} s"
    return f"{span / 60:.0f} min" if span < 7200 else f"{span / 3600:.0f} h"


def _count(loaded: int, total: int | None) -> str:
    return f"{loaded:,} of {total:,}" if total and total >= loaded else f"{loaded:,}"


def next_try(span: float) -> str:
    """What is said of a try in so many seconds: `next try in 4 s`; one that is under way has no time left."""
    return f"next try in {seconds(span)}" if span >= 0.5 else "trying again"


def _waits(state: StateLike, clock: float) -> str:
    if state.next_try is None:
        return ""
    left = state.next_try - clock
    said = next_try(left)
    now = "; :retry tries at once" if left >= LONG_WAIT else ""
    return f"{said[0].upper()}{said[1:]}{now}."


def short_state(state: StateLike | None, model: RowModel, clock: float) -> str:
    """The state in a few words for a title; empty while all is well. `clock` is the monotonic time."""
    phase = phase_of(state)
    if state is None:
        return "loading"
    if phase == "loading":
        return f"loading {_count(state.loaded, state.total)}"
    if phase == "stale":
        wait = "" if state.next_try is None else f", {next_try(state.next_try - clock)}"
        return f"stale since {seconds(clock - state.since)}{wait}"
    if phase in ("denied", "gone"):
        return phase
    if phase == "live" and state.next_try is not None:
        return f"not watched: read again in {seconds(state.next_try - clock)}"
    if model.progress is not None and model.total:
        return f"searching {model.progress[0]:,} of {model.progress[1]:,}"
    return ""


def message(subject: Subject, state: StateLike | None, model: RowModel, clock: float) -> list[MessageLine]:
    """What to say instead of rows."""
    where = f" {subject.scope}" if subject.scope else ""
    phase = phase_of(state)
    reason = printable(state.reason) if state is not None else ""
    if phase == "denied" and not model.total:
        title = f"The server does not let you list {subject.noun}{where}."
        return _lines(title, "message-error", reason, subject.denied_hint)
    if phase == "gone" and not model.total:
        title = f"There are no {subject.noun} to list on this server."
        return _lines(title, "message-error", reason, "Choose another kind with :.")
    if phase == "stale" and not model.total and state is not None:
        title = f"The {subject.noun}{where} could not be read."
        return _lines(title, "message-error", reason, _waits(state, clock))
    if phase == "loading" and not model.total:
        loaded = "" if state is None or not state.loaded else f"{_count(state.loaded, state.total)} so far."
        waited = 0.0 if state is None else clock - state.since
        since = f" since {seconds(waited)}" if waited >= LONG_WAIT else ""
        return _lines(f"Loading {subject.noun}{where}{since}…", "message-title", loaded, reason)
    return _nothing_shown(subject, where, phase, model)


def _nothing_shown(subject: Subject, where: str, phase: str, model: RowModel) -> list[MessageLine]:
    """All is read, but no row is to be shown."""
    if not model.total:
        title = f"No {subject.noun}{where}."
        return _lines(title, "message-title", subject.empty_hint)
    if model.progress is not None:
        done, todo = model.progress
        return _lines(f"Searching {subject.noun}…", "message-title", f"{done:,} of {todo:,} looked at.")
    so_far = " so far" if phase == "loading" else ""
    follows = printable(subject.follows)
    if model.narrowed and not model.filter and not model.faults_only:
        title = f"No {subject.noun} for {follows}{so_far}."
        return _lines(title, "message-title", f"{model.total:,} others{where}.")
    why: list[str] = []
    if model.filter:
        why.append(f"The filter is “{printable(model.filter.text.strip())}”: esc clears it.")
    if model.faults_only:
        why.append("Only faults are shown: ctrl-z shows all.")
    if model.narrowed:
        why.append(f"Only those for {follows} are shown.")
    title = f"None of {model.total:,} {subject.noun}{where} to show{so_far}."
    return _lines(title, "message-title", *why)


def _lines(title: str, style: str, *rest: str) -> list[MessageLine]:
    return [MessageLine(title, style), *(MessageLine(text, "message") for text in rest if text)]


def wrapped(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while width_of(word) > width > 1:
            cut = next((n for n in range(len(word), 0, -1) if width_of(word[:n]) <= width), 1)
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines
