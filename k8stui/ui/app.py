"""The program on the screen: it puts session, screen, settings and themes together, and ends them.

It holds no behaviour of views, panes or actions. Nothing here, and nothing that this imports, may import a
network library: the first frame comes before the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import App
from textual.driver import Driver

from k8stui.endings import BY_SIGNAL, on_ending
from k8stui.kinds.text import printable
from k8stui.ui.crash import write_crash
from k8stui.ui.entries import all_actions
from k8stui.ui.key_order import KeyOrder
from k8stui.ui.keymap import Keymap
from k8stui.ui.navigator import Navigator
from k8stui.ui.screen import MainScreen
from k8stui.ui.session import Session, Stage
from k8stui.ui.shells.manager import Shells
from k8stui.ui.theme import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen
    from textual.timer import Timer

    from k8stui.settings import Settings
    from k8stui.ui.backend import Backend
    from k8stui.ui.editing.desk import EditDesk
    from k8stui.ui.garbage import Garbage
    from k8stui.ui.launch import Options
    from k8stui.ui.limited import LimitedUser
    from k8stui.ui.operations.forwards import ForwardDesk
    from k8stui.ui.operations.operator import Operator
    from k8stui.ui.saving import Saver
    from k8stui.ui.shells.debugging import Debugger
    from k8stui.ui.shells.desk import ShellDesk
    from k8stui.ui.shells.opening import Opener
    from k8stui.ui.state import StateFile
    from k8stui.ui.theme import Themes

SAVE_AFTER = 0.5
"""Seconds from a change worth remembering to the file: a drag of a border is many changes."""
TWICE = 2.0
"""Seconds in which a second ctrl-c leaves."""


class K8stuiApp(App[None]):
    """k8stui."""

    TITLE = "k8stui"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        Path(__file__).parent / "styles" / f"{name}.tcss"
        for name in ("app", "widgets", "shells", "operations", "editing")
    ]
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS: ClassVar = []

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        state: StateFile,
        themes: Themes,
        options: Options,
        *,
        warnings: Sequence[str] = (),
        crash_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.state = state
        self.theme_files = themes
        self.options = options
        self.garbage: Garbage | None = None
        """Spares the screen long searches for garbage; set where the process is this app's own."""
        self.crash: str | None = None
        """One sentence about an error that ended the program."""
        self._crash_dir = crash_dir
        self._asked_to_leave = float("-inf")
        self._save_timer: Timer | None = None
        for theme in themes.themes.values():
            self.register_theme(theme)
        self.session = Session(
            backend,
            settings,
            state,
            readonly=options.readonly,
            namespaces=options.namespaces,
            on_change=self._session_changed,
        )
        self.navigator = Navigator(self)
        self.shells = Shells(
            settings.shells,
            folder=state.path.parent if state.path is not None else None,
            saved=state.saved,
            is_readonly=self.is_readonly,
            on_change=lambda shell: self.desk.shell_changed(shell),
            on_clipboard=lambda shell, text: self.desk.clipboard_asked(shell, text),
        )
        registry = all_actions()
        keymap = Keymap(registry, settings.keys)
        self._warnings = [*warnings, *themes.warnings, *keymap.problems]
        if state.warning:
            self._warnings.append(state.warning)
        self.main = MainScreen(self, registry, keymap, options.kind)
        self.key_order = KeyOrder(self, self.main)
        self.theme = self._first_theme()
        self._stage = Stage.STARTING
        self._cluster: object = None

    # What is imported when it is first used: the first frame comes before

    @cached_property
    def limited(self) -> LimitedUser:
        """Helps who may not list everything."""
        from k8stui.ui.limited import LimitedUser

        return LimitedUser(self)

    @cached_property
    def opener(self) -> Opener:
        """Opens shells."""
        from k8stui.ui.shells.opening import Opener

        return Opener(self)

    @cached_property
    def debugger(self) -> Debugger:
        """Debugs pods and nodes."""
        from k8stui.ui.shells.debugging import Debugger

        return Debugger(self.opener)

    @cached_property
    def desk(self) -> ShellDesk:
        """What is done with the shells that are open."""
        from k8stui.ui.shells.desk import ShellDesk

        return ShellDesk(self)

    @cached_property
    def operator(self) -> Operator:
        """Plans, asks and carries out operations."""
        from k8stui.ui.operations.operator import Operator

        return Operator(self)

    @cached_property
    def forwards(self) -> ForwardDesk:
        """The port-forwards."""
        from k8stui.ui.operations.forwards import ForwardDesk

        return ForwardDesk(self)

    @cached_property
    def editing(self) -> EditDesk:
        """Edits and their drafts."""
        from k8stui.ui.editing.desk import EditDesk

        return EditDesk(self)

    @cached_property
    def saver(self) -> Saver:
        """Writes what is shown to files."""
        from k8stui.ui.saving import Saver

        return Saver(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What Textual's own styles want of a theme of the terminal's colours."""
        return {"ansi-background": "ansi_black", "ansi-foreground": "ansi_white"}

    def get_driver_class(self) -> type[Driver]:
        """Programs in terminals need every key as it was typed, and frames wait for slow terminals."""
        from k8stui.ui.driver import own_driver

        return own_driver(super().get_driver_class())

    def _display(self, screen: Any, renderable: Any) -> None:
        """Textual takes a frame for painted though it leaves it out while frames are held back."""
        if self._batch_count and renderable is not None and (hold := getattr(self._driver, "hold", None)):
            hold.missed = True
        super()._display(screen, renderable)

    def get_default_screen(self) -> Screen[None]:
        return self.main

    async def on_event(self, event: events.Event) -> None:
        """Keys go to the registry first, then to the focused widget; a terminal comes before both."""
        if self.garbage is not None and isinstance(event, events.InputEvent):
            self.garbage.touched()
        if isinstance(event, events.Key) and not event.is_forwarded and self.key_order.holds(event):
            return
        if isinstance(event, events.Key) and not event.is_forwarded and self.screen_stack[-1:] == [self.main]:
            self.app_focus = True
            if self.main.typeahead.holds(event):
                return
            focused: Any = self.main.focused
            if getattr(focused, "RAW_KEYS", False):
                if not focused.take_raw_key(event) and not await self.main.take_key(event.key):
                    self.bell()
                return
            owns = getattr(focused, "owns_key", None)
            own = owns(event) if owns is not None else getattr(focused, "OWN_KEYS", False)
            if not own and owns is not None:
                await focused.settled()  # what was typed before comes before
            if not own and await self.main.take_key(event.key):
                return
        await super().on_event(event)

    # Starting and ending

    def on_load(self) -> None:
        """The terminal is not taken yet."""
        if self.garbage is not None:
            on_ending(asyncio.get_running_loop(), self._end)

    def _end(self, number: int) -> None:
        """A signal asks for the end, or the terminal was closed: nobody can be asked about open shells."""
        self.exit(return_code=BY_SIGNAL + number)

    @on(Driver.SignalResume)
    def _paint_again(self) -> None:
        """The terminal was somebody else's meanwhile."""
        self.refresh(layout=True)

    def on_mount(self) -> None:
        for warning in self._warnings:
            self.complain(warning)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """The first frame is on the screen."""
        if self.garbage is not None:
            self.garbage.first_frame()
        self.run_worker(self.main.first_frame(), group="start")
        self.connect(self.options.context)

    def connect(self, context: str | None) -> None:
        """Read the kubeconfig and connect, beside the screen."""
        self.run_worker(self.session.begin(context), group="connect", exclusive=True)

    async def on_unmount(self) -> None:
        """Nothing that was started here goes on."""
        self.main.keep_layout()
        self.state.save()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self.forwards.close_all()
                await self.shells.close_all()
                await self.session.close()

    def _session_changed(self) -> None:
        """The session is another one or at another step: let everything see it."""
        if not self.is_running or not self.main.is_attached:
            return
        self.main.header.refresh()
        session = self.session
        if session.cluster is not self._cluster or session.stage is not self._stage:
            opened = session.cluster is not None and self._cluster is None
            if self.garbage is not None and session.cluster is None and self._cluster is not None:
                self.garbage.thaw()
            self._cluster, self._stage = session.cluster, session.stage
            self.call_later(self._show_session, opened)
        elif session.cluster is None:
            self.main.workspace.rescope(fresh=True)

    async def _show_session(self, opened: bool) -> None:
        """The cluster came, went or failed: views start anew; contexts are offered where none is open."""
        session = self.session
        if opened:
            observe = getattr(session.cluster, "observe", None)
            if observe is not None:
                observe(self.main.header.refresh)
            await self.main.load_layout()
            self.use_context_theme()
            self.operator.guard(self.forwards.restore)
            self.editing.offer()
        else:
            self.main.workspace.rescope(fresh=True)
        if opened or session.stage in (Stage.FAILED, Stage.CANCELLED):
            self.main.typeahead.opened()
        self.main.refresh_hints()

    # Saying things

    def say(self, sentence: str) -> None:
        """Tell the user something; text is never markup."""
        self.notify(printable(sentence), markup=False, timeout=4)

    def complain(self, sentence: str) -> None:
        """Tell the user that something is wrong."""
        self.notify(printable(sentence), severity="warning", markup=False, timeout=8)

    def confess(self, error: Exception) -> None:
        """A defect of ours ended some work: say so, keep what a report needs, go on with the rest."""
        sentence = write_crash(error, self._crash_dir, "ended what was being done")
        self.complain(sentence[0].upper() + sentence[1:] + ".")

    def copy(self, text: str, what: str) -> None:
        """Copy text to the terminal's clipboard (OSC 52)."""
        self.copy_to_clipboard(text)
        self.say(f"Copied the {what}.")

    def copy_selection(self) -> bool:
        """Copy what the mouse has selected; False where that is nothing."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy(selected, "selection")
            self.screen.clear_selection()
        return bool(selected)

    # Themes

    def _first_theme(self) -> str:
        if self.options.theme:
            return self.options.theme
        kept = self.state.data
        if kept.theme in self.theme_files.themes and kept.theme_before == self.settings.theme:
            return kept.theme
        return self._theme_or_default(self.settings.theme)

    def _theme_or_default(self, name: str) -> str:
        if name in self.theme_files.themes:
            return name
        self._warnings.append(self.theme_files.complaint(name))
        return DEFAULT if DEFAULT in self.theme_files.themes else self.theme_files.names()[0]

    def use_theme(self, name: str) -> None:
        """Change the colours, and remember it."""
        self.theme = name
        self.state.data.theme, self.state.data.theme_before = name, self.settings.theme
        self.remember()

    def use_context_theme(self) -> None:
        """A context may have colours of its own, as a warning."""
        own = self.settings.contexts.get(self.session.context)
        if own is not None and own.theme and not self.options.theme:
            self.theme = self._theme_or_default(own.theme)
        elif not self.options.theme:
            self.theme = self._first_theme()

    # Remembering

    def remember(self) -> None:
        """Write the state file soon."""
        if self._save_timer is None and self.is_running:
            self._save_timer = self.set_timer(SAVE_AFTER, self._save)

    def _save(self) -> None:
        self._save_timer = None
        problem = self.state.save()
        if problem:
            self.complain(problem)

    # Leaving

    def is_readonly(self, context: str) -> bool:
        """Whether nothing may be changed in a context."""
        if context == self.session.context:
            return self.session.readonly
        return self.options.readonly or bool(self.settings.for_context(context).readonly)

    def leave(self) -> None:
        """End the program; asks first when shells are open."""
        if self.shells.living:
            self.run_worker(self._leave(), group="leave", exclusive=True)
        else:
            self.exit()

    async def _leave(self) -> None:
        if await self.desk.may_leave():
            self.exit()

    def cancel_or_quit(self) -> None:
        """ctrl-c: copy what is selected; give up connecting; asked twice, leave."""
        if self.copy_selection():
            return
        if self.session.stage in (Stage.STARTING, Stage.CONNECTING):
            self.workers.cancel_group(self, "connect")
            self.session.give_up()
        now = time.monotonic()
        if now - self._asked_to_leave < TWICE:
            self.leave()
        else:
            self._asked_to_leave = now
            self.say("ctrl-c once more leaves.")

    def _fatal_error(self) -> None:
        """An error that nobody expected: end, with one sentence instead of a page of code."""
        error = self._exception
        self.crash = write_crash(error, self._crash_dir)
        self._close_messages_no_wait()
