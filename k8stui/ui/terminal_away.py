"""The terminal is given to another program for a while, and taken back whatever happens there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import App


@contextlib.contextmanager
def terminal_away(app: App[None]) -> Iterator[None]:
    """Nothing is painted and no key is read meanwhile. Raises SuspendNotSupported where that cannot be."""
    problem: BaseException | None = None
    with app.batch_update(), app.suspend():
        try:
            yield
        except BaseException as error:  # Textual would not take the screen back
            problem = error
    app.refresh(layout=True)
    if problem is not None:
        raise problem
