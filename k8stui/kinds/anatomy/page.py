"""A pod taken apart: each container a row, below it states, probes, restarts, resources, environment.

What `kubectl describe` tells in many places is put together here for each container, and said in words: why
it ended, which probe failed when, what its variables are. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.anatomy.env import Sources, environment
from k8stui.kinds.anatomy.probes import probe_lines, recent_events
from k8stui.kinds.describe.common import Raw, ago, dig, items, plain
from k8stui.kinds.describe.containers import BAD_REASONS
from k8stui.kinds.describe.lines import Line, Mark, Page, Ref, Text
from k8stui.kinds.exit_codes import why_ended
from k8stui.kinds.relations.page import SIGNS
from k8stui.kinds.tables.printing import Tone
from k8stui.kinds.text import cell_width, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ROLES = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", ""),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)
HEAD = ("CONTAINER", "ROLE", "STATE", "READY", "RESTARTS", "LAST END", "IMAGE")
GAP = 2
WIDEST = {"IMAGE": 60, "CONTAINER": 40, "STATE": 34, "LAST END": 30}


class Part(NamedTuple):
    """A container of the pod."""

    name: str
    role: str
    """`init`, `sidecar`, `ephemeral`, or empty for an ordinary one."""
    spec: Raw
    status: Raw


class Row(NamedTuple):
    """A line, and the container that it is about ("" for the pod's own lines)."""

    line: Line
    container: str = ""
    is_head: bool = False
    troubled: bool = False


def parts_of(pod: Raw) -> list[Part]:
    """The containers of a pod in the order in which they start."""
    found: list[Part] = []
    for specs, statuses, role in ROLES:
        by_name = {each.get("name"): each for each in items(pod, "status", statuses)}
        for spec in items(pod, "spec", specs):
            name = plain(spec.get("name"))
            kind = "sidecar" if role == "init" and spec.get("restartPolicy") == "Always" else role
            found.append(Part(name, kind, spec, by_name.get(name, {})))
    return found


def anatomy(
    pod: Raw, events: Sequence[Raw], sources: Sources, now: datetime, *, reveal: bool = False
) -> list[Row]:
    """All lines about a pod's containers."""
    parts = parts_of(pod)
    cells = [_cells(part, now) for part in parts]
    widths = [
        min(
            max([cell_width(head), *(cell_width(row[at].text) for row in cells)]),
            WIDEST.get(head, 24),
        )
        for at, head in enumerate(HEAD)
    ]
    made = [Row(line) for line in _pod_lines(pod, now)]
    made.append(Row(Line("", 0)))
    made.append(Row(_joined([Text(head, "heading") for head in HEAD], widths, "  ", ())))
    for part, row in zip(parts, cells, strict=True):
        tone = tone_of(part)
        sign, role = SIGNS[tone]
        made.append(
            Row(
                _joined(row, widths, f"{sign} ", (Mark(0, 1, role),)),
                part.name,
                is_head=True,
                troubled=tone in (Tone.ERROR, Tone.WARN),
            )
        )
        page = Page(level=1)
        _details(page, part, events, now)
        _environment(page, environment(pod, part.spec, sources, reveal=reveal))
        _mounts(page, pod, part.spec)
        made += [Row(line, part.name) for line in page.lines()]
    return made


# The pod


def _pod_lines(pod: Raw, now: datetime) -> list[Line]:
    page = Page()
    status = plain(dig(pod, "status", "reason")) or plain(dig(pod, "status", "phase"))
    words = [status]
    if dig(pod, "metadata", "deletionTimestamp"):
        words = [f"Terminating for {ago(dig(pod, 'metadata', 'deletionTimestamp'), now)}"]
    started = dig(pod, "status", "startTime")
    if started:
        words.append(f"started {ago(started, now)} ago")
    quality = plain(dig(pod, "status", "qosClass"))
    if quality:
        words.append(f"QoS {quality}")
    restart = plain(dig(pod, "spec", "restartPolicy"))
    if restart:
        words.append(f"restarts: {restart.lower()}")
    page.field("Pod", ", ".join(filter(None, words)))
    node = plain(dig(pod, "spec", "nodeName"))
    if node:
        addresses = ", ".join(plain(each.get("ip")) for each in items(pod, "status", "podIPs"))
        page.field("Node", Text(node, "", Ref("nodes", node)), Text(f"  {addresses}", "muted"))
    message = plain(dig(pod, "status", "message"))
    if message:
        page.field("Message", Text(message, "warning"))
    said: set[str] = set()
    for condition in items(pod, "status", "conditions"):
        why = plain(condition.get("message"))
        if condition.get("status") != "True" and why and why not in said:
            said.add(why)
            page.field(f"Not {plain(condition.get('type'))}", Text(why, "warning"))
    return page.lines()


# A container's row


def state_text(state: Raw, now: datetime) -> str:
    """`Running 3h`, `CrashLoopBackOff`, `Completed 5m ago`."""
    if "running" in state:
        return f"Running {ago(dig(state, 'running', 'startedAt'), now)}"
    if "terminated" in state:
        ended = state["terminated"] or {}
        reason = plain(ended.get("reason")) or f"exit code {ended.get('exitCode', 0)}"
        finished = ended.get("finishedAt")
        return f"{reason} {ago(finished, now)} ago" if finished else reason
    return plain(dig(state, "waiting", "reason")) or "Waiting"


def tone_of(part: Part) -> Tone:
    """How a container is."""
    state = part.status.get("state") or {}
    if "running" in state:
        if part.role == "ephemeral" or part.status.get("ready"):
            return Tone.OK
        return Tone.BUSY if part.role == "init" else Tone.WARN
    if "terminated" in state:
        return Tone.ERROR if dig(state, "terminated", "exitCode", default=0) else Tone.DONE
    reason = plain(dig(state, "waiting", "reason"))
    if reason in BAD_REASONS:
        return Tone.BUSY
    return Tone.ERROR if reason else Tone.MUTED


def _cells(part: Part, now: datetime) -> list[Text]:
    status = part.status
    state = status.get("state") or {}
    tone = tone_of(part)
    role = SIGNS[tone][1]
    if part.role in ("init", "ephemeral"):
        ready = Text("-", "muted")
    else:
        ready = Text("yes", "") if status.get("ready") else Text("no", "warning" if status else "muted")
    count = int(status.get("restartCount") or 0)
    last = dig(status, "lastState", "terminated", default={})
    end = ""
    if last:
        code = last.get("exitCode", 0)
        end = f"{code} {plain(last.get('reason'))}".strip()
        end += f" {ago(last['finishedAt'], now)} ago" if last.get("finishedAt") else ""
    return [
        Text(part.name, "label"),
        Text(part.role or "main", "muted"),
        Text(state_text(state, now) if status else "not created", "" if tone is Tone.OK else role),
        ready,
        Text(str(count), "warning" if count else "muted"),
        Text(end or "-", "muted"),
        Text(plain(part.spec.get("image")), "muted"),
    ]


def _joined(cells: Sequence[Text], widths: Sequence[int], lead: str, marks: tuple[Mark, ...]) -> Line:
    text, found = lead, list(marks)
    for cell, width in zip(cells, widths, strict=True):
        shown = printable(cell.text)
        if cell_width(shown) > width:
            from k8stui.kinds.text import cut

            shown = cut(shown, width)
        if cell.role:
            found.append(Mark(len(text), len(text) + len(shown), cell.role))
        text += shown + " " * (width - cell_width(shown) + GAP)
    return Line(text.rstrip(" "), 0, tuple(found))


# Below it


def _details(page: Page, part: Part, events: Sequence[Raw], now: datetime) -> None:
    status, spec = part.status, part.spec
    limit = plain(dig(spec, "resources", "limits", "memory"))
    _state(page, "State", status.get("state") or {}, limit, now)
    if status.get("lastState"):
        _state(page, "Before", status["lastState"], limit, now)
    count = int(status.get("restartCount") or 0)
    if count:
        last = dig(status, "lastState", "terminated", "finishedAt")
        when = f", the last {ago(last, now)} ago" if last else ""
        page.field("Restarts", Text(f"{count}{when}", "warning"))
    for label, words, bad in probe_lines(spec, status, part.name, events, now):
        page.field(label, Text(words, "warning" if bad else ""))
    _resources(page, spec, status)
    command = [*map(str, spec.get("command") or ()), *map(str, spec.get("args") or ())]
    if command:
        page.field("Command", " ".join(command).replace("\n", " ⏎ "))
    ports = [_port(each) for each in items(spec, "ports")]
    if ports:
        page.field("Ports", ", ".join(ports))
    rows = recent_events(part.name, events, now)
    if rows:
        page.fields("Events", [Text(words, "warning" if bad else "muted") for words, bad in rows])


def _port(port: Raw) -> str:
    name = f" {port['name']}" if port.get("name") else ""
    host = f" (host {port['hostPort']})" if port.get("hostPort") else ""
    return f"{port.get('containerPort', 0)}/{port.get('protocol', 'TCP')}{name}{host}"


def _state(page: Page, label: str, state: Raw, limit: str, now: datetime) -> None:
    if "running" in state:
        page.field(label, f"running for {ago(dig(state, 'running', 'startedAt'), now)}")
    elif "terminated" in state:
        ended: Any = state["terminated"] or {}
        code = int(ended.get("exitCode") or 0)
        why = why_ended(code, int(ended.get("signal") or 0), plain(ended.get("reason")), limit)
        when = f"ended {ago(ended.get('finishedAt'), now)} ago" if ended.get("finishedAt") else "ended"
        ran = _ran(ended)
        page.field(label, Text(f"{when}{ran}, {why}", "warning" if code else ""))
        if ended.get("message"):
            page.field("Message", Text(plain(ended["message"]).rstrip("\n"), "warning" if code else ""))
    elif "waiting" in state:
        waiting: Any = state["waiting"] or {}
        reason = plain(waiting.get("reason"))
        role = "warning" if reason and reason not in BAD_REASONS else ""
        page.field(label, Text(f"waiting: {reason or 'not told for what'}", role))
        if waiting.get("message"):
            page.field("Message", Text(plain(waiting["message"]), role))
    else:
        page.field(label, Text("not created yet", "muted"))


def _ran(ended: Raw) -> str:
    from k8stui.kinds.describe.common import moment
    from k8stui.kube.durations import human_duration

    start, stop = moment(ended.get("startedAt")), moment(ended.get("finishedAt"))
    if start is None or stop is None or start.year < 2000:
        return ""
    return f" after {human_duration((stop - start).total_seconds())}"


def _resources(page: Page, spec: Raw, status: Raw) -> None:
    """Requests and limits of each resource; and what is in force where that differs (in-place resize)."""
    requests, limits = (dig(spec, "resources", key, default={}) for key in ("requests", "limits"))
    words = []
    for name in sorted({*requests, *limits}):
        asked, most = requests.get(name), limits.get(name)
        words.append(f"{name} {asked or 'nothing'} requested, {f'limit {most}' if most else 'no limit'}")
    page.field("Resources", "; ".join(words) or Text("none requested, no limits", "muted"))
    applied = dig(status, "resources")
    if applied and any(
        (applied.get(key) or {}) != (dig(spec, "resources", key, default={}) or {})
        for key in ("requests", "limits")
    ):
        now_in = [
            f"{name} {value}"
            for key in ("requests", "limits")
            for name, value in sorted((applied.get(key) or {}).items())
        ]
        page.field("In force", Text(", ".join(now_in), "warning"))


def _environment(page: Page, variables: Sequence[Any]) -> None:
    if not variables:
        return
    page.heading(f"Environment ({len(variables)})")
    for each in variables:
        value = Text(each.missing, "warning") if each.missing else Text(each.value.replace("\n", " ⏎ "))
        origin = Text(each.origin, "muted", each.ref) if each.origin else Text("")
        page.field(each.name, value, Text("  " if each.origin else ""), origin, level=1)


def _mounts(page: Page, pod: Raw, spec: Raw) -> None:
    volumes = {each.get("name"): each for each in items(pod, "spec", "volumes")}
    rows: list[list[str | Text]] = []
    for mount in sorted(items(spec, "volumeMounts"), key=lambda each: plain(each.get("mountPath"))):
        volume = volumes.get(mount.get("name"), {})
        flags = "read only" if mount.get("readOnly") else ""
        below = plain(mount.get("subPath") or mount.get("subPathExpr"))
        more = ", ".join(filter(None, (f"only {below}" if below else "", flags)))
        rows.append([plain(mount.get("mountPath")), _volume(pod, volume), Text(more, "muted")])
    if rows:
        page.heading(f"Mounts ({len(rows)})")
        page.table((), rows, level=1)


def _volume(pod: Raw, volume: Raw) -> Text:
    """What a volume is made of."""
    namespace = plain(dig(pod, "metadata", "namespace"))
    name = plain(volume.get("name"))
    for key, kind, noun, inner in (
        ("configMap", "configmaps", "config map", "name"),
        ("secret", "secrets", "secret", "secretName"),
        ("persistentVolumeClaim", "persistentvolumeclaims", "claim", "claimName"),
    ):
        if volume.get(key):
            to = plain(volume[key].get(inner))
            return Text(f"{noun} {to}", "", Ref(kind, to, namespace))
    kinds = [key for key in volume if key != "name"]
    return Text(f"{kinds[0] if kinds else 'volume'} {name}", "muted")
