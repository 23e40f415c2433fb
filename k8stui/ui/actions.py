"""The registry of actions: everything the program can do, said once.

Help, footer, palette, mouse menu and key bindings are all made from these entries, so an action that is here
is reachable by all of them, and one that is not is reachable by none. An entry for a new action is one
`Action(...)` in one of the lists of `ui/entries`. Handlers get the `Place` where the action was asked for
and work on objects, never on texts of cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from k8stui.kube.catalog import Kind
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.pane import Pane
    from k8stui.ui.views.base import View
    from k8stui.ui.workspace import Workspace


class Danger(Enum):
    """What an action can do to the cluster."""

    NONE = "none"
    """It reads."""
    CHANGES = "changes"
    """It changes something that can be changed back."""
    DESTROYS = "destroys"
    """What it takes away does not come back; it asks first."""


class Group(Enum):
    """Where help and palette list an action, in this order."""

    ROW = "Selected row"
    CHANGE = "Change"
    TABLE = "Table"
    LOGS = "Logs"
    READING = "Reading"
    EDITING = "Editor"
    SHELLS = "Shells"
    GO = "Go to"
    PANES = "Panes"
    PROGRAM = "Program"


@dataclass(frozen=True, slots=True)
class Right:
    """What one must be allowed to do, as an access review asks for it."""

    verb: str
    resource: str = ""
    """Plural; empty: the kind of the row."""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an action was asked for: what has the focus, and which objects are meant."""

    app: K8stuiApp
    workspace: Workspace
    pane: Pane | None = None
    view: View | None = None
    view_type: str = ""
    kind: Kind | None = None
    objects: tuple[Any, ...] = ()
    """The marked objects, or the one under the cursor; empty where there is none."""

    @property
    def object(self) -> Any | None:
        """The one object that is meant, when it is one."""
        return self.objects[0] if len(self.objects) == 1 else None


Handler = "Callable[[Place], Awaitable[None] | None]"


def _always(_place: Place) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done."""

    id: str
    """Dotted, for the settings file: `table.wide`."""
    title: str
    """One or two words for footer and menu."""
    about: str
    """One line for help and palette: what it does, not how."""
    run: Callable[[Place], Awaitable[None] | None]
    keys: tuple[str, ...] = ()
    """Default keys as people write them: `ctrl-w`, `shift-n`, `/`."""
    command: str = ""
    """What does it on the `:` line, where no kind has that name; empty: nothing."""
    group: Group = Group.PROGRAM
    views: frozenset[str] = frozenset()
    """View types it fits; empty: all."""
    kinds: frozenset[str] = frozenset()
    """`Kind.name`s it fits; empty: all."""
    not_kinds: frozenset[str] = frozenset()
    """`Kind.name`s it does not fit, though it fits others."""
    needs_object: bool = False
    """There must be a row under the cursor (or marked ones)."""
    many: bool = False
    """It takes several marked rows."""
    danger: Danger = Danger.NONE
    right: Right | None = None
    fits: Callable[[Place], bool] = field(default=_always)
    """Whatever else must hold."""
    otherwise: str = ""
    """The sentence for a key or command whose `fits` does not hold."""
    rank: int = 50
    """Order in the footer, low first; above 90 it is not shown there."""

    def works(self, place: Place) -> bool:
        """Whether it can be done at this place, now."""
        if self.views and place.view_type not in self.views:
            return False
        if place.kind is None:
            if self.kinds:
                return False
        elif not self.fits_kind(place.kind.name):
            return False
        if self.needs_object and not place.objects:
            return False
        if len(place.objects) > 1 and self.needs_object and not self.many:
            return False
        return self.fits(place)

    def fits_kind(self, name: str) -> bool:
        """Whether it is for objects of this kind."""
        return (not self.kinds or name in self.kinds) and name not in self.not_kinds

    def may_meet(self, other: Action) -> bool:
        """Whether there can be a place where both work, as far as their entries tell."""
        views_meet = not self.views or not other.views or bool(self.views & other.views)
        mine, others = self.kinds - other.not_kinds, other.kinds - self.not_kinds
        if self.kinds and other.kinds:
            return views_meet and bool(mine & others)
        return views_meet and (not self.kinds or bool(mine)) and (not other.kinds or bool(others))


class Registry:
    """All actions, in the order in which they are offered."""

    def __init__(self, actions: Iterable[Action]) -> None:
        """Raises ValueError when two actions have the same id or command."""
        self._actions: dict[str, Action] = {}
        self.commands: dict[str, Action] = {}
        """By what they are called on the `:` line."""
        for action in actions:
            if action.id in self._actions or action.command in self.commands:
                raise ValueError(f"two actions are called {action.id!r} or {action.command!r}")
            self._actions[action.id] = action
            if action.command:
                self.commands[action.command] = action

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __len__(self) -> int:
        return len(self._actions)

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._actions

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def working(self, place: Place) -> list[Action]:
        """The actions that can be done at a place, by group, and in each the most useful ones first."""
        return in_order(action for action in self if action.works(place))


def in_order(actions: Iterable[Action]) -> list[Action]:
    """Actions as help, palette and menu list them: by group, and by rank in each."""
    order = list(Group)
    return sorted(actions, key=lambda action: (order.index(action.group), action.rank))


def misfit(sign: str, actions: Sequence[Action], place: Place) -> str:
    """Why none of the actions of a key or command (`sign`) can be done at a place."""
    here = [each for each in actions if not each.views or place.view_type in each.views]
    if not here:
        return f"{sign}{_meant(actions, sign)} does nothing in {place.view_type}. ? tells what does."
    fitting = [each for each in here if place.kind is None or each.fits_kind(place.kind.name)]
    if not fitting and place.kind is not None:
        kinds = sorted({kind.partition(".")[0] for action in here for kind in action.kinds})
        which = f"for {', '.join(kinds)}" if kinds else f"not for {place.kind.plural}"
        return f"{sign}{_meant(here, sign)} is {which}."
    about = f"{sign}{_meant(fitting, sign)}"
    if not place.objects and any(each.needs_object for each in fitting):
        return f"{about} needs a row, and there is none under the cursor."
    if len(place.objects) > 1 and not any(each.many for each in fitting):
        return f"{about} takes one row, not {len(place.objects)}."
    said = next((each.otherwise for each in fitting if each.otherwise), "")
    return said or f"{about} has nothing to do here. ? tells what it is for."


def _meant(actions: Sequence[Action], sign: str) -> str:
    """` (logs)`: what a key would do; nothing where the sign says it."""
    titles = ", ".join(dict.fromkeys(action.title for action in actions))
    return "" if titles == sign else f" ({titles})"
