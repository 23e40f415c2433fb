"""What is typed after `/`, read for use while it is being typed. Pure.

A half-typed expression is an error here, told and not applied, so that the last good filter stays on the
screen.
"""

from __future__ import annotations

from k8stui.ui.widgets.filters import NO_FILTER, Filter, parse_filter

FORMS = "text or regex · !inverse · -l label=value · -f fuzzy"
"""What can be typed, in one line."""


def filter_of(text: str) -> Filter:
    """The filter in a text that was good once; one that is not hides nothing."""
    return read_filter(text)[0] or NO_FILTER


def read_filter(text: str) -> tuple[Filter | None, str]:
    """The filter, or None and one sentence about what is wrong with it."""
    found = parse_filter(text)
    if found.note:
        note = found.note.removeprefix("Searched as plain text: ").rstrip(".")
        return None, f"not understood yet: {note}"
    return found, ""
