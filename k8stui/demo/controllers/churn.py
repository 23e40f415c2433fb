"""Churn: changes spread over all rows, for benchmarks and for showing off."""

from __future__ import annotations

import asyncio

from k8stui.demo.controllers.engine import Engine

__all__ = ["Churn"]


class Churn:
    """Stub."""

    def __init__(self, engine: Engine, rate: float, *, seed: int = 1) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.Event().wait()
