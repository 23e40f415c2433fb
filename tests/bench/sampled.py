"""Run k8stui as its command line does, with a sampler of event loop lag beside it.

``python -m tests.bench.sampled LAG_FILE [k8stui arguments]`` appends a JSON line
``[time.monotonic of the sample, lag in milliseconds]`` for each sample.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from k8stui import cli

INTERVAL = 0.005


async def sample(path: Path) -> None:
    """Sleep ``INTERVAL`` again and again and note how late each waking was."""
    pending: list[str] = []
    written = time.monotonic()
    while True:
        before = time.monotonic()
        await asyncio.sleep(INTERVAL)
        now = time.monotonic()
        pending.append(json.dumps([round(now, 4), round((now - before - INTERVAL) * 1000, 3)]))
        if now - written > 1:
            with path.open("a", encoding="ascii") as file:
                file.write("\n".join(pending) + "\n")
            pending.clear()
            written = time.monotonic()


def check_lines(path: Path) -> None:
    """Look at the sequence number of each line that enters a ring of logs, and write the counts to a file."""
    from k8stui.kube.logs.buffer import LogBuffer

    last: dict[object, int] = {}
    told: dict[str, int] = {"lines": 0, "missing": 0, "doubled": 0}
    written = [0.0]
    extend = LogBuffer.extend

    def checked(self, lines):  # type: ignore[no-untyped-def]
        extend(self, lines)
        for line in lines:
            text = line.text
            if line.mark or text[11:15] != "seq=":
                continue
            number, source = int(text[15 : text.index(" ", 15)]), (id(self), line.source.uid)
            before = last.get(source, number - 1)
            if number != before + 1:
                told["missing" if number > before else "doubled"] += abs(number - before - 1)
            last[source] = number
        told["lines"] += len(lines)
        if time.monotonic() - written[0] > 0.5:
            written[0] = time.monotonic()
            path.write_text(json.dumps(told))

    LogBuffer.extend = checked  # type: ignore[method-assign]


def time_steps(path: Path, least: float = 5.0) -> None:
    """Append a line ``[time.monotonic, CPU milliseconds]`` for each step of the loop that takes ``least``.

    Other than lag it says what the program itself keeps the loop with, whoever else uses the processor.
    """
    from asyncio import events

    run = events.Handle._run

    def timed(self):  # type: ignore[no-untyped-def]
        before = time.thread_time()
        run(self)
        took = (time.thread_time() - before) * 1000
        if took > least:
            with path.open("a", encoding="ascii") as file:
                file.write(json.dumps([round(time.monotonic(), 4), round(took, 3)]) + "\n")

    events.Handle._run = timed  # type: ignore[method-assign]


def main() -> int:
    path = Path(sys.argv[1])
    if seen := os.environ.get("K8STUI_BENCH_SEEN"):
        check_lines(Path(seen))
    if steps := os.environ.get("K8STUI_BENCH_STEPS"):
        time_steps(Path(steps))
    run = asyncio.run

    def with_sampler(main, **options):  # type: ignore[no-untyped-def]
        async def both() -> object:
            sampler = asyncio.create_task(sample(path))
            try:
                return await main
            finally:
                sampler.cancel()

        return run(both(), **options)

    asyncio.run = with_sampler
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
