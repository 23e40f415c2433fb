"""Shells: opening them from rows, and what can be done with one. While a program runs in the focused shell,
all keys are its own; the keys here are typed after the escape prefix then (`ctrl-]` unless set otherwise)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place, Right

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = frozenset({"table"})
SHELL = frozenset({"shell"})
PODS = frozenset({"pods"})
NODES = frozenset({"nodes"})
EXEC = Right("create", "pods", "exec")


# From rows


def _shell(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.opener.shell(spot)


def _attach(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.opener.attach(spot)


def _command(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.opener.command(spot)


def _debug_pod(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.debugger.pod(spot)


def _debug_node(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.debugger.node(spot.context, spot.pod)


def _created(place: Place) -> None:
    place.app.debugger.created()


# Of the shell that is shown


def _of(name: str) -> Callable[[Place], None]:
    """Something that the desk does."""
    return lambda place: getattr(place.app.desk, name)()


def _lives(place: Place) -> bool:
    shell = place.app.desk.current
    return shell is not None and shell.living


def _dead(place: Place) -> bool:
    shell = place.app.desk.current
    return shell is not None and not shell.living


def _reading(place: Place) -> bool:
    screen = place.app.desk.screen
    return screen is not None and screen.terminal.reading


def _docked(place: Place) -> bool:
    return place.view is None


def _several(place: Place) -> bool:
    return len(place.app.shells.all) > 1


def _any(place: Place) -> bool:
    return bool(place.app.shells.all)


def _numbered(number: int) -> Action:
    return Action(
        f"shell.go-{number}",
        f"shell {number}",
        f"Go to shell {number}",
        lambda place: place.app.desk.go(number),
        keys=(str(number),),
        group=Group.SHELLS,
        views=SHELL,
        fits=lambda place: len(place.app.shells.all) >= number,
        rank=95,
    )


def _in_shell(
    name: str,
    title: str,
    about: str,
    keys: tuple[str, ...],
    rank: int = 95,
    fits: Callable[[Place], bool] = _any,
) -> Action:
    return Action(
        f"shell.{name}",
        title,
        about,
        _of(name.replace("-", "_")),
        keys=keys,
        group=Group.SHELLS,
        views=SHELL,
        rank=rank,
        fits=fits,
    )


ACTIONS = [
    Action(
        "shell.open",
        "shell",
        "Open a shell in the pod; asks for the container where several run",
        _shell,
        keys=("s",),
        group=Group.ROW,
        views=TABLE | {"relations"},
        kinds=PODS,
        needs_object=True,
        right=EXEC,
        rank=12,
    ),
    Action(
        "shell.attach",
        "attach",
        "Join the main process of a container",
        _attach,
        keys=("a",),
        group=Group.ROW,
        views=TABLE,
        kinds=PODS,
        needs_object=True,
        right=Right("create", "pods", "attach"),
        rank=31,
    ),
    Action(
        "shell.command",
        "run",
        "Run a command of your own in a container, in a terminal or once",
        _command,
        keys=("x",),
        group=Group.ROW,
        views=TABLE,
        kinds=PODS,
        needs_object=True,
        right=EXEC,
        rank=31,
    ),
    Action(
        "debug.pod",
        "debug",
        "Debug the pod: an ephemeral container, one that is there, or a copy; shows what will be created",
        _debug_pod,
        keys=("shift-d",),
        group=Group.ROW,
        views=TABLE,
        kinds=PODS,
        needs_object=True,
        right=Right("patch", "pods", "ephemeralcontainers"),
        rank=31,
    ),
    Action(
        "debug.node",
        "node shell",
        "Debug the node from a pod with its namespaces; shows what will be created",
        _debug_node,
        keys=("s", "shift-d"),
        group=Group.ROW,
        views=TABLE,
        kinds=NODES,
        needs_object=True,
        right=Right("create", "pods"),
        rank=31,
    ),
    Action(
        "debug.created",
        "clean up",
        "List what debugging has created, and delete it",
        _created,
        group=Group.SHELLS,
        rank=95,
    ),
    Action(
        "shell.dock",
        "shells",
        "Go to the shells at the bottom, or hide them; they run on",
        _of("toggle"),
        keys=("ctrl-t", "`"),
        group=Group.SHELLS,
        fits=_any,
        otherwise="No shell is open: s on a pod opens one.",
        rank=23,
    ),
    _in_shell(
        "read-end", "back", "Back from the scrollback to the program", ("esc", "q", "enter"), 11, _reading
    ),
    _in_shell("again", "again", "Open it again: reconnect, or start anew", ("r", "enter"), 10, _dead),
    _in_shell("leave", "leave", "Back to the panes; the shell runs on", ("esc",), 12),
    _in_shell("next", "next", "To the next shell", ("tab", "n"), 20, _several),
    _in_shell("previous", "previous", "To the shell before", ("shift-tab", "p"), 95, _several),
    _in_shell("zoom", "zoom", "As high as the screen, or beside the panes", ("z",), 21),
    _in_shell(
        "whole", "whole terminal", "Give it the real terminal; the escape key comes back", ("f",), 24, _lives
    ),
    _in_shell("close", "close", "End the shell; asks when something runs", ("x",), 22),
    _in_shell("hide", "hide", "Hide the shells; they run on", ("d",), 23, _docked),
    _in_shell("rename", "rename", "Call it something else", (",",), 34),
    _in_shell("search", "search", "Find text in the scrollback", ("/",), 25),
    _in_shell("read", "scroll", "Move through the scrollback by keys", ("[",), 26, _lives),
    _in_shell("copy", "copy", "Copy what is selected, or the screen", ("c",), 30),
    _in_shell("save", "save", "Save screen and scrollback to a file", ("w",), 33),
    _in_shell(
        "record", "record", "Record to an asciicast file, or end the recording", ("shift-r",), 35, _lives
    ),
    _in_shell("pane", "to a pane", "Show it in a pane above", ("m",), 32, _docked),
    _in_shell("grow", "higher", "Make the dock higher", ("+", "ctrl-up", "alt-shift-up"), 95, _docked),
    _in_shell("shrink", "lower", "Make the dock lower", ("-", "ctrl-down", "alt-shift-down"), 95, _docked),
    _in_shell("logs", "logs", "Read the logs of the pod", ("l",), 31, _dead),
    _in_shell("choose", "shell", "Choose another container of the pod", ("s",), 31, _dead),
    _in_shell("debug", "debug", "Debug the pod", ("shift-d",), 31, _dead),
    *(_numbered(number) for number in range(1, 10)),
]
