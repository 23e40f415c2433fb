"""What debugging has created, remembered in a file (0600) until it is cleaned up.

The file belongs to all programs of this user: it is read anew before each change and replaced as a whole.
Nothing but names is in it, never a secret. A file that cannot be read is set aside, not overwritten.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["DebugEntry", "DebugRecord"]


class DebugEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was created. `kind` is a value of `DebugKind`; `created` in seconds since the epoch."""

    kind: str
    context: str
    namespace: str
    pod: str
    uid: str
    """Of the pod."""
    container: str = ""
    image: str = ""
    node: str = ""
    created: float = 0.0

    @property
    def removable(self) -> bool:
        """Whether it can be deleted by itself; an ephemeral container goes with its pod only."""
        return self.kind != "ephemeral"


class _File(msgspec.Struct):
    version: int = 1
    entries: list[DebugEntry] = []


class DebugRecord:
    """The record in `path`. Its folder is made when needed. Methods raise OSError when it cannot be kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changing = asyncio.Lock()

    async def entries(self, context: str | None = None) -> tuple[DebugEntry, ...]:
        """What is remembered (of a context, or of all), oldest first."""
        found = await asyncio.to_thread(self._read)
        return tuple(entry for entry in found if context is None or entry.context == context)

    async def add(self, entry: DebugEntry) -> None:
        """Remember one more."""
        await self._change(lambda entries: [*(old for old in entries if old != entry), entry])

    async def forget(self, *gone: DebugEntry) -> None:
        """Remember these no more."""
        if gone:
            await self._change(lambda entries: [old for old in entries if old not in gone])

    async def _change(self, change: Callable[[list[DebugEntry]], list[DebugEntry]]) -> None:
        async with self._changing:
            await asyncio.to_thread(self._rewrite, change)

    def _rewrite(self, change: Callable[[list[DebugEntry]], list[DebugEntry]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(self.path.with_name(self.path.name + ".lock")):
            entries = change(self._read(set_aside=True))
            body = msgspec.json.format(msgspec.json.encode(_File(entries=entries)), indent=2)
            _replace(self.path, body)

    def _read(self, *, set_aside: bool = False) -> list[DebugEntry]:
        try:
            body = self.path.read_bytes()
        except FileNotFoundError:
            return []
        try:
            return msgspec.json.decode(body, type=_File).entries
        except (msgspec.DecodeError, UnicodeDecodeError):
            if set_aside:
                self.path.replace(self.path.with_name(self.path.name + ".broken"))
            return []


def _replace(path: Path, body: bytes) -> None:
    """Write a file as a whole or not at all; mkstemp makes it 0600."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - mkstemp gives a name
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time among all programs, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
