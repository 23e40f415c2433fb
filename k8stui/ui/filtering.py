"""What is typed after `/`, read for use while it is being typed. Pure.

Letter case counts only where a capital was typed. A half-typed expression is an error here, told and not
applied, so that the last good filter stays on the screen.
"""

from __future__ import annotations

import re
from dataclasses import replace

from k8stui.ui.widgets.filters import NO_FILTER, Filter, parse_filter

_ESCAPES = re.compile(r"\\.", re.DOTALL)

FORMS = "text or regex · !inverse · -l label=value · -f fuzzy"
"""What can be typed, in one line."""


def has_capital(pattern: str) -> bool:
    """Whether a capital letter was typed, other than in an escape such as `\\S`."""
    plain = _ESCAPES.sub("", pattern)
    return plain != plain.lower()


def filter_of(text: str) -> Filter:
    """The filter in a text that was good once; one that is not hides nothing."""
    return read_filter(text)[0] or NO_FILTER


def read_filter(text: str) -> tuple[Filter | None, str]:
    """The filter, or None and one sentence about what is wrong with it."""
    found = parse_filter(text)
    if found.note:
        note = found.note.removeprefix("Searched as plain text: ").rstrip(".")
        return None, f"not understood yet: {note}"
    source = text.strip().removeprefix("!")
    if found.pattern is not None and has_capital(source):
        found = replace(found, pattern=re.compile(source.strip()))
    return found, ""
