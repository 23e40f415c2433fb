"""What became of a container's probes, and what its events say, told by container. Pure.

The API has no result of a probe: a failure is an event (`Unhealthy`), success is the container being ready or
started. Source: the kubelet's events, whose `fieldPath` names the container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe.common import Raw, ago, dig, plain
from k8stui.kinds.describe.containers import probe_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PROBES = (("livenessProbe", "Liveness"), ("readinessProbe", "Readiness"), ("startupProbe", "Startup"))
MOST_EVENTS = 6


def last_seen(event: Raw) -> str:
    """When an event was last seen, as the API writes it; empty where it does not say."""
    stamps = (
        dig(event, "series", "lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        dig(event, "metadata", "creationTimestamp"),
    )
    return next((str(stamp) for stamp in stamps if stamp), "")


def of_container(event: Raw, name: str) -> bool:
    """Whether an event is about this container."""
    path = plain(dig(event, "involvedObject", "fieldPath"))
    return path.endswith(f"{{{name}}}")


def probe_lines(
    spec: Raw, status: Raw, name: str, events: Sequence[Raw], now: datetime
) -> list[tuple[str, str, bool]]:
    """For each probe its label, what it does and what became of it, and whether that is bad."""
    found: list[tuple[str, str, bool]] = []
    for key, label in PROBES:
        probe = spec.get(key)
        if not probe:
            continue
        failure = _failure(label, name, events)
        words, bad = _result(label, status, failure, now)
        found.append((label, f"{words}  ·  {_short(probe)}", bad))
    return found


def _failure(label: str, name: str, events: Sequence[Raw]) -> Raw | None:
    """The latest event of a probe that failed."""
    failures = [
        event
        for event in events
        if event.get("reason") in ("Unhealthy", "ProbeError", "ProbeWarning")
        and plain(event.get("message")).startswith(f"{label} probe")
        and of_container(event, name)
    ]
    return max(failures, key=last_seen, default=None)


def _result(label: str, status: Raw, failure: Raw | None, now: datetime) -> tuple[str, bool]:
    running = "running" in (status.get("state") or {})
    passing = {"Readiness": bool(status.get("ready")), "Startup": bool(status.get("started"))}.get(label)
    told = ""
    if failure is not None:
        count = int(dig(failure, "series", "count", default=0) or failure.get("count") or 1)
        message = plain(failure.get("message")).removeprefix(f"{label} probe ").strip().replace("\n", " ")
        times = f", {count} times" if count > 1 else ""
        told = f"last {message} ({ago(last_seen(failure), now)} ago{times})"
    if passing is True:
        return f"passes{f'; {told}' if told else ''}", False
    if failure is not None:
        return f"{'fails: ' if passing is False else ''}{told}", True
    if not running:
        return "not running", False
    if passing is False:
        return "has not passed yet", True
    return "no failure is told", False


def _short(probe: Raw) -> str:
    """What a probe does and how often: `http-get http://:8080/healthz, every 10s, 3 failures`."""
    how = probe_text(probe).partition(" delay=")[0]
    delay = probe.get("initialDelaySeconds")
    words = [how, f"every {probe.get('periodSeconds', 10)}s", f"waits {probe.get('timeoutSeconds', 1)}s"]
    if delay:
        words.append(f"first after {delay}s")
    words.append(f"{probe.get('failureThreshold', 3)} failures count")
    return ", ".join(words)


def recent_events(name: str, events: Sequence[Raw], now: datetime) -> list[tuple[str, bool]]:
    """The latest events about a container, oldest first, each in a line, and whether it warns."""
    mine: list[Any] = sorted((each for each in events if of_container(each, name)), key=last_seen)
    found = []
    for event in mine[-MOST_EVENTS:]:
        count = int(dig(event, "series", "count", default=0) or event.get("count") or 1)
        times = f" (x{count})" if count > 1 else ""
        message = plain(event.get("message")).strip().replace("\n", " ")
        line = f"{ago(last_seen(event), now)} ago  {plain(event.get('reason'))}{times}  {message}"
        found.append((line, event.get("type") not in ("Normal", None, "")))
    return found
