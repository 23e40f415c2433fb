"""Port-forwards of the user: opened from rows, listed, kept between runs where wished.

Views show them and own none: a forward goes on whatever is on the screen, also in a context that was left.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.kube.portforward.forward import Forward, ForwardSpec
    from k8stui.ui.actions import Place
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.operations.operator import Meant, Operator


class ForwardDesk:
    """All port-forwards of the program."""

    def __init__(self, app: K8stuiApp) -> None:
        self._app = app
        self.all: list[Forward] = []
        self._leases: dict[int, Any] = {}
        self._restored: set[str] = set()

    # Opening

    async def open(self, spec: ForwardSpec) -> Forward:
        """Begin to forward, in the context that is open."""
        from k8stui.kube.portforward.forward import Forward

        cluster: Any = self._app.session.cluster
        lease = self._app.shells.store.connections.lease(cluster.context)
        made = Forward(spec, lease.connection)
        self.all.append(made)
        self._leases[id(made)] = lease
        await made.start()
        self._remember()
        return made

    async def restore(self) -> None:
        """Begin again those of the open context that are to be kept; once, and not where it is read-only."""
        import msgspec

        from k8stui.kube.portforward.forward import ForwardSpec, ForwardState

        session = self._app.session
        key = session.state_key
        if key in self._restored or session.cluster is None:
            return
        self._restored.add(key)
        for raw in list(self._app.state.data.forwards.get(key, [])):
            try:
                spec = msgspec.convert(raw, ForwardSpec)
            except msgspec.ValidationError:
                continue
            if session.readonly:
                self._app.complain(f"Read-only: the port-forward {spec.title} is not started.")
                continue
            made = await self.open(spec)
            if made.state is ForwardState.FAILED:
                self._app.complain(f"{made.problem}.")

    def _remember(self) -> None:
        """Note which are to be kept."""
        import msgspec

        session = self._app.session
        kept = [each.spec for each in self.all if each.spec.keep and each.spec.context == session.context]
        self._app.state.data.forwards[session.state_key] = [msgspec.to_builtins(spec) for spec in kept]
        self._app.remember()

    # What is done with one

    async def close(self, forward: Forward) -> None:
        """End one and forget it."""
        if forward in self.all:
            self.all.remove(forward)
        await forward.close()
        lease = self._leases.pop(id(forward), None)
        if lease is not None:
            await lease.close()
        self._remember()

    async def again(self, forward: Forward) -> Forward:
        """End it and begin anew."""
        spec = forward.spec
        await self.close(forward)
        return await self.open(spec)

    def toggle_keep(self, forward: Forward) -> None:
        """Start it again with the program, or no longer."""
        import msgspec

        keep = not forward.spec.keep
        local = forward.local if keep else forward.spec.local
        forward.spec = msgspec.structs.replace(forward.spec, keep=keep, local=local)
        self._remember()
        self._app.say(f"{forward.spec.title} {'starts again with k8stui' if keep else 'ends with k8stui'}.")

    async def browse(self, forward: Forward) -> None:
        """Open it in the browser; where there is none, copy its address."""
        import webbrowser

        url = url_of(forward)
        try:
            opened = await asyncio.to_thread(webbrowser.open, url)
        except (OSError, webbrowser.Error):
            opened = False
        if opened:
            self._app.say(f"Opened {url}.")
        else:
            self._app.copy_to_clipboard(url)
            self._app.say(f"No browser could be opened; copied {url}.")

    async def close_all(self) -> None:
        """End all; those to be kept stay remembered."""
        forwards, self.all = self.all, []
        await asyncio.gather(*(forward.close() for forward in forwards))
        await asyncio.gather(*(lease.close() for lease in self._leases.values()))
        self._leases.clear()


def url_of(forward: Forward) -> str:
    """Where a browser finds it."""
    scheme = "https" if forward.place is not None and forward.place.port in (443, 6443, 8443) else "http"
    host = "localhost" if forward.spec.address in ("127.0.0.1", "0.0.0.0") else forward.spec.address  # noqa: S104
    return f"{scheme}://{host}:{forward.local}/"


async def begin(op: Operator, meant: Meant) -> None:
    """Ask for ports, and forward."""
    from k8stui.kube.portforward.forward import ForwardSpec, ForwardState
    from k8stui.kube.portforward.target import port_choices
    from k8stui.ui.dialogs.operation_forward import ForwardDialog
    from k8stui.ui.operations.operator import Refused

    ref = meant.ref
    obj = (await op.read([ref])).objects[ref]
    ports = port_choices(ref.kind.plural, obj)
    answer = await op.app.push_screen_wait(ForwardDialog(f"Forward {ref.noun} {ref.label}", ports))
    if answer is None:
        return
    opened = []
    for remote, local in answer.ports:
        spec = ForwardSpec(
            op.app.session.context,
            ref.path(),
            ref.kind.name,
            ref.namespace,
            ref.name,
            remote,
            local,
            address="0.0.0.0" if answer.everywhere else "127.0.0.1",  # noqa: S104 - asked for
            keep=answer.keep,
        )
        made = await op.app.forwards.open(spec)
        if made.state is ForwardState.FAILED:
            problem = made.problem
            await op.app.forwards.close(made)
            raise Refused(f"{problem}.")
        opened.append(made)
    key = op.app.main.keymap.first("forward.list")
    where = ", ".join(f"{made.address} → {made.spec.title}" for made in opened)
    op.app.say(f"Forwarding {where}. {key} or :pf lists them.")
    if answer.browse:
        await op.app.forwards.browse(opened[0])


async def show_list(place: Place) -> None:
    """The list of port-forwards."""
    from k8stui.ui.spec import ViewSpec, ViewType

    await place.app.navigator.open(ViewSpec(view=ViewType.FORWARDS))
