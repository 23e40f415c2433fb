"""What can be done, offered: help, the menu of a row, the palette. All are made from the registry of actions.

They show and hand on; what is chosen is carried out by the screen, as if its key had been pressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place, in_order
from k8stui.ui.keymap import shown

if TYPE_CHECKING:
    from k8stui.ui.dialogs.help import HelpLine

IN_MENU = (Group.ROW, Group.CHANGE, Group.TABLE, Group.LOGS, Group.READING)


def help_lines(place: Place) -> list[HelpLine]:
    """One line for each action, those that work at the place first, and for each command of the `:` line."""
    from k8stui.ui.commands import VERB_HELP
    from k8stui.ui.dialogs.help import HelpLine

    main = place.app.main

    def line(action: Action) -> HelpLine:
        works = action.works(place)
        keys = [shown(key) for key in main.keymap.keys(action.id)]
        if action.command:
            keys.append(f":{action.command}")
        refusal = main.rights.refusal(action, place) if works else ""
        return HelpLine(action.group.value, " ".join(keys), action.about, works, refusal)

    lines = [
        line(action) for action in in_order(main.registry) if main.keymap.keys(action.id) or action.command
    ]
    commands = [HelpLine("Commands", f":{name}", about, works=True) for name, about in VERB_HELP.items()]
    return [*(each for each in lines if each.works), *commands, *(each for each in lines if not each.works)]


def show_help(place: Place) -> None:
    """All actions with their keys."""
    from k8stui.ui.dialogs.help import HelpDialog

    where = place.view.title().name if place.view is not None else ""
    place.app.push_screen(HelpDialog(help_lines(place), where))


def show_menu(place: Place) -> None:
    """What can be done with the row and its table."""
    from k8stui.ui.dialogs.choose import Choice, choose

    app, main = place.app, place.app.main
    # One entry for sorting is enough: it asks for the column.
    wanted = [
        action
        for action in main.registry.working(place)
        if action.group in IN_MENU and not action.id.startswith("sort.")
    ]

    def choice(action: Action) -> Choice:
        sign = main.keymap.first(action.id) or (f":{action.command}" if action.command else "")
        return Choice(action.id, action.title, main.rights.refusal(action, place), sign)

    choices = [choice(action) for action in wanted]
    name = place.object.metadata.name if place.object is not None else ""
    title = name or (f"{len(place.objects)} rows" if place.objects else "Menu")

    def run(action_id: str) -> None:
        app.call_later(main.run_by_id, action_id)

    app.run_worker(choose(app, title, choices, run), group="dialog")


def show_palette(place: Place) -> None:
    """Search everything."""
    from textual.command import CommandPalette

    from k8stui.ui.palette import PROVIDERS

    place.app.push_screen(CommandPalette(providers=list(PROVIDERS), placeholder="Search actions, kinds, …"))
