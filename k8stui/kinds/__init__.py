"""What is known about a kind: columns, status, relations, what is wrong. Pure functions of objects.

Nothing here talks to a cluster or paints: see `printers.printer_for`, `relations`, `selectors`, `text`.
The names below are imported when they are first used, so that `text` alone stays cheap before the first
frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.kinds.tables.printers import printer_for
    from k8stui.kinds.tables.printing import Column, Printer, Tone

__all__ = ["Column", "Printer", "Tone", "printer_for"]


def __getattr__(name: str) -> Any:
    if name == "printer_for":
        from k8stui.kinds.tables import printers

        return printers.printer_for
    if name in __all__:
        from k8stui.kinds.tables import printing

        return getattr(printing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
