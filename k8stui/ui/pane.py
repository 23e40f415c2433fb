"""One pane: a title, a view, and the way back to the views that were here before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from k8stui.kinds.text import cell_width, cut, printable
from k8stui.ui.spec import Link, PaneState, Target, ViewSpec, ViewType
from k8stui.ui.views.base import Title, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult, RenderResult

HISTORY_KEPT = 50
PAST_SAVED = 10
"""Views on the way back that the next start of the program knows."""
_LEAST_REASON = 12
"""Cells; with less room than this a state is told without its reason."""
_HOMES = (ViewType.TABLE, ViewType.LOGS, ViewType.CONTEXTS, ViewType.STARTING)
_PASSING = (ViewType.SHELL, ViewType.EDITOR)
_Left = tuple[ViewSpec, Target | None]
"""What a pane showed, and what that followed."""


class PaneTitle(Widget):
    """The first line of a pane: what it shows, and the border to the pane above. Dragging it resizes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane-title--rule",
        "pane-title--name",
        "pane-title--note",
        "pane-title--link",
        "pane-title--trouble",
    }
    ALLOW_SELECT = False
    active: reactive[bool] = reactive(False)
    """The pane has the focus: told by a heavy line and by colour."""
    text: reactive[Title | None] = reactive(None)
    follows: reactive[str] = reactive("")
    pinned: reactive[bool] = reactive(False)

    class Pressed(Message):
        """The mouse went down on a title."""

        def __init__(self, title: PaneTitle, event: events.MouseDown) -> None:
            super().__init__()
            self.title = title
            self.event = event

    def watch_active(self, active: bool) -> None:
        self.set_class(active, "-active")

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.post_message(self.Pressed(self, event))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"pane-title--{name}")

    def render(self) -> RenderResult:
        """`━ pods(shop)[3/12] /web → node worker-2, pinned ━━━━━━━ stale since 3 s ━`"""
        title = self.text or Title("")
        width = self.size.width
        rule, line = self._style("rule"), "━" if self.active else "─"
        left = Text(no_wrap=True, end="")
        left.append(line + " ", rule)
        left.append(printable(title.name), self._style("name"))
        if title.scope:
            left.append(f"({printable(title.scope)})", self._style("note"))
        if title.number:
            left.append(f"[{title.number}]", self._style("name"))
        for note in title.notes:
            left.append(f" {printable(note)}", self._style("note"))
        if self.follows:
            left.append(f" → {printable(self.follows)}", self._style("link"))
        if self.pinned:
            left.append(", pinned" if self.follows else " pinned", self._style("link"))
        right = Text(no_wrap=True, end="")
        if title.state:
            said, room = title.state, width - left.cell_len - cell_width(title.state) - 7
            if title.reason and room >= _LEAST_REASON:
                said += f": {cut(printable(title.reason), room)}"
            right.append(f" {said} ", self._style("trouble" if title.trouble else "note"))
        room = max(width - right.cell_len - 2, 8)
        if left.cell_len > room:
            left.truncate(room, overflow="ellipsis")
        left.append(" ")
        left.append(line * max(width - left.cell_len - right.cell_len - 1, 0), rule)
        left.append_text(right)
        left.append(line, rule)
        left.truncate(width)
        return left


class Pane(Widget):
    """A title above a view."""

    DEFAULT_CSS = """
    Pane { layout: vertical; }
    PaneTitle { height: 1; width: 1fr; }
    """

    def __init__(self, name: str, state: PaneState, make_view: Callable[[ViewSpec], View]) -> None:
        super().__init__(id=f"pane-{name}")
        self.key = name
        """The pane's id in the layout."""
        self._make_view = make_view
        self.view = make_view(state.spec)
        self.pinned = state.pinned or self._stays(state.spec)
        self._past: list[_Left] = [(spec, None) for spec in state.past]
        self._future: list[_Left] = []
        self.title = PaneTitle()

    def compose(self) -> ComposeResult:
        yield self.title
        yield self.view

    def on_mount(self) -> None:
        self.refresh_title()

    # What it shows

    @property
    def state(self) -> PaneState:
        """What to keep of this pane: a pane that follows is kept without what it follows just now."""
        past = [_unmarked(spec) for spec, _ in self._past if spec.view not in _PASSING][-PAST_SAVED:]
        if not self.view.lasts:  # what was here before it is kept
            return PaneState(past[-1] if past else ViewSpec(kind="pods"), past=tuple(past[:-1]))
        kept = self.view.target if self.pinned or self.view.link is Link.NONE else None
        spec = _with_target(self.view.spec, kept)
        return PaneState(spec, self.view.link, self.pinned, tuple(past))

    async def show(self, spec: ViewSpec, *, remember: bool = True) -> None:
        """Show something else here; the way back leads to what was shown before."""
        if remember:
            self._past = [*self._past, self._leave()][-HISTORY_KEPT:]
            self._future = []
        await self._replace(spec)

    async def _replace(self, spec: ViewSpec) -> None:
        if not self.is_attached:
            return  # closed, or the program is being left, while what is to be shown was asked for
        old, focused = self.view, self.has_focus_within
        self.view = self._make_view(spec)
        self.pinned = self._stays(spec)
        old.close()
        with self.app.batch_update():
            await self.mount(self.view, after=self.title)
            if focused:
                self.focus_view()
            await old.remove()
        self.refresh(layout=True)  # another view may want more lines
        self.refresh_title()

    def _leave(self) -> _Left:
        return self.view.leave(), None if self.pinned else self.view.target

    async def _return(self, left: _Left) -> None:
        """To what was left: it shows what it followed then, until the next selection, which may have come."""
        spec, followed = left
        await self._replace(spec)
        if self.view.target == spec.target != followed:
            self.follow(followed)

    async def settle(self) -> None:
        """Put the view of the spec where something stands in for it."""
        if self.view.view_type is ViewType.STARTING:
            await self._return(self._leave())

    def _stays(self, spec: ViewSpec) -> bool:
        """A view that could follow, and was opened for one object, stays with it."""
        return spec.target is not None and self.view.link is not Link.NONE

    async def back(self) -> bool:
        """Show what was here before; False when nothing was."""
        if not self._past:
            return False
        self._future.append(self._leave())
        await self._return(self._past.pop())
        return True

    async def leave(self) -> bool:
        """Back; from what is no place to stay, when nothing was here before, to the pods; else False."""
        if await self.back():
            return True
        if self.view.view_type in _HOMES:
            return False
        await self.show(ViewSpec(kind="pods"), remember=False)
        return True

    async def forward(self) -> bool:
        """Undo a step back; False when there was none."""
        if not self._future:
            return False
        self._past.append(self._leave())
        await self._return(self._future.pop())
        return True

    @property
    def depth(self) -> int:
        """Steps of the way back."""
        return len(self._past)

    # What it follows

    def follow(self, target: Target | None) -> None:
        """Point the view at something, unless it is pinned."""
        if not self.pinned:
            self.view.follow(target)
            self.refresh_title()

    def release(self) -> bool:
        """Follow nothing until the next selection; False when nothing was followed."""
        if self.view.target is None or self.view.link in (Link.NONE, Link.PODS):
            return False
        self.pinned = False
        self.view.follow(None)
        self.refresh_title()
        return True

    def toggle_pin(self) -> bool:
        """Stay with what is shown, or follow again; True when it stays now."""
        self.pinned = not self.pinned
        self.refresh_title()
        return self.pinned

    # How it looks

    @property
    def has_focus_within(self) -> bool:
        """The keys go to this pane."""
        focused = self.screen.focused if self.is_attached else None
        return focused is not None and self in focused.ancestors_with_self

    def focus_view(self) -> None:
        """Let the keys go to this pane."""
        if self.is_attached:
            self.screen.set_focus(self.view.focus_target(), scroll_visible=False)

    def set_active(self, active: bool) -> None:
        """Look like the pane that has the focus, or not."""
        self.title.active = active

    def refresh_title(self) -> None:
        """Write anew what is shown and followed."""
        self.title.text = self.view.title()
        target = self.view.target
        self.title.follows = "" if target is None else target.label()
        self.title.pinned = self.pinned

    def on_view_changed(self, event: View.Changed) -> None:
        """The view says something else about itself."""
        event.stop()
        if event.view is self.view:
            self.refresh_title()


def _unmarked(spec: ViewSpec) -> ViewSpec:
    """The marks of a table last as long as the program: nobody remembers the next day what they were for."""
    from msgspec import structs

    return structs.replace(spec, marked=()) if spec.view is ViewType.TABLE else spec


def _with_target(spec: ViewSpec, target: Target | None) -> ViewSpec:
    from msgspec import structs

    return structs.replace(spec, target=target)
