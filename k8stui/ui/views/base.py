"""What every view is: something that a pane shows, says what it is about, and can be pointed at things.

A view owns what it subscribed to and gives it back when it goes or changes scope. It tells its pane by
messages what its title is now and what is selected in it; it never knows other panes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual.message import Message
from textual.widget import Widget

from k8stui.ui.filtering import FORMS
from k8stui.ui.spec import Link, Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session


class Title(NamedTuple):
    """What a pane's title says about a view; texts are plain, never markup."""

    name: str
    """`pods`"""
    scope: str = ""
    """`all`, `shop`, `a,b`"""
    number: str = ""
    """`12`, or `3/12` where not all are shown"""
    notes: tuple[str, ...] = ()
    """Filter, sort, faults only and the like."""
    state: str = ""
    """`loading 500`, `stale since 3 s`; empty while all is well"""
    trouble: bool = False
    """`state` is bad news."""
    reason: str = ""
    """Why, where nothing else on the screen says it: as much of it as there is room for."""


class View(Widget):
    """Base of the views."""

    DEFAULT_CSS = "View { height: 1fr; }"
    view_type: ClassVar[ViewType]
    filter_forms: ClassVar[str] = FORMS
    """What can be typed after `/`, in one line."""
    wanted_lines: ClassVar[int] = 0
    """Lines that make it of use while it has the focus; on small screens other panes fold for it."""

    class Changed(Message):
        """The title is another one."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, View.Changed) and message.view is self.view

    class Selected(Message):
        """Another object is under the cursor; `chosen` when the user put the cursor there."""

        def __init__(self, view: View, target: Target | None, chosen: bool) -> None:
            super().__init__()
            self.view = view
            self.target = target
            self.chosen = chosen

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, View.Selected) and message.view is self.view

    class Opened(Message):
        """Enter or a double click on an object."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    class Denied(Message):
        """The server does not let this user look at all namespaces, or (`choosing`) list them."""

        def __init__(self, view: View, reason: str, *, choosing: bool = False) -> None:
            super().__init__()
            self.view = view
            self.reason = reason
            self.choosing = choosing

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__()
        self.spec = spec
        self.session = session
        self.target: Target | None = spec.target
        """What the view is pointed at."""

    # What others ask

    @property
    def kind(self) -> Kind | None:
        """The kind whose objects are shown, if they are of one kind."""
        return None

    @property
    def link(self) -> Link:
        """Whose selection this view can follow."""
        return Link.NONE

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces it looks at; () is all."""
        return self.session.namespaces if self.spec.namespaces is None else self.spec.namespaces

    @property
    def objects(self) -> tuple[Any, ...]:
        """What an action acts on: the marked objects, or the one under the cursor."""
        return ()

    @property
    def lasts(self) -> bool:
        """What it shows is there again when the program is started anew."""
        return True

    def slid(self, seconds: float) -> bool:
        """In the last so many seconds `objects` became others by themselves: nobody has seen them yet."""
        return False

    def title(self) -> Title:
        """What the pane's title says."""
        return Title(self.spec.kind or self.view_type.value)

    def focus_target(self) -> Widget:
        """The widget inside that takes the keys."""
        return self

    # What others tell

    def follow(self, target: Target | None) -> None:
        """Be pointed at something else; None: at nothing."""

    def rescope(self) -> None:
        """The cluster or the namespaces in use are others now: start anew."""

    def leave(self) -> ViewSpec:
        """The spec that leads back here, as it is now."""
        return self.spec

    def filter_note(self, text: str) -> str:
        """What is wrong with the text of a filter while it is typed; nothing when it can be used."""
        from k8stui.ui.filtering import read_filter

        return read_filter(text)[1]

    def set_filter(self, text: str) -> str:
        """Show only what passes; a sentence about what is wrong with the text, or an empty one."""
        return ""

    def clear(self) -> bool:
        """Undo the last thing that hides something (esc); False when there is none."""
        return False

    def copy_text(self) -> str:
        """What copying takes."""
        return ""

    def close(self) -> None:
        """Give back what was subscribed to. Called once, also when the view was never shown."""

    def on_unmount(self) -> None:
        """A view that goes takes nothing with it."""
        self.close()
