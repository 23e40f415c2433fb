"""The `demo-server` command: its options, its kubeconfig, its end."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from k8stui.demo.cluster import DemoCluster
from k8stui.demo.command import main
from k8stui.demo.kubeconfig import Identity, identity_for, kubeconfig_text, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "k8stui.demo"]
SMALL = ["--churn", "0"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    kubeconfig = tmp_path / "kubeconfig"
    command = [*PROGRAM, *SMALL, "--kubeconfig", str(kubeconfig), "--exit-with-stdin"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    line = server.stdout.readline()
    yield server, kubeconfig, line
    server.kill()
    server.wait()
    for stream in (server.stdin, server.stdout):
        assert stream is not None
        stream.close()


def servers(kubeconfig: Path) -> dict[str, str]:
    text = kubeconfig.read_text("utf-8").partition("\n")[2]
    return {entry["name"]: entry["cluster"]["server"] for entry in json.loads(text)["clusters"]}


def test_the_ready_line_has_no_secret_and_the_kubeconfig_is_private(
    started: tuple[subprocess.Popen[str], Path, str],
) -> None:
    _, kubeconfig, line = started
    assert line.startswith("ready: http://127.0.0.1:")
    assert line.rstrip().endswith(f"kubeconfig {kubeconfig}")
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    for server in servers(kubeconfig).values():
        address, _, token = server.rpartition("/")
        assert address in line
        assert token not in line
        assert len(token) >= 32


def test_both_users_are_let_in(started: tuple[subprocess.Popen[str], Path, str]) -> None:
    _, kubeconfig, _ = started
    found = servers(kubeconfig)
    assert set(found) == {"demo", "demo-limited"}
    for server in found.values():
        with urllib.request.urlopen(f"{server}/version", timeout=10) as answer:
            assert json.load(answer)["major"] == "1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(
    started: tuple[subprocess.Popen[str], Path, str], number: signal.Signals
) -> None:
    server, kubeconfig, _ = started
    url = f"{servers(kubeconfig)['demo']}/api/v1/pods?watch=1"
    with urllib.request.urlopen(url, timeout=10) as watching:
        assert watching.readline()
        server.send_signal(number)
        assert server.wait(5) == 0


def test_it_ends_with_its_standard_input(started: tuple[subprocess.Popen[str], Path, str]) -> None:
    server, _, _ = started
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait(5) == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--port", "70000"], "70000"),
        (["--pods", "many"], "many"),
        (["--churn", "-1"], "-1"),
        (["--faults", "earthquake"], "earthquake"),
        (["--wings"], "--wings"),
    ],
)
def test_bad_arguments_get_one_sentence(
    arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert word in error
    assert len(error.strip().splitlines()) == 1


def test_a_kubeconfig_of_somebody_else_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "config"
    mine.write_text("apiVersion: v1\nkind: Config\n", "utf-8")
    assert main(["--kubeconfig", str(mine)]) == 2
    assert mine.read_text("utf-8") == "apiVersion: v1\nkind: Config\n"
    assert "stays as it is" in capsys.readouterr().err


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*PROGRAM, *SMALL, "--port", port, "--kubeconfig", str(tmp_path / "k")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


class TestStartedAgain:
    """A server that is started again with its file and port is the same server, later."""

    def _identity(self, path: Path, port: int) -> Identity:
        found = identity_for(path, port)
        write_private(path, kubeconfig_text(port, found, "shop"))
        return found

    def test_its_secrets_stay_and_its_lives_are_counted(self, tmp_path: Path) -> None:
        path = tmp_path / "kubeconfig"
        lives = [self._identity(path, 4711) for _ in range(3)]
        assert [found.life for found in lives] == [0, 1, 2]
        assert len({found.tokens for found in lives}) == 1

    def test_on_another_port_it_is_another_server(self, tmp_path: Path) -> None:
        path = tmp_path / "kubeconfig"
        first = self._identity(path, 4711)
        assert identity_for(path, 4712).tokens != first.tokens
        assert identity_for(path, 0).tokens != first.tokens
        assert identity_for(None, 4711).tokens != first.tokens

    def test_a_secret_that_others_could_read_is_given_up(self, tmp_path: Path) -> None:
        path = tmp_path / "kubeconfig"
        first = self._identity(path, 4711)
        path.chmod(0o640)
        assert identity_for(path, 4711).tokens != first.tokens

    @pytest.mark.parametrize("spoil", ["", "# Written by k8stui demo-server\n{", "{}", "\xff"])
    def test_a_spoiled_file_is_as_none(self, tmp_path: Path, spoil: str) -> None:
        path = tmp_path / "kubeconfig"
        path.write_text(spoil, "latin-1")
        path.chmod(0o600)
        assert identity_for(path, 4711).life == 0

    def test_a_weak_secret_is_not_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "kubeconfig"
        write_private(path, kubeconfig_text(4711, Identity(("a", "b")), "shop"))
        assert identity_for(path, 4711).tokens != ("a", "b")

    def test_versions_of_a_later_life_are_higher_than_all_before(self) -> None:
        first = DemoCluster(("a", "b"), controllers=False)
        later = DemoCluster(("a", "b"), controllers=False, life=1)
        assert later.store.compacted > first.store.resource_version + 1_000_000
