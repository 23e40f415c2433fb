"""What is remembered of shells between runs: own commands and debug images that were used, the dock's height.

One JSON file beside the layouts, 0600: commands may say more than their user would like others to read.
A file that cannot be read is an empty one; nothing here ever stops a shell.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from pathlib import Path

FILE = "shells.json"
KEPT = 100


class _Data(Struct):
    commands: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    dock_height: int = 0


class ShellMemory:
    """The file. `folder` None keeps everything in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE if folder else None
        self._data = self._read()

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands that were run, the newest first."""
        return tuple(reversed(self._data.commands))

    @property
    def images(self) -> tuple[str, ...]:
        """Debug images that were used, the newest first."""
        return tuple(reversed(self._data.images))

    @property
    def dock_height(self) -> int:
        """Rows of the dock; 0 where the user never chose."""
        return self._data.dock_height

    def add_command(self, command: str) -> None:
        """This was run."""
        self._data.commands = _newest(self._data.commands, command)
        self._save()

    def add_image(self, image: str) -> None:
        """This was used."""
        self._data.images = _newest(self._data.images, image)
        self._save()

    def keep_dock_height(self, rows: int) -> None:
        """The user wants the dock to be so high."""
        if rows != self._data.dock_height:
            self._data.dock_height = rows
            self._save()

    def _read(self) -> _Data:
        if self._path is None:
            return _Data()
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Data)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return _Data()

    def _save(self) -> None:
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".shells-")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(msgspec.json.encode(self._data))
                os.replace(name, self._path)  # noqa: PTH105
            except BaseException:
                os.unlink(name)  # noqa: PTH108
                raise


def _newest(entries: list[str], entry: str) -> list[str]:
    return [*(each for each in entries if each != entry), entry][-KEPT:]
