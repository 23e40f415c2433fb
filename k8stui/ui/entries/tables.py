"""What can be done with a table: filter, sort, mark, widen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Group, Place

if TYPE_CHECKING:
    from k8stui.ui.views.table import TableView

TABLE = frozenset({"table"})
LISTS = frozenset({"table", "contexts"})
SEARCHABLE = frozenset(
    {"table", "contexts", "logs", "yaml", "describe", "relations", "jsonpath", "rollout", "anatomy"}
)

SUFFIXES = {"table": ".tsv", "contexts": ".tsv", "logs": ".log", "yaml": ".yaml"}
"""What files are called that a view is saved to."""

SORTS = (
    ("name", "shift-n", ("NAME",)),
    ("age", "shift-a", ("AGE", "LAST SEEN")),
    ("status", "shift-s", ("STATUS", "REASON", "PHASE")),
    ("ready", "shift-r", ("READY",)),
    ("restarts", "shift-t", ("RESTARTS",)),
    ("cpu", "shift-c", ("CPU", "CPU(CORES)")),
    ("memory", "shift-m", ("MEM", "MEMORY", "MEMORY(BYTES)")),
    ("namespace", "shift-p", ("NAMESPACE",)),
    ("ip", "shift-i", ("IP", "INTERNAL-IP", "CLUSTER-IP")),
    ("node", "shift-o", ("NODE",)),
)
"""What one can sort by with one key, as in k9s: name, key, and the columns it may be called."""


def _table(place: Place) -> TableView:
    from k8stui.ui.views.table import TableView

    assert isinstance(place.view, TableView)
    return place.view


def _filter(place: Place) -> None:
    place.app.main.questions.ask_filter()


def _wide(place: Place) -> None:
    _table(place).toggle_wide()


def _faults(place: Place) -> None:
    _table(place).toggle_faults()


async def _sort_chooser(place: Place) -> None:
    await place.app.navigator.choose_sort(_table(place))


def _mark(place: Place) -> None:
    table = _table(place).table
    if table is not None:
        table.action_mark()


def _mark_range(place: Place) -> None:
    table = _table(place).table
    if table is not None:
        table.action_mark_range()


def _unmark(place: Place) -> None:
    table = _table(place).table
    if table is not None:
        table.clear_marks()


def _save(place: Place) -> None:
    view = place.view
    shown = getattr(view, "table", None) or getattr(view, "viewer", None)
    if view is None or shown is None:
        return
    title = view.title()
    about = [title.name, *([view.target.name] if view.target is not None else [title.scope])]
    suffix = SUFFIXES.get(place.view_type, ".txt")
    place.app.saver.lines(shown.all_lines(), "-".join(filter(None, about)), suffix)


def _has_marks(place: Place) -> bool:
    table = _table(place).table
    return table is not None and bool(table.model.marks)


def _mark_all(place: Place) -> None:
    table = _table(place).table
    if table is not None:
        table.model.mark_all()
        table.tell()
        table.refresh()


def _column(place: Place, names: tuple[str, ...]) -> str | None:
    have = _table(place).column_names()
    return next((name for name in names if name in have), None)


def _sort_action(name: str, key: str, columns: tuple[str, ...]) -> Action:
    def run(place: Place) -> None:
        view = _table(place)
        column = _column(place, columns)
        if column in ("NODE", "IP") and not view.spec.wide:
            view.toggle_wide()  # sorting by what cannot be seen would look like disorder
        view.sort_by(column)

    return Action(
        f"sort.{name}",
        f"by {name}",
        f"Sort by {name}; once more turns the order round",
        run,
        keys=(key,),
        group=Group.TABLE,
        views=TABLE,
        fits=lambda place: _column(place, columns) is not None,
        otherwise=f"This table has no column for {name}; ctrl-o sorts by any that it has.",
        rank=95,
    )


def _has_kind(place: Place) -> bool:
    return place.kind is not None


def _labels(place: Place) -> None:
    """Ask for a label; it gets a column, or loses it."""
    from k8stui.ui.dialogs.choose import Choice, choose

    view, app = _table(place), place.app
    shown = view.spec.labels
    keys = list(dict.fromkeys([*shown, *view.known_labels()]))
    if not keys:
        app.say("None of the rows has a label.")
        return

    def take(key: str) -> None:
        view.show_labels(tuple(k for k in shown if k != key) if key in shown else (*shown, key))

    choices = [Choice(key, key, "shown; chosen again it goes" if key in shown else "") for key in keys]
    app.run_worker(choose(app, "A column for which label?", choices, take), group="dialog")


ACTIONS = [
    Action(
        "table.filter",
        "filter",
        "Show only what matches: text or regex, !inverse; rows also by -l label=value, -f fuzzy; "
        "log lines by level>=warn, pod:x, -C3",
        _filter,
        keys=("/",),
        group=Group.TABLE,
        views=LISTS | {"logs"},
        rank=20,
    ),
    Action(
        "table.save",
        "save",
        "Save what is shown to a file of your own: rows parted by tabs, or lines of text",
        _save,
        keys=("ctrl-s",),
        group=Group.TABLE,
        views=SEARCHABLE - {"logs"},
        rank=70,
    ),
    Action(
        "table.sort",
        "sort",
        "Choose the column to sort by",
        _sort_chooser,
        keys=("ctrl-o",),
        group=Group.TABLE,
        views=TABLE,
        rank=40,
    ),
    Action(
        "table.faults",
        "faults",
        "Show only what has something wrong",
        _faults,
        keys=("ctrl-z",),
        group=Group.TABLE,
        views=TABLE,
        rank=32,
    ),
    Action(
        "table.wide",
        "wide",
        "Show the columns of kubectl's -o wide too",
        _wide,
        keys=("ctrl-w",),
        group=Group.TABLE,
        views=TABLE,
        rank=33,
    ),
    Action(
        "table.mark",
        "mark",
        "Mark the row and go to the next one",
        _mark,
        keys=("space",),
        group=Group.TABLE,
        views=TABLE,
        needs_object=True,
        many=True,
        rank=34,
    ),
    Action(
        "table.mark-range",
        "mark range",
        "Mark all rows from the last marked one to here",
        _mark_range,
        keys=("ctrl-space",),
        group=Group.TABLE,
        views=TABLE,
        needs_object=True,
        many=True,
        rank=95,
    ),
    Action(
        "table.mark-all",
        "mark all",
        "Mark all rows that are shown",
        _mark_all,
        command="mark-all",
        group=Group.TABLE,
        views=TABLE,
        needs_object=True,
        many=True,
        rank=95,
    ),
    Action(
        "table.unmark",
        "unmark",
        "Take all marks away",
        _unmark,
        keys=("ctrl-\\",),
        group=Group.TABLE,
        views=TABLE,
        fits=_has_marks,
        otherwise="No row is marked: space marks one.",
        rank=95,
    ),
    Action(
        "table.labels",
        "label columns",
        "Add a column for a label of the rows, or take it away; also :po -L app,tier",
        _labels,
        keys=("shift-h",),
        group=Group.TABLE,
        views=TABLE,
        fits=_has_kind,
        rank=95,
    ),
    *(_sort_action(*sort) for sort in SORTS),
]
