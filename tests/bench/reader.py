"""An independent client of the simulated cluster: counts what it really sends, beside what is measured.

Plain HTTP and bytes, nothing of k8stui: a figure "at 1,000 changes a second" is worth what this counted.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("pods", "nodes", "events")


def server_of(config: Path) -> str:
    """The server's URL in a kubeconfig of the simulated cluster."""
    return str(yaml.safe_load(config.read_text())["clusters"][0]["cluster"]["server"])


def version(config: Path) -> int:
    """The server's resourceVersion, which goes up by one with every change of any object."""
    with urllib.request.urlopen(f"{server_of(config)}/api/v1/pods?limit=1", timeout=30) as answer:
        return int(json.load(answer)["metadata"]["resourceVersion"])


@dataclass
class Rate:
    """Changes a second: stored by the server between two moments."""

    config: Path
    begun: float = 0.0
    first: int = 0

    def __post_init__(self) -> None:
        self.first, self.begun = version(self.config), time.monotonic()

    def so_far(self) -> float:
        """Since this was made."""
        return (version(self.config) - self.first) / (time.monotonic() - self.begun)


def delivered(config: Path, seconds: float) -> float:
    """Watch events a second that pods, nodes and events bring to one client together."""
    counts: dict[str, float] = {}
    threads = [
        threading.Thread(target=_watch, args=(server_of(config), kind, version(config), seconds, counts))
        for kind in _KINDS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts.values())


def _watch(server: str, kind: str, since: int, seconds: float, counts: dict[str, float]) -> None:
    where = urlsplit(server)
    client = http.client.HTTPConnection(where.hostname or "", where.port, timeout=seconds + 5)
    client.request("GET", f"{where.path}/api/v1/{kind}?watch=true&resourceVersion={since}&timeoutSeconds=60")
    answer, begun, events = client.getresponse(), time.monotonic(), 0
    while time.monotonic() - begun < seconds and (chunk := answer.read1(1 << 20)):
        events += chunk.count(b"\n")
    counts[kind] = events / (time.monotonic() - begun)
    client.close()
