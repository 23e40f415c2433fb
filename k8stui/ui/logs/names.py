"""What a line's source is called in front of it, shorter or longer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


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


def next_names(now: Names, *, shown: bool) -> Names:
    """What comes next when the reader asks for other names."""
    here = now if now is not Names.AUTO else Names.SHORT if shown else Names.OFF
    return ORDER[(ORDER.index(here) + 1) % len(ORDER)]
