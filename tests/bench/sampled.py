"""Run k8stui as its command line does, with a sampler of event loop lag beside it.

``python -m tests.bench.sampled LAG_FILE [k8stui arguments]`` appends a JSON line
``[time.monotonic of the sample, lag in milliseconds]`` for each sample.
"""

from __future__ import annotations

import asyncio
import json
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


def main() -> int:
    path = Path(sys.argv[1])
    run = asyncio.run

    def with_sampler(main, **options):  # type: ignore[no-untyped-def]
        async def both():  # type: ignore[no-untyped-def]
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
