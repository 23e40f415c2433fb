"""Log lines as text and as JSON, one a line, for files. Control characters of text are made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kinds.logs.lines import level_of
from k8stui.ui.widgets.lines.ansi import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = 65_536
_ENCODER = msgspec.json.Encoder()


def as_text(lines: Iterable[Any]) -> Iterator[str]:
    """Time, pod, container and text."""
    for line in lines:
        source = line.source
        where = "" if source is None else f"{source.pod} {source.container}".strip()
        text = f"── {line.text} ──" if line.mark else parse_line(line.text).text
        yield " ".join(part for part in (line.time, where, text) if part)


def as_json(lines: Iterable[Any]) -> Iterator[str]:
    """An object for each line, its text as it was written; remarks of ours have a `mark`."""
    for line in lines:
        level, source = None if line.mark else level_of(line.text[:HEAD]), line.source
        found = {
            "time": line.time,
            "namespace": getattr(source, "namespace", ""),
            "pod": getattr(source, "pod", ""),
            "container": getattr(source, "container", ""),
            "containerID": getattr(source, "container_id", ""),
            "restarts": getattr(source, "restarts", 0),
            "level": "" if level is None else level.name.lower(),
            "mark": line.mark,
        }
        told = {key: value for key, value in found.items() if value}
        yield _ENCODER.encode({**told, "message": line.text.encode("utf-8", "replace").decode()}).decode()
