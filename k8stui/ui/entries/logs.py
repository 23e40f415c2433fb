"""What can be done in a log view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.ui.views.logs import LogsView

LOGS = frozenset({"logs"})


def _view(place: Place) -> LogsView:
    from k8stui.ui.views.logs import LogsView

    assert isinstance(place.view, LogsView)
    return place.view


def _has_lines(place: Place) -> bool:
    return len(_view(place).viewer.model) > 0


def _reads(place: Place) -> bool:
    return _view(place).reading is not None


def _reads_containers(place: Place) -> bool:
    return _reads(place) and not _view(place).spec.node_log


def _has_bookmarks(place: Place) -> bool:
    return bool(_view(place).viewer.painter.bookmarks)


def _wrap(place: Place) -> None:
    viewer = _view(place).viewer
    viewer.set_wrap(not viewer.wrap)


def _follow(place: Place) -> None:
    viewer = _view(place).viewer
    if viewer.following:
        viewer.set_following(False)
    else:
        viewer.action_last()


def _fold_traces(place: Place) -> None:
    view = _view(place)
    view.viewer.set_folds(traces=not view.viewer.folds_traces, repeats=view.viewer.folds_repeats)
    view.post_message(view.Changed(view))


def _fold_repeats(place: Place) -> None:
    view = _view(place)
    view.viewer.set_folds(traces=view.viewer.folds_traces, repeats=not view.viewer.folds_repeats)
    view.post_message(view.Changed(view))


def _copy(place: Place) -> None:
    if not place.app.copy_selection():
        text = _view(place).copy_text()
        count = text.count("\n") + 1
        place.app.copy(text, f"{count} lines" if count > 1 else "line")


def _mark(place: Place) -> None:
    _view(place).mark()


def _bookmark(step: int) -> Callable[[Place], None]:
    def go(place: Place) -> None:
        _view(place).viewer.go_to_bookmark(step)

    return go


def _columns(place: Place) -> None:
    from k8stui.ui.logs.columns import ask_columns

    ask_columns(place, _view(place))


def _find(place: Place) -> None:
    from k8stui.ui.logs.asking import ask_find

    ask_find(place, _view(place))


def _match(step: int) -> Callable[[Place], None]:
    def go(place: Place) -> None:
        viewer = _view(place).viewer
        viewer.action_search_next() if step > 0 else viewer.action_search_previous()

    return go


def _searches(place: Place) -> bool:
    return _view(place).viewer.finder.pattern is not None


def _highlight(place: Place) -> None:
    from k8stui.ui.logs.asking import ask_highlight

    ask_highlight(place, _view(place))


def _time(place: Place) -> None:
    from k8stui.ui.logs.asking import ask_time

    ask_time(place, _view(place))


def _streams(place: Place) -> None:
    from k8stui.ui.logs.asking import show_streams

    place.app.run_worker(show_streams(place, _view(place)), group="dialog")


def _save(place: Place) -> None:
    from k8stui.ui.logs.asking import ask_save

    ask_save(place, _view(place))


def _zoom(place: Place) -> None:
    place.workspace.toggle_zoom()


def _span(number: int) -> Callable[[Place], None]:
    def read(place: Place) -> None:
        _view(place).read_span(number)

    return read


def _logs(
    name: str,
    title: str,
    about: str,
    run: Callable[[Place], None],
    keys: tuple[str, ...],
    rank: int,
    fits: Callable[[Place], bool] = lambda place: True,
) -> Action:
    command = f"log-{title.replace(' ', '-')}"
    otherwise: dict[object, str] = {
        _has_lines: "There are no lines yet.",
        _searches: "Nothing is looked for: shift-f finds.",
        _has_bookmarks: "No line is marked: m marks one.",
        _reads: "No log is read here yet.",
        _reads_containers: "No logs of containers are read here.",
    }
    return Action(
        f"logs.{name}",
        title,
        about,
        run,
        keys=keys,
        group=Group.LOGS,
        views=LOGS,
        rank=rank,
        fits=fits,
        otherwise=otherwise.get(fits, ""),
        command=command,
    )


SPANS = (
    ("newest lines", "Read the last lines"),
    ("first lines", "Read from the first line that the server has"),
    *(
        (f"last {span}", f"Read the lines of the last {span}")
        for span in ("minute", "5 minutes", "15 minutes", "30 minutes", "hour")
    ),
)
"""What the keys 0 to 6 read, as in k9s."""

ACTIONS = [
    _logs(
        "open",
        "open",
        "Put a cursor on a line; with one: its fields, pretty JSON or folded lines below it, or no longer",
        lambda place: _view(place).viewer.action_open(),
        ("enter",),
        11,
        _has_lines,
    ),
    _logs("follow", "follow", "Keep the newest line in view, or stand still", _follow, ("s",), 12),
    _logs(
        "mode",
        "view",
        "Show lines as they were written, as message with fields, or as a table",
        lambda place: _view(place).turn_mode(),
        ("v",),
        14,
    ),
    _logs("columns", "columns", "Choose the columns of the table", _columns, ("shift-v",), 42, _has_lines),
    _logs(
        "wrap", "wrap", "Show long lines in several rows, or let them run out to the right", _wrap, ("w",), 23
    ),
    _logs(
        "timestamps",
        "times",
        "Show when each line was written: local time, UTC, how long ago, or not",
        lambda place: _view(place).turn_times(),
        ("t",),
        24,
    ),
    _logs(
        "sources",
        "names",
        "Show which container each line is from: short, long, or not",
        lambda place: _view(place).turn_names(),
        ("o",),
        40,
    ),
    _logs(
        "streams",
        "streams",
        "How each stream stands: open, quiet, broken with the next try, queued; choose one to see it alone",
        _streams,
        ("shift-o",),
        41,
        _reads_containers,
    ),
    _logs(
        "previous",
        "previous",
        "Read the runs before the last restart, with how they ended; or the present ones again",
        lambda place: _view(place).turn_previous(),
        ("p",),
        42,
        _reads_containers,
    ),
    _logs(
        "find",
        "find",
        "Find a text in place: upwards from the end that is followed, else down; n goes on, shift-n back",
        _find,
        ("shift-f",),
        13,
        _has_lines,
    ),
    _logs(
        "next-match",
        "find on",
        "On to the next match, the way the search goes",
        _match(1),
        ("n",),
        10,
        _searches,
    ),
    _logs("last-match", "find back", "Back to the match before", _match(-1), ("shift-n",), 10, _searches),
    _logs(
        "highlight", "highlight", "Colour a text, each in a colour of its own", _highlight, ("shift-h",), 43
    ),
    _logs("time", "go to time", "Go to the lines of a time", _time, ("@",), 44, _reads),
    _logs(
        "histogram",
        "rate",
        "Show how many lines were written when, with errors in their own colour; a click goes there",
        lambda place: _view(place).toggle_histogram(),
        ("h",),
        45,
        _reads,
    ),
    _logs("fold-traces", "fold traces", "Fold stack traces into their first line", _fold_traces, ("e",), 46),
    _logs("fold-repeats", "fold repeats", "Fold lines that say the same into one", _fold_repeats, ("u",), 47),
    _logs(
        "mark",
        "mark",
        "Bookmark the line under the cursor or found last; else write a line with the time at the end",
        _mark,
        ("m",),
        48,
        _reads,
    ),
    _logs("next-mark", "next mark", "To the next bookmark", _bookmark(1), ("b",), 15, _has_bookmarks),
    _logs(
        "last-mark", "last mark", "To the bookmark before", _bookmark(-1), ("shift-b",), 95, _has_bookmarks
    ),
    _logs("fullscreen", "full screen", "Give the log the whole screen, or share it again", _zoom, ("f",), 49),
    _logs(
        "copy",
        "copy",
        "Copy what the mouse or shift and arrows have selected, or the lines on the screen",
        _copy,
        ("c",),
        50,
        _has_lines,
    ),
    _logs(
        "clear",
        "clear",
        "Forget the lines that were read; new ones come",
        lambda place: _view(place).forget_lines(),
        ("shift-c",),
        95,
        _has_lines,
    ),
    _logs(
        "save",
        "save",
        "Save what is shown, or all lines, as text or JSON lines, to a file of your own",
        _save,
        ("ctrl-s",),
        51,
        _has_lines,
    ),
    *(
        _logs(f"span-{number}", title, about, _span(number), (str(number),), 95, _reads_containers)
        for number, (title, about) in enumerate(SPANS)
    ),
]
