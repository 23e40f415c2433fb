"""A stream that is cut anywhere and resumed brings each line once, however its batches were cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube.logs.seen import Seen
from k8stui.kube.logs.times import second_of


def line(number: int, step: int) -> bytes:
    whole, rest = divmod(number * step, 1000)
    minutes, seconds = divmod(whole, 60)
    return f"2026-01-31T08:{minutes:02d}:{seconds:02d}.{rest:03d}000000Z text {number % 7}".encode()


@given(
    st.integers(1, 300),
    st.sampled_from([1, 40, 400, 1500]),
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=40),
)
def test_each_line_comes_once_over_any_cuts(count: int, step: int, cuts: list[tuple[int, bool]]) -> None:
    log = [line(number, step) for number in range(count)]
    seen, at, found = Seen(), 0, []
    for size, resumes in cuts:
        batch = log[at : at + size]
        found += [f"{stamp} {text}".encode() for stamp, text in seen.take(batch)]
        at = min(len(log), at + size)
        if resumes and seen.since:
            since = second_of(seen.since)
            at = next(
                (index for index, raw in enumerate(log) if second_of(raw.decode()[:30]) >= since), len(log)
            )
            seen.resume()
    found += [f"{stamp} {text}".encode() for stamp, text in seen.take(log[at:])]
    assert found == log


def test_a_line_of_the_next_second_before_one_that_is_late_is_known_again() -> None:
    log = [
        b"2026-01-31T08:00:03.900000000Z 1",
        b"2026-01-31T08:00:04.000000000Z 2",
        b"2026-01-31T08:00:03.990000000Z 3",
        b"2026-01-31T08:00:05.100000000Z 4",
    ]
    seen = Seen()
    assert len(seen.take(log[:3]) + seen.take(log[3:])) == 4
    seen.resume()
    assert seen.since == "2026-01-31T08:00:04Z"
    assert seen.take([log[1], log[3], b"2026-01-31T08:00:05.200000000Z 5"]) == [
        ("2026-01-31T08:00:05.200000000Z", "5")
    ]


def test_bytes_that_are_no_text_can_be_had_back() -> None:
    raw = b"2026-01-31T08:00:00.000000000Z \xff\xfe"
    ((_, text),) = Seen().take([raw], "surrogateescape")
    assert text.encode("utf-8", "surrogateescape") == b"\xff\xfe"
