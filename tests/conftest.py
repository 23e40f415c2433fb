"""For all tests: how often garbage is looked for.

Python looks through a heap of a million objects, all of pytest's and Textual's, every second test: two fifths
of the time that tests of the screen take. Here it is looked for seldom, and only among what is new.
"""

from __future__ import annotations

import gc
from itertools import count
from typing import Any

TESTS = 25
"""Between two searches."""
_tests = count(1)


def pytest_collection_finish() -> None:
    """Before the first test: all that is there stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 1_000)


def pytest_runtest_logfinish(nodeid: str, location: Any) -> None:
    """After each test."""
    if next(_tests) % TESTS == 0:
        gc.collect()
        gc.freeze()
