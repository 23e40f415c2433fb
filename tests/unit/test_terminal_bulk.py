"""Plain lines that are taken many at once leave what lines taken one by one leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.terminal import bulk
from k8stui.terminal.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = st.lists(
    st.one_of(
        st.text(st.sampled_from("ab \\~"), max_size=14).map(lambda text: text + "\r\n"),
        st.sampled_from(["\n", "no return\n", "\x1b[31m", "\x1b[m", "\x1b[44m", "\x1b[2;3r", "\x1b[r"]),
        st.sampled_from(
            ["\x1b[H", "\x1b[?7l", "\x1b[?7h", "\x1b[20h", "한글\r\n", "\x1b(0", "\x1b(B", "x\x1b[4;1H"]
        ),
    ),
    max_size=60,
)


def all_of(emulator: Emulator) -> tuple[Any, ...]:
    """Screen, scrollback and cursor."""
    screen, main = emulator.screen, emulator.screen.main
    assert main.history is not None
    kept = [line.expand() for line in main.history]
    lines = [(line.chars, line.styles, line.wrapped) for line in (*kept, *main.rows)]
    return lines, screen.cursor, main.scrolled, screen.last_drawn


@settings(max_examples=300, deadline=None)
@given(LINES, st.integers(2, 12), st.integers(1, 5), st.integers(0, 30))
def test_it_is_as_if_each_line_was_written(parts: list[str], columns: int, lines: int, history: int) -> None:
    data = "".join(parts).encode()
    whole, pieces = Emulator(columns, lines, history=history), Emulator(columns, lines, history=history)
    whole.feed(data)
    for at in range(len(data)):
        pieces.feed(data[at : at + 1])
    assert all_of(whole) == all_of(pieces)


@pytest.mark.parametrize("columns", [20, 4])
def test_a_flood_is_taken_so(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0
    write: Callable[..., None] = bulk.write_lines

    def counted(screen: Any, text: str) -> None:
        nonlocal taken
        taken += len(text)
        write(screen, text)

    monkeypatch.setattr(bulk, "write_lines", counted)
    emulator = Emulator(columns, 4)
    emulator.feed(b"some text\r\n" * 1000)
    assert taken > 10_000
    assert emulator.screen.main.scrolled == 1000 * -(-9 // columns) - 3
