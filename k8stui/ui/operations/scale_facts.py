"""What is read to say what will happen to a number of replicas: autoscalers, budgets, owners, pod labels.

It is good to know and no more: what may not be read is left out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.operations.plans import Ref


class ScaleFacts(NamedTuple):
    """About one object."""

    scalers: list[dict[str, Any]]
    budgets: list[dict[str, Any]]
    owners: list[dict[str, Any]]
    labels: dict[str, str]

    def advice(self, ref: Ref, wanted: int, current: int) -> list[str]:
        """What happens with so many replicas."""
        from k8stui.kinds.scale_advice import autoscaler_advice, budget_advice, owner_advice

        return [
            *owner_advice(self.owners),
            *autoscaler_advice(ref.kind.kind, ref.name, wanted, self.scalers),
            *budget_advice(self.labels, wanted, current, self.budgets),
        ]


async def read_facts(connection: Any, refs: Sequence[Ref], catalog: Any) -> dict[Ref, ScaleFacts]:
    """The facts of each object."""
    from k8stui.kube.operations.plans import dig
    from k8stui.kube.operations.reading import read_all, read_some

    spaces = sorted({ref.namespace for ref in refs})
    scalers_kind = catalog.get("autoscaling", "horizontalpodautoscalers")
    budgets_kind = catalog.get("policy", "poddisruptionbudgets")

    async def some(kind: Any, space: str) -> list[dict[str, Any]]:
        return [] if kind is None else await read_some(connection, kind.path(space)) or []

    read, scalers, budgets = await asyncio.gather(
        read_all(connection, refs),
        asyncio.gather(*(some(scalers_kind, space) for space in spaces)),
        asyncio.gather(*(some(budgets_kind, space) for space in spaces)),
    )
    by_space = {space: (scalers[at], budgets[at]) for at, space in enumerate(spaces)}
    found = {}
    for ref in refs:
        obj = read.objects.get(ref, {})
        labels = dig(obj, "spec", "template", "metadata", "labels") or {}
        owners = dig(obj, "metadata", "ownerReferences") or []
        found[ref] = ScaleFacts(*by_space[ref.namespace], owners, labels)
    return found
