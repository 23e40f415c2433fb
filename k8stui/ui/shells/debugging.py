"""Debugging from a row: what can be reattached to, the dialog with the plan, its progress, the shell.

Runs in workers of the app. What is created was shown before, and is in the record before it is waited for.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from k8stui.ui.shells.opening import LOOK_LIMIT, Opener, Refused, Spot, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.debug.operations import DebugResult
    from k8stui.kube.debug.plans import Plan
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.target import ContainerChoice
    from k8stui.ui.dialogs.debug_form import DebugForm

EPHEMERAL, COPY = "+ephemeral", "+copy"
"""Choices that are no names of containers."""


class Debugger:
    """Debugs for the user of the app."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._app = opener.app

    def pod(self, spot: Spot, container: str = "") -> None:
        """Debug a pod; `container` is the one that was looked at, if any."""
        self._opener.ask(partial(self._pod, spot, container), f"reading pod {spot.pod}")

    def node(self, context: Context, node: str) -> None:
        """Debug a node."""
        self._opener.ask(partial(self._node, context, node), f"asking what you may do on node {node}")

    def created(self) -> None:
        """What was created, to be cleaned up."""
        self._opener.ask(self._created, "looking for what debugging has created")

    # From a pod

    async def _pod(self, spot: Spot, container: str) -> None:
        from k8stui.kube.debug.ephemeral import ephemeral_containers, no_ephemeral
        from k8stui.kube.debug.operations import reattach
        from k8stui.kube.sessions.look import read_pod
        from k8stui.kube.sessions.target import container_choices
        from k8stui.ui.dialogs.debug_kinds import CopyDialog

        async with asyncio.timeout(LOOK_LIMIT):
            pod = await read_pod(self._connection, spot.target(""))
        choices = container_choices(pod)
        why_not = no_ephemeral(pod)
        answer = await self._ask_how(spot, ephemeral_containers(pod), why_not)
        if answer is None:
            return
        if answer == EPHEMERAL and why_not:
            raise Refused(f"No debug container can be started there: {why_not}. A copy of the pod can be.")
        if answer == EPHEMERAL:
            await self._form(spot.context, self._ephemeral_form(pod, choices, container))
        elif answer == COPY:
            form = CopyDialog(pod, await self._free_name(spot), **self._common())
            await self._form(spot.context, form)
        else:
            spec = reattach(pod, answer)
            if spec is None:
                raise Refused(f"{answer} cannot be joined: it does not run, or has no terminal.")
            await self._opener.open(spot, spec)

    async def _ask_how(self, spot: Spot, there: Sequence[ContainerChoice], why_not: str) -> str | None:
        from k8stui.ui.dialogs.choose import Choice, ChooseDialog

        ephemeral = f"no: {why_not}" if why_not else "in the pod as it is"
        choices = [
            Choice(EPHEMERAL, "new debug container", ephemeral),
            Choice(COPY, "copy of the pod", "another command or image, processes shared"),
        ]
        for each in reversed(there):
            how = "reattach" if each.can_reattach else each.detail or each.state or "not running"
            choices.append(Choice(each.name, each.name, f"{how} · {each.image}"))
        title = f"Debug {spot.pod}"
        return await self._app.push_screen_wait(
            ChooseDialog(title, choices, first=COPY if why_not else EPHEMERAL)
        )

    def _ephemeral_form(
        self, pod: dict[str, Any], choices: Sequence[ContainerChoice], container: str
    ) -> DebugForm:
        from k8stui.ui.dialogs.debug_kinds import EphemeralDialog

        cluster = self._app.session.cluster
        version = cluster.version if cluster is not None else ""
        return EphemeralDialog(pod, choices, container, version=version, **self._common())

    async def _free_name(self, spot: Spot) -> str:
        """A name for a copy that no pod has; a plain guess where that cannot be seen."""
        from k8stui.kube.errors import ApiError, KubeError
        from k8stui.kube.sessions.look import read_pod
        from k8stui.kube.sessions.target import SessionTarget

        first = f"{spot.pod[:240]}-debug"
        for name in (first, *(f"{first}-{number}" for number in range(2, 10))):
            try:
                async with asyncio.timeout(LOOK_LIMIT):
                    await read_pod(self._connection, SessionTarget(spot.namespace, name))
            except ApiError as error:
                return name if error.code == 404 else first
            except (KubeError, TimeoutError):
                return first
        return first

    # From a node

    async def _node(self, context: Context, node: str) -> None:
        from k8stui.ui.dialogs.debug_kinds import NodeDialog

        session = self._app.session
        namespace = session.namespaces[0] if len(session.namespaces) == 1 else context.namespace or "default"
        await self._form(context, NodeDialog(node, namespace, **self._common()))

    # Both

    @property
    def _connection(self) -> Any:
        cluster: Any = self._app.session.cluster
        if cluster is None:
            raise Refused("There is no cluster to debug in.")
        return cluster.connection

    def _common(self) -> dict[str, Any]:
        """What every form needs."""
        images = [*self._app.shells.memory.images, *self._app.settings.shells.debug_images]
        cluster = self._app.session.cluster
        refusal = ""
        if self._app.is_readonly(self._app.session.context):
            refusal = "This session is read-only: nothing can be created. Start without --readonly."
        return {
            "images": list(dict.fromkeys(images)),
            "ask_rights": lambda needs: missing(cluster, needs),
            "refusal": refusal,
        }

    async def _form(self, context: Context, form: DebugForm) -> None:
        """Show the plan, do it, open the shell."""
        from k8stui.ui.dialogs.debug_progress import ProgressDialog

        plan = await self._app.push_screen_wait(form)
        if plan is None:
            return
        lease = self._app.shells.store.connections.lease(context)
        try:
            connection: Any = await lease.connection()
            dialog = ProgressDialog(plan.title, lambda tell: self._carry_out(connection, plan, context, tell))
            result = await self._app.push_screen_wait(dialog)
        finally:
            await lease.close()
        if result is not None:
            # only an image that was there is worth being proposed again
            self._app.shells.memory.add_image(form.image.value.strip())
            await self._show(context, plan, result)

    async def _carry_out(self, connection: Any, plan: Plan, context: Context, tell: Any) -> DebugResult:
        from k8stui.kube.debug.operations import carry_out

        return await carry_out(
            connection, plan, context=context.name, record=self._app.shells.record, on_progress=tell
        )

    async def _show(self, context: Context, plan: Plan, result: DebugResult) -> None:
        spot = Spot(context, plan.namespace, plan.pod, result.target.uid)
        if result.session is not None:
            await self._opener.open(spot, result.session)
            return
        # it has ended already: what it wrote is what there is to see
        from k8stui.ui.dialogs.shell_output import OutputDialog

        await self._app.push_screen_wait(OutputDialog(plan.title, result.outcome.sentence, result.logs))

    async def _created(self) -> None:
        from k8stui.kube.debug.operations import clean_up, still_there
        from k8stui.ui.dialogs.debug_created import CreatedDialog

        record = self._app.shells.record
        entries = await record.entries() if record is not None else ()
        if record is None or not entries:
            self._app.say("Debugging has created nothing that is left.")
            return
        connection = self._connection
        await self._app.push_screen_wait(
            CreatedDialog(
                entries,
                self._app.session.context,
                look=lambda mine: still_there(connection, mine),
                clean=lambda mine: clean_up(connection, record, mine),
            )
        )
