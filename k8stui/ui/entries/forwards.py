"""Port-forwards: opening them from rows, and what can be done with one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Danger, Group, Place, Right
from k8stui.ui.entries.operations import flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.portforward.forward import Forward

TABLE = frozenset({"table"})
FORWARDS = frozenset({"forwards"})
TARGETS = frozenset(
    {
        "pods",
        "services",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "replicationcontrollers",
    }
)
"""Kinds that lead to pods."""


def _forwards(place: Place) -> list[Forward]:
    return [row.forward for row in place.objects]


async def _list(place: Place) -> None:
    from k8stui.ui.operations.forwards import show_list

    await show_list(place)


async def _close(place: Place) -> None:
    for forward in _forwards(place):
        await place.app.forwards.close(forward)


async def _again(place: Place) -> None:
    for forward in _forwards(place):
        await place.app.forwards.again(forward)


def _keep(place: Place) -> None:
    for forward in _forwards(place):
        place.app.forwards.toggle_keep(forward)


def _browse(place: Place) -> None:
    place.app.operator.guard(partial(place.app.forwards.browse, _forwards(place)[0]))


def _copy(place: Place) -> None:
    from k8stui.ui.operations.forwards import url_of

    place.app.copy("\n".join(url_of(forward) for forward in _forwards(place)), "address")


def _of(
    name: str,
    title: str,
    about: str,
    run: Callable[[Place], object],
    *keys: str,
    rank: int,
    many: bool = True,
) -> Action:
    return Action(
        f"forward.{name}",
        title,
        about,
        run,  # type: ignore[arg-type]
        keys=keys,
        group=Group.CHANGE,
        views=FORWARDS,
        needs_object=True,
        many=many,
        rank=rank,
    )


ACTIONS = [
    Action(
        "forward.open",
        "forward",
        "Forward a port of this machine to the pod, or to a pod of the service or workload",
        flow("forwards.begin"),
        keys=("shift-f",),
        command="forward",
        group=Group.CHANGE,
        views=TABLE,
        kinds=TARGETS,
        needs_object=True,
        danger=Danger.CHANGES,
        right=Right("create", "pods", "portforward"),
        rank=39,
    ),
    Action(
        "forward.list",
        "forwards",
        "List the port-forwards with what went through them",
        _list,
        keys=("f",),
        group=Group.GO,
        views=TABLE,
        kinds=TARGETS,
        rank=70,
    ),
    _of("browse", "browser", "Open it in the browser", _browse, "enter", "b", rank=10, many=False),
    _of("close", "close", "End the port-forward", _close, "ctrl-d", rank=11),
    _of("again", "again", "End it and begin anew", _again, "r", rank=12),
    _of("keep", "keep", "Start it again with k8stui, or no longer", _keep, "t", rank=13),
    _of("copy", "copy", "Copy its address for a browser", _copy, "c", rank=14),
]
