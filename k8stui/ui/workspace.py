"""The panes of the screen: where they are, which has the focus, and how a selection in one drives others.

The tree of panes (`layout`) says where each goes; a click, a drag or an action changes the tree and nothing
else moves widgets. A selection is passed on a moment after it was made, so that a held arrow key does not
start fifty log streams. Nothing here knows what a view shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from k8stui.ui import layout as tree_of
from k8stui.ui.layout import Axis, Border, Direction, Leaf, Rect, Tree
from k8stui.ui.pane import Pane, PaneTitle
from k8stui.ui.spec import Link, PaneState, Target, ViewSpec
from k8stui.ui.state import SavedLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style
    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer

    from k8stui.ui.views.base import View

DEBOUNCE = 0.1
"""Seconds from a selection to the panes that follow it."""
STEP = {Axis.ROW: 4, Axis.COLUMN: 2}
"""Cells that a key moves a border by."""


class _TreeLayout(Layout):
    """Puts panes where the tree says."""

    name = "panes"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        assert isinstance(parent, Workspace)
        places = parent.arrange_panes(size)
        placed: ArrangeResult = []
        for child in children:
            rect = places.get(getattr(child, "key", ""))
            if rect is not None and rect.width > 0 and rect.height > 0:
                placed.append(WidgetPlacement(Region(*rect), Offset(), Spacing(), child))
        return placed


class Workspace(Widget):
    """All panes of one context."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"workspace--border", "workspace--border-moving"}
    DEFAULT_CSS = "Workspace { height: 1fr; width: 1fr; }"

    class LayoutChanged(Message):
        """Panes were moved, split, closed or show something else: worth remembering."""

    class FocusChanged(Message):
        """Another pane, or another view in it, takes the keys."""

    def __init__(self, saved: SavedLayout, make_view: Callable[[ViewSpec], View]) -> None:
        super().__init__()
        self._make_view = make_view
        self._tree_layout = _TreeLayout()
        self.shape: Tree = saved.tree
        self.panes: dict[str, Pane] = {
            name: Pane(name, saved.panes[name], make_view) for name in tree_of.leaves(saved.tree)
        }
        self.focused_key = saved.focused if saved.focused in self.panes else next(iter(self.panes))
        self.zoomed = False
        self._zoomed_at = ("", 0)
        """Which pane was zoomed, and how long its way back was then."""
        self.arrangement = tree_of.Arrangement({}, (), {}, frozenset())
        self._drag: tuple[Border, int] | None = None
        self._pending: dict[str, tuple[View, Target | None, bool, bool]] = {}
        self._debounce: Timer | None = None
        self._drivers: dict[str, str] = {}
        """For a pane that follows: in which one its object was selected last."""

    def compose(self) -> ComposeResult:
        yield from self.panes.values()

    def on_mount(self) -> None:
        self.focused_pane.set_active(True)

    @property
    def layout(self) -> Layout:
        """Panes go where the tree says, whatever the styles say."""
        return self._tree_layout

    # Where panes are

    def arrange_panes(self, size: Size) -> dict[str, Rect]:
        """The place of each pane that is to be seen."""
        whole = Rect(0, 0, size.width, size.height)
        if self.zoomed:
            self.arrangement = tree_of.Arrangement({self.focused_key: whole}, (), {}, frozenset())
        else:
            wanted = self.focused_pane.view.wanted_lines
            self.arrangement = tree_of.arrange(self.shape, whole, self.focused_key, wanted)
        return self.arrangement.panes

    def _rearrange(self, *, worth_keeping: bool = True) -> None:
        # Textual keeps a widget's arrangement until a child asks for another one.
        self.focused_pane.refresh(layout=True)
        self.refresh()
        if worth_keeping:
            self.post_message(self.LayoutChanged())

    def render_line(self, y: int) -> Strip:
        """The lines between panes; panes cover everything else."""
        width = self.size.width
        style = self.get_component_rich_style("workspace--border")
        moving = self.get_component_rich_style("workspace--border-moving")
        cells: list[tuple[str, Style]] = [(" ", style)] * width
        for border in self.arrangement.borders:
            x, top, _, height = border.rect
            if top <= y < top + height and 0 <= x < width:
                held = self._drag is not None and self._drag[0][:2] == border[:2]
                sign = ("┬" if y == top else "│") if not held else "┃"
                cells[x] = (sign, moving if held else style)
        return Strip([Segment(text, each) for text, each in cells], width)

    # Focus

    @property
    def focused_pane(self) -> Pane:
        """The pane that takes the keys."""
        return self.panes[self.focused_key]

    def focus_pane(self, key: str) -> None:
        """Let a pane take the keys."""
        self._activate(key)
        self.focused_pane.focus_view()

    def _activate(self, key: str) -> None:
        if key == self.focused_key or key not in self.panes:
            return
        self.focused_pane.set_active(False)
        self.focused_key = key
        self.focused_pane.set_active(True)
        self._rearrange(worth_keeping=False)
        self.post_message(self.FocusChanged())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keys or the mouse have put the focus into a pane."""
        if event.widget is not self.screen.focused:
            return  # keys typed fast have moved it on before this was told
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                self._activate(node.key)
        self.post_message(self.FocusChanged())

    def focus_next(self, step: int) -> None:
        """To the next pane in reading order, or to the one before."""
        keys = tree_of.leaves(self.shape)
        self.focus_pane(keys[(keys.index(self.focused_key) + step) % len(keys)])

    def focus_towards(self, direction: Direction) -> None:
        """To the pane in a direction; when zoomed, to the one that would be there."""
        panes = self.arrangement.panes
        if self.zoomed:
            panes = tree_of.arrange(self.shape, Rect(0, 0, self.size.width, self.size.height)).panes
        key = tree_of.neighbour(panes, self.focused_key, direction)
        if key is not None:
            self.focus_pane(key)

    # Changing the tree

    def toggle_zoom(self) -> None:
        """Let the focused pane have the whole screen, or share it again."""
        self.zoomed = not self.zoomed and len(self.panes) > 1
        self._zoomed_at = (self.focused_key, self.focused_pane.depth)
        self._rearrange(worth_keeping=False)
        self.post_message(self.FocusChanged())

    @property
    def deeper_than_zoomed(self) -> bool:
        """The zoomed pane shows what was opened in it since: that is left before the zoom is."""
        key, depth = self._zoomed_at
        return key == self.focused_key and self.focused_pane.depth > depth

    def resize_focused(self, direction: Direction) -> None:
        """Move the focused pane's nearest border."""
        if not self.zoomed:
            whole = Rect(0, 0, self.size.width, self.size.height)
            cells = STEP[direction.axis]
            self.shape = tree_of.resize(self.shape, self.focused_key, direction, cells, whole)
            self._rearrange()

    async def split_focused(self, axis: Axis, spec: ViewSpec) -> None:
        """Halve the focused pane and show something in the new half."""
        key = str(max((int(name) for name in self.panes if name.isdecimal()), default=0) + 1)
        self.shape = tree_of.split(self.shape, self.focused_key, axis, key)
        self.panes[key] = Pane(key, PaneState(spec), self._make_view)
        self.zoomed = False
        await self.mount(self.panes[key])
        self.focus_pane(key)
        self._rearrange()

    async def close_focused(self) -> bool:
        """Close the focused pane; False for the last one, which stays."""
        key = self.focused_key
        tree = tree_of.remove(self.shape, key)
        if tree is None:
            return False
        keys = tree_of.leaves(self.shape)
        neighbour = keys[max(keys.index(key) - 1, 0)] if keys.index(key) else keys[1]
        self.shape, self.zoomed = tree, False
        self.focus_pane(neighbour)
        pane = self.panes.pop(key)
        pane.view.close()
        await pane.remove()
        self._rearrange()
        return True

    def saved(self) -> SavedLayout:
        """What to keep of the workspace."""
        return SavedLayout(
            self.shape, {key: pane.state for key, pane in self.panes.items()}, self.focused_key
        )

    # Mouse on borders

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The workspace itself is seen only between panes: a border is taken hold of."""
        for border in self.arrangement.borders:
            x, y, width, height = border.rect
            if x <= event.x < x + width and y <= event.y < y + height:
                self._take_hold(border, event.screen_x)

    def on_pane_title_pressed(self, message: PaneTitle.Pressed) -> None:
        """A title focuses its pane, and is the border to the pane above."""
        message.stop()
        pane = message.title.parent
        assert isinstance(pane, Pane)
        border = self.arrangement.title_borders.get(pane.key)
        self.focus_pane(pane.key)
        if border is not None and not self.zoomed:
            self._take_hold(border, message.event.screen_y)

    def _take_hold(self, border: Border, at: int) -> None:
        if border.extent > 0:
            self._drag = (border, at)
            self.capture_mouse()
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """A held border follows the mouse."""
        if self._drag is None:
            return
        border, last = self._drag
        at = event.screen_x if border.axis is Axis.ROW else event.screen_y
        if at != last:
            self.shape = tree_of.move_border(
                self.shape, border.path, border.after, (at - last) / border.extent
            )
            self._drag = (border, at)
            self._rearrange(worth_keeping=False)

    def on_mouse_up(self, _event: events.MouseUp) -> None:
        """A held border is let go."""
        if self._drag is not None:
            self._drag = None
            self.release_mouse()
            self.refresh()
            self.post_message(self.LayoutChanged())

    # Selections that drive other panes

    def on_view_selected(self, event: View.Selected) -> None:
        """Pass a selection on in a moment; the screen hears of it too, for its hints."""
        pane = next((pane for pane in self.panes.values() if pane.view is event.view), None)
        if pane is None:
            return
        here = pane.key == self.focused_key
        self._pending[pane.key] = (event.view, event.target, event.chosen and here, here)
        if self._debounce is not None:
            self._debounce.stop()
        self._debounce = self.set_timer(DEBOUNCE, self._pass_on)

    def _pass_on(self) -> None:
        pending, self._pending = self._pending, {}
        for view, target, chosen, here in pending.values():
            if target is not None:
                self._drive(view, target, chosen, here)

    def point_at(self, source: View, target: Target) -> None:
        """Let all that follow such objects follow this one, without waiting for more keys."""
        self._drive(source, target, True, True)

    def _drive(self, source: View, target: Target, chosen: bool, here: bool) -> None:
        """Point other panes at a selection.

        Where the cursor merely came to rest, logs follow, and (`here`: its pane has the focus) what this pane
        drove before, as when it shows another kind now: else that would stay with what is no longer seen.
        """
        link = {"nodes": Link.NODES, "pods": Link.PODS}.get(target.kind)
        driver = next((key for key, pane in self.panes.items() if pane.view is source), "")
        for pane in self.panes.values():
            follows = pane.view.link
            if pane.view is source or follows is Link.NONE:
                continue
            goes_on = here and pane.view.target is not None and self._drivers.get(pane.key) == driver
            meant = chosen or goes_on
            if (follows is link and (meant or link is Link.PODS)) or (follows is Link.ANY and meant):
                pane.follow(target)
                self._drivers[pane.key] = driver

    def driver(self, pane: Pane) -> Pane | None:
        """The pane whose selection this one shows, where there still is one."""
        return None if pane.pinned else self.panes.get(self._drivers.get(pane.key, ""))

    def follower(self, link: Link) -> Pane | None:
        """A pane that follows this kind of selection and is not pinned."""
        return next((p for p in self.panes.values() if p.view.link is link and not p.pinned), None)

    # For all views

    def rescope(self, *, fresh: bool) -> None:
        """The namespaces in use are others now, or (`fresh`) the cluster is."""
        for pane in self.panes.values():
            if fresh and not pane.pinned:
                pane.view.follow(None)
            pane.view.rescope()
            pane.refresh_title()

    def refresh_titles(self) -> None:
        """Time went by: states that count seconds read differently."""
        for pane in self.panes.values():
            pane.refresh_title()


def default_layout() -> SavedLayout:
    """Nodes, pods, events and logs."""
    from k8stui.ui.spec import ViewType

    panes = {
        "1": PaneState(ViewSpec(kind="nodes")),
        "2": PaneState(ViewSpec(kind="pods"), Link.NODES),
        "3": PaneState(ViewSpec(kind="events"), Link.ANY),
        "4": PaneState(ViewSpec(view=ViewType.LOGS), Link.PODS),
    }
    top = tree_of.Split(Axis.ROW, (Leaf("1"), Leaf("2")), (0.42, 0.58))
    bottom = tree_of.Split(Axis.ROW, (Leaf("3"), Leaf("4")), (0.58, 0.42))
    return SavedLayout(tree_of.Split(Axis.COLUMN, (top, bottom), (0.55, 0.45)), panes, "2")


def single_layout(spec: ViewSpec) -> SavedLayout:
    """One pane alone."""
    return SavedLayout(Leaf("1"), {"1": PaneState(spec)}, "1")
