"""Recording a session to a file in the asciicast format, version 2, as `asciinema play` reads it.

The file is readable by its owner alone. What is typed is not recorded unless asked for: programs ask for
passwords, and do not show them. Writing is buffered and quick; errors of the disk end the recording.

Source: https://docs.asciinema.org/manual/asciicast/v2/
"""

from __future__ import annotations

import codecs
import json
import os
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Recording"]

MAX_SIZE = 512 * 1024 * 1024
"""Bytes of a file at which a recording ends by itself."""
FLUSH_SECONDS = 1.0
"""What was recorded is on the disk after so long, should the program die."""
_BUFFER = 256 * 1024


class Recording:
    """A recording under way. `clock` gives seconds that never go back, `now` those since the epoch.

    Raises OSError when the file cannot be made: one that exists is never overwritten.
    """

    def __init__(
        self,
        path: Path,
        columns: int,
        lines: int,
        *,
        title: str = "",
        command: str = "",
        environment: Mapping[str, str] | None = None,
        record_input: bool = False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        max_size: int = MAX_SIZE,
    ) -> None:
        self.path = path
        self.size = 0
        """Bytes written so far."""
        self.error = ""
        """Why it ended by itself; "" while it goes well."""
        self._clock = clock
        self._began = self._flushed = clock()
        self._record_input = record_input
        self._max_size = max_size
        self._decode = {kind: codecs.getincrementaldecoder("utf-8")("replace") for kind in "oi"}
        flags = (
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        )
        descriptor = os.open(path, flags, 0o600)
        self._file: IO[bytes] | None = os.fdopen(descriptor, "wb", buffering=_BUFFER)
        header: dict[str, object] = {
            "version": 2,
            "width": columns,
            "height": lines,
            "timestamp": int(now()),
            "env": dict(environment or {"TERM": "xterm-256color"}),
        }
        if title:
            header["title"] = title
        if command:
            header["command"] = command
        self._write(header)

    @property
    def active(self) -> bool:
        return self._file is not None

    @property
    def seconds(self) -> float:
        """How long it has been going."""
        return self._clock() - self._began

    def output(self, data: bytes) -> None:
        """What the program wrote; characters may be split between calls."""
        self._event("o", self._decode["o"].decode(data))

    def input(self, data: bytes) -> None:
        """What was typed: recorded only with `record_input`."""
        if self._record_input:
            self._event("i", self._decode["i"].decode(data))

    def resize(self, columns: int, lines: int) -> None:
        """The terminal has another size."""
        self._event("r", f"{columns}x{lines}")

    def close(self) -> None:
        """End it; calling it again does nothing. Never raises."""
        for kind, decoder in self._decode.items():
            if rest := decoder.decode(b"", final=True):
                self._event(kind, rest)
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self.error = self.error or f"The recording is incomplete: {error.strerror or error}"

    def _event(self, kind: str, text: str) -> None:
        if text:
            self._write([round(self.seconds, 6), kind, text])

    def _write(self, value: object) -> None:
        if self._file is None:
            return
        line = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if self.size + len(line) > self._max_size:
            self._fail(f"it has reached {self._max_size // (1024 * 1024)} MiB")
            return
        try:
            self._file.write(line)
            if self._clock() - self._flushed > FLUSH_SECONDS:
                self._flushed = self._clock()
                self._file.flush()
        except OSError as error:
            self._fail(error.strerror or str(error))
            return
        self.size += len(line)

    def _fail(self, why: str) -> None:
        self.error = f"The recording has ended: {why}"
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                return
