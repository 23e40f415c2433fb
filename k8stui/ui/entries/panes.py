"""What can be done with panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place
from k8stui.ui.layout import Axis, Direction
from k8stui.ui.spec import Link

if TYPE_CHECKING:
    from collections.abc import Callable


ALONE = "There is only this pane; | and _ split it."


def _several(place: Place) -> bool:
    return len(place.workspace.panes) > 1


def _next(place: Place) -> None:
    place.workspace.focus_next(1)


def _previous(place: Place) -> None:
    place.workspace.focus_next(-1)


def _zoom(place: Place) -> None:
    place.workspace.toggle_zoom()


async def _split_right(place: Place) -> None:
    await place.app.navigator.split(place, Axis.ROW)


async def _split_below(place: Place) -> None:
    await place.app.navigator.split(place, Axis.COLUMN)


async def _close(place: Place) -> None:
    await place.workspace.close_focused()


def _pin(place: Place) -> None:
    pane = place.workspace.focused_pane
    target = pane.view.target
    what = "" if target is None else f" with {target.label()}"
    if pane.toggle_pin():
        place.app.say(f"This pane stays{what}, whatever is selected elsewhere.")
    else:
        place.app.say("This pane follows what is selected elsewhere.")
    place.app.main.layout_changed()


def _follows(place: Place) -> bool:
    return place.view is not None and place.view.link is not Link.NONE


def _move(direction: Direction) -> Callable[[Place], None]:
    return lambda place: place.workspace.focus_towards(direction)


def _resize(direction: Direction) -> Callable[[Place], None]:
    return lambda place: place.workspace.resize_focused(direction)


async def _reset(place: Place) -> None:
    await place.app.main.reset_layout()


ACTIONS = [
    Action(
        "pane.next",
        "next pane",
        "Go to the next pane",
        _next,
        keys=("tab",),
        group=Group.PANES,
        fits=_several,
        otherwise=ALONE,
        rank=21,
    ),
    Action(
        "pane.previous",
        "previous pane",
        "Go to the pane before",
        _previous,
        keys=("shift-tab",),
        group=Group.PANES,
        fits=_several,
        otherwise=ALONE,
        rank=95,
    ),
    *(
        Action(
            f"pane.{direction.value}",
            f"pane {direction.value}",
            f"Go to the pane {words}",
            _move(direction),
            keys=(f"alt-{direction.value}",),
            group=Group.PANES,
            fits=_several,
            otherwise=ALONE,
            rank=95,
        )
        for direction, words in (
            (Direction.LEFT, "on the left"),
            (Direction.RIGHT, "on the right"),
            (Direction.UP, "above"),
            (Direction.DOWN, "below"),
        )
    ),
    Action(
        "pane.zoom",
        "zoom",
        "Give the pane the whole screen, or share it again",
        _zoom,
        keys=("z",),
        group=Group.PANES,
        fits=_several,
        otherwise=ALONE,
        rank=22,
    ),
    Action(
        "pane.pin",
        "pin",
        "Stay with what the pane shows, whatever is selected elsewhere; again: follow",
        _pin,
        keys=(".",),
        group=Group.PANES,
        fits=_follows,
        otherwise="What this pane shows follows nothing.",
        rank=35,
    ),
    Action(
        "pane.split-right",
        "split right",
        "Open another pane on the right",
        _split_right,
        keys=("|",),
        group=Group.PANES,
        rank=70,
    ),
    Action(
        "pane.split-below",
        "split below",
        "Open another pane below",
        _split_below,
        keys=("_",),
        group=Group.PANES,
        rank=71,
    ),
    Action(
        "pane.close",
        "close pane",
        "Close the pane; its neighbours take its place",
        _close,
        keys=("ctrl-x",),
        group=Group.PANES,
        fits=_several,
        otherwise="This is the last pane; :q leaves.",
        rank=72,
    ),
    *(
        Action(
            f"pane.resize-{direction.value}",
            f"resize {direction.value}",
            f"Move the pane's border {direction.value}",
            _resize(direction),
            keys=(f"alt-shift-{direction.value}", f"ctrl-{direction.value}"),
            group=Group.PANES,
            fits=_several,
            otherwise=ALONE,
            rank=95,
        )
        for direction in Direction
    ),
    Action(
        "pane.reset",
        "reset layout",
        "Back to nodes, pods, events and logs",
        _reset,
        group=Group.PANES,
        rank=95,
    ),
]
