"""Carries operations from a key to their result: objects as they were meant, plan, dialog, run, undo.

Flows run in workers of the app, beside the keys. What is meant is taken when the key is pressed, by uid: a
row that moves under the cursor afterwards changes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from k8stui.kinds.text import begun
from k8stui.ui.dialogs.plan_text import summary

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from k8stui.kube.operations.plans import Plan, Ref
    from k8stui.kube.operations.reading import Read
    from k8stui.kube.operations.running import Run
    from k8stui.ui.actions import Place
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.dialogs.plan import PlanDialog

    Flow = Callable[["Operator", "Meant"], Awaitable[None]]

UNDO_KEPT = 20


class Refused(Exception):
    """It will not be done; the text is a sentence for the user."""


class Meant:
    """The objects that a key was pressed for."""

    def __init__(self, place: Place) -> None:
        from k8stui.kube.operations.plans import Ref

        kind = place.kind
        assert kind is not None
        self.kind = kind
        self.objects = place.objects
        """Rows as tables hold them: for what they say about owners, labels and finalizers."""
        self.refs: tuple[Ref, ...] = tuple(
            Ref(kind, obj.metadata.name, obj.metadata.namespace or "", obj.metadata.uid or "")
            for obj in place.objects
        )

    @property
    def ref(self) -> Ref:
        """The first one."""
        return self.refs[0]


class Operator:
    """Operates for the user of the app."""

    def __init__(self, app: K8stuiApp) -> None:
        self.app = app
        self._undo: list[tuple[str, Plan]] = []

    def begin(self, place: Place, flow: Flow) -> None:
        """Start an operation on the objects that are meant now."""
        from k8stui.kube.operations.plans import subject

        meant = Meant(place)
        self.guard(partial(flow, self, meant), asks_about=subject(meant.refs))

    def guard(self, work: Callable[[], Awaitable[None]], *, asks_about: str = "") -> None:
        """Do something beside the screen; what goes wrong becomes a sentence.

        `asks_about`: what the dialog will be about that it opens; keys wait for that, and esc gives it up.
        """
        if asks_about:
            begin = partial(self._guarded, work)
            self.app.main.typeahead.await_dialog(begin, f"reading {asks_about}", "operations")
        else:
            self.app.run_worker(self._guarded(work), group="operations", exit_on_error=False)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        from k8stui.kube.errors import KubeError
        from k8stui.kube.operations.plans import PlanError

        try:
            await work()
        except (Refused, PlanError) as refusal:
            self.app.complain(str(refusal))
        except KubeError as error:
            self.app.complain(error.sentence())
        except Exception as error:  # a defect of ours must be seen, and end nothing else
            self.app.confess(error)

    # What flows use

    @property
    def connection(self) -> Any:
        """Where requests go. Raises Refused."""
        cluster: Any = self.app.session.cluster
        if cluster is None:
            raise Refused("There is no cluster to change.")
        return cluster.connection

    async def read(self, refs: Iterable[Ref], subresource: str = "") -> Read:
        """Objects as they are now; what cannot be had is said. Raises Refused where nothing can be had."""
        from k8stui.kube.operations.reading import read_all

        found = await read_all(self.connection, refs, subresource)
        problems = list(found.problems.values())
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            sentence = f"{problems[0].rstrip('. ')}{more}."
            if not found.objects:
                raise Refused(begun(sentence))
            self.app.complain(f"Left out: {sentence}")
        return found

    async def refusal(self, verb: str, ref: Ref) -> str:
        """Why this may not be done with an object, in a sentence; empty where it may, or nobody knows."""
        from k8stui.kube.errors import KubeError
        from k8stui.ui.rights import READ_ONLY, Question

        if self.app.session.readonly:
            return READ_ONLY
        access: Any = getattr(self.app.session.cluster, "access", None)
        if access is None:
            return ""
        try:
            allowed = await access.can(verb, ref.kind, ref.namespace, ref.name)
        except KubeError:
            return ""
        return "" if allowed else Question(verb, ref.kind, ref.namespace, "").refusal()

    def starter(self) -> Callable[[Plan, Callable[[], None]], Run]:
        """What makes runs on the connection that is open now."""
        from k8stui.kube.operations.running import Run

        connection = self.connection
        return lambda plan, changed: Run(connection, plan, changed)

    async def confirm(self, title: str, plan: Plan, advice: Iterable[str] = ()) -> Run | None:
        """Show a plan without fields, do it when the user says so."""
        from k8stui.ui.dialogs.plan import PlanDialog

        return await self.show(PlanDialog(title, self.starter(), plan, tuple(advice)))

    async def show(self, dialog: PlanDialog) -> Run | None:
        """Show a dialog, and say what came of it; None when nothing was sent."""
        context = self.app.session.context
        run = await self.app.push_screen_wait(dialog)
        if run is not None:
            self._conclude(context, run)
        return run

    def _conclude(self, context: str, run: Run) -> None:
        from k8stui.kube.operations.running import State
        from k8stui.kube.operations.undo import undo_plan

        done = [result for result in run.results if result.state is State.DONE]
        said = summary(run) + self.keep_undo(context, undo_plan(done))
        warnings = dict.fromkeys(text for result in run.results for text in result.warnings)
        (self.app.complain if run.left else self.app.say)(said)
        for warning in list(warnings)[:3]:
            self.app.complain(f"The server warns: {warning}")
        self.app.main.refresh_hints()

    # Undo

    @property
    def can_undo(self) -> bool:
        """Something done in this context can be put back."""
        return any(context == self.app.session.context for context, _ in self._undo)

    def keep_undo(self, context: str, plan: Plan | None) -> str:
        """Offer to put back what was done; what is to be said of it, with a blank before it."""
        if plan is None:
            return ""
        self._undo = [*self._undo, (context, plan)][-UNDO_KEPT:]
        key = self.app.main.keymap.first("operation.undo")
        return f" {key} undoes it." if key else ""

    def undo(self) -> None:
        """Offer to put back what was done last in this context."""
        self.guard(self._undo_last, asks_about="what was changed")

    async def _undo_last(self) -> None:
        context = self.app.session.context
        at = next((i for i in reversed(range(len(self._undo))) if self._undo[i][0] == context), None)
        if at is None:
            raise Refused("Nothing that was done here can be put back.")
        kept = self._undo[at]
        plan = await self._still_as_left(kept[1])
        if plan is None:
            self._undo.remove(kept)
            self.app.main.refresh_hints()
            return
        run = await self.confirm(f"Undo for {plan.subject}", plan)
        if run is not None and not run.left:
            self._undo.remove(kept)
            self.app.main.refresh_hints()

    async def _still_as_left(self, plan: Plan) -> Plan | None:
        """What of an undo can still be done: not of what somebody has changed since, which is said."""
        from k8stui.kube.errors import ApiError
        from k8stui.kube.operations.reading import read_json
        from k8stui.kube.operations.running import explain
        from k8stui.kube.operations.undo import changed_since

        refs, others = [], []
        for change in plan.changes:
            request, ref = change.requests[0], change.ref
            try:
                why = changed_since(request, await read_json(self.connection, request.path), ref)
            except ApiError as error:
                why = explain(error, ref)
            if why:
                others.append(f"{ref.noun} {ref.label}: {why}")
            else:
                refs.append(ref)
        if others:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            self.app.complain(f"Not undone: {others[0]}{more}.")
        return plan.only(refs) if refs else None
