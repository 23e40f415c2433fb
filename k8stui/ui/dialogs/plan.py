"""A plan before it is carried out, while it is, and what came of it: one box for all of it.

Fields of a subclass change the plan, which is shown as it is: what will be sent, for which objects, what to
know before. The answer is the run with a result for each object; None when nothing was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Checkbox, Input, Select

from k8stui.kinds.text import printable
from k8stui.ui.dialogs.base import Dialog, PlainText, Switch
from k8stui.ui.dialogs.plan_text import (
    body_text,
    finished_text,
    objects_text,
    progress_text,
    retry_label,
    sentences,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.widget import Widget

    from k8stui.kube.operations.plans import Plan
    from k8stui.kube.operations.running import Run

    Start = Callable[[Plan, Callable[[], None]], Run]

PAUSE = 0.1
"""Seconds after a key until the plan is made anew."""
FRAME = 0.1
"""Seconds between two looks at a run."""


class PlanDialog(Dialog["Run"]):
    """Shows a plan, does it when told to, and shows how it goes."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (36, "-high")]  # noqa: RUF012 - Textual declares no ClassVar
    """What is told gives way to the buttons on low screens."""
    BINDINGS: ClassVar = [
        Binding("ctrl+s", "do", show=False, priority=True),
        Binding("y", "do", show=False),
        Binding("n", "give_up", show=False),
        Binding("r", "retry", show=False),
    ]

    def __init__(
        self, title: str, start: Start, plan: Plan | None = None, advice: Sequence[str] = ()
    ) -> None:
        """`start` makes the run of a plan; `plan` is what is done, unless the fields make it."""
        super().__init__(title)
        self.add_class("plan")
        self._start_run = start
        self._given = plan
        self.advice = list(advice)
        """Sentences about these objects, besides those of the plan."""
        self.plan: Plan | None = None
        self.run_of_plan: Run | None = None
        self._warnings = PlainText("", classes="trouble")
        self._notes = PlainText("", classes="notes")
        self._objects = PlainText("")
        self._requests = PlainText("", classes="requests")
        self._problem = PlainText("", classes="trouble")
        self._progress = PlainText("", classes="progress")
        self._confirm = Input(classes="confirm")
        self._do = Button("", id="do", compact=True)
        self._close = Button("Cancel  esc", id="close", compact=True)
        self._timer: Timer | None = None
        self._working: asyncio.Task[None] | None = None
        self._dirty = False
        self._countdown: tuple[int, ...] = ()

    # What a subclass says

    def fields(self) -> Iterable[Widget]:
        """What can be chosen."""
        return ()

    def make_plan(self) -> Plan:
        """The plan that the fields stand for. Raises PlanError."""
        assert self._given is not None
        return self._given

    @property
    def verb(self) -> str:
        """What the button says while there is no plan."""
        return self._title_text.partition(" ")[0]

    def advise(self, plan: Plan) -> Sequence[str]:
        """More to know about this very plan."""
        return ()

    # Life

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="told", can_focus=False):
            with Vertical(id="fields"):
                yield from self.fields()
            yield self._warnings
            yield self._notes
            with VerticalScroll(id="objects", can_focus=False):
                yield self._objects
                yield self._requests
        yield self._problem
        yield self._confirm
        yield self._progress
        with Horizontal(id="buttons"):
            yield self._do
            yield self._close

    def on_mount(self) -> None:
        self._progress.display = False
        self.query_one("#fields").display = bool(self.query("#fields *"))
        self.refresh_plan()
        self._first_focus()
        self.set_interval(FRAME, self._tick)

    def _first_focus(self) -> None:
        field = self._first_field
        if field is not None:
            field.focus()
        elif self._confirm.display:
            self._confirm.focus()
        else:
            (self._close if self.plan is not None and self.plan.destroys else self._do).focus()

    async def on_unmount(self) -> None:
        """What was sent is not waited for any more: nobody is left to read it."""
        task, self._working = self._working, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # The plan

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._soon()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        event.stop()
        self._soon()

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self._soon()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes to the button: which is looked at first; a second one does it."""
        event.stop()
        self.refresh_plan()
        if event.input is self._confirm or self.focused is self._do:
            self.action_do()
        elif self._confirm.display:
            self.set_focus(self._confirm)
        elif not self._do.disabled:
            self.set_focus(self._do)

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self.refresh_plan)

    def refresh_plan(self) -> None:
        """Show what would be done now."""
        from k8stui.kube.operations.plans import PlanError

        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.run_of_plan is not None:
            return
        try:
            self.plan = self.make_plan()
        except PlanError as error:
            self.plan = None
            self._say(self._problem, Text(printable(str(error))))
            self._say(self._notes, sentences(self.advice, "·"))
            for each in (self._warnings, self._objects, self._requests, self._confirm):
                each.display = False
            self._do.label = self.verb
            self._do.disabled = True
            return
        self._show(self.plan)

    def _show(self, plan: Plan) -> None:
        self._say(self._warnings, sentences(plan.warnings, "▲"))
        self._say(self._notes, sentences([*plan.notes, *self.advice, *self.advise(plan)], "·"))
        self._say(self._objects, objects_text(plan))
        self._say(self._requests, body_text(plan))
        self._confirm.display = bool(plan.confirm)
        self._confirm.placeholder = f"type {printable(plan.confirm)} to confirm"
        typed = not plan.confirm or self._confirm.value.strip() == plan.confirm
        self._say(self._problem, Text(""))
        self._do.label = f"{plan.verb}  {self._key}"
        self._do.disabled = not typed

    @property
    def _key(self) -> str:
        """What does it from where the keys are at first: letters are typed into fields."""
        if self._confirm.display:
            return "⏎"
        return "ctrl-s" if isinstance(self._first_field, Input) else "y"

    @property
    def _first_field(self) -> Widget | None:
        return next((each for each in self.query("#fields *") if each.focusable), None)

    @staticmethod
    def _say(where: PlainText, text: Text) -> None:
        where.say(text)
        where.display = bool(text.plain)

    # Doing it

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button is not self._do:
            self.action_give_up()
        elif self.run_of_plan is None:
            self.action_do()
        else:
            self.action_retry()

    def action_do(self) -> None:
        """Carry the plan out, as it is shown."""
        if self.run_of_plan is not None:
            return
        self.refresh_plan()
        if self.plan is None or self._do.disabled:
            return
        self.run_of_plan = self._start_run(self.plan, self._changed)
        self.query_one("#fields").display = False
        for each in (self._confirm, self._notes, self._warnings, self._requests):
            each.display = False
        self._progress.display = True
        self.add_class("-running")
        self._begin(self.run_of_plan.run())

    def action_retry(self) -> None:
        """Do again what did not work."""
        run = self.run_of_plan
        if run is not None and self._working is None and run.left:
            self._begin(run.retry())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._do.display = False
        self._close.label = "Stop  esc"
        self._close.focus()
        self._dirty = True
        self._working = asyncio.get_running_loop().create_task(self._work(work))

    async def _work(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        run = self.run_of_plan
        assert run is not None
        self._working = None
        if not run.left:
            self.dismiss(run)
            return
        self._do.label = retry_label(run)
        self._do.display, self._do.disabled = True, False
        self._close.label = "Close  esc"
        self._close.focus()
        self._dirty = True

    def _changed(self) -> None:
        self._dirty = True

    def _tick(self) -> None:
        run = self.run_of_plan
        if run is None or not (self._dirty or run.countdown != self._countdown):
            return
        self._dirty, self._countdown = False, run.countdown
        width = self.query_one("#box").content_size.width
        self._say(self._progress, progress_text(run, width))
        self._say(self._objects, finished_text(run))

    def action_give_up(self) -> None:
        """Before: nothing is done. Meanwhile: nothing more is begun. Afterwards: close."""
        run = self.run_of_plan
        if run is not None and self._working is not None:
            run.stop()
            self._close.label = "Stopping…"
            return
        self.dismiss(run)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it where nothing is under way."""
        if self._working is None and not self.query_one("#box").region.contains(
            event.screen_x, event.screen_y
        ):
            self.dismiss(self.run_of_plan)

    def on_key(self, event: events.Key) -> None:
        """The arrows go from field to field, as Tab does; PgUp and PgDn scroll what is listed."""
        if event.key in ("pagedown", "pageup"):
            event.stop()
            for each in self.query("#told, #objects").results(VerticalScroll):
                (each.scroll_page_down if event.key == "pagedown" else each.scroll_page_up)()
        if event.key in ("down", "up") and isinstance(self.focused, Input | Button | Checkbox):
            event.stop()
            event.prevent_default()
            with contextlib.suppress(IndexError):
                (self.focus_next if event.key == "down" else self.focus_previous)()


def row(label: str, widget: Widget) -> Horizontal:
    """A field with its name before it."""
    return Horizontal(PlainText(label, classes="label"), widget, classes="row")


def line(value: str = "", placeholder: str = "") -> Input:
    """A field of one line."""
    return Input(value, placeholder=placeholder, compact=True, select_on_focus=False)


def switch(label: str, value: bool = False) -> Checkbox:
    """A switch with its label."""
    from textual.content import Content

    return Switch(Content(printable(label)), value=value, compact=True)


def choice(options: Sequence[tuple[str, str]], value: str) -> Select[str]:
    """One of several; `options` are what is shown and what it stands for."""
    from textual.content import Content

    shown: Any = [(Content(printable(text)), each) for text, each in options]
    return Select(shown, value=value, allow_blank=False, compact=True)
