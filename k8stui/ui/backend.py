"""Where the screen gets its cluster from: kubeconfig, the engine, the demo's simulated cluster, the clock.

The screen knows these through the `Backend` protocol, so that tests give it a cluster of their own. The real
one imports the engine in a thread when it is first asked for something: after the first frame, never before.
"""

from __future__ import annotations

import asyncio
import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.ui.demo_child import DemoChild

ENGINE = (
    "k8stui.kube.cluster",
    "k8stui.kube.kubeconfig.reading",
    "k8stui.kinds.tables.printers",
    "k8stui.kinds.relations.family",
    "k8stui.ui.views",
)
"""What a first list needs; imported in a thread while the first frame is on the screen."""


class ContextInfo(Struct, frozen=True):
    """A context as a list of them shows it."""

    name: str
    cluster: str = ""
    user: str = ""
    namespace: str = ""


class Contexts(Struct, frozen=True):
    """The contexts there are; `problem` is one sentence about a kubeconfig that cannot be read."""

    entries: tuple[ContextInfo, ...] = ()
    current: str = ""
    problem: str = ""

    def get(self, name: str) -> ContextInfo | None:
        """The context of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)


class ClusterLike(Protocol):
    """What the screen needs of `kube.cluster.Cluster`."""

    @property
    def catalog(self) -> Catalog: ...
    @property
    def version(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def health(self) -> Any: ...
    def subscribe(
        self,
        kind: Kind,
        *,
        namespaces: tuple[str, ...] = (),
        label_selector: str = "",
        field_selector: str = "",
        wake: Callable[[], None],
    ) -> Any: ...
    async def visible_namespaces(self, candidates: Iterable[str] = ()) -> Any: ...
    async def close(self) -> None: ...


class Backend(Protocol):
    """The outside world, as far as the screen needs it."""

    @property
    def state_key(self) -> str:
        """What layouts are remembered under besides the context's name; keeps the demo apart."""
        ...

    def now(self) -> datetime:
        """The time, for ages."""
        ...

    async def contexts(self, on_progress: Callable[[str], None]) -> Contexts:
        """The contexts there are. Never raises for a broken kubeconfig: that is its `problem`."""
        ...

    async def open(self, context: str, *, readonly: bool, on_progress: Callable[[str], None]) -> ClusterLike:
        """A cluster that is being connected to. Raises KubeError when its settings cannot be used."""
        ...

    async def close(self) -> None:
        """End what was started here."""
        ...


class RealBackend:
    """kubeconfig files, the engine, and the demo's cluster where it is asked for."""

    def __init__(self, kubeconfig: Path | None = None, demo: DemoChild | None = None) -> None:
        self._kubeconfig = kubeconfig
        self._demo = demo
        self._config: Any = None

    @property
    def state_key(self) -> str:
        return "demo:" if self._demo else ""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def contexts(self, on_progress: Callable[[str], None]) -> Contexts:
        await self._import_engine()
        from k8stui.kube.errors import KubeError
        from k8stui.kube.kubeconfig.reading import read_kubeconfig

        try:
            if self._demo is not None:
                self._kubeconfig = await self._demo.start(on_progress)
            paths = [self._kubeconfig] if self._kubeconfig else None
            config = self._config = await read_kubeconfig(paths)
        except KubeError as error:
            return Contexts(problem=error.sentence())
        entries = tuple(
            # The demo is there to be looked at: all of it, whatever namespace its context names.
            ContextInfo(entry.name, entry.cluster, entry.user, "" if self._demo else entry.namespace)
            for entry in config.contexts.values()
        )
        return Contexts(entries, config.current_context)

    async def open(self, context: str, *, readonly: bool, on_progress: Callable[[str], None]) -> ClusterLike:
        from k8stui.kube.cluster import Cluster

        chosen = await asyncio.to_thread(self._config.context, context)
        cluster = Cluster(chosen, readonly=readonly, on_progress=on_progress)
        try:
            await cluster.open()
        except BaseException:
            await cluster.close()
            raise
        return cluster

    async def close(self) -> None:
        if self._demo is not None:
            await self._demo.stop()

    async def _import_engine(self) -> None:
        """Import what lists need, in a thread: the first frame and the keys go on meanwhile."""
        for module in ENGINE:
            await asyncio.to_thread(importlib.import_module, module)
