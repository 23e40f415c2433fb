"""Files with secrets and certificates that others rotate: read again when they change.

A file is looked at (mtime, inode, size) at most every few seconds, apart from the event loop, since it may
lie on a mount that is slow or hangs. The last good content stays in use when a file is half written, gone
for a moment, or out of reach.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from k8stui.kube.apart import HANGS, LIMIT, Apart
from k8stui.kube.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["WatchedFiles", "read_file", "stamp"]

CHECK_EVERY = 3.0
"""Seconds between two looks at the same files."""
REREAD_EVERY = 60.0
"""Seconds after which files are read again even if they look the same, as client-go does for tokens."""

Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """What changes when a file is replaced or written; None when it cannot be seen."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def read_file(path: Path, what: str) -> bytes:
    """The content of `path`. Raises CredentialsError that says `what` was to be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CredentialsError(
            f"{what} {path} does not exist", hint="check the path in the kubeconfig, or log in again"
        ) from None
    except PermissionError:
        raise CredentialsError(f"{what} {path} may not be read", hint="check who owns the file") from None
    except OSError as error:
        raise CredentialsError(f"{what} {path} cannot be read: {error.strerror or error}") from None


class WatchedFiles:
    """Some files that belong together (a certificate and its key), read as one and again when one changes.

    `what` names each for messages. `clock` is monotonic seconds. `contents()` is cheap between looks.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        what: Sequence[str],
        *,
        clock: Callable[[], float] = time.monotonic,
        check_every: float = CHECK_EVERY,
        limit: float = LIMIT,
    ) -> None:
        self._paths = tuple(paths)
        self._what = tuple(what)
        self._clock = clock
        self._check_every = check_every
        self._contents: tuple[bytes, ...] | None = None
        self._failure: CredentialsError | None = None
        self._stamps: tuple[Stamp, ...] = ()
        self._looked = float("-inf")
        self._read = float("-inf")
        self._lock = asyncio.Lock()
        self._apart = Apart(limit)

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._paths

    async def contents(self, *, look_now: bool = False) -> tuple[bytes, ...]:
        """The content of each file. Raises CredentialsError only if a file could never be read.

        `look_now` looks at the files even if that was done a moment ago (after the server said no).
        """
        contents = self._contents
        early = not look_now and self._clock() - self._looked < self._check_every
        if contents is not None and (early or self._apart.hangs):
            return contents
        asked = self._clock()
        async with self._lock:
            # Whoever waited for the lock takes what was found, if that was after the question.
            if self._looked < asked:
                self._failure = await self._look()
        if self._contents is None:
            assert self._failure is not None
            raise self._failure.again()
        return self._contents

    async def _look(self) -> CredentialsError | None:
        """Read what has changed; what went wrong with that."""
        now = self._clock()
        failure: CredentialsError | None = None
        try:
            stamps = await self._apart.run(lambda: tuple(stamp(path) for path in self._paths))
            old = now - self._read >= REREAD_EVERY
            if self._contents is None or old or stamps != self._stamps:
                self._contents = await self._apart.run(self._read_all)
                self._stamps = stamps
                self._read = now
        except CredentialsError as error:
            failure = error
        except TimeoutError:
            names = " or ".join(f"{what} {path}" for what, path in zip(self._what, self._paths, strict=True))
            failure = CredentialsError(
                f"{names} could not be read within {self._apart.limit:g} s", hint=HANGS
            )
        self._looked = self._clock()
        return failure

    def _read_all(self) -> tuple[bytes, ...]:
        return tuple(read_file(path, what) for path, what in zip(self._paths, self._what, strict=True))
