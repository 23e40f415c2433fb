"""Saving: parse, try on the server, show what would change, write, merge where somebody was faster.

Runs as a worker of the app; at each end the editor says what became of it, and whatever is not written stays
in the draft.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from k8stui.ui.editing.items import Item, Mode, Way, edit_items, new_items
from k8stui.ui.editing.stopping import Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.editing.documents import Problem
    from k8stui.kube.operations.plans import Plan
    from k8stui.ui.editing.items import Base
    from k8stui.ui.editing.pipeline import Meanwhile, Pipeline
    from k8stui.ui.views.editor import EditorView

ROUNDS = 8
"""So often a conflict is put to the user in one save."""


async def save(view: EditorView) -> None:
    """Try the buffer on the server, and write it when the user agrees."""
    from k8stui.kube.errors import ApiError, KubeError

    if view.busy or not view.is_loaded:
        return
    app = view.desk.app
    view.stop = Stop()
    view.say_busy("trying")
    await view.write_draft()  # whatever happens from here on
    try:
        await _save(view, view.stop)
    except Stopped:
        app.say("Given up: nothing more is written, and the draft is kept.")
    except ApiError as error:
        app.complain(error.sentence())
    except KubeError as error:
        app.complain(f"{error.sentence()}. The draft is kept.")
    except Exception as error:  # a defect of ours must not look like a save that did nothing
        said = f"{type(error).__name__}: {error}"
        app.complain(f"Not saved, by an error of k8stui ({said}). The draft is kept.")
    finally:
        view.stop = None
        view.say_busy("")


async def _save(view: EditorView, stop: Stop) -> None:
    from k8stui.ui.dialogs.edit_review import ReviewDialog
    from k8stui.ui.editing.pipeline import Pipeline
    from k8stui.ui.editing.stages import carry_out

    app = view.desk.app
    cluster, schemas = app.session.cluster, view.desk.schemas
    if cluster is None or schemas is None:
        app.complain(f"{app.session.problem or 'There is no cluster yet'}. The draft is kept.")
        return
    pipeline = Pipeline(cluster, schemas)
    await view.desk.unseal(view)
    view.show_problems(())  # those of the save before
    everything = await _items(view)
    if everything is None:
        return
    items = everything
    for _ in range(ROUNDS):
        if not await _tried(view, pipeline, items, stop):
            return
        shown = [item for item in items if item.way is not Way.NOTHING or item.problems]
        if not shown:
            _nothing(view, items)
            return
        if len(shown) == 1 and shown[0].problems and not shown[0].taken:
            view.show_problems(shown[0].problems)
            app.complain(_short(shown[0].problems[0].message))
            return
        title = {Mode.EDIT: "Save", Mode.CREATE: "Create"}.get(view.mode, "Apply")
        view.say_busy("to be confirmed")
        answer = await app.push_screen_wait(ReviewDialog(title, shown, view.revealed))
        if answer is None:
            stuck = not any(item.ready for item in shown)
            view.show_problems([problem for item in shown for problem in item.marks], go=stuck)
            return
        for item in shown:
            item.force = answer == "force" and bool(item.taken)
        view.say_busy("applying")
        met = await carry_out(pipeline, shown, view.mode, view.say_busy, stop)
        if not met:
            await _finished(view, everything)
            return
        if not await _decide(view, pipeline, items, met):
            return
        items = [item for item in items if not item.done]


async def _items(view: EditorView) -> list[Item] | None:
    """What the buffer says; None after saying what is wrong with it."""
    from k8stui.kinds.editing.documents import parse

    app = view.desk.app
    parsed = await asyncio.to_thread(parse, view.content)
    problems: Sequence[Problem] = parsed.problems
    items: list[Item] = []
    if not problems:
        if view.mode is Mode.EDIT:
            items, problems = edit_items(parsed.documents, view.bases)
        else:
            items, problems = new_items(parsed.documents, app.session.catalog, view.desk.namespace, view.mode)
    # in a file of many documents one that cannot be used does not hold up the others
    partly = bool(items) and view.mode in (Mode.APPLY, Mode.SERVER_APPLY)
    if problems:
        view.show_problems(problems)
        said = f"line {problems[0].line + 1}: {problems[0].message}"
        rest = "other document" if len(items) == 1 else f"other {len(items)} documents"
        app.complain(f"{said} The {rest} can be applied." if partly else said)
    elif not items:
        app.complain("There is nothing here to be saved.")
    return items if items and (partly or not problems) else None


async def _tried(view: EditorView, pipeline: Pipeline, items: list[Item], stop: Stop) -> bool:
    """Dry-run the items; what somebody else changed is merged first. False when the user decided nothing.

    Raises Stopped.
    """
    for _ in range(ROUNDS):
        view.say_busy("trying")
        met = await stop.unless(pipeline.dry_run(items, view.mode))
        merged = [item for item in items if item.merged]
        if merged and view.mode is Mode.EDIT:
            names = ", ".join(item.label() for item in merged)
            view.desk.app.say(f"{names} was changed meanwhile; both changes are merged.")
            await _rewrite(view, items)
        if not met:
            return True
        if not await _decide(view, pipeline, items, met):
            return False
    view.desk.app.complain("The object changes faster than it can be merged. The draft is kept.")
    return False


async def _decide(
    view: EditorView, pipeline: Pipeline, items: Sequence[Item], met: Sequence[Meanwhile]
) -> bool:
    """Let the user choose, field by field; False when that was given up."""
    from k8stui.ui.dialogs.edit_conflicts import ConflictsDialog

    view.say_busy("to be decided")
    for each in met:
        answer = await view.desk.app.push_screen_wait(ConflictsDialog(each, view.revealed))
        if answer is None:
            return False
        pipeline.take(each, answer)
    await _rewrite(view, items)
    return True


async def _rewrite(view: EditorView, items: Sequence[Item]) -> None:
    """Put merged objects into the buffer, and what they are based on now into the draft."""
    for at, base in enumerate(view.bases):
        for item in items:
            if item.base is not None and _is_about(item, base):
                view.bases[at] = item.base
    merged = [(item, item.wanted) for item in items if item.merged]
    lost = await _put(view, items, merged)
    if lost:
        merged[0][0].lost += lost
    view.bases_changed()


async def _put(
    view: EditorView, items: Sequence[Item], values: Sequence[tuple[Item, dict[str, Any]]]
) -> list[str]:
    """Other values of objects into the text, with the user's comments kept; `items` learn their new lines.

    The answer is the comments that could not be kept.
    """
    from k8stui.kinds.editing.documents import parse
    from k8stui.kinds.editing.objects import edit_text, identity_of
    from k8stui.kinds.editing.rewrite import lost_comments, rewritten
    from k8stui.kinds.editing.secrets import edited_again

    changes = [
        (item.document, edited_again(value, item.base.obj if item.base is not None else {}, view.revealed))
        for item, value in values
    ]
    if not changes:
        return []
    text = await asyncio.to_thread(rewritten, view.content, changes)
    lost = await asyncio.to_thread(lost_comments, view.content, text)
    original = await asyncio.to_thread(edit_text, [base.cleaned for base in view.bases], view.revealed)
    view.replace_text(text, original=original)
    parsed = await asyncio.to_thread(parse, text)
    documents = {identity_of(document.value): document for document in parsed.documents}
    for item in items:
        item.document = documents.get(identity_of(item.document.value), item.document)
    return lost


def _is_about(item: Item, base: Base) -> bool:
    metadata = base.obj["metadata"]
    place = str(metadata.get("namespace") or "")
    return base.kind == item.kind and (metadata["name"], place) == (item.name, item.namespace)


def _short(message: str) -> str:
    """For a moment in the corner; all of it stands below the text."""
    return message if len(message) <= 240 else f"{message[:240]}…"


def _nothing(view: EditorView, items: Sequence[Item]) -> None:
    app = view.desk.app
    if view.mode is Mode.EDIT:
        app.say("Nothing is changed.")
    else:
        app.say(f"The server has {'it' if len(items) == 1 else 'all of them'} like this already.")


async def _finished(view: EditorView, items: Sequence[Item]) -> None:
    """Say what became of it, and close the editor when all is written."""
    from k8stui.ui.dialogs.edit_results import ResultsDialog

    app = view.desk.app
    wrong = [item for item in items if item.failed or item.problems or (item.taken and not item.done)]
    warnings = [warning for item in items for warning in item.warnings]
    undoes = app.operator.keep_undo(app.session.context, undo_of(items))
    if len(items) == 1 and not wrong:
        said = (items[0].done or "Nothing was changed.") + undoes
        app.say(f"{items[0].label()}: {said[:1].lower()}{said[1:]}")
        for warning in warnings:
            app.complain(warning)
    elif len(items) == 1 and items[0].problems:
        view.show_problems(items[0].problems)
        app.complain(_short(items[0].problems[0].message))
    else:
        await app.push_screen_wait(ResultsDialog(items))
        view.show_problems([problem for item in wrong for problem in item.marks])
    if not wrong and not view.problems:
        view.forget_draft()
        await view.desk.leave(view)
    elif view.mode is Mode.EDIT:
        await _rebase(view, items)


def undo_of(items: Sequence[Item]) -> Plan | None:
    """What puts back the objects that were changed; what was made is not unmade."""
    from k8stui.kube.operations.plans import Ref
    from k8stui.kube.operations.undo import as_plan, back_of_merge, undo_change

    changes = []
    for item in items:
        base, result = item.base, item.result
        if item.way is Way.PATCH and item.done and not item.failed and base is not None and result:
            ref = Ref(item.kind, item.name, item.namespace, str(base.obj["metadata"].get("uid") or ""))
            back = back_of_merge(base.obj, item.patch)
            changes.append(undo_change(ref, result, back, base.subresource))
    return as_plan([change for change in changes if change is not None])


async def _rebase(view: EditorView, items: Sequence[Item]) -> None:
    """Some were written: from now on they are what the server has, in the text too."""
    from k8stui.ui.editing.items import Base

    written = []
    for at, base in enumerate(view.bases):
        for item in items:
            if _is_about(item, base) and item.done and not item.failed and item.result:
                view.bases[at] = item.base = Base(base.kind, item.result, base.subresource)
                written.append((item, item.base.cleaned))
    lost = await _put(view, items, written)
    if lost:
        view.desk.app.complain(f"Taken out of the text, where ctrl-z brings it back: {', '.join(lost)}")
    view.bases_changed()
