"""The child of `--demo`: it is waited for, it says why it cannot start, and it never outlives its parent."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from k8stui.kube.errors import KubeconfigError
from k8stui.ui.demo_child import DemoChild
from k8stui.ui.launch import Options, launch

if TYPE_CHECKING:
    from pathlib import Path

READY = """
import sys
path = sys.argv[sys.argv.index("--kubeconfig") + 1]
open(path, "w").write("{}")
print("ready", flush=True)
if "--exit-with-stdin" in sys.argv:
    sys.stdin.read()
"""


def child(code: str, **options: float) -> DemoChild:
    return DemoChild([sys.executable, "-c", code], **options)


async def test_it_starts_and_ends_with_its_folder() -> None:
    said: list[str] = []
    demo = child(READY)
    kubeconfig = await demo.start(said.append)
    assert kubeconfig.read_text() == "{}"
    assert stat.S_IMODE(kubeconfig.parent.stat().st_mode) == 0o700
    assert said[0] == "starting the demo cluster"
    process = demo._process
    assert process is not None
    await demo.stop()
    assert process.returncode == 0
    assert not kubeconfig.parent.exists()


async def test_starting_twice_is_one_cluster() -> None:
    demo = child(READY)
    first = await demo.start(lambda step: None)
    assert await demo.start(lambda step: None) == first
    await demo.stop()


async def test_one_that_does_not_start_says_why() -> None:
    demo = child("import sys; sys.exit('port 80 is taken')")
    with pytest.raises(KubeconfigError, match="port 80 is taken"):
        await demo.start(lambda step: None)


async def test_one_that_is_never_ready_is_given_up() -> None:
    demo = child("import time; time.sleep(60)", start_limit=0.3)
    with pytest.raises(KubeconfigError, match="not ready"):
        await demo.start(lambda step: None)


async def test_one_that_does_not_listen_is_killed() -> None:
    demo = child(READY.replace("sys.stdin.read()", "import time; time.sleep(60)"))
    await demo.start(lambda step: None)
    process = demo._process
    assert process is not None
    await demo.stop()
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


async def test_giving_up_while_it_starts_ends_it() -> None:
    demo = child("import time; time.sleep(60)")
    task = asyncio.create_task(demo.start(lambda step: None))
    while demo._process is None:
        await asyncio.sleep(0.01)
    process = demo._process
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode is not None


def test_an_unknown_theme_is_one_sentence_and_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("K8STUI_CONFIG", str(tmp_path))
    assert launch(Options(theme="ligth")) == 2
    assert "There is no theme 'ligth'. Did you mean 'light'?" in capsys.readouterr().err
