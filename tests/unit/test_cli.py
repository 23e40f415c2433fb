"""The command line, run as a user runs it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from k8stui.cli import parse_options, terminal_complaint
from k8stui.ui.launch import Options, OptionsError, make_app

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "k8stui", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **env},
        check=False,
    )


def test_version() -> None:
    started = time.monotonic()
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("k8stui 0.")
    assert time.monotonic() - started < 5, "even on a busy machine"


def test_help_names_every_argument() -> None:
    result = run("--help")
    assert result.returncode == 0
    for word in (
        "--context",
        "--kubeconfig",
        "-n",
        "-A",
        "--readonly",
        "--demo",
        "--theme",
        "KIND",
        "demo-server",
    ):
        assert word in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nope"], "unrecognized arguments: --nope"),
        (["-A", "-n", "a"], "not allowed with argument"),
        (["--context"], "expected one argument"),
        (["--demo", "--context", "x"], "--demo brings its own cluster"),
        (["--kubeconfig", "/does/not/exist"], "there is no file /does/not/exist"),
        (["-n", "a,,b"], "parted by commas"),
        (["pods", "nodes"], "unrecognized arguments: nodes"),
    ],
)
def test_a_mistake_is_one_sentence_and_code_2(arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_without_a_terminal_it_says_so() -> None:
    result = run()
    assert result.returncode == 1
    assert "start it in a terminal" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_dumb_terminal_is_told_from_a_good_one() -> None:
    assert "TERM=dumb" in terminal_complaint({"TERM": "dumb"}, input_is_tty=True, output_is_tty=True)
    assert terminal_complaint({"TERM": "xterm"}, input_is_tty=True, output_is_tty=True) == ""


def loaded_by(statement: str, *modules: str) -> list[str]:
    """Which of the modules are loaded after a statement ran in a fresh interpreter."""
    code = f"import sys; {statement}; print(' '.join(m for m in {modules!r} if m in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


HEAVY = ("aiohttp", "yaml", "kubernetes_asyncio", "kubernetes", "asyncio.subprocess_", "ssl")


def test_the_command_line_imports_nothing_heavy() -> None:
    assert loaded_by("import k8stui.cli", "textual", "rich", "msgspec", "asyncio", *HEAVY) == []


def test_the_first_frame_imports_no_network() -> None:
    assert loaded_by("import k8stui.ui.app, k8stui.ui.launch", "aiohttp", "yaml", "kubernetes_asyncio") == []


def test_options_can_be_read_and_an_app_made_without_running_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("K8STUI_CONFIG", str(tmp_path))
    monkeypatch.setenv("K8STUI_STATE", str(tmp_path))
    options = parse_options(["--theme", "light", "-n", "shop,default,shop", "--readonly", "deploy"])
    assert options == Options(theme="light", namespaces=("shop", "default"), readonly=True, kind="deploy")
    app = make_app(options)
    assert app.theme == "light"
    assert app.session.readonly
    assert not app.is_running
    with pytest.raises(OptionsError, match="Did you mean 'light'"):
        make_app(Options(theme="ligth"))
