"""What the next key is likely to need is imported before it is pressed.

Views are imported when they are first shown, so that the first frame is early; the readers and what they read
with take 60 ms, which a table full of changes would notice. So they are imported in a thread once the first
rows are there. Nothing may depend on it: who is quicker imports for himself.
"""

from __future__ import annotations

import gc
import importlib
import threading

from k8stui.ui.garbage import unsearched

MODULES = (
    "k8stui.ui.views.describe",
    "k8stui.ui.views.yaml",
    "k8stui.ui.views.relations",
    "k8stui.ui.views.anatomy",
    "k8stui.ui.views.jsonpath",
    "k8stui.kinds.jsonpath.items",
    "k8stui.kinds.describe",
    "k8stui.kinds.relations.links",
    "k8stui.kube.relations",
    "wcwidth",
)
"""The readers of an object, and what they need besides (`wcwidth` for the first text that is not ASCII)."""


def warm() -> None:
    """Import them in a thread of their own, which nobody waits for."""
    threading.Thread(target=_import, name="warming", daemon=True).start()


def _import() -> None:
    with unsearched():
        for module in MODULES:
            importlib.import_module(module)
    gc.freeze()  # they stay: a search among them would take 30 ms of somebody's key
