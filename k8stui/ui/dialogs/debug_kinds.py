"""The debug dialogs: an ephemeral container in a pod, a copy of a pod, a pod on a node."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from textual.widgets import Checkbox, Input, Select

from k8stui.ui.dialogs.debug_form import DebugForm, FormProblem, checkbox, split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from k8stui.kube.debug.plans import Plan
    from k8stui.kube.sessions.target import ContainerChoice

NONE = "-"
"""What stands for no choice in a Select."""


def _chance() -> random.Random:
    return random.Random()  # noqa: S311 - names, no secrets


class EphemeralDialog(DebugForm):
    """A debug container in a pod that runs."""

    EPHEMERAL = True

    def __init__(
        self,
        pod: dict[str, Any],
        choices: Iterable[ContainerChoice],
        target: str = "",
        *,
        version: str = "",
        **more: Any,
    ) -> None:
        """`target`: the container whose processes are to be seen, if one was asked for. `version`: the
        server's, since old ones allow less.
        """
        super().__init__(f"Debug container in pod {pod['metadata']['name']}", **more)
        self._version = version
        self._pod = pod
        from k8stui.kube.debug.objects import free_name

        self._container_name = free_name(pod, "debugger", _chance())
        running = [
            choice for choice in choices if choice.running and choice.role.value in ("container", "sidecar")
        ]
        default = target or next((choice.name for choice in running if choice.is_default), NONE)
        options = [(choice.name, choice.name) for choice in running]
        known = {value for _, value in options}
        self.target = Select[str](
            [*options, ("no container's: only its own processes", NONE)],
            value=default if default in known else NONE,
            allow_blank=False,
        )

    def rows(self) -> Iterable[tuple[str, Widget]]:
        yield "image", self.image
        yield "pull it", self.pull
        yield "sees processes of", self.target
        yield "profile", self.profile
        yield "command", self.command
        yield "environment", self.environment
        yield "custom (YAML)", self.custom

    def make_plan(self) -> Plan:
        from k8stui.kube.debug.plans import plan_ephemeral

        target = str(self.target.value)
        choice = self.debugger(self._container_name)
        return plan_ephemeral(self._pod, choice, "" if target == NONE else target, version=self._version)


class CopyDialog(DebugForm):
    """A copy of a pod that may differ from it."""

    def __init__(self, pod: dict[str, Any], copy: str = "", **more: Any) -> None:
        """`copy` is the name to propose."""
        name = pod["metadata"]["name"]
        super().__init__(f"Copy of pod {name}", **more)
        self._pod = pod
        from k8stui.kube.debug.objects import free_name

        self._debugger = free_name(pod, "debugger", _chance())
        self.name_field = Input(value=copy or f"{name[:240]}-debug", select_on_focus=False)
        self.add_debugger = checkbox("add a debug container of the image below", True)
        self.share = checkbox("its containers see each other's processes", True)
        self.same_node = checkbox("on the same node")
        self.labels = checkbox("keep the labels")
        self.probes = checkbox("keep the probes")
        self.inits = checkbox("keep the init containers")
        self.replace = checkbox("delete the original pod first")
        self.images = Input(placeholder="container=image …   *=image for all", select_on_focus=False)
        names = [str(container["name"]) for container in pod["spec"]["containers"]]
        self.changed = Select[str](
            [("none", NONE), *((name, name) for name in names)], value=NONE, allow_blank=False
        )
        self.changed_command = Input(placeholder="such as: sleep infinity", select_on_focus=False)

    def rows(self) -> Iterable[tuple[str, Widget]]:
        yield "name", self.name_field
        yield "debugger", self.add_debugger
        yield "image", self.image
        yield "pull it", self.pull
        yield "profile", self.profile
        yield "its command", self.command
        yield "environment", self.environment
        yield "processes", self.share
        yield "node", self.same_node
        yield "labels", self.labels
        yield "probes", self.probes
        yield "init containers", self.inits
        yield "original", self.replace
        yield "set images", self.images
        yield "set command of", self.changed
        yield "to", self.changed_command
        yield "custom (YAML)", self.custom

    def make_plan(self) -> Plan:
        from k8stui.kube.debug.objects import CopyChoices
        from k8stui.kube.debug.plans import plan_copy

        name = self.name_field.value.strip()
        if not name:
            raise FormProblem("The copy needs a name.")
        if name == self._pod["metadata"]["name"] and not self.replace.value:
            raise FormProblem("The copy needs another name than the pod, unless it replaces it.")
        changed = str(self.changed.value)
        commands = {}
        if changed != NONE:
            words = split(self.changed_command.value, "command")
            if not words:
                raise FormProblem(f"Which command shall {changed} run?")
            commands[changed] = words
        choices = CopyChoices(
            name,
            share_processes=self.share.value,
            same_node=self.same_node.value,
            keep_labels=self.labels.value,
            keep_probes=self.probes.value,
            keep_init_containers=self.inits.value,
            replace=self.replace.value,
            images=self._image_changes(),
            commands=commands,
        )
        debugger = self.debugger(self._debugger) if self.add_debugger.value else None
        return plan_copy(
            self._pod, choices, debugger, container="" if debugger else (commands and changed) or ""
        )

    def _image_changes(self) -> dict[str, str]:
        known = {container["name"] for container in self._pod["spec"]["containers"]} | {"*"}
        found = {}
        for word in split(self.images.value, "images"):
            name, _, image = word.partition("=")
            if name not in known or not image:
                raise FormProblem(f"{word!r} is not container=image; there are {', '.join(sorted(known))}.")
            found[name] = image
        return found


class NodeDialog(DebugForm):
    """A pod on a node, with the node's namespaces and its disk under /host."""

    def __init__(self, node: str, namespace: str, **more: Any) -> None:
        super().__init__(f"Debug pod on node {node}", **more)
        from k8stui.kube.debug.objects import node_debugger_name
        from k8stui.kube.debug.plans import node_commands

        self._node = node
        self._pod_name = node_debugger_name(node, _chance())
        self._commands = node_commands()
        self.namespace_field = Input(value=namespace or "default", select_on_focus=False)
        self.usual = Select[str](
            [*((title, str(index)) for index, (title, _) in enumerate(self._commands)), ("another", NONE)],
            value="0",
            allow_blank=False,
        )

    def rows(self) -> Iterable[tuple[str, Widget]]:
        yield "image", self.image
        yield "pull it", self.pull
        yield "namespace", self.namespace_field
        yield "profile", self.profile
        yield "runs", self.usual
        yield "another command", self.command
        yield "environment", self.environment
        yield "custom (YAML)", self.custom

    def make_plan(self) -> Plan:
        from dataclasses import replace

        from k8stui.kube.debug.plans import plan_node

        choice = self.debugger("debugger")
        usual = str(self.usual.value)
        if usual != NONE:
            choice = replace(choice, command=self._commands[int(usual)][1])
        namespace = self.namespace_field.value.strip()
        if not namespace:
            raise FormProblem("In which namespace shall the pod be?")
        return plan_node(self._node, choice, namespace=namespace, name=self._pod_name)


__all__ = ["Checkbox", "CopyDialog", "EphemeralDialog", "NodeDialog"]
