"""What is still there although its deletion was asked for: found by its uid, with what it waits for.

It only looks, once each time it is called. A grace period is counted on the server's clock, which the answers
tell: the clock of this machine may be another.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.durations import human_duration
from k8stui.kube.namespaces import METADATA_ONLY
from k8stui.kube.operations.reading import read_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.operations.plans import Request

LATE = 10
"""Seconds after the end of a grace period from which on it is said who has not done what."""


class Stay(msgspec.Struct, frozen=True):
    """An object that is still there."""

    ends: float | None = None
    """When its grace period ends, on the monotonic clock; None while nothing deletes it."""
    finalizers: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """Seconds of its grace period that are left; below 0 it is over since then."""
        return 0 if self.ends is None else math.ceil(self.ends - time.monotonic())

    @property
    def words(self) -> str:
        """What it waits for."""
        if self.ends is None:
            return "evicted, but not terminating yet"
        left = self.left
        if left > 0:
            return f"terminating, {human_duration(left)} of its grace period left"
        words = f"terminating, its grace period ended {human_duration(-left)} ago"
        if self.finalizers:
            return f"{words}; {', '.join(self.finalizers)} keeps it"
        return words if -left < LATE else f"{words}; the kubelet is silent"


async def still_there(connection: Requests, lists: Iterable[Request]) -> dict[str, Stay]:
    """What these lists hold now, by uid. Raises KubeError."""
    found = {}
    for each in lists:
        async for page, headers in read_pages(connection, each.path, each.params, METADATA_ONLY):
            now = _clock(headers)
            for item in page.get("items") or []:
                meta = item.get("metadata") or {}
                found[str(meta.get("uid", ""))] = _stay(meta, now)
    return found


def _stay(meta: Mapping[str, Any], now: datetime) -> Stay:
    deleted = _time(str(meta.get("deletionTimestamp") or ""))
    ends = None if deleted is None else time.monotonic() + (deleted - now).total_seconds()
    return Stay(ends, tuple(meta.get("finalizers") or ()))


def _clock(headers: Mapping[str, str]) -> datetime:
    """The server's time, to a second; the time of here where it does not tell."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
