"""From a pod to a shell, an attachment or a command in it: rights first, then which container, then the dock.

Runs in workers of the app: nothing here is awaited by the handling of keys. Refusals are said before anything
is sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.worker import Worker

    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.target import ContainerChoice, SessionTarget
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.shells.shell import Shell

LOOK_LIMIT = 15.0
"""Seconds that looking at a pod and asking for rights may take."""
NOUNS = {"exec": "open a shell", "attach": "attach"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A pod in a context."""

    context: Context
    namespace: str
    pod: str
    uid: str = ""

    def target(self, container: str) -> SessionTarget:
        """One of its containers."""
        from k8stui.kube.sessions.target import SessionTarget

        return SessionTarget(self.namespace, self.pod, container, self.uid)


class Refused(Exception):
    """It will not be done; the text is a sentence for the user."""


class Opener:
    """Opens shells for the user of the app."""

    def __init__(self, app: K8stuiApp) -> None:
        self.app = app

    # What is asked for

    def spot(self, obj: Any) -> Spot | None:
        """The pod of a row, in the context that is open."""
        cluster: Any = self.app.session.cluster
        if cluster is None:
            self.app.complain("There is no cluster to open a shell in.")
            return None
        meta = obj.metadata
        return Spot(cluster.context, meta.namespace, meta.name, meta.uid)

    def shell(self, spot: Spot, container: str = "") -> None:
        """A shell in a container of the pod; without a name it is asked for where several run."""
        work = self.run(partial(self._shell, spot, container))
        self.app.main.typeahead.await_shell(work, f"reading pod {spot.pod}")

    def attach(self, spot: Spot, container: str = "") -> None:
        """The main process of a container."""
        work = self.run(partial(self._attach, spot, container))
        self.app.main.typeahead.await_shell(work, f"reading pod {spot.pod}")

    def command(self, spot: Spot) -> None:
        """A command of the user's."""
        self.ask(partial(self._command, spot), f"reading pod {spot.pod}")

    def ask(self, work: Callable[[], Any], what: str) -> None:
        """Do what opens a dialog as soon as the server has answered; `what` it is busy with until then."""
        self.app.main.typeahead.await_dialog(partial(self._guarded, work), what, "shells")

    def run(self, work: Callable[[], Any]) -> Worker[bool]:
        """Do it beside the screen; what goes wrong becomes a sentence. Its result: whether it was done."""
        begin: Callable[[], Coroutine[None, None, bool]] = partial(self._guarded, work)
        return self.app.run_worker(begin, group="shells", exit_on_error=False)

    async def _guarded(self, work: Callable[[], Any]) -> bool:
        from k8stui.kube.errors import KubeError

        try:
            return bool(await work())
        except Refused as refusal:
            self.app.complain(str(refusal))
        except KubeError as error:
            self.app.complain(error.sentence())
        except TimeoutError:
            self.app.complain(f"The server did not answer within {LOOK_LIMIT:.0f} s; try again.")
        return False

    # How it is done

    async def _shell(self, spot: Spot, named: str = "") -> Shell | None:
        from k8stui.kube.sessions.session import SessionSpec
        from k8stui.kube.sessions.target import operating_system

        pod, choices = await self._look(spot, "exec")
        container = await self._choose(spot, choices, "Shell in which container?", named)
        if container is None:
            return None
        title = self.title(spot, container, choices)
        system = operating_system(pod) if pod else ""
        return await self.open(spot, SessionSpec.shell(spot.target(container), system=system, title=title))

    async def _attach(self, spot: Spot, named: str = "") -> Shell | None:
        from dataclasses import replace

        from k8stui.kube.sessions.session import SessionSpec

        _, choices = await self._look(spot, "attach")
        container = await self._choose(spot, choices, "Attach to which container?", named)
        if container is None:
            return None
        title = f"{self.title(spot, container, choices)} (attached)"
        choice = next((choice for choice in choices if choice.name == container), None)
        if choice is None:
            spec = SessionSpec(spot.target(container), "attach", stdin=False, tty=False, title=title)
        else:
            spec = replace(SessionSpec.attach(spot.target(container), choice), title=title)
        if not spec.stdin:
            self.app.say(f"{container or spot.pod} takes no input: its output is shown.")
        return await self.open(spot, spec, once=not spec.tty)

    async def _command(self, spot: Spot) -> None:
        from dataclasses import replace

        from k8stui.kube.sessions.commands import has_lists, parse_command
        from k8stui.kube.sessions.session import SessionSpec
        from k8stui.ui.dialogs.shell_command import CommandDialog

        _, choices = await self._look(spot, "exec")
        container = await self._choose(spot, choices, "Run in which container?")
        if container is None:
            return
        title = self.title(spot, container, choices)
        memory = self.app.shells.memory
        answer = await self.app.push_screen_wait(CommandDialog(title, memory.commands))
        if answer is None:
            return
        memory.add_command(answer.command)
        text = answer.command
        words = ("sh", "-c", text) if has_lists(text) else parse_command(text)
        spec = SessionSpec.command(spot.target(container), words, stdin=not answer.once, tty=not answer.once)
        await self.open(spot, replace(spec, title=f"{title}: {text}"), once=answer.once)

    async def open(self, spot: Spot, spec: Any, *, once: bool = False) -> Shell:
        """Open a session and show it in the dock."""
        self.refuse_readonly(spot.context.name)
        shell = self.app.shells.open(spot.context, spec, once=once)
        await self.app.main.dock.show(shell)
        return shell

    @staticmethod
    def title(spot: Spot, container: str, choices: tuple[ContainerChoice, ...]) -> str:
        """What to call a shell: the pod, and the container where there are several."""
        return f"{spot.pod} {container}" if len(choices) > 1 else spot.pod

    # Rights and containers

    def refuse_readonly(self, context: str) -> None:
        """Raises Refused where nothing may be changed: a shell may change things."""
        if self.app.is_readonly(context):
            raise Refused(
                "This session is read-only, and a shell may change things; start without --readonly."
            )

    async def _look(self, spot: Spot, verb: str) -> tuple[dict[str, Any], tuple[ContainerChoice, ...]]:
        """The pod and its containers. Raises Refused and KubeError; empty where the pod may not be read."""
        from k8stui.kube.debug.plans import Need
        from k8stui.kube.errors import ApiError
        from k8stui.kube.sessions.look import read_pod
        from k8stui.kube.sessions.target import container_choices

        self.refuse_readonly(spot.context.name)
        cluster: Any = self.app.session.cluster
        needs = [Need(word, f"pods/{verb}", spot.namespace, spot.pod) for word in ("create", "get")]
        async with asyncio.timeout(LOOK_LIMIT):
            asked = asyncio.ensure_future(missing(cluster, needs))
            try:
                pod = await read_pod(cluster.connection, spot.target(""))
            except ApiError as error:
                if error.code != 403:
                    asked.cancel()
                    raise
                pod = {}
            lacking = await asked
        # Servers check one of the two, by their age: only without both it is sure to be refused.
        if len(lacking) == len(needs):
            raise Refused(
                f"You may not {NOUNS[verb]} here: the right to {lacking[0].verb} {lacking[0].resource}"
                f" in namespace {spot.namespace} is missing."
            )
        return pod, container_choices(pod) if pod else ()

    async def _choose(
        self, spot: Spot, choices: tuple[ContainerChoice, ...], title: str, named: str = ""
    ) -> str | None:
        """The container that is meant: asked for where several run. None: given up."""
        if named:
            choices = tuple(choice for choice in choices if choice.name == named) or choices
        running = [choice for choice in choices if choice.running]
        if not choices:
            return ""
        if not running:
            states = ", ".join(f"{c.name} is {c.detail or c.state or 'not created'}" for c in choices)
            raise Refused(
                f"No container of {spot.pod} runs: {states}. Read its logs (l), or debug a copy (shift-d)."
            )
        if len(running) == 1:
            return running[0].name
        from k8stui.ui.dialogs.choose import Choice, ChooseDialog

        default = next((choice.name for choice in running if choice.is_default), running[0].name)
        ordered = sorted(running, key=lambda choice: choice.name != default)
        entries = [Choice(c.name, c.name, f"{c.role.value} · {c.image}") for c in ordered]
        return await self.app.push_screen_wait(ChooseDialog(title, entries, chosen=default))


async def missing(cluster: Any, needs: Any) -> tuple[Any, ...]:
    """The rights that the user lacks; none where the cluster cannot be asked."""
    from k8stui.kube.debug.operations import missing_rights
    from k8stui.kube.errors import KubeError

    try:
        access = cluster.access
    except (AttributeError, KubeError):
        return ()
    return await missing_rights(access, needs)
