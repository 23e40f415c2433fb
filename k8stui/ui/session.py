"""The one context that is open: its cluster, its namespaces, and how connecting to it goes.

It owns the cluster and the task that connects to it; nothing else may close them. The screen asks it what to
show and hears of changes by `on_change`. A context that cannot be reached never stops another from being
opened: `switch` gives up what is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from k8stui.ui.backend import ContextInfo, Contexts
from k8stui.ui.state import InUse

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Catalog
    from k8stui.kube.logs.buffer import LogBudget
    from k8stui.kube.logs.pool import StreamPool
    from k8stui.settings import Settings
    from k8stui.ui.backend import Backend, ClusterLike
    from k8stui.ui.state import StateFile

CLOSE_LIMIT = 2.0
"""Seconds that closing a cluster may take."""


class Stage(Enum):
    """How far the session is."""

    STARTING = "starting"
    """The engine is being imported and the kubeconfig read."""
    CONNECTING = "connecting"
    OPEN = "open"
    """There is a cluster; how well it can be reached is in its `health`."""
    FAILED = "failed"
    """There is none, for the reason in `problem`."""
    CANCELLED = "cancelled"


class Session:
    """Context, cluster and namespaces in use."""

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        state: StateFile,
        *,
        readonly: bool = False,
        namespaces: tuple[str, ...] | None = None,
        on_change: Callable[[], None],
    ) -> None:
        """`readonly` and `namespaces` are what the command line says; None: nothing."""
        self.backend = backend
        self.settings = settings
        self.state = state
        self.contexts = Contexts()
        self.context = ""
        """Name of the open context, or of the one being opened."""
        self.cluster: ClusterLike | None = None
        self.namespaces: tuple[str, ...] = namespaces or ()
        """Those in use; () is all of them."""
        self.readonly = readonly
        self.stage = Stage.STARTING
        self.step = "starting"
        """What connecting is at, in a few words."""
        self.problem = ""
        self._readonly_given = readonly
        self._namespaces_given = namespaces
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._began = time.monotonic()

    @cached_property
    def log_budget(self) -> LogBudget:
        """The memory that the log lines of all panes may take together."""
        from k8stui.kube.logs.buffer import LogBudget

        return LogBudget()

    @cached_property
    def log_streams(self) -> StreamPool:
        """The places for log streams of all panes."""
        from k8stui.kube.logs.pool import StreamPool

        return StreamPool(self.settings.logs.streams)

    # What the screen asks

    @property
    def catalog(self) -> Catalog:
        """The kinds there are; those that every server has while they are not known yet."""
        from k8stui.kube.catalog import BUILTIN

        return self.cluster.catalog if self.cluster is not None else BUILTIN

    @property
    def state_key(self) -> str:
        """What this context's layout is remembered under."""
        return f"{self.backend.state_key}{self.context}"

    @property
    def waited(self) -> float:
        """Seconds since connecting began."""
        return time.monotonic() - self._began

    @property
    def recent(self) -> list[str]:
        """Namespaces for the keys 1 to 9: favourites first, then those used."""
        favourites = self.favourites
        used = self.state.data.recent.get(self.state_key, [])
        return [*favourites, *(name for name in used if name not in favourites)][:9]

    @property
    def favourites(self) -> list[str]:
        """Namespaces that the user likes, from the settings and chosen while running."""
        chosen = self.state.data.favourites.get(self.state_key, [])
        return list(dict.fromkeys([*(self.settings.for_context(self.context).favourites or ()), *chosen]))

    # Connecting

    async def begin(self, context: str | None) -> None:
        """Read the contexts and open one: the given one, else the kubeconfig's current one."""
        self.contexts = await self.backend.contexts(self._progress)
        name = context or self.contexts.current
        if self.contexts.problem:
            self._fail(self.contexts.problem)
        elif name and self.contexts.get(name) is None:
            self.context = name
            self._fail(f"There is no context {name!r} in the kubeconfig. Choose one that there is.")
        elif not name:
            self._fail("The kubeconfig has no current context. Choose one.")
        else:
            self.switch(name)

    def switch(self, name: str) -> None:
        """Leave the open context and connect to another (or to the same one again)."""
        self.cancel()
        self._release()
        if name != self.context:
            self._set_scope(name)
        self.context = name
        self.stage, self.step, self.problem = Stage.CONNECTING, f"connecting to {name}", ""
        self._began = time.monotonic()
        self._task = asyncio.create_task(self._connect(name), name=f"connect to {name}")
        self._on_change()

    def cancel(self) -> None:
        """Give up connecting."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._keep(self._task)
            self.stage, self.problem = Stage.CANCELLED, "Connecting was cancelled."
            self._on_change()
        self._task = None

    def give_up(self) -> None:
        """The user does not want to wait: give up connecting, or what comes before it."""
        self.cancel()
        if self.stage is Stage.STARTING:
            self.stage, self.problem = Stage.CANCELLED, "Starting was cancelled."
            self._on_change()

    async def _connect(self, name: str) -> None:
        from k8stui.kube.errors import KubeError

        try:
            cluster = await self.backend.open(name, readonly=self.readonly, on_progress=self._progress)
        except KubeError as error:
            self._fail(error.sentence())
            return
        self.cluster = cluster
        self.stage, self.step = Stage.OPEN, ""
        self._on_change()

    def _set_scope(self, name: str) -> None:
        """Namespaces and read-only mode of a context: command line, settings, kubeconfig, in this order.

        What the user chose last stands before what the kubeconfig says, until that says something new.
        """
        own = self.settings.for_context(name)
        info = self.contexts.get(name) or ContextInfo(name)
        chosen = self.state.data.namespaces.get(f"{self.backend.state_key}{name}")
        self.readonly = self._readonly_given or bool(own.readonly)
        if self._namespaces_given is not None:
            self.namespaces, self._namespaces_given = self._namespaces_given, None
        elif own.namespaces is not None:
            self.namespaces = own.namespaces
        elif chosen is not None and chosen.configured == info.namespace:
            self.namespaces = chosen.names
        else:
            self.namespaces = (info.namespace,) if info.namespace else ()

    def use_namespaces(self, names: tuple[str, ...]) -> None:
        """Look at these namespaces from now on; () is all."""
        self.namespaces = names
        for name in names:
            self.state.use_namespace(self.state_key, name)
        info = self.contexts.get(self.context) or ContextInfo(self.context)
        self.state.data.namespaces[self.state_key] = InUse(names, info.namespace)
        self._on_change()

    def _progress(self, step: str) -> None:
        self.step = step
        self._on_change()

    def _fail(self, sentence: str) -> None:
        self.stage, self.problem = Stage.FAILED, sentence
        self._on_change()

    # Closing

    def _release(self) -> None:
        """Let the cluster go in the background: the next one is not made to wait for it."""
        cluster, self.cluster = self.cluster, None
        if cluster is not None:
            self._keep(asyncio.create_task(self._close(cluster), name="close cluster"))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    @staticmethod
    async def _close(cluster: ClusterLike) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await cluster.close()

    async def close(self) -> None:
        """End everything: connecting, the cluster, the demo. Takes two seconds at most for the cluster."""
        self._on_change = lambda: None
        self.cancel()
        self._release()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self.backend.close()
