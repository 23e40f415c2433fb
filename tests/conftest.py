"""What makes thousands of tests quick without their knowing: work that would be done again and again is kept.

Nothing here changes what the program does or what a test sees of it.
"""

from __future__ import annotations

import gc
import os
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest
from textual.css.stylesheet import Stylesheet

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = 10
"""Between two searches for garbage."""
_tests = count(1)
COMPILED = Path(__file__).parents[1] / ".pytest_cache" / "compiled"

if sys.dont_write_bytecode and sys.pycache_prefix is None:
    # Containers often forbid compiled files beside the sources. Without any, each worker would rewrite every
    # assertion anew, and each program that a test starts would compile itself.
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(COMPILED)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


@pytest.fixture(autouse=True, scope="session")
def style_sheets_are_parsed_once() -> Iterator[None]:
    """For each set of colours, and not for each of a thousand apps: a tenth of what a short test takes."""
    parse = Stylesheet._parse_rules
    kept: dict[Any, Any] = {}
    colours: WeakKeyDictionary[Stylesheet, tuple[Any, Any]] = WeakKeyDictionary()

    def once(self: Stylesheet, css: str, read_from: Any, *more: Any, **named: Any) -> Any:
        variables = self._variables
        of, frozen = colours.get(self, (None, None))
        if of is not variables:
            frozen = frozenset(variables.items())
            colours[self] = variables, frozen
        key = (frozen, css, read_from, more, tuple(named.items()))
        if key not in kept:
            kept[key] = parse(self, css, read_from, *more, **named)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield


def pytest_collection_finish() -> None:
    """From now on garbage is looked for between tests, and only among what is new.

    Python would look through the whole heap every second test, two fifths of the time that tests of the
    screen take, and in the middle of what others measure.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


def pytest_runtest_logfinish() -> None:
    """After each test."""
    if next(_tests) % TESTS == 0:
        gc.collect()
        gc.freeze()
