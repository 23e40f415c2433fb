"""Reading objects of the simulated cluster in a real pseudo terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pty

ENTER = "\r"


def test_objects_are_read_described_and_left_again(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "K8STUI_CONFIG": str(tmp_path / "config.toml"),
        "K8STUI_STATE": str(tmp_path / "state"),
        "KUBECONFIG": str(tmp_path / "none"),
    }
    argv = [sys.executable, "-m", "k8stui", "--demo", "-A", "deploy"]
    with PtyProgram(argv, columns=140, lines=60, env=environment) as program:
        program.wait_for_text(r"(?s)deployments\(all\)\[\d+\].*d describe")
        program.send("d")
        screen = program.wait_for_text(r"(?s)describe\(.*StrategyType:")
        assert "Pod Template:" in screen
        program.send("G")
        program.wait_for_text(r"NewReplicaSet:.*replicas created")
        program.send("y")
        program.wait_for_text(r"(?s)yaml\(.*apiVersion: apps/v1.*kind: Deployment")
        program.send("/strategy" + ENTER)
        program.wait_for_text(r"rollingUpdate:")
        program.send(":nodes" + ENTER)
        program.wait_for_text(r"(?s)nodes\[\d+\].*d describe")
        program.send("d")
        program.wait_for_text(r"(?s)describe.*System Info:")
        program.send("G")
        program.wait_for_text(r"(?s)Allocated resources:|Events:")
        program.send(":secrets" + ENTER)
        program.wait_for_text(r"(?s)secrets\(all\)\[\d+\].*y yaml")
        program.send("y")
        program.wait_for_text(r"masked: \d+ bytes")
