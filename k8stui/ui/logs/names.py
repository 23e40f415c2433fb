"""What a line's source is called in front of it, shorter or longer."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from k8stui.ui.widgets.painting import fit, width_of

_PARTING = re.compile("([ /])")


class Names(StrEnum):
    """How sources are named."""

    AUTO = "auto"
    """Short where lines of several containers meet, else off."""
    SHORT = "short"
    LONG = "long"
    OFF = "off"


ORDER = (Names.SHORT, Names.LONG, Names.OFF)


def short_name(source: Any, *, one_pod: bool, one_container: bool = False) -> str:
    """The container of the one pod that is read; else the pod, with its container where there are several."""
    if source is None:
        return ""
    if one_pod or not source.pod:
        return str(source.container)
    return str(source.pod) if one_container else f"{source.pod} {source.container}".strip()


def long_name(source: Any) -> str:
    """Namespace, pod and container."""
    if source is None:
        return ""
    parts = (source.namespace, source.pod, source.container)
    return "/".join(part for part in parts if part)


def fitted(name: str, size: int) -> str:
    """A name in `size` cells: its longest words give way first, in their middle, so each can be told."""
    if width_of(name) <= size:
        return fit(name, size)
    parts = _PARTING.split(name)
    words, room = parts[::2], size - len(parts) // 2
    for left, place in enumerate(sorted(range(len(words)), key=lambda at: width_of(words[at]))):
        wide = min(width_of(words[place]), max(1, room // (len(words) - left)))
        words[place] = fit(words[place], wide, middle=True)
        room -= wide
    parts[::2] = words
    return fit("".join(parts), size)


def next_names(now: Names, *, shown: bool) -> Names:
    """What comes next when the reader asks for other names."""
    here = now if now is not Names.AUTO else Names.SHORT if shown else Names.OFF
    return ORDER[(ORDER.index(here) + 1) % len(ORDER)]
