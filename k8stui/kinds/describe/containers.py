"""Containers, their environment and mounts, volumes, and pod templates, as kubectl describes them. Pure."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe.common import (
    Raw,
    dig,
    items,
    link,
    plain,
    sorted_amounts,
    text,
    title_bool,
    when,
)
from k8stui.kinds.describe.lines import NONE, Page, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_REASONS = frozenset({"Completed", "ContainerCreating", "PodInitializing"})


def containers(
    page: Page,
    title: str,
    specs: Sequence[Raw],
    statuses: Sequence[Raw] | None,
    namespace: str,
    *,
    level: int = 0,
    pod: Raw | None = None,
) -> None:
    """Containers below a heading; `statuses` is None where there can be none (templates)."""
    if not specs:
        return
    page.heading(title, level=level)
    by_name = {status.get("name"): status for status in statuses or ()}
    for spec in specs:
        name = plain(spec.get("name"))
        page.heading(name, level=level + 1)
        status = by_name.get(name, {}) if statuses is not None else None
        _container(page, spec, status, namespace, level + 2, pod)


def _container(
    page: Page, spec: Raw, status: Raw | None, namespace: str, level: int, pod: Raw | None
) -> None:
    if status is not None:
        page.field("Container ID", plain(status.get("containerID")), level=level)
    page.field("Image", plain(spec.get("image")), level=level)
    if status is not None:
        page.field("Image ID", plain(status.get("imageID")), level=level)
    _ports(page, spec, level)
    for label, key in (("Command", "command"), ("Args", "args")):
        if spec.get(key):
            page.heading(label, level=level)
            for word in spec[key]:
                page.text(str(word), level=level + 1)
    if status is not None:
        _states(page, status, level)
    _resources(page, spec, level)
    for label, key in (
        ("Liveness", "livenessProbe"),
        ("Readiness", "readinessProbe"),
        ("Startup", "startupProbe"),
    ):
        if spec.get(key):
            page.field(label, probe_text(spec[key]), level=level)
    _environment(page, spec, namespace, level, pod)
    mounts = [
        f"{mount.get('mountPath')} from {mount.get('name')} ({_mount_flags(mount)})"
        for mount in sorted(items(spec, "volumeMounts"), key=lambda mount: str(mount.get("mountPath")))
    ]
    _block(page, "Mounts", mounts, level)
    devices = [f"{each.get('devicePath')} from {each.get('name')}" for each in items(spec, "volumeDevices")]
    if devices:
        _block(page, "Devices", devices, level)


def _block(page: Page, label: str, rows: Sequence[str], level: int) -> None:
    if not rows:
        page.field(label, NONE, level=level)
        return
    page.heading(label, level=level)
    for row in rows:
        page.text(row, level=level + 1)


def _ports(page: Page, spec: Raw, level: int) -> None:
    ports = items(spec, "ports")
    plural = "s" if len(ports) > 1 else ""
    for label, key in (("Port", "containerPort"), ("Host Port", "hostPort")):
        shown = []
        for port in ports:
            # The name too: a service or a probe may mean the port by it.
            name = f" ({port['name']})" if port.get("name") else ""
            shown.append(f"{port.get(key, 0)}/{port.get('protocol', 'TCP')}{name}")
        page.field(f"{label}{plural}", ", ".join(shown) or NONE, level=level)


def _states(page: Page, status: Raw, level: int) -> None:
    _state(page, "State", status.get("state") or {}, level)
    if status.get("lastState"):
        _state(page, "Last State", status["lastState"], level)
    ready = bool(status.get("ready"))
    page.field("Ready", title_bool(ready), level=level)
    page.field("Restart Count", str(status.get("restartCount", 0)), level=level)


def _state(page: Page, label: str, state: Raw, level: int) -> None:
    if "running" in state:
        page.field(label, "Running", level=level)
        page.field("Started", when(dig(state, "running", "startedAt")), level=level + 1)
    elif "waiting" in state:
        waiting = state["waiting"] or {}
        page.field(label, "Waiting", level=level)
        reason = waiting.get("reason")
        if reason:
            role = "" if reason in BAD_REASONS else "warning"
            page.field("Reason", Text(str(reason), role), level=level + 1)
        if waiting.get("message"):
            page.field("Message", str(waiting["message"]), level=level + 1)
    elif "terminated" in state:
        _terminated(page, label, state["terminated"] or {}, level)
    else:
        page.field(label, "Waiting", level=level)


def _terminated(page: Page, label: str, ended: Raw, level: int) -> None:
    page.field(label, "Terminated", level=level)
    code = ended.get("exitCode", 0)
    if ended.get("reason"):
        page.field("Reason", Text(str(ended["reason"]), "warning" if code else ""), level=level + 1)
    if ended.get("message"):
        page.field("Message", str(ended["message"]).rstrip("\n"), level=level + 1)
    page.field("Exit Code", str(code), Text(exit_words(code), "muted"), level=level + 1)
    if ended.get("signal"):
        page.field("Signal", str(ended["signal"]), level=level + 1)
    page.field("Started", when(ended.get("startedAt")), level=level + 1)
    page.field("Finished", when(ended.get("finishedAt")), level=level + 1)


def exit_words(code: Any) -> str:
    """What an exit code above 128 says: which signal ended the program."""
    if not isinstance(code, int) or not 128 < code < 160:
        return "" if code not in (126, 127) else ("  (not executable)", "  (command not found)")[code - 126]
    try:
        return f"  ({signal.Signals(code - 128).name})"
    except ValueError:
        return f"  (signal {code - 128})"


def _resources(page: Page, spec: Raw, level: int) -> None:
    resources = spec.get("resources") or {}
    for label, key in (("Limits", "limits"), ("Requests", "requests")):
        if resources.get(key):
            page.heading(label, level=level)
            for name, value in sorted_amounts(resources[key]):
                page.field(name, value, level=level + 1)


def probe_text(probe: Raw) -> str:
    """A probe on one line."""
    numbers = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 1)}s "
        f"period={probe.get('periodSeconds', 10)}s #success={probe.get('successThreshold', 1)} "
        f"#failure={probe.get('failureThreshold', 3)}"
    )
    if "exec" in probe:
        how = f"exec {_words(dig(probe, 'exec', 'command', default=[]))}"
    elif "httpGet" in probe:
        get = probe["httpGet"]
        scheme = str(get.get("scheme", "HTTP")).lower()
        path = str(get.get("path", ""))
        how = f"http-get {scheme}://{get.get('host', '')}:{get.get('port', '')}{path}"
    elif "tcpSocket" in probe:
        socket = probe["tcpSocket"]
        how = f"tcp-socket {socket.get('host', '')}:{socket.get('port', '')}"
    elif "grpc" in probe:
        how = (
            f"grpc <pod>:{dig(probe, 'grpc', 'port', default='')} {dig(probe, 'grpc', 'service', default='')}"
        )
    else:
        how = "unknown"
    return f"{how} {numbers}"


def _words(words: Sequence[Any]) -> str:
    return "[" + " ".join(map(str, words)) + "]"


def _mount_flags(mount: Raw) -> str:
    flags = ["ro" if mount.get("readOnly") else "rw"]
    if mount.get("recursiveReadOnly") and mount["recursiveReadOnly"] != "Disabled":
        flags = [f"ro,recursive={mount['recursiveReadOnly']}"]
    if mount.get("subPath"):
        flags.append(f'path="{mount["subPath"]}"')
    if mount.get("subPathExpr"):
        flags.append(f'path="{mount["subPathExpr"]}"')
    return ",".join(flags)


# Environment


def _environment(page: Page, spec: Raw, namespace: str, level: int, pod: Raw | None) -> None:
    sources = items(spec, "envFrom")
    if sources:
        page.heading("Environment Variables from", level=level)
        for source in sources:
            is_map = "configMapRef" in source
            ref = source.get("configMapRef") or source.get("secretRef") or {}
            kind, plural = ("ConfigMap", "configmaps") if is_map else ("Secret", "secrets")
            prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
            name = plain(ref.get("name"))
            page.text(
                Text(
                    f"{name}  {kind}{prefix}  Optional: {text(bool(ref.get('optional')))}",
                    "",
                    link("", plural, name, namespace).ref,
                ),
                level=level + 1,
            )
    variables = items(spec, "env")
    if not variables:
        page.field("Environment", NONE, level=level)
        return
    page.heading("Environment", level=level)
    for variable in variables:
        page.field(plain(variable.get("name")), _variable(variable, spec, namespace, pod), level=level + 1)


def _variable(variable: Raw, spec: Raw, namespace: str, pod: Raw | None) -> Text:
    source = variable.get("valueFrom")
    if not source:
        return Text(plain(variable.get("value")))
    if "fieldRef" in source:
        path = plain(dig(source, "fieldRef", "fieldPath"))
        value = _field_value(pod, path)
        shown = f"{value} " if value else " "
        return Text(f"{shown}({dig(source, 'fieldRef', 'apiVersion', default='v1')}:{path})")
    if "resourceFieldRef" in source:
        ref = source["resourceFieldRef"]
        value = _resource_value(spec, plain(ref.get("resource")))
        return Text(f"{value} ({plain(ref.get('resource'))})")
    for key, noun, plural in (
        ("secretKeyRef", "secret", "secrets"),
        ("configMapKeyRef", "config map", "configmaps"),
    ):
        if key in source:
            ref = source[key]
            optional = text(bool(ref.get("optional")))
            shown = f"<set to the key '{ref.get('key')}' {'in' if key[0] == 's' else 'of'} {noun}"
            name = plain(ref.get("name"))
            return link(f"{shown} '{name}'>  Optional: {optional}", plural, name, namespace)
    return Text("")


def _resource_value(spec: Raw, resource: str) -> str:
    part, _, name = resource.partition(".")
    value = dig(spec, "resources", part, name)
    return plain(value) if value is not None else "0"


def _field_value(pod: Raw | None, path: str) -> str:
    """The value of a field that a variable is set to, where it is one of a pod that exists."""
    if pod is None:
        return ""
    if path.endswith("']") and "['" in path:
        base, _, key = path[:-2].partition("['")
        return plain(dig(pod, *base.split("."), key))
    return plain(dig(pod, *path.split(".")))
