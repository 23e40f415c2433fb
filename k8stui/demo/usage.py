"""How much CPU and memory the simulated containers use: made up, but repeatable and in keeping with requests.

A pure function of seed, container and time, stepped every 15 seconds as metrics-server samples it. Nothing is
kept, so twenty thousand pods cost nothing until somebody asks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.demo.containers import Container

STEP = 15
"""Seconds between two samples."""
MIB = 1 << 20
_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU in cores, memory in bytes."""

    cpu: float
    memory: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu + other.cpu, self.memory + other.memory)


def quantity(text: str | float | None) -> float:
    """The number that a Kubernetes quantity means, 0 of nothing or of what is none."""
    if text is None or isinstance(text, (int, float)):
        return float(text or 0)
    try:
        for unit, factor in _UNITS.items():
            if text.endswith(unit):
                return float(text[: -len(unit)]) * factor
        if text.endswith("m"):
            return float(text[:-1]) / 1000
        return float(text)
    except ValueError:
        return 0.0


def _share(seed: int, *key: object) -> float:
    """A number from 0 to 1 that depends on seed and key alone."""
    return crc32(f"{seed}/{key}".encode()) / 0xFFFFFFFF


def _wave(seed: int, key: str, moment: float) -> float:
    """Slow ups and downs with some noise on top, about -1 to 1."""
    period = 240 + 1200 * _share(seed, key, "period")
    phase = 2 * math.pi * _share(seed, key, "phase")
    slow = math.sin(2 * math.pi * moment / period + phase)
    noise = 2 * _share(seed, key, int(moment // STEP)) - 1
    return 0.7 * slow + 0.3 * noise


def container_usage(seed: int, container: Container, spec: Mapping[str, Any], now: float) -> Usage:
    """What a running container uses at a moment (seconds since the epoch)."""
    moment = now - now % STEP
    resources = spec.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    key = f"{container.pod_uid}/{container.name}"
    wave = _wave(seed, key, moment)
    hot = _share(seed, key, "hot") > 0.95
    wanted = (
        quantity(requests.get("cpu"))
        or quantity(limits.get("cpu")) / 2
        or 0.004 + 0.03 * _share(seed, key, "c")
    )
    level = 0.9 + 0.5 * _share(seed, key, "level") if hot else 0.12 + 0.6 * _share(seed, key, "level")
    cpu = max(0.0002, wanted * level * (1 + 0.45 * wave))
    most = quantity(limits.get("cpu"))
    cpu = min(cpu, most) if most else cpu
    asked = quantity(requests.get("memory")) or quantity(limits.get("memory")) / 2
    asked = asked or MIB * (12 + 90 * _share(seed, key, "m"))
    filled = 0.45 + 0.45 * _share(seed, key, "fill")
    ramp = min(1.0, 0.3 + max(0.0, moment - container.started_at) / 300)
    memory = asked * filled * ramp * (1 + 0.04 * _wave(seed, key + "/m", moment))
    most = quantity(limits.get("memory"))
    memory = min(memory, most * 0.985) if most else memory
    return Usage(cpu, int(memory) & ~0xFFF)


def node_overhead(seed: int, name: str, capacity: Usage, now: float) -> Usage:
    """What the system of a node uses beside its pods."""
    moment = now - now % STEP
    cpu = 0.06 + 0.02 * capacity.cpu * (1 + 0.5 * _wave(seed, name, moment))
    return Usage(cpu, int(450 * MIB + 0.04 * capacity.memory * (1 + 0.05 * _wave(seed, name + "/m", moment))))


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether the node's kubelet can be reached."""
    conditions = node.get("status", {}).get("conditions") or ()
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def node_capacity(node: Mapping[str, Any]) -> Usage:
    """Cores and bytes that a node has."""
    capacity = node.get("status", {}).get("capacity") or {}
    return Usage(quantity(capacity.get("cpu")) or 1.0, int(quantity(capacity.get("memory")) or 1 << 32))


def format_cpu(cores: float) -> str:
    """Nanocores, as metrics-server writes them."""
    return f"{int(cores * 1e9)}n"


def format_memory(size: float) -> str:
    """Kibibytes, as metrics-server writes them."""
    return f"{int(size) // 1024}Ki"
