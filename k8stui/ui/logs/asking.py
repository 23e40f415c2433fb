"""What a log view asks its reader for: words to find, a time, a stream, how to save.

Each function opens a line or a dialog and gives the answer to the view. None of them changes a line.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from k8stui.ui.dialogs.choose import Choice, ChooseDialog, choose
from k8stui.ui.logs import states
from k8stui.ui.logs.moments import FORMS, MomentError, moment_of
from k8stui.ui.logs.painter import Times
from k8stui.ui.logs.saving import as_json, as_text
from k8stui.ui.prompt import AskedLine
from k8stui.ui.widgets.lines.search import Origin

if TYPE_CHECKING:
    from k8stui.ui.actions import Place
    from k8stui.ui.views.logs import LogsView


def ask_find(place: Place, view: LogsView) -> None:
    """Find in place, from where the reader is: every line stays. Given up, all is as it was."""
    viewer = view.viewer
    before, origin, bearings = viewer.finder.pattern, viewer.search_origin(), viewer.bearings()
    found, forward = viewer.finder.found, viewer.finder.forward

    def find(text: str) -> str:
        note = view.find(text, origin)
        return note if text else ""

    def given_up() -> None:
        if before is None:
            view.end_search()
        else:
            view.find(before.pattern, origin if found is None else Origin(found, forward))
        viewer.go_back(bearings)

    way = "down from here" if origin.forward else "up from the end"
    hint = f"text or regex to find, {way}; n goes on, shift-n goes back, esc ends"
    line = AskedLine(find, lambda text: find(text) if len(text) > 1 else "", given_up)
    place.app.main.questions.ask_line("find:", line, before.pattern if before else "", hint)


def ask_highlight(place: Place, view: LogsView) -> None:
    """Colour matches of a text, or no longer."""
    viewer = view.viewer

    def taken(text: str) -> str:
        note = viewer.toggle_highlight(text) if text else viewer.end_highlights()
        view.post_message(view.Changed(view))
        return note

    hint = "text or regex to colour"
    if viewer.painter.highlights:
        hint += "; the same again takes its colour away, an empty line those of all"
    place.app.main.questions.ask_line("highlight:", AskedLine(taken), hint=hint)


def ask_time(place: Place, view: LogsView) -> None:
    """Go to a time: one of UTC where the lines have their times in UTC, else a local one."""
    zone = UTC if view.viewer.painter.times is Times.UTC else None

    def taken(text: str) -> str:
        try:
            moment = moment_of(text, datetime.now().astimezone(zone))
        except MomentError as error:
            return str(error)
        view.go_to_time(int(moment.timestamp()) * 1_000_000_000)
        return ""

    place.app.main.questions.ask_line("time:", AskedLine(taken), hint=f"{FORMS}{' · in UTC' * bool(zone)}")


_STREAM = re.compile(r"pod:\^\S*\$ container:\^\S*\$")


class StreamsDialog(ChooseDialog):
    """Every stream with its state, live."""

    def __init__(self, view: LogsView) -> None:
        self._view = view
        super().__init__("Streams", self._now(), about=self._about_pool())

    def _about_pool(self) -> str:
        reading = self._view.reading
        pool = reading.pool if reading is not None else None
        legend = "  ".join(f"{sign} {state}" for state, sign in states.SIGNS.items())
        if pool is None:
            return legend
        taken, queue, own = pool.pool.open, pool.pool.queued, len(pool.line)
        waits = f"{own} here and {queue - own} elsewhere wait" if queue else "none waits"
        here = f"{pool.open} {'stream is' if pool.open == 1 else 'streams are'} open here"
        places = f"{here}; {taken} of the program's {pool.limit} places are taken, {waits}."
        return f"{places}   {legend}{self._unnoticed()}"

    def _unnoticed(self) -> str:
        """What cannot be known without the files of nodes is said, once."""
        reading = self._view.reading
        group = None if reading is None else reading.group
        if group is None or not group.unnoticed:
            return ""
        what = "What a kubelet leaves out of a stream when it rotates the log goes unnoticed"
        return f"\n{what}: {group.unnoticed}"

    def _now(self) -> list[Choice]:
        reading = self._view.reading
        if reading is None:
            return []
        now = time.monotonic()
        queued = reading.pool.waiting if reading.pool is not None else {}
        order = ("broken", "queued", "waiting", "open", "quiet", "ended")
        found = [(states.standing(status, now, queued), status) for status in reading.statuses]
        found.sort(key=lambda entry: order.index(entry[0]))
        return [
            Choice(
                f"pod:^{status.source.pod}$ container:^{status.source.container}$",
                f"{states.SIGNS[state]} {status.source.pod} {status.source.container}",
                states.about(status, now, queued),
            )
            for state, status in found
        ]

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1.0, self._again)

    def _again(self) -> None:
        self.say_about(self._about_pool())
        self.show_choices(self._now())


async def show_streams(place: Place, view: LogsView) -> None:
    """Show how each stream stands; the one that is chosen is shown alone, of what the filter shows."""
    answer = await place.app.push_screen_wait(StreamsDialog(view))
    if answer:
        view.set_filter(with_stream(view.spec.filter, answer))


def with_stream(text: str, stream: str) -> str:
    """A filter with the terms of one stream instead of those of another; without them if they are there."""
    rest = _STREAM.sub("", text).strip()
    return rest if stream in text else f"{stream} {rest}".strip()


def ask_save(place: Place, view: LogsView) -> None:
    """Ask what to save, and save it."""
    model, reading = view.viewer.model, view.reading
    held = len(reading.buffer) if reading is not None else 0
    choices = [
        Choice("shown text", "what is shown, as text", f"{len(model):,} lines"),
        Choice("shown json", "what is shown, as JSON lines", f"{len(model):,} lines"),
        Choice("all text", "all lines, as text", f"{held:,} lines, with time, pod and container"),
        Choice("all json", "all lines, as JSON lines", f"{held:,} lines"),
    ]

    def take(answer: str) -> None:
        place.app.run_worker(_save(place, view, *answer.split()), group="save")

    place.app.run_worker(choose(place.app, "Save", choices, take), group="dialog")


async def _save(place: Place, view: LogsView, what: str, form: str) -> None:
    """Save what is shown, or all, at the moment when a filter that was typed just now has seen every line."""
    viewer, reading = view.viewer, view.reading
    model = viewer.model
    while what == "shown" and model.looked[0] > model.source.first:
        model.step()
        await asyncio.sleep(0)
    if what == "shown" or reading is None:
        total, found = len(model), viewer.shown_lines()
    else:
        total, found = len(reading.buffer), iter(reading.all_lines())
    lines = as_json(found) if form == "json" else as_text(found)
    if (what, form) == ("shown", "text"):
        lines = viewer.all_lines()

    def progress(count: int) -> None:
        done = count >= total
        view.activity = "" if done or not total else f"saving {count * 100 // total} %"
        view.post_message(view.Changed(view))

    about = view.target.name if view.target is not None else view.spec.query
    suffix = ".jsonl" if form == "json" else ".log"
    place.app.saver.lines(lines, f"logs-{about}" if about else "logs", suffix, progress)
