"""What can be done with the program itself."""

from __future__ import annotations

from k8stui.ui.actions import Action, Place
from k8stui.ui.offers import show_help, show_menu, show_palette


def _help(place: Place) -> None:
    show_help(place)


def _palette(place: Place) -> None:
    show_palette(place)


def _menu(place: Place) -> None:
    show_menu(place)


def _retry(place: Place) -> None:
    place.app.navigator.retry()


def _cancel(place: Place) -> None:
    place.app.cancel_or_quit()


def _quit(place: Place) -> None:
    place.app.leave()


def _screenshot(place: Place) -> None:
    place.app.saver.picture()


def _no_log(place: Place) -> bool:
    return place.view_type != "logs"  # there m marks a line; the right button opens the menu


async def _theme(place: Place) -> None:
    await place.app.navigator.choose_theme()


ACTIONS = [
    Action("program.help", "help", "Every key and what it does here", _help, keys=("?",), rank=18),
    Action(
        "program.palette",
        "palette",
        "Search everything that can be done: actions, kinds, namespaces, contexts, themes",
        _palette,
        keys=("ctrl-p", "ctrl-a"),
        rank=50,
    ),
    Action(
        "program.menu", "menu", "What can be done with the row", _menu, keys=("m",), rank=51, fits=_no_log
    ),
    Action(
        "program.retry",
        "retry",
        "Ask the server again now, without waiting",
        _retry,
        keys=("ctrl-r",),
        rank=80,
    ),
    Action("program.theme", "theme", "Choose other colours", _theme, rank=95),
    Action(
        "program.picture",
        "picture",
        "Save the screen as an SVG file",
        _screenshot,
        command="picture",
        rank=95,
    ),
    Action(
        "program.cancel",
        "cancel",
        "Copy the selected text; give up connecting; twice: leave",
        _cancel,
        keys=("ctrl-c",),
        rank=95,
    ),
    Action("program.quit", "quit", "Leave", _quit, keys=("ctrl-q",), rank=90),
]
