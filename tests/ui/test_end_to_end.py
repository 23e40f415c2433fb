"""The program in a real pseudo terminal on a simulated cluster, read back through pyte."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.pty

DOWN, TAB, ESCAPE, ENTER = "\x1b[B", "\t", "\x1b", "\r"


SPROCKETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "sprockets.works.example"},
    "spec": {
        "group": "works.example",
        "scope": "Namespaced",
        "names": {"plural": "sprockets", "singular": "sprocket", "kind": "Sprocket"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "K8STUI_CONFIG": str(tmp_path / "config.toml"),
        "K8STUI_STATE": str(tmp_path / "state"),
        "KUBECONFIG": str(tmp_path / "none"),
    }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A simulated cluster in a process of its own: its kubeconfig, and the process."""
    config = tmp_path / "kubeconfig"
    argv = [sys.executable, "-m", "k8stui", "demo-server", "--kubeconfig", str(config), "--churn", "0"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        yield config, process
    finally:
        process.kill()
        process.wait()


def k8stui(environment: dict[str, str], *arguments: str, columns: int = 160, lines: int = 50) -> PtyProgram:
    argv = [sys.executable, "-m", "k8stui", *arguments]
    return PtyProgram(argv, columns=columns, lines=lines, env=environment)


def test_the_demo_streams_four_panes_and_leaves_nothing_behind(environment: dict[str, str]) -> None:
    with k8stui(environment, "--demo", "-A") as program:
        screen = program.wait_for_text(r"(?s)nodes.*pods.*Running.*events.*logs")
        assert "worker-a1" in screen
        assert "live" in screen
        children = psutil.Process(program.process.pid).children(recursive=True)
        assert children
        program.send(":q" + ENTER)
        assert program.process.wait(10) == 0
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive


def test_the_demo_cluster_dies_with_a_screen_that_was_killed(environment: dict[str, str]) -> None:
    with k8stui(environment, "--demo", "-A") as program:
        program.wait_for_text(r"Running")
        children = psutil.Process(program.process.pid).children(recursive=True)
        os.kill(program.process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


STUBBORN_LOGIN = """\
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: here, context: {cluster: c, user: u}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: [-c, "trap '' TERM; echo press the button >&2; exec sleep 100"]
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order_at_once_whatever_is_under_way(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    config = tmp_path / "config"
    config.write_text(STUBBORN_LOGIN)
    with k8stui(environment, "--kubeconfig", str(config), "pods") as program:
        program.wait_for_text(r"press the button")
        children = psutil.Process(program.process.pid).children(recursive=True)
        assert children
        os.kill(program.process.pid, number)
        assert program.process.wait(3) == -number, "as whoever sent it expects"
        program.wait_for_output(rb"\x1b\[\?1049l")
        assert b"\x1b[?1003l" in program.output, "the mouse is no longer reported"
        assert b"Traceback" not in program.output
        assert not psutil.wait_procs(children, timeout=1)[1]


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_program_that_was_stopped_paints_all_again_and_gives_the_terminal_back_at_its_end(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]], number: signal.Signals
) -> None:
    with k8stui(environment, "--kubeconfig", str(server[0]), "-A", "nodes") as program:
        program.wait_for_text(r"worker-b3")
        process = psutil.Process(program.process.pid)
        assert not program.is_cooked()
        for _ in range(2):
            os.kill(process.pid, number)
            while process.status() != psutil.STATUS_STOPPED:
                time.sleep(0.01)
            painted = len(program.output)
            os.kill(process.pid, signal.SIGCONT)
            program.wait_for_output(rb"(?s)control-1.*worker-b3", start=painted)
        program.send(":q" + ENTER)
        assert program.process.wait(5) == 0
        assert program.is_cooked()


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (300, 100)])
def test_small_and_huge_terminals(environment: dict[str, str], columns: int, lines: int) -> None:
    with k8stui(environment, "--demo", "-A", columns=columns, lines=lines) as program:
        screen = program.wait_for_text(r"(?s)pods\(all\)\[\d+\].*backup-")
        assert all(len(line) <= columns for line in screen.splitlines())
        program.resize(120, 40)
        program.wait_for_text(r"(?s)nodes.*pods.*Running")


def test_commands_filters_and_the_way_back(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]]
) -> None:
    with k8stui(environment, "--kubeconfig", str(server[0]), "-A", "pods") as program:
        program.wait_for_text(r"pods\(all\)\[\d+\]")
        program.send("/cart-redis" + ENTER)
        program.wait_for_text(r"(?s)\A(?!.*cert-manager-).*\[\d+/\d+\] /cart-redis")
        program.send(":deploy shop" + ENTER)
        program.wait_for_text(r"deployments\(shop\)")
        program.send(":configmaps" + ENTER)
        program.wait_for_text(r"(?s)configmaps.*DATA")
        program.send("[")
        program.wait_for_text(r"deployments\(shop\)")


def test_a_dead_server_is_said_rows_stay_and_it_comes_back(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]]
) -> None:
    config, process = server
    with k8stui(environment, "--kubeconfig", str(config), "-A", "pods") as program:
        program.wait_for_text(r"(?s)live.*Running")
        process.send_signal(signal.SIGSTOP)
        try:
            program.wait_for_text(r"(?s)stale.*Running", timeout=60)
        finally:
            process.send_signal(signal.SIGCONT)
        program.wait_for_text(r"(?s)● live.*Running", timeout=60)


def test_korean_names_and_filters_sit_right(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]]
) -> None:
    with k8stui(environment, "--kubeconfig", str(server[0]), "-A", "events") as program:
        program.wait_for_text(r"events")
        program.send("/한국어 필터" + ENTER)
        program.wait_for_text(r"한\s?국\s?어")


def test_no_server_at_all_is_a_state_and_not_an_end(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "dead"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: dead\n"
        "clusters: [{name: dead, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: nobody, user: {}}]\n"
        "contexts: [{name: dead, context: {cluster: dead, user: nobody}}]\n"
    )
    with k8stui(environment, "--kubeconfig", str(config)) as program:
        program.wait_for_text(r"(?i)offline")
        assert program.process.poll() is None
        program.send(":ctx" + ENTER)
        program.wait_for_text(r"(?s)contexts.*dead")
        program.send(":q" + ENTER)
        assert program.process.wait(10) == 0


def test_errors_that_are_led_elsewhere_do_not_take_the_screen_along(
    environment: dict[str, str], tmp_path: Path
) -> None:
    errors = tmp_path / "errors"
    line = f"exec {sys.executable} -m k8stui 2>{errors}"
    with PtyProgram(["sh", "-c", line], columns=100, lines=30, env=environment) as program:
        program.wait_for_text(r"no context")
        assert errors.read_text() == ""


def test_what_is_typed_ahead_is_neither_lost_nor_taken_for_the_filter(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]]
) -> None:
    with k8stui(environment, "--kubeconfig", str(server[0]), "-A", "deploy") as program:
        program.wait_for_text(r"(?s)deployments\(all\)\[\d+\].*d describe")
        program.send("y")
        program.wait_for_text(r"(?s)yaml\(.*kind: Deployment")
        program.send("/strategy" + ENTER + ":nodes" + ENTER)
        program.wait_for_text(r"(?s)━ nodes\[\d+\].*worker-a1")


def test_a_custom_kind_opens_at_the_start_and_one_that_comes_later_too(
    environment: dict[str, str], server: tuple[Path, subprocess.Popen[str]], tmp_path: Path
) -> None:
    config = str(server[0])
    with k8stui(environment, "--kubeconfig", config, "-A", "promo") as program:
        program.wait_for_text(r"promotions\(all\)\[\d+\]")
    with k8stui(environment, "--kubeconfig", config, "-A", "sprockets") as program:
        program.wait_for_text(r"This server has no kind 'sprockets'")
        manifest = tmp_path / "crd.json"
        manifest.write_text(json.dumps(SPROCKETS))
        beside = str(Path(sys.executable).with_name("kubectl"))
        kubectl = [beside, "--kubeconfig", config, "create", "-f", str(manifest)]
        subprocess.run(kubectl, check=True, capture_output=True, timeout=30)
        program.wait_for_text(r"sprockets\(all\)\[0\]")
