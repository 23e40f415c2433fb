"""Ways to other things: commands, history, namespaces, contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def _command(place: Place) -> None:
    place.app.main.questions.ask_command()


async def _escape(place: Place) -> None:
    await place.app.navigator.escape(place)


READ = frozenset({"logs", "yaml", "describe", "relations", "jsonpath", "rollout", "anatomy"})
"""Views that are read, and left again."""


async def _back(place: Place) -> None:
    if place.pane is None or not await place.pane.back():
        place.app.say("Nothing was here before.")


async def _forward(place: Place) -> None:
    if place.pane is None or not await place.pane.forward():
        place.app.say("There is no step back to undo.")


async def _last(place: Place) -> None:
    await place.app.navigator.last_command()


async def _all_namespaces(place: Place) -> None:
    await place.app.navigator.use_namespaces(())


def _recent(number: int) -> Callable[[Place], Awaitable[None]]:
    async def run(place: Place) -> None:
        await place.app.navigator.use_namespaces((place.app.session.recent[number - 1],))

    return run


def _has_recent(number: int) -> Callable[[Place], bool]:
    return lambda place: len(place.app.session.recent) >= number


async def _namespaces(place: Place) -> None:
    await place.app.navigator.run_line("ns")


async def _contexts(place: Place) -> None:
    await place.app.navigator.run_line("ctx")


ACTIONS = [
    Action(
        "go.command",
        "command",
        "Type where to go: a kind, ns, ctx, theme, help, q",
        _command,
        keys=(":",),
        group=Group.GO,
        rank=19,
    ),
    Action(
        "go.escape",
        "back",
        "Clear the filter, then what is hidden, marked, followed or zoomed, then go back",
        _escape,
        keys=("esc",),
        group=Group.GO,
        rank=36,
    ),
    Action(
        "go.leave",
        "back",
        "Back from what is read, as less and k9s do it",
        _escape,
        keys=("q",),
        group=Group.GO,
        views=READ,
        rank=95,
    ),
    Action(
        "go.back",
        "back",
        "Show what was in this pane before",
        _back,
        keys=("[",),
        group=Group.GO,
        rank=95,
    ),
    Action(
        "go.forward",
        "forward",
        "Undo a step back",
        _forward,
        keys=("]",),
        group=Group.GO,
        rank=95,
    ),
    Action(
        "go.last",
        "last command",
        "Run the command before the last one again",
        _last,
        keys=("-",),
        group=Group.GO,
        rank=95,
    ),
    Action(
        "go.namespaces",
        "namespaces",
        "Choose among the namespaces",
        _namespaces,
        group=Group.GO,
        rank=95,
    ),
    Action(
        "go.contexts",
        "contexts",
        "Choose among the contexts",
        _contexts,
        group=Group.GO,
        rank=95,
    ),
    Action(
        "go.all-namespaces",
        "all namespaces",
        "Look at all namespaces",
        _all_namespaces,
        keys=("0",),
        group=Group.GO,
        fits=lambda place: place.view_type != "logs",  # there the digits choose how much is read
        rank=45,
    ),
    *(
        Action(
            f"go.namespace-{number}",
            f"namespace {number}",
            f"Look at namespace {number} of the favourite and recent ones",
            _recent(number),
            keys=(str(number),),
            group=Group.GO,
            fits=_has_recent(number),
            otherwise=f"There is no recent namespace {number} yet: :ns chooses one.",
            rank=95,
        )
        for number in range(1, 10)
    ),
]
