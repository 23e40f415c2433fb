"""Lines of a node's logs have the time that they name, and none where they leave it open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from k8stui.kube.logs.node_stamps import stamp_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp()
AUDIT = (
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete",'
    '"requestReceivedTimestamp":"2026-03-02T08:59:58.500000Z","stageTimestamp":"2026-03-02T08:59:59.250000Z"}'
)


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("Mar 02 08:59:58.123456 node-1 kubelet[7]: I0302 sync", "2026-03-02T08:59:58.123456000Z"),
        ("Mar  1 23:00:00 node-1 kubelet[7]: one digit", "2026-03-01T23:00:00.000000000Z"),
        ("Dec 31 23:59:59.5 node-1 kubelet[7]: last year", "2025-12-31T23:59:59.500000000Z"),
        ("Mar 02 09:10:00 node-1 kubelet[7]: a clock ahead", "2026-03-02T09:10:00.000000000Z"),
        ("Feb 29 12:00:00 node-1 kubelet[7]: a leap year", "2024-02-29T12:00:00.000000000Z"),
        ("-- Logs begin at Mon 2026-03-02 --", ""),
        ("        continued", ""),
        ("", ""),
    ],
)
def test_lines_of_a_journal(line: str, stamp: str) -> None:
    assert stamp_of(line, journal=True, now=NOW) == stamp


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("2026-03-02T08:59:58.123456789Z stdout F hello", "2026-03-02T08:59:58.123456789Z"),
        ("2026-03-02T17:59:58.5+09:00 host sshd[1]: hello", "2026-03-02T08:59:58.500000000Z"),
        ("2026-03-02 08:59:58,250+00:00 hello", "2026-03-02T08:59:58.250000000Z"),
        (AUDIT, "2026-03-02T08:59:59.250000000Z"),
        ('{"level":"info","ts":"2026-03-02T08:59:58.5Z","msg":"x"}', "2026-03-02T08:59:58.500000000Z"),
        ('{"time":"some time in the morning","msg":"x"}', ""),
        ("2026-03-02 08:59:58 status installed", ""),  # of which zone?
        ("I0302 08:59:58.123456       7 server.go:12] klog", ""),
        ("Mar 02 08:59:58 a file in local time", ""),
        ("2026-13-45T08:59:58Z no such day", ""),
    ],
)
def test_lines_of_files(line: str, stamp: str) -> None:
    assert stamp_of(line, journal=False, now=NOW) == stamp
