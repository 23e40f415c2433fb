"""``python -m tests.bench [SCENARIO ...]``: print the figures; exit code 1 when one is over its limit."""

from __future__ import annotations

import platform
import sys

import psutil

from tests.bench.scenarios import SCENARIOS


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
        return 2
    print(f"Python {platform.python_version()}, {psutil.cpu_count()} cores")
    over = []
    for name in names or SCENARIOS:
        print(f"\n{name}: {(SCENARIOS[name].__doc__ or '').splitlines()[0]}", flush=True)
        if SCENARIOS[name]().failed:
            over.append(name)
    print(f"\nover a limit: {', '.join(over) or 'none'}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
