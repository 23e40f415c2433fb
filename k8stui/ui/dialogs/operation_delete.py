"""Deleting: what goes with the objects, how long pods may take, and whether to wait for them at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.dialogs.plan import PlanDialog, choice, line, row, switch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from k8stui.kube.operations.plans import Plan, Ref
    from k8stui.ui.dialogs.plan import Start

TAKES_GRACE = frozenset({"pods"})


class DeleteDialog(PlanDialog):
    """Asks how to delete."""

    def __init__(self, title: str, start: Start, refs: Sequence[Ref], advice: Sequence[str]) -> None:
        from k8stui.kube.operations.deletion import BACKGROUND, PROPAGATION

        super().__init__(title, start, advice=advice)
        self._refs = refs
        self._pods = all(ref.kind.name in TAKES_GRACE for ref in refs)
        self.propagation = choice(
            [(f"{key}: {words}", key) for key, words in PROPAGATION.items()], BACKGROUND
        )
        self.grace = line("", "seconds; empty: the pod's own")
        self.force = switch("force: do not wait for the kubelet")

    def fields(self) -> Iterable[Widget]:
        yield row("what it owns", self.propagation)
        if self._pods:
            yield row("grace period", self.grace)
            yield row("", self.force)

    def _first_focus(self) -> None:
        """On what does no harm: y deletes, Tab goes on to the fields."""
        (self._confirm if self._confirm.display else self._close).focus()

    def make_plan(self) -> Plan:
        from k8stui.kube.operations.deletion import DeleteOptions, plan_delete
        from k8stui.kube.operations.plans import PlanError

        text = self.grace.value.strip()
        if text and not text.isdecimal():
            raise PlanError("The grace period is a number of seconds, or empty.")
        grace = int(text) if text else None
        options = DeleteOptions(str(self.propagation.value), grace, self.force.value)
        return plan_delete(self._refs, options)
