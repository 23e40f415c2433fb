"""What is known about a kind: columns, status, relations, what is wrong. Pure functions of objects.

Nothing here talks to a cluster or paints: see `printers.printer_for`, `relations`, `selectors`, `text`.
"""

from k8stui.kinds.printers import printer_for
from k8stui.kinds.printing import Column, Printer, Tone

__all__ = ["Column", "Printer", "Tone", "printer_for"]
