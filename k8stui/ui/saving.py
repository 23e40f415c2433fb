"""What a table, a log or the screen shows, written to a file that only the user can read.

Lines come in slices, so that two hundred thousand of them never hold up a key, and go to the disk in a
thread. A file is never written over. Text is as on the screen: control characters are already harmless.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from k8stui.ui.app import K8stuiApp

SLICE = 0.006
"""Seconds of making lines between two looks at the keys."""
AT_ONCE = 2_000
MOST_LOOKS = 100
"""How often, each 10 ms, is looked whether the prompt is gone."""
_UNFIT = re.compile(r"[^\w.,=-]+")


def file_name(title: str, suffix: str, moment: float | None = None) -> str:
    """A name that tells what and when: `pods-shop-20260131-080000.txt`."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(moment))
    plain = _UNFIT.sub("-", title).strip("-.")[:80] or "k8stui"
    return f"{plain}-{stamp}{suffix}"


def _paths(folder: Path, name: str) -> Iterator[Path]:
    stem, dot, suffix = name.rpartition(".")
    yield folder / name
    for number in range(2, 100):
        yield folder / f"{stem}-{number}{dot}{suffix}"


def create(folder: Path, name: str) -> tuple[Path, int]:
    """A new file (0600) of that name, or the next free one; its path and descriptor. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in _paths(folder, name):
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(f"{name} is there a hundred times")


async def save_lines(
    lines: Iterable[str],
    folder: Path,
    name: str,
    progress: Callable[[int], None] | None = None,
) -> tuple[Path, int]:
    """Write lines to a new file; its path and how many they were. Raises OSError.

    `progress` is told after each slice how many lines are written. A file that does not become whole is taken
    away again: nobody shall take it for all there was.
    """
    path, handle = await asyncio.to_thread(create, folder, name)
    try:
        return path, await _write_all(lines, handle, progress)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _write_all(lines: Iterable[str], handle: int, progress: Callable[[int], None] | None) -> int:
    count = 0
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        batch: list[str] = []
        deadline = time.perf_counter() + SLICE
        for line in lines:
            batch.append(line)
            count += 1
            if time.perf_counter() >= deadline or len(batch) >= AT_ONCE:
                await asyncio.to_thread(file.write, "".join(f"{each}\n" for each in batch))
                batch.clear()
                if progress is not None:
                    progress(count)
                deadline = time.perf_counter() + SLICE
        await asyncio.to_thread(file.write, "".join(f"{each}\n" for each in batch))
    return count


class Saver:
    """Saves to the user's state folder (without one: where we are), beside the screen, and says where."""

    def __init__(self, app: K8stuiApp) -> None:
        self._app = app

    def lines(
        self,
        lines: Iterable[str],
        title: str,
        suffix: str,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Write lines to a new file. `progress` is told how many are written, at the end `sys.maxsize`."""
        self._start(lines, file_name(title, suffix), "{:,} lines", progress)

    def picture(self) -> None:
        """Write the screen as a picture (SVG), as soon as the line that asked for it is gone from it."""
        self._app.run_worker(self._take_picture(), group="save", exit_on_error=False)

    async def _take_picture(self) -> None:
        for _ in range(MOST_LOOKS):
            if not self._app.main.prompt.region:
                break
            await asyncio.sleep(0.01)
        self._start([self._app.export_screenshot()], file_name("screen", ".svg"), "the screen", None)

    def _start(
        self, lines: Iterable[str], name: str, what: str, progress: Callable[[int], None] | None
    ) -> None:
        writing = self._write(lines, name, what, progress)
        self._app.run_worker(writing, group="save", exit_on_error=False)

    async def _write(
        self, lines: Iterable[str], name: str, what: str, progress: Callable[[int], None] | None
    ) -> None:
        app = self._app
        folder = app.state.saved
        try:
            path, count = await save_lines(lines, folder, name, progress)
        except OSError as error:
            app.complain(f"Nothing was saved in {folder}: {error.strerror or error}.")
        except Exception as defect:
            app.confess(defect)
        else:
            app.say(f"Saved {what.format(count)} to {path}.")
        finally:
            if progress is not None:
                progress(sys.maxsize)
