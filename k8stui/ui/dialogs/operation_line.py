"""Plans that one line or one choice makes: labels, taints, sizes, policies; and why something is stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.dialogs.plan import PlanDialog, choice, line, row, switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.widget import Widget

    from k8stui.kube.operations.plans import Plan
    from k8stui.ui.dialogs.plan import Start


class LineDialog(PlanDialog):
    """Asks for a line."""

    def __init__(self, title: str, start: Start, label: str, hint: str, make: Callable[[str], Plan]) -> None:
        super().__init__(title, start)
        self._label, self._make = label, make
        self.text = line("", hint)

    def fields(self) -> Iterable[Widget]:
        yield row(self._label, self.text)

    def make_plan(self) -> Plan:
        return self._make(self.text.value)


class ChoiceDialog(PlanDialog):
    """Asks for one of several."""

    def __init__(
        self,
        title: str,
        start: Start,
        label: str,
        options: Sequence[tuple[str, str]],
        make: Callable[[str], Plan],
    ) -> None:
        super().__init__(title, start)
        self._label, self._make = label, make
        self.value = choice(options, options[0][1])

    def fields(self) -> Iterable[Widget]:
        yield row(self._label, self.value)

    def make_plan(self) -> Plan:
        return self._make(str(self.value.value))


class StuckDialog(PlanDialog):
    """Says why an object is still there; its finalizers can be taken away after a switch was set."""

    def __init__(self, title: str, start: Start, plan: Plan | None, told: Sequence[str]) -> None:
        super().__init__(title, start, plan, told)
        names = plan.changes[0].words.removeprefix("without ") if plan is not None else ""
        self.release = switch(f"release it by hand: {names}")

    def fields(self) -> Iterable[Widget]:
        if self._given is not None:
            yield self.release

    @property
    def verb(self) -> str:
        return self._given.verb if self._given is not None else ""

    def _first_focus(self) -> None:
        self._do.display = self._given is not None
        self._close.focus()

    def make_plan(self) -> Plan:
        from k8stui.kube.operations.plans import PlanError

        if self._given is None or not self.release.value:
            raise PlanError("" if self._given is None else "Mend what it waits for first, where you can.")
        return self._given
