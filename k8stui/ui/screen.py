"""The main screen: header, panes, prompt and footer, and where keys go.

A key that means something to the prompt or a dialog goes there; else the registry is asked which action has
it and fits what is focused; else it is left to the focused widget (moving in tables and logs).
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from typing import TYPE_CHECKING, Any

from textual.containers import Container
from textual.screen import Screen

from k8stui.ui.actions import Action, Group, Place
from k8stui.ui.commands import CommandError
from k8stui.ui.footer import Footer, Hint
from k8stui.ui.habits import why_not
from k8stui.ui.header import Header, Warnings
from k8stui.ui.keymap import Keymap, shown
from k8stui.ui.latest import start_latest
from k8stui.ui.offers import show_menu
from k8stui.ui.prompt import Prompt
from k8stui.ui.questions import Questions
from k8stui.ui.rights import Rights, unseen
from k8stui.ui.shells.dock import ShellDock
from k8stui.ui.spec import ViewSpec, ViewType
from k8stui.ui.typeahead import TypeAhead
from k8stui.ui.views import make_view
from k8stui.ui.views.base import View
from k8stui.ui.warnings import WarningCounts
from k8stui.ui.workspace import Workspace, default_layout, single_layout

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer

    from k8stui.ui.actions import Registry
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.shells.screen import ShellScreen
    from k8stui.ui.state import SavedLayout
    from k8stui.ui.views.base import View

SETTLED = 0.25
"""Seconds that the cursor rests before the server is asked what may be done there."""
HINTED = 90
"""Actions of a higher rank are not in the footer."""


class MainScreen(Screen[None]):
    """Everything that is on the screen most of the time."""

    DEFAULT_CSS = "MainScreen { layout: vertical; } #stage { height: 1fr; }"

    def __init__(self, owner: K8stuiApp, registry: Registry, keymap: Keymap, kind: str | None) -> None:
        super().__init__()
        self._owner = owner
        self.registry = registry
        self.keymap = keymap
        self._kind = kind
        self._drawn = False
        """The first frame is on the screen."""
        self.header = Header(owner.session)
        self.footer = Footer()
        self.prompt = Prompt()
        self.workspace = Workspace(self._first_layout(), self.make_view)
        self.dock = ShellDock(owner.shells)
        self.questions = Questions(self, owner)
        self._counts = WarningCounts()
        self.rights = Rights(owner.session, registry)
        self.typeahead = TypeAhead(self, owner.session)
        self._layout_of = ""
        """The context whose panes are shown, as layouts are remembered."""
        self._replacing = asyncio.Lock()
        self._asking: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="stage"):
            yield self.workspace
        yield self.dock
        yield self.footer
        yield self.prompt

    def on_mount(self) -> None:
        self.workspace.focused_pane.focus_view()
        self.set_interval(1.0, self._tick)
        self.refresh_hints()

    async def first_frame(self) -> None:
        """The first frame is on the screen: now there is time for the views that take some."""
        self._drawn = True
        await asyncio.to_thread(importlib.import_module, "k8stui.ui.views.logs")
        for pane in tuple(self.workspace.panes.values()):
            await pane.settle()

    def make_view(self, spec: ViewSpec) -> View:
        """The view for a spec, on the session of this app."""
        if spec.view is ViewType.LOGS and not self._drawn:
            from k8stui.ui.views.standin import StandIn

            return StandIn(spec, self._owner.session)
        if spec.view is ViewType.SHELL:
            from k8stui.ui.views.shell import ShellView

            return ShellView(spec, self._owner.session, self._owner.shells)
        if spec.view is ViewType.EDITOR:
            from k8stui.ui.views.editor import EditorView

            return EditorView(spec, self._owner.session, self._owner.editing)
        if spec.view is ViewType.FORWARDS:
            from k8stui.ui.views.forwards import ForwardsView

            return ForwardsView(spec, self._owner.session, self._owner.forwards)
        return make_view(spec, self._owner.session)

    def _tick(self) -> None:
        """Time goes by: how long something is stale, when it is tried again, what is wrong."""
        self.header.refresh()
        self.workspace.refresh_titles()
        self.count_warnings()
        if self._owner.garbage is not None:
            collections = getattr(self._owner.session.cluster, "collections", ())
            live = bool(collections) and all(c.state.phase.name != "LOADING" for c in collections)
            self._owner.garbage.look(live=live)

    def count_warnings(self) -> None:
        """Count what is wrong, a slice at a time."""
        cluster = self._owner.session.cluster
        if cluster is None:
            self._counts.close()
            self.header.set_warnings(Warnings())
            return
        warnings, more = self._counts.step(cluster, self._owner.session.namespaces)
        if more:
            self.set_timer(0.02, self.count_warnings)
        else:
            self.header.set_warnings(warnings)

    # Layouts

    def _first_layout(self) -> SavedLayout:
        return default_layout() if self._kind is None else single_layout(ViewSpec(kind=self._kind))

    async def load_layout(self) -> None:
        """Show the panes as they were in this context; where they are there already, they start anew."""
        key = self._owner.session.state_key
        saved = self._owner.state.data.layouts.get(key) if self._kind is None else None
        layout = saved or self._first_layout()
        async with self._replacing:  # who switched and who heard that the cluster is open both ask for it
            known, self._layout_of = self._layout_of, key
            if key == known or layout == self.workspace.saved():
                self.workspace.rescope(fresh=True)
            else:
                await self._replace_workspace(layout)

    async def _replace_workspace(self, layout: SavedLayout) -> None:
        old = self.workspace
        self.workspace = Workspace(layout, self.make_view)
        with self._owner.batch_update():
            for pane in old.panes.values():
                pane.view.close()
            await old.remove()
            await self.query_one("#stage").mount(self.workspace)
            # Who leaves in the middle of this finds the panes gone already.
            if not self.prompt.is_open and self.workspace.is_attached:
                self.workspace.focused_pane.focus_view()
        self.refresh_hints()

    async def reset_layout(self) -> None:
        """Back to the panes of the start."""
        self._kind = None
        async with self._replacing:
            await self._replace_workspace(default_layout())
        self.layout_changed()

    def keep_layout(self) -> None:
        """Note the panes for this context."""
        session = self._owner.session
        if self._kind is None and session.context:
            self._owner.state.data.layouts[session.state_key] = self.workspace.saved()

    def layout_changed(self) -> None:
        """Remember the panes soon."""
        self.keep_layout()
        self._owner.remember()
        self.refresh_hints()

    def on_workspace_layout_changed(self, event: Workspace.LayoutChanged) -> None:
        event.stop()
        self.layout_changed()

    def on_workspace_focus_changed(self, event: Workspace.FocusChanged) -> None:
        event.stop()
        self.refresh_hints()

    # Where we are

    def place(self) -> Place:
        """What has the focus, for actions."""
        if self.dock.has_keys:
            return Place(self._owner, self.workspace, view_type=ViewType.SHELL.value)
        pane = self.workspace.focused_pane
        view = pane.view
        return Place(
            self._owner, self.workspace, pane, view, view.view_type.value, view.kind, tuple(view.objects)
        )

    def refresh_hints(self) -> None:
        """Write the footer anew, once all is settled."""
        self.call_after_refresh(self._write_hints)

    def _write_hints(self) -> None:
        place = self.place()
        actions = [action for action in self.registry.working(place) if action.rank <= HINTED]
        actions.sort(key=lambda action: action.rank)
        before: list[Hint] = []
        if place.view_type == ViewType.EDITOR:
            # signs are text there: only other keys do something
            actions = [each for each in actions if len(self.keymap.first(each.id)) > 1]
        if place.view_type == ViewType.SHELL:
            mine = [action for action in actions if action.group is Group.SHELLS]
            # one key does one thing: what comes first in the registry
            actions = list({self.keymap.first(each.id): each for each in reversed(mine)}.values())[::-1]
            if self._owner.desk.keys_are_the_programs:
                before = [Hint("shell.leave", shown(self._owner.settings.shells.escape), "then")]
        hints = [
            Hint(
                action.id,
                self.keymap.first(action.id),
                action.title,
                bool(self.rights.refusal(action, place)),
            )
            for action in actions
            if self.keymap.keys(action.id)
        ]
        self.footer.show_hints([*before, *hints])
        if self._asking is not None:
            self._asking.stop()
        self._asking = self.set_timer(SETTLED, self._ask_rights)

    def _ask_rights(self) -> None:
        """Ask what the user may do here, unless the cursor has moved on."""
        questions = self.rights.unknown(self.place())
        if questions:
            start_latest(self._owner, "rights", self.rights.ask, questions, self.refresh_hints)

    # Keys, clicks, actions

    async def take_key(self, key: str) -> bool:
        """Run the action of a key, if one fits here, else what the focused widget binds to it.

        Both are done at once, before the next key is looked at: so what is typed ahead goes where it belongs,
        and Enter after ↓ acts on the row below. A key that fits only elsewhere is told so. False leaves it to
        the focused widget.
        """
        if self.prompt.is_open:
            return False
        place = self.place()
        actions = [self.registry[action_id] for action_id in self.keymap.actions(key)]
        for action in actions:
            if action.works(place):
                if wait := unseen(action, place):
                    self._owner.complain(wait)
                else:
                    await self.run_action_at(action, place)
                return True
        bound = self.active_bindings.get(key)
        if bound is None or not bound.enabled:
            if sentence := why_not(key, actions, place):
                self._owner.say(sentence)
            return False
        return await self._owner.run_action(bound.binding.action, bound.node)

    async def run_action_at(self, action: Action, place: Place) -> None:
        """Do it; what is not understood or allowed becomes a sentence."""
        from k8stui.kube.errors import KubeError

        refusal = self.rights.refusal(action, place)
        if refusal:
            self._owner.complain(refusal)
            return
        try:
            result: Any = action.run(place)
            if inspect.isawaitable(result):
                await result
        except CommandError as error:
            self._owner.complain(error.sentence)
        except KubeError as error:
            self._owner.complain(error.sentence())
        self.refresh_hints()

    async def run_by_id(self, action_id: str) -> None:
        """Do what an entry of the registry says, where the focus is."""
        place = self.place()
        action = self.registry[action_id]
        if action.works(place):
            await self.run_action_at(action, place)

    async def on_footer_pressed(self, event: Footer.Pressed) -> None:
        event.stop()
        await self.run_by_id(event.action)

    async def on_view_opened(self, event: View.Opened) -> None:
        """Enter or a double click in a table: the same as the action."""
        event.stop()
        reads = event.view.view_type in (ViewType.DESCRIBE, ViewType.RELATIONS, ViewType.ANATOMY)
        await self.run_by_id("reading.open" if reads else "row.open")

    def on_view_selected(self, event: View.Selected) -> None:
        self.refresh_hints()

    def on_logs_view_offers_changed(self) -> None:
        """Footers written before the first lines came do not offer what needs lines."""
        self.refresh_hints()

    # Shells

    def on_shell_dock_changed(self, event: ShellDock.Changed) -> None:
        """The dock opened, closed, or says something else."""
        event.stop()
        self.query_one("#stage").display = not (self.dock.display and self.dock.zoomed)
        self.workspace.focused_pane.set_active(not self.dock.has_keys)
        self.refresh_hints()

    def on_shell_dock_close_asked(self, event: ShellDock.CloseAsked) -> None:
        event.stop()
        self._owner.desk.ask_close(event.shell)

    def on_shell_screen_copied(self, event: ShellScreen.Copied) -> None:
        event.stop()
        self._owner.copy(event.text, "selection")

    def on_shell_screen_link_clicked(self, event: ShellScreen.LinkClicked) -> None:
        event.stop()
        self._owner.desk.link_clicked(event.address)

    def on_shell_screen_paste_asked(self, event: ShellScreen.PasteAsked) -> None:
        event.stop()
        self._owner.desk.paste_asked(event.screen, event.text)

    def on_screen_suspend(self) -> None:
        """A dialog is there."""
        self.typeahead.dialog_opened()

    def on_resize(self) -> None:
        """The dock keeps its part."""
        self.dock.screen_resized()

    def on_view_denied(self, event: View.Denied) -> None:
        event.stop()
        self._owner.limited.refused(event.reason, choosing=event.choosing)

    def on_click(self, event: events.Click) -> None:
        """The right button opens a menu of what fits the row."""
        if event.button == 3:
            show_menu(self.place())

    # The prompt

    def on_prompt_typed(self, event: Prompt.Typed) -> None:
        event.stop()
        self.questions.typed(event.mode, event.text)

    async def on_prompt_taken(self, event: Prompt.Taken) -> None:
        event.stop()
        await self.questions.taken(event.mode, event.text)

    def on_prompt_given_up(self, event: Prompt.GivenUp) -> None:
        event.stop()
        self.questions.given_up(event.mode)


__all__ = ["MainScreen", "ViewType"]
