"""Takes a reader to the lines of a time; older lines are loaded where they are needed.

It never says that lines of a time are shown when some of them could not be had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.logs.times import since_time
from k8stui.ui.logs import by_time, heading
from k8stui.ui.logs.painter import Times, shown_time

if TYPE_CHECKING:
    from k8stui.ui.views.logs import LogsView


async def go(view: LogsView, nanos: int) -> None:
    """To the first line of that moment (since the epoch) or later."""
    viewer, reading = view.viewer, view.reading
    fits = True
    if reading is not None and reading.has_older:
        when = shown_time(since_time(nanos // 1_000_000_000), Times.LOCAL, 0.0)[:-4]
        view.activity = f"fetching lines since {when}"
        view.post_message(view.Changed(view))
        try:
            fits = await reading.load_until(nanos)
        finally:
            view.activity = ""
            view.post_message(view.Changed(view))
    seq = by_time.first_at(viewer.model, nanos)
    if seq is None:
        view.app.notify("There is no line of that time or later.", markup=False, timeout=4)
        return
    viewer.put_cursor(seq)
    if not fits and reading is not None and (said := heading.before_first(reading)):
        view.app.notify(f"Not all lines of that time could be had: {said}.", markup=False, timeout=8)
