"""Scaling: a number, and what autoscalers, budgets and owners will do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.dialogs.plan import PlanDialog, line, row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from textual.widget import Widget

    from k8stui.kube.operations.plans import Plan, Ref
    from k8stui.ui.dialogs.plan import Start
    from k8stui.ui.operations.scale_facts import ScaleFacts


class ScaleDialog(PlanDialog):
    """Asks for replicas."""

    def __init__(
        self,
        title: str,
        start: Start,
        scales: Mapping[Ref, Mapping[str, Any]],
        facts: Callable[[], Awaitable[Mapping[Ref, ScaleFacts]]],
    ) -> None:
        from k8stui.kube.operations.scaling import replicas_of

        super().__init__(title, start)
        self._scales = scales
        self._read_facts = facts
        self._facts: Mapping[Ref, ScaleFacts] = {}
        numbers = {replicas_of(scale) for scale in scales.values()}
        self._now = f"now {min(numbers)}" if len(numbers) == 1 else f"now {min(numbers)} to {max(numbers)}"
        self.replicas = line(str(numbers.pop()) if len(numbers) == 1 else "", f"{self._now}; 5, +2 or -1")
        self.replicas.select_on_focus = True

    def fields(self) -> Iterable[Widget]:
        yield row(f"replicas ({self._now})", self.replicas)

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._learn(), group="facts", exit_on_error=False)

    async def _learn(self) -> None:
        self._facts = await self._read_facts()
        self.refresh_plan()

    def make_plan(self) -> Plan:
        from k8stui.kube.operations.scaling import plan_scale

        return plan_scale(self._scales, self.replicas.value)

    def advise(self, plan: Plan) -> Sequence[str]:
        from k8stui.kube.operations.scaling import replicas_of, wanted_of

        found: list[str] = []
        for change in plan.changes:
            facts = self._facts.get(change.ref)
            if facts is not None:
                now = replicas_of(self._scales[change.ref])
                wanted = wanted_of(self.replicas.value, now)
                found += facts.advice(change.ref, wanted, now)
                if wanted == 0 and now:
                    found.append(f"With 0 replicas {change.ref.label} serves nobody.")
        return list(dict.fromkeys(found))
