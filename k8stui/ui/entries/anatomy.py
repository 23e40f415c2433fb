"""The containers of a pod: opening them, and what can be done with the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place, Right
from k8stui.ui.spec import Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.ui.views.anatomy import AnatomyView

ANATOMY = frozenset({"anatomy"})
PODS = frozenset({"pods"})
FROM = frozenset({"table", "relations", "describe", "yaml"})
EXEC = Right("create", "pods", "exec")


def _view(place: Place) -> AnatomyView:
    from k8stui.ui.views.anatomy import AnatomyView

    assert isinstance(place.view, AnatomyView)
    return place.view


def _target(place: Place) -> Target:
    meta = place.objects[0].metadata
    return Target("pods", meta.name, meta.namespace, meta.uid, "pod")


async def _open(place: Place) -> None:
    spec = ViewSpec(view=ViewType.ANATOMY, kind="pods", target=_target(place))
    await place.app.navigator.open(spec)


async def read_logs(place: Place) -> None:
    """The logs of the container under the cursor."""
    await _read_logs(place, previous=False)


async def _previous(place: Place) -> None:
    await _read_logs(place, previous=True)


async def _read_logs(place: Place, *, previous: bool) -> None:
    spec = ViewSpec(
        view=ViewType.LOGS, target=_target(place), container=_view(place).container, previous=previous
    )
    await place.app.navigator.open(spec)


def _shell(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.opener.shell(spot, _view(place).container)


def _attach(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.opener.attach(spot, _view(place).container)


def _debug(place: Place) -> None:
    spot = place.app.opener.spot(place.objects[0])
    if spot is not None:
        place.app.debugger.pod(spot, _view(place).container)


def _reveal(place: Place) -> None:
    _view(place).reveal()


def _of_container(
    name: str, title: str, about: str, run: object, key: str, right: Right | None, rank: int
) -> Action:
    return Action(
        f"anatomy.{name}",
        title,
        about,
        run,  # type: ignore[arg-type]
        keys=(key,),
        group=Group.READING,
        views=ANATOMY,
        needs_object=True,
        right=right,
        rank=rank,
    )


LOGS = Right("get", "pods", "log")
ACTIONS = [
    Action(
        "row.containers",
        "containers",
        "Take the pod apart: each container's states, exit codes in words, probes, environment, mounts",
        _open,
        keys=("v",),
        group=Group.ROW,
        views=FROM,
        kinds=PODS,
        needs_object=True,
        right=Right("get"),
        rank=16,
    ),
    _of_container("logs", "logs", "Read the logs of the container", read_logs, "l", LOGS, 10),
    _of_container(
        "previous", "previous", "Read its logs from before the last restart", _previous, "p", LOGS, 11
    ),
    _of_container("shell", "shell", "Open a shell in the container", _shell, "s", EXEC, 12),
    _of_container(
        "attach",
        "attach",
        "Join the main process of the container",
        _attach,
        "a",
        Right("create", "pods", "attach"),
        30,
    ),
    _of_container(
        "debug",
        "debug",
        "Debug the container from one beside it; shows what will be created",
        _debug,
        "shift-d",
        Right("patch", "pods", "ephemeralcontainers"),
        31,
    ),
    _of_container(
        "reveal",
        "reveal",
        "Read the secrets and show what they set, or mask it again",
        _reveal,
        "x",
        None,
        15,
    ),
]
