"""What a plan and its run say, as text to be painted: objects, requests, progress, results. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from k8stui.kinds.text import fit, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.operations.plans import Plan
    from k8stui.kube.operations.running import Run

LISTED = 500
"""Objects that a plan lists by name."""
SHOWN = 2
"""Objects whose requests are shown whole."""
RESULTS = 100
"""Objects that failed, or were done, that are listed with what became of them."""
LONGEST = 500
"""Characters of a request's body that are shown."""


def sentences(texts: Sequence[str], mark: str) -> Text:
    """Sentences, each behind a mark; a long one goes on below itself, not below the mark."""
    return Text("\n".join(f"{mark} {printable(text)}" for text in texts))


def objects_text(plan: Plan) -> Text:
    """The objects, and what is different for each."""
    changes = plan.changes[:LISTED]
    width = min(50, max((len(printable(each.ref.label)) for each in changes), default=0))
    lines = []
    for change in changes:
        label = printable(change.ref.label)
        words = f"  {printable(change.words)}" if change.words else ""
        lines.append(f"{fit(label, max(width, 1)) if words else label}{words}")
    if len(plan.changes) > LISTED:
        lines.append(f"… and {len(plan.changes) - LISTED:,} more")
    return Text("\n".join(lines))


def body_text(plan: Plan) -> Text:
    """The requests as they will be sent; of many objects those of the first ones."""
    lines: list[str] = [""]
    for change in plan.changes[:SHOWN]:
        for request in change.requests:
            lines.append(request.line)
            if request.body is not None:
                text = json.dumps(_masked(change.ref.kind.name, request.body), ensure_ascii=False)
                more = f" … ({len(text):,} characters)" if len(text) > LONGEST else ""
                lines.append(f"  {text[:LONGEST]}{more}")
    if len(plan.changes) > SHOWN:
        lines.append(f"… and the same for {len(plan.changes) - SHOWN:,} more")
    return Text("\n".join(printable(line) for line in lines), style="dim")


def _masked(kind_name: str, body: Any) -> Any:
    """The body without values of Secrets: those that put an edit back have them."""
    from k8stui.kube.operations.undo import HIDDEN

    if kind_name != "secrets" or not isinstance(body, list):
        return body
    return [{**each, "value": HIDDEN} if "value" in each else each for each in body]


def progress_text(run: Run, width: int) -> Text:
    """A bar, and numbers; both on one line of that many columns, if they fit."""
    from k8stui.kube.operations.running import State

    total = len(run.results)
    done, failed = run.count(State.DONE), run.count(State.FAILED)
    running, stopped, held = (run.count(each) for each in (State.RUNNING, State.STOPPED, State.HELD))
    ended = done + failed
    parts = [f"{done:,} of {total:,} {run.plan.done}"]
    if running:
        parts.append(f"{running} under way")
    if held:
        again = f", asked again in {run.again_in} s" if run.again_in else ""
        parts.append(f"{held:,} held by a budget{again}")
    if failed:
        parts.append(f"{failed:,} failed")
    if stopped:
        parts.append(f"{stopped:,} not begun")
    words = " · ".join(parts)
    bar = max(10, min(60, width - len(words) - 2))
    filled = bar * ended // total if total else bar
    text = Text("━" * filled, "bold")
    text.append("─" * (bar - filled), "dim")
    return text.append(f"  {words}", "not dim")


def finished_text(run: Run) -> Text:
    """What became of each object: what failed first, with its reason; what was done last, at the end."""
    from k8stui.kube.operations.running import State

    signs = {State.FAILED: "✗", State.HELD: "…", State.RUNNING: "·"}
    if run.finished:
        signs |= {State.STOPPED: "-", State.DONE: "✓"}
    lines = []
    for state, sign in signs.items():
        results = [result for result in run.results if result.state is state]
        for result in results[:RESULTS]:
            told = f": {printable(result.text)}" if result.text else ""
            lines.append(f"{sign} {printable(result.change.ref.label)}{told}")
        if len(results) > RESULTS:
            lines.append(f"{sign} … and {len(results) - RESULTS:,} more")
    return Text("\n".join(lines))


def summary(run: Run) -> str:
    """What came of it, in one sentence."""
    from k8stui.kube.operations.plans import subject
    from k8stui.kube.operations.running import State

    done = [result.change.ref for result in run.results if result.state is State.DONE]
    failed, stopped = run.count(State.FAILED), run.count(State.STOPPED)
    parts = []
    if done:
        parts.append(f"{subject(done)} {run.plan.done}")
    if failed:
        parts.append(f"{failed} failed")
    if stopped:
        parts.append(f"{stopped} not begun")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
