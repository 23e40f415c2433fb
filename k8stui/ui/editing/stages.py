"""Writing a file in which some objects need others: namespaces and definitions first, then what needs them.

What could not be tried before, because its namespace or its kind was not there, is tried now, strictly as all
else, and only then written. No screen in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.apply_order import DEFINITIONS, comes_first, in_use
from k8stui.kube import editing
from k8stui.kube.errors import ApiError
from k8stui.ui.editing.items import Way
from k8stui.ui.editing.stopping import Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.ui.editing.items import Item, Mode
    from k8stui.ui.editing.pipeline import Meanwhile, Pipeline

SERVED_WITHIN = 30.0
"""Seconds that a server may take to serve a kind after its definition is stored."""
ACCOUNT_WITHIN = 10.0
"""Seconds in which controllers give a new namespace the service account that pods need."""
POLL = 0.2


async def carry_out(
    pipeline: Pipeline,
    items: Sequence[Item],
    mode: Mode,
    say: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
) -> list[Meanwhile]:
    """As `Pipeline.carry_out`, with what others wait for first. `say` is told what is waited for.

    `stop` ends the waiting; what is not written by then is not written, and says so.
    """
    stop = stop or Stop()
    open_ = await pipeline.carry_out([item for item in items if comes_first(item.kind)], mode, stop)
    rest = [item for item in items if not comes_first(item.kind)]
    late = [item for item in rest if item.waits is not None and not item.done]
    for first in {id(item.waits): item.waits for item in late if item.waits is not None}.values():
        waiting = [item for item in late if item.waits is first]
        try:
            problem = await stop.unless(_there(pipeline, first, waiting, say))
        except Stopped:
            problem = f"you did not wait for {first.label()}."
        for item in late:
            if problem and item.waits is first:
                item.failed, item.done = True, f"Not written: {problem}"
    late = [item for item in late if not item.failed]
    if late and not stop.asked:
        say("trying the rest, esc stops")
        with contextlib.suppress(Stopped):
            open_ += await stop.unless(_tried(pipeline, late, mode))
        say("applying")
    return open_ + await pipeline.carry_out(rest, mode, stop)


async def _there(pipeline: Pipeline, first: Item, waiting: Sequence[Item], say: Callable[[str], None]) -> str:
    """Wait until what the items need is there; a sentence when it will not be."""
    if first.failed or not (first.done or first.way is Way.NOTHING):
        return f"{first.label()} was not."
    if first.kind.name != DEFINITIONS:
        return ""
    try:
        async with asyncio.timeout(SERVED_WITHIN):
            refusal = await _served(pipeline, first, waiting, say)
    except TimeoutError:
        return f"the server does not serve {first.name} after {SERVED_WITHIN:.0f} s. Apply it again later."
    if refusal:
        return f"the server refuses {first.name}: {refusal}."
    await pipeline.kinds_changed()
    return ""


async def _served(
    pipeline: Pipeline, first: Item, waiting: Sequence[Item], say: Callable[[str], None]
) -> str:
    """Until the kind answers; why it never will."""
    began = time.monotonic()
    while True:
        so_far = f"{time.monotonic() - began:.0f} of {SERVED_WITHIN:.0f} s"
        say(f"waiting for {first.name}, {so_far}, esc stops")
        found = await editing.read(pipeline.connection, first.kind, "", first.name)
        established, refusal = in_use(found)
        if refusal:
            return refusal
        if established and all([await _answers(pipeline, item) for item in waiting]):
            return ""
        await asyncio.sleep(POLL)


async def _answers(pipeline: Pipeline, item: Item) -> bool:
    try:
        await pipeline.connection.request("GET", item.kind.path(item.namespace), params={"limit": "1"})
    except ApiError as error:
        return error.code != 404  # who may not list a kind may still make one
    return True


async def _tried(pipeline: Pipeline, late: Sequence[Item], mode: Mode) -> list[Meanwhile]:
    """The strict dry run of what had to wait; pods in a new namespace wait for its service account too."""
    open_: list[Any] = []
    deadline = time.monotonic() + ACCOUNT_WITHIN
    left = list(late)
    while left:
        for item in left:
            item.waits = None
        open_ += await pipeline.dry_run(left, mode)
        left = [item for item in left if _lacks_account(item) and time.monotonic() < deadline]
        if left:
            await asyncio.sleep(POLL)
    return open_


def _lacks_account(item: Item) -> bool:
    return any(
        "service account" in each.message or "serviceaccount" in each.message for each in item.problems
    )


__all__ = ["carry_out"]
