"""Everything that Kubernetes' troubleshooting guides describe, each as one small function that makes it.

Most cases are bare pods in the namespace `clinic`, named after what ails them; some are in the shop itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.world.scenarios import crashing, guarded, lasting, living, scheduling, starting
from k8stui.demo.world.scenarios.ward import make_ward

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.world.context import World

__all__ = ["SCENARIOS", "make_scenarios"]

SCENARIOS: tuple[Callable[[World], None], ...] = (
    *starting.SCENARIOS,
    *crashing.SCENARIOS,
    *living.SCENARIOS,
    *lasting.SCENARIOS,
    *scheduling.SCENARIOS,
    *guarded.SCENARIOS,
)


def make_scenarios(world: World) -> None:
    """All of them."""
    make_ward(world)
    for scenario in SCENARIOS:
        scenario(world)
