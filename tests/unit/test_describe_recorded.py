"""Fact by fact: every line that `kubectl describe` printed for a recorded object is in our description."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from k8stui.kinds.describe import describe
from tests.unit.describe_recorded import GOLDEN, KINDS, facts, listed, recorded, related

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

NOW = datetime(2026, 11, 21, 2, 14, 35, tzinfo=UTC)
FILES = sorted((GOLDEN / "describe").glob("*.txt"))
EXCEPTIONS = (
    ("configmaps", r"Annotations: kubernetes.io/description:", "long values stay on the line of their key"),
    ("configmaps", r"Contains a CA bundle .*\.\.\.", "and are not cut"),
    ("csr|storageclass", r"Annotations: kubectl\.kubernetes\.io/last-applied-conf.*", "it is in the YAML"),
    ("storageclass", r",storageclass\.kubernetes\.io/is-default-class=true", "what follows it on the line"),
    ("events", r"Events: <none>", "nobody writes events about events"),
    ("replicasets", r"Warning FailedCreate AGE replicaset-controller \(combined .*", "changed meanwhile"),
)
"""Recordings, lines that are not in ours, and why. Expressions."""


def excused(file: str, line: str) -> bool:
    return any(re.fullmatch(name, file) and re.fullmatch(said, line) for name, said, _ in EXCEPTIONS)


def untold(wanted: Counter[str], told: Counter[str]) -> list[str]:
    """Lines of which none of ours says at least as much."""
    more = list((told - wanted).elements())
    left = []
    for line in (wanted - told).elements():
        longer = next((ours for ours in more if ours.startswith(f"{line} ")), None)
        if longer is None:
            left.append(line)
        else:
            more.remove(longer)
    return left


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_recorded_fact_is_told(file: Path) -> None:
    kind = KINDS.get(file.stem, file.stem)
    objects = listed(kind)
    missing: list[str] = []
    used: set[str] = set()
    for block in recorded(file):
        wanted = facts(block)
        name = block[0].split()[-1]
        candidates = [
            obj for obj in objects if obj["metadata"]["name"] == name and obj["metadata"]["uid"] not in used
        ]
        assert candidates, f"{name} is not in the list of {kind}"
        best = min(
            candidates,
            key=lambda obj: sum((wanted - facts(_lines(kind, obj))).values()),
        )
        used.add(best["metadata"]["uid"])
        left = untold(wanted, facts(_lines(kind, best)))
        missing += [f"{name}: {line}" for line in left if not excused(file.stem, line)]
    assert not missing, "\n".join(missing[:60])


def _lines(kind: str, obj: dict[str, object]) -> list[str]:
    return [line.text for line in describe(kind, obj, related(kind, obj), NOW)]
