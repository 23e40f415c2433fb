"""One simulated cluster: store, world, controllers, runtime and application, and their life.

For the command and for tests. The application can be served by any aiohttp runner on the same event loop;
`async with` runs the controllers meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from typing import TYPE_CHECKING

from k8stui.demo.controllers import run_controllers
from k8stui.demo.fault_injection import register as register_faults
from k8stui.demo.faults import Faults
from k8stui.demo.metrics import register as register_metrics
from k8stui.demo.registry import Registry
from k8stui.demo.runtime import Runtime
from k8stui.demo.seed_access import limited_namespace, seed_access
from k8stui.demo.server import ADMIN, VIEWER, build_app
from k8stui.demo.store import Store
from k8stui.demo.streams.routes import register as register_streams
from k8stui.demo.world import populate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from k8stui.demo.routing import Routes

VERSIONS_OF_A_LIFE = 10_000_000_000
"""More changes than a cluster makes from start to end."""
_LOG = logging.getLogger("k8stui.demo")


class DemoCluster:
    """A cluster with its application. `tokens` are the path prefixes of the admin and of the limited user.

    life: how often a cluster with these tokens was started before. Its resourceVersions begin above all that
    a client may have seen of the lives before, so that these are told 410 and list anew: as when the etcd of
    a real cluster was restored with its revisions bumped.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        nodes: int = 0,
        pods: int = 0,
        churn: float = 0.0,
        seed: int = 1,
        faults: str = "",
        controllers: bool = True,
        life: int = 0,
    ) -> None:
        self.store = Store(seed=seed, first_version=1 + life * VERSIONS_OF_A_LIFE)
        self.registry = Registry()
        self.runtime = make_runtime(seed)
        self.faults = Faults(faults, seed=seed)
        self._churn = churn
        self._seed = seed
        self._with_controllers = controllers
        self._task: asyncio.Task[None] | None = None
        populate(self.store, nodes=nodes, pods=pods, seed=seed, registry=self.registry)
        seed_access(self.store)
        self.limited_namespace = limited_namespace(self.store)
        # Watches from before the beginning are refused, as in a cluster that has been compacted.
        self.store.compact()
        self.app = build_app(
            self.store,
            tokens=dict(zip(tokens, (ADMIN, VIEWER), strict=False)),
            extras=(self._faults_first, self._streams, self._metrics),
            registry=self.registry,
        )

    def _faults_first(self, routes: Routes) -> None:
        register_faults(routes, self.faults)

    def _streams(self, routes: Routes) -> None:
        register_streams(routes, self.runtime)

    def _metrics(self, routes: Routes) -> None:
        register_metrics(routes, self.runtime)

    async def __aenter__(self) -> DemoCluster:
        if self._with_controllers:
            self._task = asyncio.create_task(self._run(), name="controllers")
        return self

    async def _run(self) -> None:
        try:
            await run_controllers(
                self.store, self.runtime, churn=self._churn, seed=self._seed, registry=self.registry
            )
        except asyncio.CancelledError:
            raise
        except Exception:
            # The cluster can still be looked at; it only stands still.
            _LOG.exception("the controllers have stopped")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._task
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.runtime.close()


def make_runtime(seed: int) -> Runtime:
    """The runtime with the texts of this world's containers, where the world has them."""
    try:
        texts = importlib.import_module("k8stui.demo.world.logs")
    except ModuleNotFoundError:
        return Runtime(seed=seed)
    return Runtime(seed=seed, text=texts.log_text)
