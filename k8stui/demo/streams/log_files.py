"""The files of container logs on a simulated node, as a kubelet keeps them: the current one and rotated ones.

A log is cut into files by number of lines or by time, of which the last ones are kept: the
newest rotated file as it is, older ones compressed. `pods/NAMESPACE_NAME_UID/CONTAINER/` serves them in the
format of container runtimes. Files are made when they are asked for; a few are kept for who asks piece by
piece.
"""

from __future__ import annotations

import asyncio
import zlib
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from k8stui.demo.containers import STATUS_LISTS, Container
from k8stui.demo.streams.loglines import SECOND
from k8stui.demo.streams.logs import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from k8stui.demo.runtime import Runtime
    from k8stui.demo.streams.loglines import Entry, LogFile

KEPT = 6
"""Files that are not made anew for each piece."""
LONGEST = 16 * 1024
"""Longer lines are written in parts."""
BATCH = 2_000


class LogFiles:
    """Answers for the log files of pods."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._made: dict[tuple[str, str], bytes] = {}

    async def get(self, pods: Sequence[Any], path: str) -> bytes | list[str] | None:
        """A file, the names in a folder, or nothing; `path` is what follows `pods/`."""
        folders = {_folder(pod): pod for pod in pods}
        folder, _, rest = path.partition("/")
        if not folder:
            return sorted(f"{name}/" for name in folders)
        if folder not in folders:
            return None
        name, _, file = rest.partition("/")
        runs = list(_runs(folders[folder]))
        if not name:
            return sorted({f"{run.name}/" for run in runs})
        named = {name_: entry for run in runs if run.name == name for name_, entry in self._files(run)}
        if not named:
            return None
        return await self._read(file, *named[file]) if file in named else None if file else sorted(named)

    def _files(self, run: Container) -> Iterator[tuple[str, tuple[Container, LogFile]]]:
        """The names of a run's files."""
        files = self._runtime.log_files(run)
        last = len(files) - 2
        for at, (file, after) in enumerate(pairwise([*files, None])):
            assert file is not None
            name = f"{run.restart}.log"
            if after is not None:
                moment = datetime.fromtimestamp(after.begins / SECOND, UTC)
                name += f".{moment:%Y%m%d-%H%M%S}" + (".gz" if at < last else "")
            yield name, (run, file)

    async def _read(self, name: str, run: Container, file: LogFile) -> bytes:
        rotated = not name.endswith(".log")
        key = (run.id, name)
        if key in self._made:
            return self._made[key]
        packing = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16) if name.endswith(".gz") else None
        parts = []
        lines = map(_written, file.read())
        while data := b"".join(islice(lines, BATCH)):
            parts.append(data if packing is None else packing.compress(data))
            await asyncio.sleep(0)
        if packing is not None:
            parts.append(packing.flush())
        body = b"".join(parts)
        if rotated:
            self._made[key] = body
            for old in list(self._made)[:-KEPT]:
                del self._made[old]
        return body


def _folder(pod: Any) -> str:
    meta = pod["metadata"]
    return f"{meta.get('namespace', '')}_{meta['name']}_{meta.get('uid', '')}"


def _runs(pod: Any) -> Iterator[Container]:
    """The run before of each container and the present one: the kubelet keeps no others."""
    for key in STATUS_LISTS:
        for status in pod.get("status", {}).get(key) or ():
            found = [Container.from_pod(pod, status["name"], previous=before) for before in (True, False)]
            yield from {run.id: run for run in found if run is not None}.values()


def _written(entry: Entry) -> bytes:
    """A line as containerd writes it: without zeros at the end of the fraction, long ones in parts."""
    stamp = (timestamp(entry.time)[:-1].rstrip("0").rstrip(".") + "Z stdout ").encode()
    text = entry.text.encode()
    if len(text) <= LONGEST:
        return b"%sF %s\n" % (stamp, text)
    parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    return b"".join([b"%sP %s\n" % (stamp, part) for part in parts[:-1]]) + b"%sF %s\n" % (stamp, parts[-1])
