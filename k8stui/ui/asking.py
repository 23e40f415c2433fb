"""What the `:` line asks about objects: actions, relations, JSONPath queries. Opens views, paints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.actions import misfit
from k8stui.ui.commands import NAME_ONE, Command, CommandError, Verb
from k8stui.ui.spec import Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind
    from k8stui.ui.actions import Place
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.screen import MainScreen
    from k8stui.ui.views.base import View


async def answer(app: K8stuiApp, command: Command) -> None:
    """Carry out an action, `tree` or `jsonpath`; what cannot be done from here is said."""
    try:
        if command.verb is Verb.ACT:
            await app.main.run_by_id(app.main.registry.commands[command.argument].id)
        elif command.verb is Verb.TREE:
            await open_tree(app, command.argument)
        else:
            await open_jsonpath(app, command.argument)
    except CommandError as error:
        app.complain(error.sentence)


def as_action(app: K8stuiApp, command: Command) -> Command | None:
    """The action that a line names, on what is selected; None where it names none, or a kind.

    Raises CommandError where it cannot be done here.
    """
    name = command.kind
    action = app.main.registry.commands.get(name)
    if action is None or app.session.catalog.find(name) is not None:
        return None
    if command != Command(Verb.OPEN, kind=name):
        raise CommandError(f"{name} takes nothing after it: it is about the selected row.")
    place = app.main.place()
    if not action.works(place):
        raise CommandError(misfit(name, [action], place))
    if refusal := app.main.rights.refusal(action, place):
        raise CommandError(refusal)
    return Command(Verb.ACT, argument=name)


def commands_here(main: MainScreen) -> tuple[tuple[str, str], ...]:
    """The actions that `as_action` takes where the focus is, each with what it does, or why it may not."""
    place = main.place()
    return tuple(
        (name, main.rights.refusal(action, place) or action.about)
        for name, action in main.registry.commands.items()
        if action.works(place)
    )


async def open_tree(app: K8stuiApp, argument: str) -> None:
    """The relations of `kind/name`, or of the selected object. Raises CommandError."""
    place = app.main.place()
    if not argument:
        target = target_of(place)
        if target is None:
            raise CommandError("Select an object first, or name one: tree deploy/web.")
    else:
        target = _named(app, argument)
    await app.navigator.open(ViewSpec(view=ViewType.RELATIONS, kind=target.kind, target=target))


def _named(app: K8stuiApp, argument: str) -> Target:
    """The object that `deploy/web` or `deploy/shop/web` names. Raises CommandError."""
    word, _, rest = argument.partition("/")
    namespace, _, name = rest.rpartition("/")
    kind = app.session.catalog.find(word)
    if kind is None or not name:
        raise CommandError(f"{argument!r} names no object: {NAME_ONE}.")
    if kind.namespaced and not namespace:
        if len(app.session.namespaces) != 1:
            raise CommandError(f"In which namespace? Write {word}/NAMESPACE/{name}.")
        namespace = app.session.namespaces[0]
    return Target(
        kind.name, name, namespace if kind.namespaced else "", "", (kind.singular or kind.kind).lower()
    )


async def open_jsonpath(app: K8stuiApp, expression: str) -> None:
    """The result of a path over the object that is read, or over the table's scope. Raises CommandError."""
    place = app.main.place()
    spec = place.view.spec if place.view is not None else None
    if place.view_type == ViewType.TABLE and place.kind is not None and spec is not None:
        await app.navigator.open(_of_rows(place.kind, place.view, expression))
        return
    if spec is not None and place.view_type == ViewType.JSONPATH:
        from msgspec import structs

        await app.navigator.open(structs.replace(spec, query=expression, filter=""))
        return
    target = target_of(place)
    if target is None:
        raise CommandError("Go to a table or to an object first: the path is followed from there.")
    await app.navigator.open(
        ViewSpec(view=ViewType.JSONPATH, kind=target.kind, target=target, query=expression)
    )


def _of_rows(kind: Kind, view: View | None, expression: str) -> ViewSpec:
    """A path through the rows that a table shows, or through those that are marked in it."""
    from msgspec import structs

    from k8stui.ui.views.table import TableView

    assert isinstance(view, TableView)
    return ViewSpec(
        view=ViewType.JSONPATH,
        kind=kind.name,
        namespaces=view.spec.namespaces,
        query=expression,
        rows=structs.replace(view.spec, target=view.target, cursor=""),
        marked=() if view.table is None else tuple(view.table.model.marked()),
    )


def target_of(place: Place) -> Target | None:
    """The object that is selected or read."""
    obj: Any = place.object
    if obj is None or place.kind is None:
        return None
    meta, kind = obj.metadata, place.kind
    return Target(kind.name, meta.name, meta.namespace, meta.uid, (kind.singular or kind.kind).lower())


def ask_jsonpath(place: Place) -> None:
    """Ask for a path; it begins as most of them do."""
    listed = place.view_type == ViewType.TABLE
    start = "jsonpath {.items[*].metadata." if listed else "jsonpath {.metadata."
    if place.view_type == ViewType.JSONPATH and place.view is not None:
        start = f"jsonpath {place.view.spec.query}"
    place.app.main.questions.ask_command("kubectl's JSONPath; Enter follows it", text=start)
