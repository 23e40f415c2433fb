"""Which lines of a stream were read already, so that it resumes without loss and without doubles.

`sinceTime` is a whole second, and two writers of one container may be stamped slightly out of
order, so a stream is resumed from the second before the newest stamp, and what was seen of these
seconds is skipped, line by line. Of a line only a 64-bit hash is kept: two seconds of a flood are
hundreds of thousands of lines.

Where the clock of a node is set back, times do not tell any more what comes after what: then a log is read
again from further back, and all is skipped up to the lines that were the last ones.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from k8stui.kube.logs.times import nanoseconds, second_of, since_time, split_stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERLAP = 1
"""Seconds before the newest one that are read again."""
FORGET = 5
"""Seconds after the first line of a life when what was read before it is of no use."""
DISORDER = 100_000_000
"""Nanoseconds by which the stamps of two writers may be out of order."""


class Seen:
    """The lines of the last seconds of one container's life."""

    def __init__(self) -> None:
        self._newest = 0
        self._first: str | None = None
        """The stamp of the first line that was read: a tail may have left out others before it. "" for a life
        that was read from its beginning."""
        self._batches: list[tuple[int, array[int]]] = []
        """Hashes of lines, with the second of the newest of them."""
        self._before = array("q")
        """Of lines that were read before this life began: some may have been its own, under another name."""
        self._began = 0
        """The second of its first line."""
        self._ahead = 0
        """The newest second before the clock was set back; 0 where it was not, or is past that again."""
        self._unseen = False
        """It was set back after the last line: lines with times before that one have not been read."""
        self._is_there = True
        """The last lines are in what a resumed stream brings."""
        self._expected: Counter[int] | None = None
        self._met = True
        self.hold = False
        """Forget nothing for now: it is not certain whose lines are being read."""
        self.skips = False
        """What the resumed stream begins with was read before the clock was set back: no line is new until
        one comes that was among the last."""
        self._prefix = ""
        self._second = 0

    def take(self, batch: Sequence[bytes], errors: str = "replace") -> list[tuple[str, str]]:
        """The lines of a batch that were not read before, each as its stamp and its text."""
        if not batch:
            return []
        # a newline ends whatever was begun before it, so decoding all at once is decoding each
        lines = b"\n".join(batch).decode("utf-8", errors).split("\n")
        split = split_stamps(lines)
        if self._expected is None and not self.hold and split[-1][0]:
            self._first = split[0][0] if self._first is None else self._first
            self._keep(self._second_of(split[-1][0]), array("q", map(hash, lines)))
            return split
        return [
            (stamp, text)
            for (stamp, text), line in zip(split, lines, strict=True)
            if self._is_new(line, stamp)
        ]

    @property
    def since(self) -> str:
        """Where to resume, for `sinceTime`; "" is the beginning."""
        return since_time(self.second) if self._newest and not self._unseen else ""

    @property
    def begun(self) -> bool:
        """Whether a line was read."""
        return bool(self._newest)

    @property
    def second(self) -> int:
        """`since` in seconds since the epoch."""
        return self._newest - OVERLAP

    @property
    def newest(self) -> str:
        """The second of the newest line that was read; "" when nothing was read."""
        return since_time(self._newest) if self._newest else ""

    @property
    def missed(self) -> bool:
        """Whether the resumed stream repeated nothing of what it should: the log was cut meanwhile."""
        return not self._met

    @property
    def is_set_back(self) -> bool:
        """Whether times do not tell what comes after what."""
        return bool(self._ahead)

    @property
    def remembered(self) -> int:
        """How many lines are remembered."""
        return len(self._before) + sum([len(hashes) for _, hashes in self._batches])

    def resume(self) -> None:
        """A stream begins that repeats what was seen since `since`."""
        self._expected = Counter(self._before)
        for _, hashes in self._batches:
            self._expected.update(hashes)
        self._met = not self._batches
        self.skips = not self._met and bool(self._ahead) and self._is_there

    def ends_with(self, line: bytes, errors: str = "replace") -> None:
        """The log ends with this line now: if it is older than what was seen, the clock was set back."""
        ((stamp, _),) = split_stamps([line.decode("utf-8", errors)])
        if stamp and self._newest and self._second_of(stamp) < self.second:
            self._ahead, self._unseen = max(self._ahead, self._newest), True

    def look_for_end(self, log: Sequence[bytes], errors: str = "replace") -> None:
        """What a resumed stream will begin with: are the last lines in there, or were they rotated away?"""
        self._is_there = self.has_any(log, errors)

    def new_life(self) -> None:
        """What is read from now on is another log: read from its beginning, whatever its times."""
        before = [each for _, hashes in self._batches for each in hashes] if self.hold else ()
        self._before = array("q", before)
        self._batches = []
        self._first = "" if self._newest else None
        self._newest = self._began = self._ahead = 0
        self._unseen = False

    def fork(self) -> Seen:
        """A copy: the same lines may be read a second time beside this one."""
        other = Seen()
        other.restore(self)
        return other

    def restore(self, other: Seen) -> None:
        """Have seen what the other one has, and nothing else. Call it before `resume`."""
        self._newest, self._first = other._newest, other._first
        self._ahead, self._unseen, self._is_there = other._ahead, other._unseen, other._is_there
        self._before, self._began = other._before, other._began
        self._batches = [(second, hashes[:]) for second, hashes in other._batches]

    def learn(self, other: Seen) -> None:
        """Remember also what another one remembers. Call it before `resume`."""
        for second, hashes in other._batches:
            self._keep(max(second, self._newest), hashes[:])

    def has_any(self, log: Sequence[bytes], errors: str = "replace") -> bool:
        """Whether a line of this life that is remembered is in a log."""
        known = {each for _, hashes in self._batches for each in hashes}
        return any(hash(line.decode("utf-8", errors)) in known for line in log)

    def _is_new(self, line: str, stamp: str) -> bool:
        """Whether a line (with its stamp in front) was not read before; it is remembered."""
        expected = self._expected
        if expected is not None:
            if expected.get(hash(line), 0) > 0:
                expected[hash(line)] -= 1
                self._met, self.skips = True, False
                return False
            if self.skips or (not self._met and self._is_before_tail(stamp)):
                return False
            if stamp and self._second_of(stamp) > self._newest:
                self._expected = None  # behind what was seen: no need to compare any more
        self._first = stamp if self._first is None else self._first
        self._keep(self._second_of(stamp) if stamp else self._newest, array("q", (hash(line),)))
        return True

    def _is_before_tail(self, stamp: str) -> bool:
        """A line that the tail left out on purpose comes again in the overlap, and not quite in order."""
        if not stamp or not self._first:
            return False
        return nanoseconds(stamp) <= nanoseconds(self._first) + DISORDER

    def _keep(self, second: int, hashes: array[int]) -> None:
        """Remember lines, and forget what is older than what a resumed stream repeats."""
        self._unseen = False
        if second < self._newest - OVERLAP:
            self._set_back(second)
        if self._batches and second <= self._newest:
            self._batches[-1][1].extend(hashes)
            return
        self._newest = max(self._newest, second)
        self._batches.append((self._newest, hashes))
        self._began = self._began or second
        # a batch is known by its last line, and one before it may be of the next second already
        while self._batches[0][0] < self._newest - OVERLAP - 1 and not self.hold:
            del self._batches[0]
        if self._before and self._newest > self._began + FORGET and not self.hold:
            self._before = array("q")
        if self.second > self._ahead:
            self._ahead = 0

    def _set_back(self, second: int) -> None:
        """What is remembered from now on came after that; lines of these times came before it, too."""
        self._ahead = max(self._ahead, self._newest)
        self._newest, self._first = second, ""
        held = [each for _, hashes in self._batches for each in hashes] if self.hold else ()
        self._batches = [(second, array("q", held))]

    def _second_of(self, stamp: str) -> int:
        if not stamp.startswith(self._prefix) or not self._prefix:
            self._prefix = stamp[:19]
            self._second = second_of(stamp)
        return self._second
