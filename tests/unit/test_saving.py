"""Saving what is shown: a new file, the user's alone, and nothing waits for the disk."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest

from k8stui.ui.saving import file_name, save_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


async def test_lines_go_to_a_file_of_the_users_own(tmp_path: Path) -> None:
    path, count = await save_lines(["a", "한국어"], tmp_path / "saved", "pods.tsv")
    assert (path.name, count) == ("pods.tsv", 2)
    assert path.read_text(encoding="utf-8") == "a\n한국어\n"
    assert path.stat().st_mode & 0o777 == 0o600


async def test_nothing_is_written_over(tmp_path: Path) -> None:
    first, _ = await save_lines(["one"], tmp_path, "pods.tsv")
    second, _ = await save_lines(["two"], tmp_path, "pods.tsv")
    assert second.name == "pods-2.tsv"
    assert first.read_text(encoding="utf-8") == "one\n"


async def test_many_lines_leave_the_loop_free(tmp_path: Path) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    _, count = await save_lines((f"line {n}" for n in range(50_000)), tmp_path, "log.log")
    task.cancel()
    assert count == 50_000
    assert turns > 20


def test_names_of_the_cluster_cannot_lead_elsewhere() -> None:
    assert file_name("../../etc/pass wd\x1b[2J", ".tsv", 0.0).startswith("etc-pass-wd-2J-")
    assert "/" not in file_name("a/b", ".log")
    assert file_name("", ".log").startswith("k8stui-")


async def test_a_file_that_does_not_become_whole_is_taken_away_again(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield from ["line"] * 5_000
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await save_lines(lines(), tmp_path, "log.log")
    assert list(tmp_path.iterdir()) == []
