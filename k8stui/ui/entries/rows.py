"""What can be done with the selected row, or with the marked ones."""

from __future__ import annotations

from functools import partial

from k8stui.ui import drilling
from k8stui.ui.actions import Action, Group, Place, Right

WITH_LOGS = frozenset(
    {
        "pods",
        "nodes",
        "services",
        "replicationcontrollers",
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "replicasets.apps",
        "jobs.batch",
        "cronjobs.batch",
    }
)
"""Kinds that have pods, so that logs can be read of them."""
TABLE = frozenset({"table"})
LISTS = frozenset({"table", "contexts"})
NAMED = frozenset({"table", "relations"})
"""Views whose cursor is on an object of a kind."""
NAMESPACES = frozenset({"namespaces"})


async def _open(place: Place) -> None:
    await drilling.drill_down(place)


async def _owner(place: Place) -> None:
    await drilling.owner(place)


async def _logs(place: Place) -> None:
    await drilling.logs(place, previous=False)


def _node_logs(place: Place) -> None:
    from k8stui.ui.logs.node_choice import choose_node_log

    what = f"asking the kubelet of {place.objects[0].metadata.name}"
    place.app.main.typeahead.await_dialog(partial(choose_node_log, place), what, "dialog")


async def _previous_logs(place: Place) -> None:
    await drilling.logs(place, previous=True)


def _favourite(place: Place) -> None:
    place.app.navigator.toggle_favourite(place)


def _copy_name(place: Place) -> None:
    names = "\n".join(obj.metadata.name for obj in place.objects)
    place.app.copy(names, "name" if len(place.objects) == 1 else f"{len(place.objects)} names")


def _copy_namespace(place: Place) -> None:
    place.app.copy(place.objects[0].metadata.namespace, "namespace")


def _has_namespace(place: Place) -> bool:
    return bool(place.objects and place.objects[0].metadata.namespace)


def _copy_row(place: Place) -> None:
    table = getattr(place.view, "table", None)
    if table is not None:
        place.app.copy(table.copy_text("marked"), "row" if len(place.objects) == 1 else "rows")


def _copy_cell(place: Place) -> None:
    """Ask which cell of the row, with its text beside the column's name."""
    from k8stui.ui.dialogs.choose import Choice, choose

    table = getattr(place.view, "table", None)
    if table is None:
        return
    cells = [
        (str(number), column.name, text)
        for number, column in enumerate(table.model.printer.columns)
        if (text := table.copy_cell(number)) and (column.priority <= 0 or text != "<none>")
    ]
    texts = {number: (name, text) for number, name, text in cells}

    def take(number: str) -> None:
        name, text = texts[number]
        place.app.copy(text, name)

    choices = [Choice(number, name, text) for number, name, text in cells]
    place.app.run_worker(choose(place.app, "Copy which cell?", choices, take), group="dialog")


def _has_owner(place: Place) -> bool:
    return bool(place.object is not None and getattr(place.object.metadata, "owner_references", ()))


ACTIONS = [
    Action(
        "row.open",
        "open",
        "Go into the row: the pods of a node or workload, the logs of a pod; use a namespace; else describe",
        _open,
        keys=("enter",),
        group=Group.ROW,
        views=LISTS,
        needs_object=True,
        many=True,
        fits=drilling.can_drill_down,
        otherwise="Of these rows one at a time can be opened; ctrl-\\ takes the marks away.",
        rank=10,
    ),
    Action(
        "row.logs",
        "logs",
        "Read the logs of the pod, of all pods of a workload, service or node, or of the marked rows",
        _logs,
        keys=("l",),
        group=Group.ROW,
        views=NAMED,
        kinds=WITH_LOGS,
        needs_object=True,
        many=True,
        right=Right("get", "pods", "log"),
        rank=11,
    ),
    Action(
        "row.previous-logs",
        "previous",
        "Read the logs from before the last restart: of the pod, the workload, or the marked rows",
        _previous_logs,
        keys=("p",),
        group=Group.ROW,
        views=TABLE,
        kinds=WITH_LOGS - {"nodes"},
        needs_object=True,
        many=True,
        right=Right("get", "pods", "log"),
        rank=30,
    ),
    Action(
        "row.node-logs",
        "node logs",
        "Read logs of the node itself, through its kubelet: journals of services, files, the audit log",
        _node_logs,
        keys=("shift-l",),
        group=Group.ROW,
        views=TABLE,
        kinds=frozenset({"nodes"}),
        needs_object=True,
        right=Right("get", "nodes", "proxy"),
        rank=29,
        command="node-logs",
    ),
    Action(
        "row.owner",
        "owner",
        "Go to what owns the object: pod to ReplicaSet, ReplicaSet to Deployment",
        _owner,
        keys=("shift-j",),
        group=Group.ROW,
        views=TABLE,
        needs_object=True,
        fits=_has_owner,
        otherwise="Nothing owns this object.",
        rank=31,
    ),
    Action(
        "row.node",
        "node",
        "Go to the node that the pod is on",
        drilling.node,
        keys=("o",),
        group=Group.ROW,
        views=TABLE,
        kinds=frozenset({"pods"}),
        needs_object=True,
        rank=31,
    ),
    Action(
        "row.use",
        "use",
        "Look at this namespace, or at the marked ones, from now on",
        drilling.drill_down,
        keys=("u",),
        group=Group.ROW,
        views=TABLE,
        kinds=NAMESPACES,
        needs_object=True,
        many=True,
        rank=95,
    ),
    Action(
        "row.favourite",
        "favourite",
        "Make the namespace a favourite, or no longer",
        _favourite,
        keys=("f",),
        group=Group.ROW,
        views=TABLE,
        kinds=NAMESPACES,
        needs_object=True,
        many=True,
        rank=12,
    ),
    Action(
        "row.copy-name",
        "copy name",
        "Copy the name, or the names of the marked rows",
        _copy_name,
        keys=("c",),
        group=Group.ROW,
        views=LISTS,
        not_kinds=frozenset({"nodes"}),
        needs_object=True,
        many=True,
        rank=60,
    ),
    Action(
        "row.copy-namespace",
        "copy namespace",
        "Copy the namespace of the row",
        _copy_namespace,
        keys=("n",),
        group=Group.ROW,
        views=TABLE,
        needs_object=True,
        fits=_has_namespace,
        otherwise="This object is in no namespace.",
        rank=95,
    ),
    Action(
        "row.copy-cell",
        "copy cell",
        "Copy one cell of the row: choose its column",
        _copy_cell,
        keys=("shift-y",),
        group=Group.ROW,
        views=LISTS,
        needs_object=True,
        rank=95,
    ),
    Action(
        "row.copy",
        "copy row",
        "Copy the texts of the row, or of the marked rows, parted by tabs",
        _copy_row,
        keys=("ctrl-y",),
        group=Group.ROW,
        views=LISTS,
        needs_object=True,
        many=True,
        rank=95,
    ),
]
