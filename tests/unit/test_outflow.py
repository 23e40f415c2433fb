"""How much may be on its way to a terminal."""

from __future__ import annotations

import random

from k8stui.ui.outflow import ASK_AFTER, DEAF_SECONDS, LEAST, LOST_SECONDS, MOST, QUESTION, START, Outflow


class Terminal:
    """A connection that takes so many characters a second after a delay, and answers where it does."""

    def __init__(self, rate: float, delay: float = 0.0, *, answers: bool = True) -> None:
        self.now = 0.0
        self.rate, self.delay, self.answers = rate, delay, answers
        self.queue: list[tuple[int, float]] = []
        self.free_at = 0.0
        self.written = 0
        self.outflow = Outflow(self._question, lambda: self.written, monotonic=lambda: self.now)

    def frame(self, size: int) -> None:
        self.outflow.wrote(size)
        self.written += size
        self.free_at = max(self.free_at, self.now) + size / self.rate
        self.outflow.ask()

    def _question(self, text: str) -> None:
        assert text == QUESTION
        if self.answers:
            self.queue.append((self.outflow.sent, self.free_at + self.delay))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        while self.queue and self.queue[0][1] <= self.now:
            self.queue.pop(0)
            self.outflow.answered()

    def paint(self, seconds: float, size: int = 6_000, every: float = 0.02) -> int:
        """Paint whenever that is allowed; how many characters were painted."""
        painted, until = 0, self.now + seconds
        while self.now < until:
            if not self.outflow.is_full:
                self.frame(size)
                painted += size
            self.wait(every)
        return painted

    @property
    def queued_seconds(self) -> float:
        """What is painted now is seen so much later than it could be."""
        return max(0.0, self.free_at - self.now)


def test_over_a_slow_connection_what_is_painted_is_seen_soon_and_the_connection_is_used() -> None:
    terminal = Terminal(rate=60_000, delay=0.05)
    terminal.paint(5)
    late = []
    for _ in range(100):
        terminal.paint(0.1)
        late.append(terminal.queued_seconds)
    assert max(late) < 0.6
    assert terminal.paint(10) > 0.6 * 10 * 60_000


def test_over_a_fast_connection_nothing_waits_however_far_it_is() -> None:
    terminal = Terminal(rate=10_000_000, delay=0.3)
    terminal.paint(10)
    assert terminal.paint(10) > 0.9 * 10 / 0.02 * 6_000
    near = Terminal(rate=10_000_000)
    assert near.paint(1) == 50 * 6_000


def test_a_connection_that_becomes_slow_and_fast_again_is_followed() -> None:
    terminal = Terminal(rate=1_000_000)
    terminal.paint(5)
    terminal.rate = 40_000
    terminal.paint(20)
    assert terminal.queued_seconds < 0.8
    terminal.rate = 1_000_000
    terminal.paint(5)
    assert terminal.paint(5) > 0.9 * 5 / 0.02 * 6_000


def test_the_window_stays_in_its_bounds() -> None:
    chance = random.Random(3)
    terminal = Terminal(rate=1_000)
    for _ in range(300):
        terminal.rate = chance.choice([1_000.0, 1e5, 1e8])
        terminal.paint(chance.random(), size=chance.randrange(1, 40_000))
        assert LEAST <= terminal.outflow.window <= MOST


def test_little_is_not_worth_a_question() -> None:
    terminal = Terminal(rate=1e6)
    for _ in range(10):
        terminal.frame(ASK_AFTER // 20)
    assert (terminal.queue, terminal.outflow.is_full) == ([], False)


def test_a_terminal_that_does_not_answer_is_not_asked_again_and_what_the_system_took_counts() -> None:
    terminal = Terminal(rate=1e6, answers=False)
    terminal.frame(START + 1)
    assert not terminal.outflow.is_full, "the system has taken all of it"
    terminal.now += DEAF_SECONDS + 1
    terminal.frame(10)
    assert terminal.outflow.in_flight == 0
    assert terminal.outflow.answers is False
    terminal.outflow.wrote(START + 1)
    terminal.outflow.ask()
    assert terminal.outflow.is_full
    assert terminal.outflow.awaited == 0
    terminal.written += START + 1
    assert not terminal.outflow.is_full


def test_a_lost_answer_holds_frames_up_for_some_seconds_only() -> None:
    terminal = Terminal(rate=1e6)
    terminal.paint(1)
    terminal.answers = False
    while not terminal.outflow.is_full:
        terminal.frame(20_000)
    terminal.wait(LOST_SECONDS / 2)
    assert terminal.outflow.is_full
    terminal.wait(LOST_SECONDS)
    assert not terminal.outflow.is_full


def test_while_the_system_does_not_take_what_is_written_nothing_is_lost_but_time() -> None:
    terminal = Terminal(rate=1e6)
    terminal.paint(1)
    terminal.answers = False
    while not terminal.outflow.is_full:
        terminal.frame(20_000)
    terminal.written -= 5_000  # these wait in memory: the connection stands
    terminal.wait(60)
    assert terminal.outflow.is_full


def test_when_the_terminal_was_given_away_nothing_is_awaited_of_it() -> None:
    terminal = Terminal(rate=1_000)
    terminal.paint(1, size=40_000)
    terminal.outflow.restart()
    assert (terminal.outflow.in_flight, terminal.outflow.awaited) == (0, 0)
    terminal.outflow.answered()  # of a question before
    assert terminal.outflow.in_flight == 0
