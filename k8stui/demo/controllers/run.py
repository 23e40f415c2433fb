"""Puts all controllers together, and runs them until cancelled."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from k8stui.demo.controllers.churn import Churn
from k8stui.demo.controllers.cronjob import CronJobs
from k8stui.demo.controllers.daemonset import DaemonSets
from k8stui.demo.controllers.deployment import Deployments
from k8stui.demo.controllers.disruption import Disruptions
from k8stui.demo.controllers.endpoints import EndpointControl
from k8stui.demo.controllers.engine import Engine
from k8stui.demo.controllers.events import EventCollector, Recorder
from k8stui.demo.controllers.expansion import Expansion
from k8stui.demo.controllers.garbage import GarbageCollector
from k8stui.demo.controllers.hpa import Autoscaler
from k8stui.demo.controllers.job import Jobs
from k8stui.demo.controllers.kubelet import Kubelet
from k8stui.demo.controllers.namespaces import Namespaces
from k8stui.demo.controllers.nodes import Heartbeats, NodeLifecycle
from k8stui.demo.controllers.quota import Quotas
from k8stui.demo.controllers.replicaset import ReplicaSets
from k8stui.demo.controllers.scheduler import Scheduler
from k8stui.demo.controllers.statefulset import StatefulSets
from k8stui.demo.controllers.volumes import VolumeBinder

if TYPE_CHECKING:
    from k8stui.demo.registry import Registry
    from k8stui.demo.runtime import Runtime
    from k8stui.demo.store import Store

__all__ = ["build_engine", "run_controllers"]


def build_engine(
    store: Store, runtime: Runtime | None = None, *, seed: int = 1, registry: Registry | None = None
) -> Engine:
    """An engine with all controllers, not started."""
    engine = Engine(store, seed=seed)
    engine.events = Recorder(engine)
    namespaces = Namespaces(engine)
    namespaces.registry = registry
    engine.add(
        EventCollector(engine),
        GarbageCollector(engine, registry),
        namespaces,
        Deployments(engine),
        ReplicaSets(engine),
        StatefulSets(engine),
        DaemonSets(engine),
        Jobs(engine),
        CronJobs(engine),
        VolumeBinder(engine),
        Expansion(engine),
        Scheduler(engine),
        Kubelet(engine, runtime),
        EndpointControl(engine),
        Disruptions(engine),
        Quotas(engine, registry),
        Autoscaler(engine),
        NodeLifecycle(engine),
        Heartbeats(engine),
    )
    return engine


async def run_controllers(
    store: Store,
    runtime: Runtime | None = None,
    *,
    churn: float = 0,
    seed: int = 1,
    registry: Registry | None = None,
) -> None:
    """Until cancelled. `churn`: additional object changes a second, spread over all rows.

    Time is the store's clock; the sleeps between are real, so the clock has to run like a real one.
    """
    engine = build_engine(store, runtime, seed=seed, registry=registry)
    woken = asyncio.Event()
    engine.wake = woken.set
    engine.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_work(engine, woken))
            if churn > 0:
                used = (lambda _id: False) if runtime is None else runtime.hosts.is_used
                tasks.create_task(Churn(engine, churn, seed=seed, is_used=used).run())
    finally:
        engine.stop()


async def _work(engine: Engine, woken: asyncio.Event) -> None:
    while True:
        woken.clear()
        if engine.run_due():
            await asyncio.sleep(0)
            continue
        due = engine.next_due()
        delay = math.inf if due is None else due - engine.time()
        if delay <= 0:
            await asyncio.sleep(0)
            continue
        try:
            async with asyncio.timeout(min(delay, 60.0)):
                await woken.wait()
        except TimeoutError:
            continue
