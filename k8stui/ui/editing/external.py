"""The user's own editor on the buffer of an editor pane: the screen is suspended meanwhile.

The text is in a file of its own, readable by the user alone, for just so long.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.ui.views.editor import EditorView


LAST_SAVE = 0.5
"""Seconds that an editor has when the program ends."""


def editor_command() -> list[str]:
    """The words of the user's editor: KUBE_EDITOR, VISUAL or EDITOR as kubectl and git take them, else one
    that is there; [] when none is."""
    for name in ("KUBE_EDITOR", "VISUAL", "EDITOR"):
        words = os.environ.get(name, "").strip()
        if words:
            try:
                return shlex.split(words)
            except ValueError:
                return [words]
    return next(([found] for name in ("vi", "vim", "nano") if (found := shutil.which(name))), [])


async def edit_outside(view: EditorView) -> None:
    """Let the user's editor change the text; then it is tried and shown as at a save."""
    from k8stui.ui.editing.flow import save

    app = view.desk.app
    command = editor_command()
    if not command:
        app.complain("No editor is known: set EDITOR, as in EDITOR=vim.")
        return
    before = view.content
    try:
        after, code = await _run(view, command, before)
    except OSError as error:
        app.complain(f"{command[0]} could not be started: {error.strerror or error}.")
        return
    if after is None:
        if code is not None:
            app.complain(f"{command[0]} left no text to be read: what was here stays.")
        return
    changed = after.rstrip("\n") != before.rstrip("\n")  # editors end the last line, or add one
    if changed:
        view.replace_text(after)
    if code:
        there = "its text is here, and was not tried" if changed else "nothing was changed"
        app.complain(f"{command[0]} ended with {code}: {there}.")
    elif changed:
        await save(view)
    else:
        app.say("Nothing was changed.")


async def _run(view: EditorView, command: list[str], text: str) -> tuple[str | None, int | None]:
    """The text as the editor leaves it and its exit code; None when there is no text, or was no run.

    Raises OSError for an editor that cannot be started.
    """
    from textual.app import SuspendNotSupported

    from k8stui.ui.terminal_away import terminal_away

    app = view.desk.app
    if sys.platform == "win32" or app.is_headless:
        app.complain("The terminal cannot be given to an editor here.")
        return None, None
    with tempfile.TemporaryDirectory(prefix="k8stui-") as folder:  # mode 0700
        path = Path(folder) / "edit.yaml"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        try:
            with terminal_away(app):
                code = await _ended([*command, str(path)])
        except asyncio.CancelledError:  # the program ends: its folder goes, what was saved in it does not
            if (saved := _read(path)) is not None:
                view.replace_text(saved)
                view.close()
            raise
        except SuspendNotSupported:
            app.complain("This terminal cannot be given to an editor.")
            return None, None
        return _read(path), code


async def _ended(command: list[str]) -> int:
    """Run it; its exit code. It goes with the program, as editors do whose terminal is closed."""
    process = await asyncio.create_subprocess_exec(*command)
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError, TimeoutError):
            process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(LAST_SAVE):
                await process.wait()
        raise


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
