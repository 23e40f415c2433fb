"""Which lines of a stream were read already, so that it resumes without loss and without doubles.

`sinceTime` is a whole second, and two writers of one container may be stamped slightly out of
order, so a stream is resumed from the second before the newest stamp, and what was seen of these
seconds is skipped, line by line. Memory is bounded by two seconds of one container.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from k8stui.kube.log_times import nanoseconds, second_of, since_time, split_stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERLAP = 1
"""Seconds before the newest one that are read again."""


class Seen:
    """The lines of the last seconds of one container's life."""

    def __init__(self) -> None:
        self._newest = 0
        self._first = ""
        self._lines: dict[int, Counter[str]] = {}
        self._expected: Counter[str] | None = None
        self._met = True
        self.hold = False
        """Forget nothing for now: it is not certain whose lines are being read."""
        self._prefix = ""
        self._second = 0
        self._whole: list[tuple[int, list[tuple[str, str]], list[str]]] = []

    def take(self, batch: Sequence[bytes], errors: str = "replace") -> list[tuple[str, str]]:
        """The lines of a batch that were not read before, each as its stamp and its text."""
        if not batch:
            return []
        # a newline ends whatever was begun before it, so decoding all at once is decoding each
        lines = b"\n".join(batch).decode("utf-8", errors).split("\n")
        split = split_stamps(lines)
        if self._expected is None and not self.hold and split and split[-1][0]:
            self._keep_whole(split, lines)
            return split
        return [
            (stamp, text)
            for (stamp, text), line in zip(split, lines, strict=True)
            if self.is_new(line, stamp)
        ]

    def _keep_whole(self, split: list[tuple[str, str]], lines: list[str]) -> None:
        """Where nothing is compared, a batch is kept as it is, and looked into when a stream resumes."""
        newest = self._second_of(split[-1][0])
        self._whole.append((newest, split, lines))
        while self._whole[0][0] < newest - OVERLAP:
            second, old, _ = self._whole.pop(0)
            self._first = self._first or old[0][0]
            self._newest = max(self._newest, second)

    def _look_into(self) -> None:
        whole, self._whole = self._whole, []
        for _, split, lines in whole:
            for (stamp, _), line in zip(split, lines, strict=True):
                self._remember(line, stamp)
        if whole and not self.hold:
            self._prune()

    @property
    def since(self) -> str:
        """Where to resume, for `sinceTime`; "" when nothing was read."""
        self._look_into()
        return since_time(self._newest - OVERLAP) if self._newest else ""

    def resume(self) -> None:
        """A stream begins that repeats what was seen since `since`."""
        self._look_into()
        self._expected = Counter()
        for lines in self._lines.values():
            self._expected.update(lines)
        self._met = not self._expected

    def is_new(self, line: str, stamp: str) -> bool:
        """Whether a line (with its stamp in front) was not read before; it is remembered."""
        if self._whole:
            self._look_into()
        expected = self._expected
        if expected is not None:
            if expected.get(line, 0) > 0:
                expected[line] -= 1
                self._met = True
                return False
            if not self._met and self._is_before_tail(stamp):
                return False
            if stamp and self._second_of(stamp) > self._newest:
                self._expected = None  # behind what was seen: no need to compare any more
        self._remember(line, stamp)
        return True

    @property
    def newest(self) -> str:
        """The second of the newest line that was read; "" when nothing was read."""
        self._look_into()
        return since_time(self._newest) if self._newest else ""

    @property
    def missed(self) -> bool:
        """Whether the resumed stream repeated nothing of what it should: the log was cut meanwhile."""
        return not self._met

    def _is_before_tail(self, stamp: str) -> bool:
        """A line that the tail left out on purpose comes again in the overlap."""
        return bool(stamp) and nanoseconds(stamp) <= nanoseconds(self._first)

    def _remember(self, line: str, stamp: str) -> None:
        if not self._first:
            self._first = stamp
        second = self._second_of(stamp) if stamp else self._newest
        if second < self._newest - OVERLAP and not self.hold:
            return
        lines = self._lines.get(second)
        if lines is None:
            lines = self._lines[second] = Counter()
            if second > self._newest:
                self._newest = second
                if not self.hold:
                    self._prune()
        lines[line] += 1

    def _prune(self) -> None:
        for old in [known for known in self._lines if known < self._newest - OVERLAP]:
            del self._lines[old]

    def _second_of(self, stamp: str) -> int:
        if not stamp.startswith(self._prefix) or not self._prefix:
            self._prefix = stamp[:19]
            self._second = second_of(stamp)
        return self._second
