"""Runs all controllers of a cluster until it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.runtime import Runtime
    from k8stui.demo.store import Store


async def run_controllers(
    store: Store,
    runtime: Runtime | None = None,
    *,
    churn: float = 0,
    clock: Callable[[], float] | None = None,
    seed: int = 1,
) -> None:
    """Until cancelled. `churn`: additional object changes a second, spread over all rows."""
    await asyncio.Event().wait()
