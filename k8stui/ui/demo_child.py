"""The simulated cluster of `--demo`: a process of its own that lives as long as the screen.

It is told apart from a real cluster by its own kubeconfig in a temporary folder (0700), which goes when it
ends. A pipe to its standard input stays open as long as this process lives: when that closes, for whatever
reason, the child ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START_LIMIT = 60.0
"""Seconds for the simulated cluster to be ready on a slow machine."""
STOP_LIMIT = 1.5
LINES_KEPT = 5


class DemoChild:
    """Starts and ends `k8stui demo-server`."""

    def __init__(self, command: Sequence[str] = (), *, start_limit: float = START_LIMIT) -> None:
        """`command` stands in for `python -m k8stui demo-server` in tests."""
        self._command = list(command) or [sys.executable, "-m", "k8stui", "demo-server"]
        self._limit = start_limit
        self._process: asyncio.subprocess.Process | None = None
        self._folder: Path | None = None
        self._drains: list[asyncio.Task[None]] = []

    async def start(self, on_progress: Callable[[str], None]) -> Path:
        """Start it and wait until it is ready; the path of its kubeconfig.

        Raises KubeconfigError, in words for the user, when it does not get ready.
        """
        from k8stui.kube.errors import KubeconfigError

        if self._folder is not None and self._process is not None and self._process.returncode is None:
            return self._folder / "kubeconfig"
        on_progress("starting the demo cluster")
        self._folder = Path(tempfile.mkdtemp(prefix="k8stui-demo-"))
        kubeconfig = self._folder / "kubeconfig"
        arguments = ["--port", "0", "--kubeconfig", str(kubeconfig), "--exit-with-stdin"]
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # ctrl-c in the terminal is for the screen, not for the cluster
        )
        said: list[str] = []
        self._drains = [asyncio.create_task(self._drain(self._process.stderr, said))]
        try:
            async with asyncio.timeout(self._limit):
                line = await self._first_line(self._process)
        except TimeoutError:
            await self.stop()
            raise KubeconfigError(f"The demo cluster was not ready after {self._limit:.0f} s") from None
        except BaseException:
            await self.stop()
            raise
        if not line or not kubeconfig.is_file():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_LIMIT):
                    await asyncio.gather(*self._drains)
            await self.stop()
            last = said[-1] if said else "it ended without a word"
            raise KubeconfigError(f"The demo cluster did not start: {last}")
        self._drains.append(asyncio.create_task(self._drain(self._process.stdout, [])))
        on_progress("the demo cluster is ready")
        return kubeconfig

    @staticmethod
    async def _first_line(process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None  # it was asked for
        return await process.stdout.readline()

    @staticmethod
    async def _drain(stream: asyncio.StreamReader | None, kept: list[str]) -> None:
        """Read what the child says, so that it never waits for a reader; keep the last lines."""
        while stream is not None and (chunk := await stream.read(65536)):
            kept.extend(line for line in chunk.decode("utf-8", "replace").splitlines() if line.strip())
            del kept[:-LINES_KEPT]

    async def stop(self) -> None:
        """End it: first by closing its input, then, if it does not listen, by killing it."""
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        self._drains = []
        folder, self._folder = self._folder, None
        if folder is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    @staticmethod
    async def _end(process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(STOP_LIMIT):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
