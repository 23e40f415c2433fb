"""For users who may not look at everything: which namespaces they are offered, and how they are asked.

A refusal is never silent and never the end: the namespaces that are known to be open are used and named, or
one is asked for. Nothing here decides what is allowed; the server does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.commands import namespaces_of
from k8stui.ui.dialogs.choose import Choice, ChooseDialog
from k8stui.ui.latest import start_latest

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp


class LimitedUser:
    """Finds namespaces for a user whose look at all of them was refused."""

    def __init__(self, app: K8stuiApp) -> None:
        self._app = app
        self._told: set[str] = set()

    def refused(self, reason: str, *, choosing: bool) -> None:
        """All namespaces were refused, or (`choosing`) their list was: do something about it.

        The first is done once for a context: whoever asks for all namespaces again sees the refusal itself.
        """
        context = self._app.session.context
        if not choosing:
            if context in self._told:
                return
            self._told.add(context)
        start_latest(self._app, "namespaces", self._choose if choosing else self._find, reason)

    async def _visible(self) -> tuple[str, ...] | None:
        """The namespaces that are known to be open; None when the server cannot be asked (and it is said)."""
        from k8stui.kube.errors import KubeError

        session = self._app.session
        if session.cluster is None:
            return None
        try:
            visible = await session.cluster.visible_namespaces((*session.namespaces, *session.recent))
        except KubeError as error:
            self._app.complain(error.sentence())
            return None
        return tuple(visible.names)

    async def _find(self, reason: str) -> None:
        names = await self._visible()
        if names:
            self._app.say(f"You may not look at all namespaces; these are open to you: {', '.join(names)}.")
            await self._app.navigator.use_namespaces(names)
        elif names is not None:
            await self._ask(reason, ())

    async def _choose(self, reason: str) -> None:
        names = await self._visible()
        if names is not None:
            await self._ask(reason, names)

    async def _ask(self, reason: str, names: tuple[str, ...]) -> None:
        dialog = ChooseDialog(
            "Which namespace?",
            [Choice(name, name) for name in names],
            about=reason,
            free="name of a namespace that you may see; several: a,b",
        )
        answer = await self._app.push_screen_wait(dialog)
        if answer:
            await self._app.navigator.use_namespaces(namespaces_of(answer))
