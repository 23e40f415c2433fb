"""Editing in place, creating, applying: what opens an editor, and what can be done in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.actions import Action, Danger, Group, Place, Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.ui.views.editor import EditorView

EDITABLE = frozenset({"table", "yaml", "describe"})
EDITOR = frozenset({"edit"})
UNCHANGEABLE = "The server lets nobody change such objects."
EXPOSABLE = frozenset(
    {
        "pods",
        "services",
        "replicationcontrollers",
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
    }
)
"""Kinds that say which pods are theirs."""


def _edit(place: Place) -> None:
    place.app.editing.edit(place)


def _external(place: Place) -> None:
    place.app.editing.edit(place, external=True)


def _edit_part(subresource: str) -> Callable[[Place], None]:
    return lambda place: place.app.editing.edit(place, subresource)


def _has_part(subresource: str) -> Callable[[Place], bool]:
    return lambda place: place.kind is not None and subresource in place.kind.subresources


def _can_be_edited(place: Place) -> bool:
    kind = place.kind
    return kind is not None and (not kind.verbs or kind.can("patch"))


def _drafts(place: Place) -> None:
    place.app.editing.choose_draft()


def _apply(place: Place) -> None:
    hint = "apply FILE or FOLDER; apply alone: what is pasted"
    place.app.main.questions.ask_command(hint, text="apply ")


def _create(place: Place) -> None:
    from k8stui.ui.dialogs.edit_forms import ask_what

    ask_what(place.app)


def _expose(place: Place) -> None:
    place.app.editing.expose(place)


# In the editor


def _view(place: Place) -> EditorView:
    from k8stui.ui.views.editor import EditorView

    assert isinstance(place.view, EditorView)
    return place.view


def _save(place: Place) -> None:
    from k8stui.ui.editing.flow import save

    place.app.run_worker(save(_view(place)), group="save-edit", exit_on_error=False)


def _complete(place: Place) -> None:
    _view(place).assist.complete()


def _discard(place: Place) -> None:
    place.app.editing.discard(_view(place))


def _next_problem(place: Place) -> None:
    _say(place, _view(place).next_problem())


def _find(place: Place) -> None:
    place.app.main.questions.ask_filter()


def _find_next(place: Place) -> None:
    _say(place, _view(place).find_next())


def _reveal(place: Place) -> None:
    from k8stui.ui.editing.revealing import reveal

    _say(place, reveal(_view(place)))


def _outside(place: Place) -> None:
    from k8stui.ui.editing.external import edit_outside

    view = _view(place)
    place.app.run_worker(edit_outside(view), group="edit", exit_on_error=False)


def _server_side(place: Place) -> None:
    from k8stui.ui.editing.items import Mode

    view = _view(place)
    view.mode = Mode.APPLY if view.mode is Mode.SERVER_APPLY else Mode.SERVER_APPLY
    view.bases_changed()
    view.assist.loaded()
    view.post_message(view.Changed(view))
    side = "The server merges" if view.mode is Mode.SERVER_APPLY else "k8stui merges, as kubectl apply does"
    place.app.say(f"{side}; ctrl-s tries it.")


def _say(place: Place, sentence: str) -> None:
    if sentence:
        place.app.say(sentence)


def _has_secret(place: Place) -> bool:
    return any(base.kind.name == "secrets" for base in _view(place).bases)


def _applies(place: Place) -> bool:
    return _view(place).mode.value in ("apply", "server-apply")


ACTIONS = [
    Action(
        "row.edit",
        "edit",
        "Edit the object, or the marked ones, here: checked, tried and shown as a diff before it is saved",
        _edit,
        keys=("e",),
        group=Group.ROW,
        views=EDITABLE,
        needs_object=True,
        many=True,
        danger=Danger.CHANGES,
        right=Right("patch"),
        fits=_can_be_edited,
        otherwise=UNCHANGEABLE,
        rank=15,
    ),
    Action(
        "row.edit-outside",
        "edit outside",
        "Edit in $EDITOR; what it leaves is checked, tried and shown here before it is saved",
        _external,
        keys=("shift-e",),
        group=Group.ROW,
        views=EDITABLE,
        needs_object=True,
        many=True,
        danger=Danger.CHANGES,
        right=Right("patch"),
        fits=_can_be_edited,
        otherwise=UNCHANGEABLE,
        rank=95,
    ),
    *(
        Action(
            f"row.edit-{part}",
            f"edit {part}",
            about,
            _edit_part(part),
            command=f"edit-{part}",
            group=Group.ROW,
            views=EDITABLE,
            needs_object=True,
            many=True,
            danger=Danger.CHANGES,
            right=Right("patch", subresource=part),
            fits=_has_part(part),
            rank=95,
        )
        for part, about in (
            (
                "status",
                "Edit the status subresource: a node's extended resources, conditions of a custom kind",
            ),
            ("scale", "Edit the scale subresource"),
        )
    ),
    Action(
        "edit.create",
        "create",
        "Create an object: namespace, configmap, secret, pod or service by a form, any kind from its schema",
        _create,
        keys=("+",),
        group=Group.GO,
        views=frozenset({"table"}),
        danger=Danger.CHANGES,
        rank=95,
    ),
    Action(
        "row.expose",
        "expose",
        "Make a service that leads to the pods of this object: a form, filled in from it",
        _expose,
        command="expose",
        group=Group.ROW,
        views=frozenset({"table"}),
        kinds=EXPOSABLE,
        needs_object=True,
        danger=Danger.CHANGES,
        right=Right("create", "services"),
        rank=95,
    ),
    Action(
        "edit.apply",
        "apply",
        "Apply a file, a folder, or what is pasted",
        _apply,
        group=Group.GO,
        danger=Danger.CHANGES,
        rank=95,
    ),
    Action(
        "edit.drafts", "drafts", "Edits that were not saved: go on with one", _drafts, group=Group.GO, rank=95
    ),
    Action(
        "edit.save",
        "save",
        "Let the server try it, show what would change, and save it",
        _save,
        keys=("ctrl-s",),
        group=Group.EDITING,
        views=EDITOR,
        danger=Danger.CHANGES,
        rank=10,
    ),
    Action(
        "edit.complete",
        "complete",
        "Show what can stand at the cursor",
        _complete,
        keys=("ctrl-space",),
        group=Group.EDITING,
        views=EDITOR,
        rank=12,
    ),
    Action(
        "edit.next-problem",
        "next problem",
        "To the next line with something wrong",
        _next_problem,
        keys=("ctrl-g", "f8"),
        group=Group.EDITING,
        views=EDITOR,
        rank=13,
    ),
    Action(
        "edit.find", "find", "Find text", _find, keys=("ctrl-f",), group=Group.EDITING, views=EDITOR, rank=14
    ),
    Action(
        "edit.find-next",
        "find next",
        "To the next place of what is looked for",
        _find_next,
        keys=("f3",),
        group=Group.EDITING,
        views=EDITOR,
        rank=95,
    ),
    Action(
        "edit.reveal",
        "reveal",
        "Show the value under the cursor (else all values) of the secret, or mask them again",
        _reveal,
        keys=("alt-r",),
        group=Group.EDITING,
        views=EDITOR,
        fits=_has_secret,
        rank=12,
    ),
    Action(
        "edit.outside",
        "in $EDITOR",
        "Go on in $EDITOR; the text comes back here",
        _outside,
        keys=("alt-e",),
        group=Group.EDITING,
        views=EDITOR,
        rank=16,
    ),
    Action(
        "edit.server-side",
        "server-side",
        "Apply by the server with an owner for each field, or as kubectl apply does",
        _server_side,
        keys=("alt-s",),
        group=Group.EDITING,
        views=EDITOR,
        fits=_applies,
        rank=15,
    ),
    Action(
        "edit.discard",
        "throw away",
        "Throw the draft away and leave",
        _discard,
        keys=("alt-x",),
        group=Group.EDITING,
        views=EDITOR,
        rank=17,
    ),
]
