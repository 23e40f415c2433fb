"""What can be done in a log view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place

if TYPE_CHECKING:
    from k8stui.ui.views.logs import LogsView

LOGS = frozenset({"logs"})


def _view(place: Place) -> LogsView:
    from k8stui.ui.views.logs import LogsView

    assert isinstance(place.view, LogsView)
    return place.view


def _wrap(place: Place) -> None:
    viewer = _view(place).viewer
    viewer.set_wrap(not viewer.wrap)


def _timestamps(place: Place) -> None:
    viewer = _view(place).viewer
    viewer.set_timestamps(not viewer.painter.timestamps)


def _sources(place: Place) -> None:
    viewer = _view(place).viewer
    viewer.set_sources(not viewer.painter.sources)


def _follow(place: Place) -> None:
    viewer = _view(place).viewer
    if viewer.following:
        viewer.set_following(False)
    else:
        viewer.action_last()


def _copy(place: Place) -> None:
    place.app.copy(_view(place).copy_text(), "lines")


def _has_lines(place: Place) -> bool:
    return len(_view(place).viewer.model) > 0


ACTIONS = [
    Action(
        "logs.follow",
        "follow",
        "Keep the newest line in view, or stand still",
        _follow,
        keys=("s",),
        group=Group.LOGS,
        views=LOGS,
        rank=12,
    ),
    Action(
        "logs.wrap",
        "wrap",
        "Show long lines in several rows, or let them run out to the right",
        _wrap,
        keys=("w",),
        group=Group.LOGS,
        views=LOGS,
        rank=13,
    ),
    Action(
        "logs.timestamps",
        "times",
        "Show when each line was written",
        _timestamps,
        keys=("t",),
        group=Group.LOGS,
        views=LOGS,
        rank=14,
    ),
    Action(
        "logs.sources",
        "containers",
        "Show which container each line is from",
        _sources,
        keys=("o",),
        group=Group.LOGS,
        views=LOGS,
        rank=40,
    ),
    Action(
        "logs.copy",
        "copy",
        "Copy the selected lines, or those on the screen",
        _copy,
        keys=("c",),
        group=Group.LOGS,
        views=LOGS,
        fits=_has_lines,
        rank=41,
    ),
]
