"""`tar` for containers that are only a folder: as much of it as `kubectl cp` asks for, within that folder.

Knows `tar cf - PATH...` and `tar xf - [-C FOLDER]` with the usual bundles of letters. Imports the standard
library only: it runs inside `sandbox.py`. It must never read or write outside of the root that it is given.
"""
# ruff: noqa: PTH112, PTH118

from __future__ import annotations

import os
import sys
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Usage(Exception):
    """Called in a way that is not known here."""


def _inside(path: str, root: str, folder: str) -> str:
    """The path below root that is meant; the root itself for anything outside. Links are followed."""
    base = root if path.startswith("/") else folder
    real = os.path.realpath(os.path.join(base, path.lstrip("/")))
    return real if real == root or real.startswith(root + os.sep) else root


def _parse(args: Sequence[str], root: str) -> tuple[str, str, list[str]]:
    """Mode (`c` or `x`), folder, and the paths."""
    mode, folder, paths = "", root, []
    rest = list(args)
    first = True
    while rest:
        word = rest.pop(0)
        if word.startswith("--"):
            pass
        elif word == "-C":
            folder = _inside(rest.pop(0) if rest else "/", root, folder)
        elif first or (word.startswith("-") and len(word) > 1):
            for letter in word.lstrip("-"):
                mode = letter if letter in "cx" else mode
                if letter == "f" and rest and rest.pop(0) != "-":
                    raise Usage("only standard input and output are known here")
        else:
            paths.append(word)
        first = False
    if not mode:
        raise Usage("only c and x are known here")
    return mode, folder, paths


def _create(folder: str, paths: Sequence[str], root: str) -> int:
    failed = 0
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for path in paths:
            inside = _inside(path, root, folder)
            if not os.path.lexists(inside):
                print(f"tar: {path}: Cannot stat: No such file or directory", file=sys.stderr)
                failed = 2
                continue
            archive.add(inside, arcname=path.lstrip("/") or ".")
    return failed


def _extract(folder: str) -> int:
    if not os.path.isdir(folder):
        print("tar: cannot open the folder: No such file or directory", file=sys.stderr)
        return 2
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|*") as archive:
        for member in archive:
            try:
                member = tarfile.data_filter(member, folder)
                archive.extract(member, folder, set_attrs=True)
            except (tarfile.FilterError, OSError) as error:
                print(f"tar: {member.name}: {error}", file=sys.stderr)
                return 2
    return 0


def main(args: Sequence[str], root: str) -> int:
    """Run as `tar ARGS` with `root` as the only files there are. Exit codes: 0, 2 (as GNU tar's)."""
    try:
        mode, folder, paths = _parse(args, root)
        return _create(folder, paths, root) if mode == "c" else _extract(folder)
    except (Usage, tarfile.TarError, BrokenPipeError) as error:
        print(f"tar: {error}", file=sys.stderr)
        return 2
