"""A long fuzz of the emulator, by command: python -m tests.fuzz_terminal [SECONDS] [SEED]

Random bytes, well-formed sequences with wild parameters, and real sequences cut anywhere, in pieces and with
resizes between. After each run the screen's shape is checked, and that a query is still answered. A failure
prints its seed, which plays it again.
"""

from __future__ import annotations

import random
import sys
import time
import traceback

from k8stui.terminal.emulator import MAX_REPLIES, Emulator
from k8stui.terminal.grid import MAX_RUNS, Grid

HISTORY = 200
TEXTS = [
    "abc",
    "x" * 300,
    "가나다",
    "👩\u200d👩\u200d👧",
    "e\u0301",
    "\u200d",
    "\ufe0f",
    "🇰🇷",
    "\x00",
    "\x7f",
    "\t",
    "\r\n",
]
FINALS = "@ABCDEFGHIJKLMPSTWXZ`abcdefghilmnopqrstuvwxyz{|}~"
STRINGS = [
    "]0;title",
    "]8;;http://x",
    "]52;c;aGk=",
    "]52;c;?",
    "]10;?",
    "P$qm",
    "P+q544e",
    "P0;1|17/ab",
    "_G",
    "^pm",
    "Xsos",
]
ESCAPES = "6789DEHMNOVWZcno=>|}~"


def number(chance: random.Random) -> str:
    return str(
        chance.choice([0, 1, 2, 3, 5, 7, 25, 38, 48, 58, 69, 80, 255, 1049, 2004, 2026, 65535, 10**9, -1])
    )


def token(chance: random.Random) -> bytes:
    """One piece of what a program may send."""
    kind = chance.random()
    if kind < 0.25:
        return chance.choice(TEXTS).encode()
    if kind < 0.65:
        marker = chance.choice(["", "", "", "?", ">", "<", "=", "!"])
        separator = chance.choice(";;;:")
        parameters = separator.join(number(chance) for _ in range(chance.choice([0, 1, 1, 2, 3, 6, 40])))
        intermediate = chance.choice(["", "", "", " ", '"', "$", "'", "#", "*"])
        return f"\x1b[{marker}{parameters}{intermediate}{chance.choice(FINALS)}".encode()
    if kind < 0.75:
        return (
            "\x1b" + chance.choice(["", "(", ")", "*", "#", " ", "%"]) + chance.choice(ESCAPES + "0AB8G")
        ).encode()
    if kind < 0.85:
        body = chance.choice(STRINGS) + chance.choice(["", ";" + number(chance), "x" * 5000])
        return ("\x1b" + body + chance.choice(["\x07", "\x1b\\", "\x18", "", "\x9c"])).encode()
    return chance.randbytes(chance.randint(1, 40))


def stream(chance: random.Random) -> list[bytes]:
    """A program's output in pieces; some are cut where they must not be."""
    data = b"".join(token(chance) for _ in range(chance.randint(1, 120)))
    pieces: list[bytes] = []
    position = 0
    while position < len(data):
        step = chance.choice([1, 2, 3, 7, 64, 4096])
        pieces.append(data[position : position + step])
        position += step
    if chance.random() < 0.2 and pieces:
        del pieces[chance.randrange(len(pieces))]
    return pieces


def check(emulator: Emulator) -> None:
    """What must hold whatever came."""
    screen = emulator.screen
    for grid in (screen.main, screen.alternate):
        check_grid(grid, screen.columns, screen.lines)
    assert screen.grid in (screen.main, screen.alternate)
    assert 0 <= screen.cursor.x < screen.columns, "the cursor left the screen"
    assert 0 <= screen.cursor.y < screen.lines, "the cursor left the screen"
    assert len(emulator.take_replies()) <= MAX_REPLIES * 4
    assert len(emulator.title) <= 256
    assert emulator.title.isprintable()


def check_grid(grid: Grid, columns: int, lines: int) -> None:
    assert len(grid.rows) == lines, "lines were lost"
    assert 0 <= grid.top <= grid.bottom < lines, "the scroll region left the screen"
    assert all(0 <= row < lines for row in grid.dirty), "a row is dirty that is not there"
    for line in grid.rows:
        assert len(line.chars) == len(line.styles) == columns, "a line has another width"
        for x, char in enumerate(line.chars):
            assert len(char) <= 16
            assert char or (x and line.chars[x - 1] != ""), "a second half without its first"
    if grid.history is not None:
        assert len(grid.history) <= HISTORY
        assert sum(len(line.runs) for line in grid.history) <= MAX_RUNS * 2
        for kept in grid.history:
            assert len(kept.cells) <= sum(count for count, _ in kept.runs)


def one(seed: int) -> None:
    """One terminal's life."""
    chance = random.Random(seed)
    emulator = Emulator(
        chance.randint(1, 90), chance.randint(1, 30), history=HISTORY, on_clipboard=lambda _: None
    )
    for _ in range(chance.randint(1, 4)):
        for piece in stream(chance):
            emulator.feed(piece)
        check(emulator)
        if chance.random() < 0.7:
            emulator.resize(chance.randint(1, 90), chance.randint(1, 30))
            check(emulator)
        if chance.random() < 0.2:
            emulator.hang_up()
            check(emulator)
    emulator.feed(b"\x18\x1bc\x1b[5n")
    assert emulator.take_replies().endswith(b"\x1b[0n"), "it does not answer any more"
    assert not emulator.screen.cursor.x


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    first = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    end = time.monotonic() + seconds
    seed = first
    while time.monotonic() < end:
        try:
            one(seed)
        except Exception:
            traceback.print_exc()
            print(f"seed {seed}: play it again with `python -m tests.fuzz_terminal 0.001 {seed}`")
            return 1
        seed += 1
    print(f"{seed - first} terminals lived well (seeds from {first})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
