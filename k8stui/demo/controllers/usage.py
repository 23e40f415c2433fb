"""What pods and nodes seem to use, for metrics and the autoscaler. Pure functions of object and time."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from k8stui.demo.quantity import parse

if TYPE_CHECKING:
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["node_usage", "usage"]


def _phase(key: str) -> float:
    return int.from_bytes(blake2b(key.encode(), digest_size=4).digest(), "big") / 2**32


def usage(pod: Obj, now: float) -> dict[str, tuple[int, int]]:
    """CPU (nanocores) and memory (bytes) of each container that runs, as a slow wave around its requests."""
    found = {}
    specs = {c["name"]: c for f in ("containers", "initContainers") for c in pod["spec"].get(f) or ()}
    for field in ("initContainerStatuses", "containerStatuses"):
        for status in pod.get("status", {}).get(field) or ():
            if "running" not in status["state"]:
                continue
            resources = specs.get(status["name"], {}).get("resources", {})
            asked = resources.get("requests", {})
            cpu = float(parse(asked.get("cpu", "40m")))
            memory = float(parse(asked.get("memory", "64Mi")))
            shift = _phase(pod["metadata"]["uid"] + status["name"])
            wave = math.sin(now / 90 + shift * 6.28) * 0.25 + math.sin(now / 17 + shift * 31) * 0.1
            level = max(0.02, 0.18 + shift * 0.45 + wave * (0.2 + shift / 2))
            grown = min(0.95, 0.45 + shift * 0.5 + 0.02 * math.sin(now / 300 + shift * 9))
            if "recommender:3.2.0" in status["image"] or "memory-hog" in status["image"]:
                grown = 0.98
            limit = resources.get("limits", {}).get("memory")
            top = float(parse(limit)) if limit else memory * 1.4
            found[status["name"]] = (int(cpu * level * 1e9), int(min(top * 0.99, memory * grown * 1.1)))
    return found


def node_usage(store: Store, node: Obj, pods: list[Obj], now: float) -> tuple[int, int]:
    """CPU (nanocores) and memory (bytes) of a node: its pods and the system around them."""
    cpu, memory = 180_000_000, 900 * 1024 * 1024
    for pod in pods:
        for c, m in usage(pod, now).values():
            cpu, memory = cpu + c, memory + m
    if any(c["type"] == "MemoryPressure" and c["status"] == "True" for c in node["status"]["conditions"]):
        memory = max(memory, int(float(parse(node["status"]["allocatable"]["memory"])) * 0.96))
    return cpu, memory
