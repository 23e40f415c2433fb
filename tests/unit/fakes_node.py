"""Files of a node as a kubelet serves them: folders as pages of links, files in ranges."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from k8stui.kube.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class FileAnswer:
    def __init__(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.body = body
        self.headers = headers or {}


class NodeFiles:
    """Everything below /var/log of one node."""

    def __init__(self, *, ranges: bool = True) -> None:
        self.files: dict[str, bytes] = {}
        self.ranges = ranges
        self.refusal: ApiError | None = None
        self.asked: list[str] = []
        self.on_ask: Callable[[str], None] = lambda name: None

    def answer(self, path: str, headers: Any = ()) -> FileAnswer:
        """To a GET of a path below `proxy/logs/`."""
        name = unquote(path.partition("/proxy/logs/")[2])
        self.asked.append(name)
        self.on_ask(name)
        if self.refusal is not None:
            raise self.refusal
        if not name or name.endswith("/"):
            return FileAnswer(self._listing(name))
        if name not in self.files:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        return self._ranged(self.files[name], dict(headers).get("Range", ""))

    def _listing(self, folder: str) -> bytes:
        inside = [name.removeprefix(folder) for name in self.files if name.startswith(folder)]
        if not inside:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        names = {name.partition("/")[0] + ("/" if "/" in name else "") for name in inside}
        links = "".join(f'<a href="{name}">{name}</a>\n' for name in sorted(names))
        return f"<pre>\n{links}</pre>\n".encode()

    def _ranged(self, body: bytes, wanted: str) -> FileAnswer:
        if not self.ranges or not wanted:
            return FileAnswer(body)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        end = min(len(body), int(last) + 1) if first and last else len(body)
        if start >= len(body):
            raise ApiError(416, "", "range not satisfiable")
        return FileAnswer(body[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"})


def cri(lines: Iterable[str]) -> bytes:
    """Lines of which each has its stamp in front, as a container runtime writes them."""
    return "".join(
        f"{stamp} stdout F {text}\n" for stamp, _, text in (s.partition(" ") for s in lines)
    ).encode()


def packed(lines: Iterable[str]) -> bytes:
    """The same, compressed."""
    return gzip.compress(cri(lines))
