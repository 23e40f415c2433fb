"""The emulator against independent suites, where their folder lies beside the project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITES = ROOT.parent / "shared" / "terminal-conformance"

pytestmark = pytest.mark.skipif(not SUITES.is_dir(), reason="the conformance suites are not here")


def run(script: str, *arguments: str) -> str:
    argv = [sys.executable, str(SUITES / script), "tests.terminal_adapter:Vt", *arguments]
    result = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    return result.stdout


@pytest.mark.parametrize("arguments", [(), ("--chunk", "7")], ids=["whole", "in pieces of 7 bytes"])
def test_alacritty_recordings(arguments: tuple[str, ...]) -> None:
    output = run("run_refs.py", *arguments)
    match = re.search(r"text (\d+)/45 +cells (\d+)/45 +text\+attrs (\d+)/45 +scrollback (\d+)/(\d+)", output)
    assert match, output
    text, cells, attributes, scrollback, of = map(int, match.groups())
    assert text >= 42
    assert cells >= 42
    assert attributes >= 40
    assert scrollback == of


def test_xterm_js_files() -> None:
    output = run("run_xtermjs.py")
    match = re.search(r": (\d+)/76", output)
    assert match, output
    assert int(match[1]) >= 71
