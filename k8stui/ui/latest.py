"""Work of which only the newest counts: what was asked before is cancelled."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import ParamSpec

    from textual.dom import DOMNode

    P = ParamSpec("P")


def start_latest(
    owner: DOMNode, group: str, work: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Start `work` as a worker of `owner`, and cancel what its group does now.

    A function is taken, not a coroutine: work cancelled before it began then leaves nothing unawaited.
    What the work does not tell of its errors itself is a defect, and said as one.
    """
    begin: Callable[[], Awaitable[object]] = partial(_done, owner, partial(work, *args, **kwargs))
    owner.run_worker(begin, group=group, exclusive=True, exit_on_error=False)


async def _done(owner: DOMNode, work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except Exception as error:  # a defect must be seen, and end nothing else
        app: Any = owner.app
        app.confess(error)
