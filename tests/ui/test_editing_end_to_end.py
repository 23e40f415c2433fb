"""The user's own editor on an object, in a real pseudo terminal: what it leaves, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pty

ESCAPE, ALT_E, ALT_X = "\x1b", "\x1be", "\x1bx"
EDITOR = """\
#!/bin/sh
stat -c %a "$1" > {folder}/mode
printf 'IN THE EDITOR'
. {folder}/does
"""


def started(tmp_path: Path) -> tuple[PtyProgram, Path, Path]:
    """The program, the editor's script, and the file with what the editor does."""
    script, does = tmp_path / "editor", tmp_path / "does"
    script.write_text(EDITOR.format(folder=tmp_path))
    script.chmod(0o755)
    environment = {
        "HOME": str(tmp_path),
        "K8STUI_STATE": str(tmp_path / "state"),
        "KUBECONFIG": str(tmp_path / "none"),
        "KUBE_EDITOR": str(script),
    }
    argv = [sys.executable, "-m", "k8stui", "--demo", "-n", "shop", "deploy"]
    return PtyProgram(argv, columns=120, lines=40, env=environment), script, does


def test_what_was_saved_in_an_editor_outlives_a_program_that_is_ended(tmp_path: Path) -> None:
    opened, _, does = started(tmp_path)
    with opened as program:
        program.wait_for_text(r"(?s)deployments\(shop\)\[\d+\].*e edit")
        does.write_text(
            """sed -i 's/replicas: 3/replicas: 2  # less/' "$1"; printf SAVED; exec sleep 100\n"""
        )
        program.send("E")
        program.wait_for_output(b"SAVED")
        children = psutil.Process(program.process.pid).children(recursive=True)
        os.kill(program.process.pid, signal.SIGTERM)
        assert program.process.wait(5) == -signal.SIGTERM
        assert not psutil.wait_procs(children, timeout=5)[1], "nor is the editor left behind"
    (draft,) = (tmp_path / "state").glob("drafts/*.json")
    assert "replicas: 2  # less" in draft.read_text()


def test_an_editor_of_the_user_works_on_the_same_pipeline(tmp_path: Path) -> None:
    opened, script, does = started(tmp_path)
    with opened as program:
        program.wait_for_text(r"(?s)deployments\(shop\)\[\d+\].*e edit")

        does.write_text("exit 0\n")
        program.send("E")
        program.wait_for_output(b"IN THE EDITOR")
        program.wait_for_text("Nothing was")
        assert (tmp_path / "mode").read_text() == "600\n"

        does.write_text("""sed -i 's/replicas: 3/replicas: 2  # less/' "$1"\n""")
        program.send(ALT_E)
        program.wait_for_text(r"(?s)Save Deployment shop/cart.*spec\.replicas.*- 3.*\+ 2")
        program.send(ESCAPE)
        program.wait_for_text(r"replicas: 2  # less")

        does.write_text("""sed -i 's/replicas: 2/replicas: 1/' "$1"; exit 3\n""")
        program.send(ALT_E)
        program.wait_for_text(r"(?s)replicas: 1  # less.*ended with 3")

        does.write_text('rm "$1"\n')
        program.send(ALT_E)
        program.wait_for_text("left no text")
        assert "replicas: 1  # less" in program.text()

        script.unlink()
        program.send(ALT_E)
        program.wait_for_text("could not be started")
        program.send(ALT_X)
        program.wait_for_text(r"(?s)deployments\(shop\)\[\d+\].*e edit")
    assert not list((tmp_path / "state").glob("drafts/*"))
