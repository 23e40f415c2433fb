"""Files and folders to be applied: what `:apply` reads, and what it offers while a path is typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".yaml", ".yml", ".json")
MOST_BYTES = 20_000_000
MOST_ENTRIES = 2000
"""So many names of a folder are looked at while one types."""


def read_manifests(path: Path) -> str:
    """The YAML and JSON of a file, or of all such files below a folder, as one text of documents.

    Raises OSError, and ValueError in words for files that cannot be used.
    """
    path = path.expanduser()
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        if not files:
            raise ValueError("no file in it ends in .yaml, .yml or .json")
    else:
        files = [path]
    if sum(each.stat().st_size for each in files) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES // 1_000_000} MB: apply it in parts")
    parts = []
    for each in files:
        head = f"# {each.relative_to(path)}\n" if path.is_dir() else ""
        parts.append(head + _read(each).removeprefix("---\n").rstrip("\n") + "\n")
    return "---\n".join(parts)


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")  # with its line ends made ours
    except UnicodeDecodeError:
        raise ValueError(f"{path.name} is no UTF-8 text") from None
    if path.suffix != ".json" or "\t" not in text:
        return text  # JSON is YAML, as long as no tab is in its margin
    from k8stui.kinds.yaml_text import emit

    try:
        value: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # the editor shows where it is wrong
    return emit(value).text()


def paths_from(typed: str) -> Iterator[tuple[str, str]]:
    """Ways to go on with a path: folders, and files that can be applied; each with what it is.

    What cannot be read offers nothing. A folder with very many entries is looked at in part.
    """
    folder, _, start = typed.rpartition("/")
    lead = f"{folder}/" if "/" in typed else ""
    where = Path(lead or ".").expanduser()
    found = []
    try:
        with os.scandir(where) as entries:
            for _, entry in zip(range(MOST_ENTRIES), entries, strict=False):
                name = entry.name
                if not name.startswith(start) or (name[0] == "." and not start):
                    continue
                if entry.is_dir():
                    found.append((f"{lead}{name}/", "folder"))
                elif name.endswith(SUFFIXES):
                    found.append((f"{lead}{name}", "file"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: ~ of nobody
        return
    yield from sorted(found, key=lambda each: (each[1], each[0]))
