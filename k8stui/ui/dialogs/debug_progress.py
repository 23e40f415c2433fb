"""How creating something goes, until it runs or will not. esc gives up waiting; what was made stays."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from textual.widgets import LoadingIndicator

from k8stui.ui.dialogs.base import Dialog, PlainText
from k8stui.ui.dialogs.shell_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult

    from k8stui.kube.debug.ephemeral import Progress
    from k8stui.kube.debug.operations import DebugResult

KEPT = 6


class ProgressDialog(Dialog["DebugResult"]):
    """Does it, and shows what it waits for. The answer is what came of it; None when it was given up.

    A failure is shown, not answered: the user reads it and closes the dialog.
    """

    def __init__(
        self, title: str, work: Callable[[Callable[[Progress], None]], Awaitable[DebugResult]]
    ) -> None:
        super().__init__(title)
        self._work = work
        self._began = time.monotonic()
        self._lines: list[str] = []
        self._text = PlainText("")
        self._trouble = PlainText("", classes="trouble")
        self._hint = PlainText("", classes="about")
        self._busy = LoadingIndicator()
        self._busy.styles.height = 1
        self._doing: asyncio.Task[None] | None = None

    def compose_body(self) -> ComposeResult:
        yield self._text
        yield self._trouble
        yield self._busy
        yield self._hint

    def on_mount(self) -> None:
        self._trouble.display = False
        self._hint.say("esc gives up waiting: what was created stays, and :debug lists it.")
        self.set_interval(1.0, self._show)
        self._doing = asyncio.get_running_loop().create_task(self._run())

    async def on_unmount(self) -> None:
        """Nobody waits any more."""
        if self._doing is not None:
            self._doing.cancel()
            await asyncio.gather(self._doing, return_exceptions=True)

    async def _run(self) -> None:
        from k8stui.kube.debug.ephemeral import OutcomeKind
        from k8stui.kube.errors import KubeError

        try:
            result = await self._work(self._progress)
        except KubeError as error:
            self._failed(error.sentence())
            return
        except OSError as error:
            self._failed(f"It was not remembered what was created: {error.strerror or error}")
            return
        if result.outcome.kind is OutcomeKind.FAILED:
            self._failed(f"{result.outcome.sentence}; {result.outcome.hint}".rstrip("; "))
            return
        self.dismiss(result)

    def _progress(self, progress: Progress) -> None:
        self._lines.append(f"{'✗' if progress.failing else '·'} {progress.text}")
        self._show()

    def _show(self) -> None:
        waited = int(time.monotonic() - self._began)
        shown = self._lines[-KEPT:]
        lines = [*shown[:-1], f"{shown[-1]}  {waited} s"] if shown else [f"  {waited} s"]
        self._text.say(lines_of("\n".join(lines)))

    def _failed(self, sentence: str) -> None:
        self._busy.display = False
        # what it said last is what it failed for: that is told once
        self._lines = [line for line in self._lines if line.partition(" ")[2] not in sentence]
        self._show()
        self._trouble.display = True
        self._trouble.say(f"{sentence}.")
        self._hint.say("esc closes this.")
