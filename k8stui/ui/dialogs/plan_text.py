"""What a plan and its run say, as text to be painted: objects, requests, progress, results. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from k8stui.kinds.text import fit, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kube.operations.plans import Plan
    from k8stui.kube.operations.running import Result, Run

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

    of, what = _counted(run)
    total = len(of)
    done, failed = (sum(each.state is state for each in of) for state in (State.DONE, State.FAILED))
    ended = done + failed
    parts = [f"{done:,} of {total:,} {what}"]
    if running := run.count(State.RUNNING):
        parts.append(f"{running} under way")
    if leaving := run.count(State.LEAVING):
        parts.append(f"{leaving:,} terminating")
    if held := run.count(State.HELD):
        again = f", asked again in {run.again_in} s" if run.again_in else ""
        parts.append(f"{held:,} held by a budget{again}")
    if failed := run.count(State.FAILED):
        parts.append(f"{failed:,} failed")
    if stopped := run.count(State.STOPPED):
        parts.append(f"{stopped:,} not begun")
    words = " · ".join(parts)
    bar = max(10, min(60, width - len(words) - 2))
    filled = bar * ended // total if total else bar
    text = Text("━" * filled, "bold")
    text.append("─" * (bar - filled), "dim")
    text.append(f"  {words}", "not dim")
    if run.trouble:
        text.append(f"\nWhether they are still there is not known: {printable(run.trouble)}", "not dim")
    return text


def _counted(run: Run) -> tuple[list[Result], str]:
    """What the numbers of the progress are about: what is to go, where something is."""
    going = [each for each in run.results if each.change.until_gone]
    return (going, "gone") if going else (run.results, run.plan.done)


def retry_label(run: Run) -> str:
    """What goes on with what is left."""
    from k8stui.kube.operations.running import State

    leaving = run.count(State.LEAVING)
    return f"Wait for {leaving}  r" if leaving == len(run.left) else f"Retry {len(run.left)}  r"


def finished_text(run: Run) -> Text:
    """What became of each object: what failed first, with its reason; what was done last, at the end."""
    from k8stui.kube.operations.running import State

    signs = {State.FAILED: "✗", State.HELD: "…", State.RUNNING: "·", State.LEAVING: "·"}
    if run.finished:
        signs |= {State.STOPPED: "-", State.DONE: "✓"}
    lines = []
    for state, sign in signs.items():
        results = [result for result in run.results if result.state is state]
        for result in results[:RESULTS]:
            told = f": {printable(result.told)}" if result.told else ""
            lines.append(f"{sign} {printable(result.change.ref.label)}{told}")
        if len(results) > RESULTS:
            lines.append(f"{sign} … and {len(results) - RESULTS:,} more")
    return Text("\n".join(lines))


def summary(run: Run) -> str:
    """What came of it, in one sentence."""
    from k8stui.kube.operations.plans import subject
    from k8stui.kube.operations.running import State

    of, what = _counted(run)
    done = [result.change.ref for result in of if result.state is State.DONE]
    parts = []
    if run.plan.whole:
        parts.append(f"{subject(run.plan.whole)} {'not ' * bool(run.left)}{run.plan.done}")
    if done and not (run.plan.whole and of is run.results):
        parts.append(f"{subject(done)} {what}")
    ends = {State.FAILED: "failed", State.STOPPED: "not begun", State.LEAVING: "still terminating"}
    parts += [f"{run.count(state)} {words}" for state, words in ends.items() if run.count(state)]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
