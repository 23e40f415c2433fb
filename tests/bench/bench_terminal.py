"""How fast the emulator is: plain, coloured and full-screen traffic, in MB/s, beside pyte and bittty.

    python -m tests.bench.bench_terminal [--record FOLDER]

Full-screen traffic is recorded from real programs (vim, tmux, less, htop, top) where they are installed, in a
pty of 160x50; what is missing is made up. Ratios are of one run, so that they mean something on any machine.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import random
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

from k8stui.terminal.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS, LINES = 160, 50
GOALS = {"plain": 5.0, "coloured": 2.0, "full screen": 1.5}
SECONDS = 1.0
"""How long each measurement is repeated, at least."""


def plain() -> bytes:
    chance = random.Random(1)
    words = ["pod", "scheduled", "container", "started", "GET", "/healthz", "200", "latency", "=", "12ms"]
    lines = (" ".join(chance.choice(words) for _ in range(chance.randint(3, 20))) for _ in range(12_000))
    return "\r\n".join(lines).encode()


def coloured() -> bytes:
    """As `ls --color`, `grep --color`, coloured logs: an attribute every word or two."""
    chance = random.Random(2)
    pens = ["\x1b[31m", "\x1b[1;32m", "\x1b[38;5;208m", "\x1b[38;2;10;200;30m", "\x1b[0;2m", "\x1b[m"]
    lines = []
    for number in range(8_000):
        level = chance.choice(["\x1b[32mINFO\x1b[0m", "\x1b[33mWARN\x1b[0m", "\x1b[31;1mERROR\x1b[0m"])
        words = " ".join(f"{chance.choice(pens)}value{number}\x1b[0m" for _ in range(chance.randint(1, 5)))
        lines.append(f"\x1b[2m2026-11-21T02:11:02Z\x1b[0m {level} reconciled the object {words}")
    return "\r\n".join(lines).encode()


def made_up_screens() -> bytes:
    """As a full-screen monitor: positions, erasing, colours, single cells changed."""
    chance = random.Random(3)
    parts = ["\x1b[?1049h\x1b[H\x1b[2J"]
    for _ in range(300):
        for _ in range(40):
            row, column = chance.randint(1, LINES), chance.randint(1, COLUMNS - 30)
            pen = f"\x1b[{chance.choice(['31', '1;32', '7', '48;5;24', '0'])}m"
            parts.append(f"\x1b[{row};{column}H{pen}{chance.randint(0, 10**6):>8} %cpu\x1b[K\x1b[m")
        parts.append("\x1b[5;45r\x1b[45;1H\r\n\x1b[r\x1b[10;1H\x1b[2L\x1b[12;1H\x1b[1M\x1b[20G\x1b[3P\x1b[2@")
    return "".join(parts).encode()


def record(argv: list[str], keys: list[bytes], *, cwd: str, pause: float = 0.05) -> bytes:
    """What a program writes into a terminal while these keys are typed."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", COLORTERM="truecolor")
        with contextlib.suppress(OSError):
            os.execvp(argv[0], argv)
        os._exit(127)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    taken = bytearray()

    def drain(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([master], [], [], left)[0]:
                return
            with contextlib.suppress(OSError):
                taken.extend(os.read(master, 65536))

    drain(0.7)
    for key in keys:
        with contextlib.suppress(OSError):
            os.write(master, key)
        drain(pause)
    drain(0.3)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(master)
    return bytes(taken)


def recordings() -> dict[str, bytes]:
    """Full-screen programs at work; those that are not installed are left out."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "code.py")
        source.write_text(Path(__file__).read_text() * 4)
        down, up = b"\x06", b"\x02"
        vim = ["vim", "-u", "NONE", "-c", "syntax on", "-c", "set number hlsearch", str(source)]
        less = ["less", str(source)]
        tmux = ["tmux", "-L", f"bench{os.getpid()}", "-f", "/dev/null", "new-session", f"less {source}"]
        keys = [down] * 12 + [up] * 8 + [b"/def\r", b"n", b"n", b"G", b"gg"]
        scenes = {
            "vim": (vim, [*keys, b":vsplit\r", down, down, b"oinserted text\x1b", b"dd"]),
            "less": (less, [b" "] * 15 + [b"b"] * 8 + [b"/def\r", b"n", b"n", b"\x04", b"G"]),
            "tmux": (tmux, [b" "] * 8 + [b'\x02"', b"\x02%", b"ls -la --color /usr/bin\r", b"\x02o", b" "]),
            "htop": (["htop", "-d", "1"], [b"\x1b[B"] * 20),
            "top": (["top", "-d", "0.1"], [b"1", b"c", b"x"] + [b""] * 30),
        }
        found = {
            name: record(argv, [key or b" " for key in pressed], cwd=folder)
            for name, (argv, pressed) in scenes.items()
            if shutil.which(argv[0])
        }
        if shutil.which("tmux"):
            os.system(f"tmux -L bench{os.getpid()} kill-server >/dev/null 2>&1")
    return {name: data for name, data in found.items() if len(data) > 5_000}


def ours() -> Callable[[bytes], None]:
    return Emulator(COLUMNS, LINES).feed


def pytes() -> Callable[[bytes], None]:
    import pyte

    feed: Callable[[bytes], None] = pyte.ByteStream(pyte.HistoryScreen(COLUMNS, LINES)).feed
    return feed


def bitttys() -> Callable[[bytes], None]:
    from bittty import Board

    feed: Callable[[bytes], None] = Board(width=COLUMNS, height=LINES).feed_host_data
    return feed


def speed(make: Callable[[], Callable[[bytes], None]], data: bytes) -> float:
    """MB/s, in pieces of 4 KiB as they come from a socket; NaN where it cannot read this, or is not here."""
    best = float("nan")
    spent = 0.0
    while spent < SECONDS:
        try:
            feed = make()
            began = time.perf_counter()
            for start in range(0, len(data), 4096):
                feed(data[start : start + 4096])
        except Exception:
            return float("nan")
        took = time.perf_counter() - began
        spent += took
        best = max(len(data) / took / 1e6, 0.0 if best != best else best)
    return best


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument(
        "--record", type=Path, help="keep the recordings in this folder, or take them from it"
    )
    arguments.add_argument("--alone", action="store_true", help="without pyte and bittty")
    chosen = arguments.parse_args()
    folder: Path | None = chosen.record
    if folder and folder.is_dir() and any(folder.glob("*.bin")):
        screens = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.bin"))}
    else:
        screens = recordings()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in screens.items():
                (folder / f"{name}.bin").write_bytes(data)
    screens["made up"] = made_up_screens()
    print(f"{'MB/s':16}{'k8stui':>10}{'pyte':>10}{'bittty':>10}{'of pyte':>10}{'of bittty':>10}")
    poor: list[str] = []
    full: list[float] = []

    def row(name: str, data: bytes) -> float:
        figures = [speed(make, data) for make in ((ours,) if chosen.alone else (ours, pytes, bitttys))]
        figures += [float("nan")] * (3 - len(figures))
        ratios = [figures[0] / figure for figure in figures[1:]]
        print(f"{name:16}" + "".join(f"{value:10.2f}" for value in (*figures, *ratios)), flush=True)
        return figures[0]

    for name, data in (("plain", plain()), ("coloured", coloured())):
        if row(name, data) < GOALS[name]:
            poor.append(name)
    for name, data in screens.items():
        repeated = data * max(1, 300_000 // len(data))
        full.append(row(name, repeated))
    mean = len(full) / sum(1 / figure for figure in full)
    print(f"{'full screen':16}{mean:10.2f}  (harmonic mean)")
    if mean < GOALS["full screen"]:
        poor.append("full screen")
    for name in poor:
        print(f"below the goal of {GOALS[name]:g} MB/s: {name}")
    return 1 if poor else 0


if __name__ == "__main__":
    sys.exit(main())
