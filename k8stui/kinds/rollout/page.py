"""A rollout as a page: how it stands, why it does not get on, and its revisions with what each changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kinds.describe.lines import Mark
from k8stui.kinds.rollout.history import diff_lines
from k8stui.kinds.rollout.status import RolloutPhase
from k8stui.kinds.text import fit, printable
from k8stui.kube.durations import human_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kinds.rollout.history import Revision
    from k8stui.kinds.rollout.status import RolloutStatus

BAR = 40
_ROLES = {
    RolloutPhase.COMPLETE: "good",
    RolloutPhase.STUCK: "bad",
    RolloutPhase.PAUSED: "warning",
    RolloutPhase.MANUAL: "muted",
    RolloutPhase.PROGRESSING: "heading",
}
_SIGNS = {"+": "good", "-": "bad", "@": "muted"}


class PageLine(NamedTuple):
    """A line of the page. `revision` is the number of the one it belongs to, 0 for none."""

    text: str
    marks: tuple[Mark, ...] = ()
    level: int = 0
    key: Any = None
    revision: int = 0


class RolloutFacts(NamedTuple):
    """All that the page is made of."""

    kind: str
    obj: Mapping[str, Any]
    status: RolloutStatus
    revisions: Sequence[Revision]
    trouble: Sequence[str] = ()
    problem: str = ""
    """Why the revisions could not be read."""


def rollout_page(facts: RolloutFacts, now: datetime) -> list[PageLine]:
    """The lines of the page."""
    lines = [*_status_lines(facts), PageLine("", key="gap")]
    if facts.problem:
        lines.append(_marked(f"The history cannot be read: {facts.problem}", "warning", key="problem"))
        return lines
    lines.append(
        _marked("Revisions, newest first: space opens or folds one, u goes back to it", "heading", key="head")
    )
    for at, revision in enumerate(facts.revisions):
        older = facts.revisions[at + 1] if at + 1 < len(facts.revisions) else None
        lines += _revision_lines(revision, older, now)
    if not facts.revisions:
        lines.append(PageLine("  none are kept (revisionHistoryLimit)", key="none"))
    return lines


def _marked(text: str, role: str, **more: Any) -> PageLine:
    text = printable(text)
    return PageLine(text, (Mark(0, len(text), role),), **more)


def _status_lines(facts: RolloutFacts) -> list[PageLine]:
    status, role = facts.status, _ROLES[facts.status.phase]
    filled = int(BAR * status.part + 0.5)
    bar = "━" * filled + "─" * (BAR - filled)
    marks = (Mark(0, filled, role), Mark(filled, BAR, "muted"))
    numbers = (
        f"  {status.updated} new of {status.wanted} · {status.ready} ready"
        f" · {status.available} available · {status.old} old"
    )
    lines = [
        _marked(status.sentence, role, key="sentence"),
        PageLine(bar, marks, key="bar"),
        PageLine(numbers, key="numbers"),
    ]
    if status.reason:
        lines.append(PageLine(f"  {printable(status.reason)}", key="reason"))
    lines += [_marked(f"  {text}", "warning", key=("trouble", at)) for at, text in enumerate(facts.trouble)]
    lines.append(PageLine(f"  {printable(_strategy(facts.kind, facts.obj))}", key="strategy"))
    return lines


def _strategy(kind: str, obj: Mapping[str, Any]) -> str:
    spec = obj.get("spec") or {}
    strategy = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    words = [str(strategy.get("type") or "RollingUpdate")]
    names = {"maxSurge": "surge", "maxUnavailable": "unavailable", "partition": "partition"}
    words += [f"{names.get(key, key)} {value}" for key, value in rolling.items()]
    if kind == "Deployment":
        words.append(f"deadline {spec.get('progressDeadlineSeconds', 600)} s")
    return ", ".join(words)


def _revision_lines(revision: Revision, older: Revision | None, now: datetime) -> list[PageLine]:
    mark = "●" if revision.current else " "
    pods = f"{revision.ready}/{revision.pods} ready" if revision.pods else ""
    head = "  ".join(
        [
            f"{mark} {revision.number:>3}",
            fit(_age(revision.created, now), 6),
            fit(pods, 10),
            printable(", ".join(revision.images)),
        ]
    )
    if revision.cause:
        head += f"  {printable(revision.cause)}"
    marks = [Mark(0, 5, "label" if not revision.current else "heading")]
    start = head.find(printable(", ".join(revision.images)))
    marks.append(Mark(start, start + len(printable(", ".join(revision.images))), "string"))
    number = revision.number
    lines = [PageLine(head, tuple(marks), key=("revision", number), revision=number)]
    if older is None:
        return lines
    for at, text in enumerate(diff_lines(older.template, revision.template) or ["  no difference"]):
        shown = "      " + ("…" if text == "@" else printable(text))
        role = _SIGNS.get(text[:1], "")
        found = (Mark(6, len(shown), role),) if role else ()
        lines.append(PageLine(shown, found, 1, ("diff", number, at), number))
    return lines


def _age(created: str, now: datetime) -> str:
    try:
        return human_duration((now - datetime.fromisoformat(created)).total_seconds())
    except ValueError:
        return "?"
