"""Images and resources of the containers of a workload or a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.dialogs.plan import PlanDialog, choice, line, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.widget import Widget
    from textual.widgets import Select

    from k8stui.kube.operations.plans import Plan, Ref
    from k8stui.ui.dialogs.plan import Start


class ImageDialog(PlanDialog):
    """Asks for the image of each container."""

    def __init__(self, title: str, start: Start, ref: Ref, obj: Mapping[str, Any]) -> None:
        from k8stui.kube.operations.rollout import containers_of

        super().__init__(title, start)
        self._ref, self._obj = ref, obj
        self.images = {
            placed.container["name"]: line(placed.container.get("image", ""), "image")
            for placed in containers_of(ref.kind.name, obj)
        }

    def fields(self) -> Iterable[Widget]:
        for name, field in self.images.items():
            yield row(name, field)

    def make_plan(self) -> Plan:
        from k8stui.kube.operations.rollout import plan_images

        images = {name: field.value for name, field in self.images.items()}
        return plan_images(self._ref, self._obj, images)


class ResourcesDialog(PlanDialog):
    """Asks for requests and limits of a container."""

    def __init__(self, title: str, start: Start, ref: Ref, obj: Mapping[str, Any]) -> None:
        from k8stui.kube.operations.rollout import RESOURCE_FIELDS, containers_of

        super().__init__(title, start)
        self._ref, self._obj = ref, obj
        self._containers = {
            placed.container["name"]: placed.container for placed in containers_of(ref.kind.name, obj)
        }
        names = list(self._containers)
        self._chosen = names[0]
        self.container = choice([(name, name) for name in names], self._chosen)
        self.values = {key: line("", "none") for key in RESOURCE_FIELDS}
        self._fill()

    def _fill(self) -> None:
        resources = self._containers[self._chosen].get("resources") or {}
        for (group, name), field in self.values.items():
            field.value = str((resources.get(group) or {}).get(name, ""))

    def fields(self) -> Iterable[Widget]:
        yield row("container", self.container)
        for (group, name), field in self.values.items():
            yield row(f"{name} {group[:-1]}", field)

    def on_select_changed(self, event: Select.Changed) -> None:
        if event.value != self._chosen:
            self._chosen = str(event.value)
            self._fill()
        super().on_select_changed(event)

    def make_plan(self) -> Plan:
        from k8stui.kube.operations.rollout import plan_resources

        values = {key: field.value for key, field in self.values.items()}
        return plan_resources(self._ref, self._obj, self._chosen, values)
