"""What a line viewer says in place of lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from k8stui.ui.widgets.lines.model import LineModel


def absence(model: LineModel, filter_text: str, placeholder: str) -> str:
    """Why no line is shown: there is none (`placeholder`), or none passes the filter; "" where some are."""
    if len(model):
        return ""
    held = model.source.end - model.source.first
    if not held or not filter_text:
        return placeholder
    if model.busy:
        return "Looking for lines that match…"
    return f"None of {held:,} line{'s' * (held > 1)} matches {printable(filter_text)}."
