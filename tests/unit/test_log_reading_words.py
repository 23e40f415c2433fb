"""What a log view says and asks: moments, names, states of streams, opened lines, saved lines, completion."""

from __future__ import annotations

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from k8stui.kube.logs.types import Following, LogLine, LogSource, SourceStatus
from k8stui.ui.logs import states
from k8stui.ui.logs.asking import with_stream
from k8stui.ui.logs.completing import completions
from k8stui.ui.logs.expanding import below
from k8stui.ui.logs.moments import MomentError, moment_of
from k8stui.ui.logs.names import Names, fitted, long_name, next_names, short_name
from k8stui.ui.logs.nothing_yet import why_nothing
from k8stui.ui.logs.painter import Times, ago, shown_time
from k8stui.ui.logs.saving import as_json, as_text
from k8stui.ui.spec import Target, ViewSpec, ViewType
from k8stui.ui.widgets.painting import width_of

NOW = datetime.fromisoformat("2026-01-31T12:00:00+09:00")
WEB = LogSource("shop", "web-1", "u1", "app", "c1")


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("11:05", "2026-01-31T11:05:00+09:00"),
            ("13:05", "2026-01-30T13:05:00+09:00"),
            ("11:05:30", "2026-01-31T11:05:30+09:00"),
            ("01-30 23:59", "2026-01-30T23:59:00+09:00"),
            ("12-31 23:59", "2025-12-31T23:59:00+09:00"),
            ("2026-01-30 23:59:01", "2026-01-30T23:59:01+09:00"),
            ("2026-01-31T02:00:00Z", "2026-01-31T11:00:00+09:00"),
            ("10m", "2026-01-31T11:50:00+09:00"),
            ("1h30m ago", "2026-01-31T10:30:00+09:00"),
            ("-2d", "2026-01-29T12:00:00+09:00"),
            ("31/Jan/2026:02:00:00 +0000", "2026-01-31T11:00:00+09:00"),
            ("2026-01-31T02:00:00.123456789Z", "2026-01-31T11:00:00.123456+09:00"),
        ],
    )
    def test_clock_times_are_the_last_such_ones(self, text: str, expected: str) -> None:
        assert moment_of(text, NOW) == datetime.fromisoformat(expected)

    @pytest.mark.parametrize("text", ["", "soon", "25:00", "02-30 10:00", "10"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(MomentError):
            moment_of(text, NOW)


class TestTimes:
    def test_relative_times_are_as_fine_as_they_are_near(self) -> None:
        assert [ago(each) for each in (0.25, 59.9, 61, 3_700, 90_000, -2)] == [
            "-0.2s",
            "-59.9s",
            "-1m1s",
            "-1h1m",
            "-1d1h",
            "+2.0s",
        ]

    def test_utc_is_cut_to_milliseconds_and_off_is_nothing(self) -> None:
        stamp = "2026-01-31T03:00:00.123456789Z"
        assert shown_time(stamp, Times.UTC, 0) == "2026-01-31T03:00:00.123Z"
        assert shown_time(stamp, Times.OFF, 0) == ""
        assert shown_time("", Times.UTC, 0) == ""
        assert shown_time(stamp, Times.LOCAL, 0).endswith(":00:00.123")


def test_names_are_as_long_as_asked() -> None:
    assert short_name(WEB, one_pod=True) == "app"
    assert short_name(WEB, one_pod=False) == "web-1 app"
    assert long_name(WEB) == "shop/web-1/app"
    turns = [Names.AUTO]
    for _ in range(4):
        turns.append(next_names(turns[-1], shown=True))
    assert turns[1:] == [Names.LONG, Names.OFF, Names.SHORT, Names.LONG]


@pytest.mark.parametrize(
    ("name", "size", "shown"),
    [
        ("web-1", 8, "web-1   "),
        ("checkout-85ddbf7c88-gjg7p", 17, "checkout-8…-gjg7p"),
        # each word can still be told: the container's is short, so the pod's gives way
        ("checkout-85ddbf7c88-gjg7p istio-proxy", 23, "checko…jg7p istio-proxy"),
        ("shop/checkout-85ddbf7c88-gjg7p/checkout", 24, "shop/checko…g7p/checkout"),
    ],
)
def test_a_name_that_is_too_long_loses_the_middle_of_its_longest_words(
    name: str, size: int, shown: str
) -> None:
    found = fitted(name, size)
    assert found.rstrip() == shown.rstrip()
    assert width_of(found) == size


class Queue:
    """Streams that wait for a place."""

    def __init__(self, *waiting: str) -> None:
        self.waiting = {key: at for at, key in enumerate(waiting, 1)}


class TestStates:
    @staticmethod
    def status(following: Following, number: int = 0, **more: object) -> SourceStatus:
        source = msgspec.structs.replace(WEB, pod=f"web-{number}", uid=f"u{number}")
        return msgspec.structs.replace(SourceStatus(source, following, 100.0), **more)

    def test_each_state_looks_different(self) -> None:
        found = [
            states.about(self.status(Following.OPEN, last_line=195.0), 200.0),
            states.about(self.status(Following.OPEN, last_line=120.0), 200.0),
            states.about(self.status(Following.BROKEN, next_try=204.0, reason="refused"), 200.0),
            states.about(self.status(Following.WAITING, reason="CrashLoopBackOff"), 200.0),
            states.about(self.status(Following.ENDED, reason="exit code 0"), 200.0),
            states.about(self.status(Following.WAITING, 3), 200.0, {"u1/app": 1, "u3/app": 2}),
        ]
        assert found == [
            "open, for 100s",
            "quiet for 80s",
            "broken, for 100s, next try in 4 s, refused",
            "waiting, for 100s, CrashLoopBackOff",
            "ended, for 100s, exit code 0",
            "queued, number 2",
        ]

    def test_the_summary_names_trouble_first(self) -> None:
        live = [self.status(Following.OPEN, n, last_line=199.0) for n in range(3)]
        assert states.summary(live, 200.0) == ("following 3 streams", False)
        ill = [*live, self.status(Following.BROKEN, 4, next_try=203.0)]
        assert states.summary(ill, 200.0) == ("1 of 4 streams broken, next try in 3 s", True)
        assert states.summary([self.status(Following.ENDED)], 200.0) == ("ended", False)
        assert states.summary([], 200.0) == ("waiting", False)
        looping = [self.status(Following.WAITING, n, reason="CrashLoopBackOff") for n in range(2)]
        assert states.summary(looping[:1], 200.0) == ("waiting: CrashLoopBackOff", False)
        assert states.summary(looping, 200.0) == ("waiting: CrashLoopBackOff", False)
        pulling = self.status(Following.WAITING, 3, reason="ImagePullBackOff")
        assert states.summary([*looping, pulling], 200.0) == ("waiting", False)
        waiting = [self.status(Following.WAITING, n) for n in range(3)]
        queue = Queue(*(status.source.stream for status in waiting))
        assert states.summary(waiting, 200.0, queue) == ("3 streams wait for a place", False)


class TestOpening:
    def test_json_is_laid_out(self) -> None:
        rows = below(LogLine("2026-01-31T03:00:00Z", WEB, '{"a":{"b":[1]},"msg":"x"}'), [], [])
        assert rows[0][1] == "2026-01-31T03:00:00Z  shop/web-1/app"
        assert [row.text for row in rows[1:4]] == ["{", '  "a": {', '    "b": [']

    def test_fields_are_listed_by_name(self) -> None:
        rows = below(LogLine("", WEB, "level=warn msg=slow ms=12"), [], [])
        assert [row[:2] for row in rows[1:]] == [("  level", "warn"), ("message", "slow"), ("     ms", "12")]

    def test_nothing_controls_the_screen(self) -> None:
        rows = below(
            LogLine("", WEB, '{"a":"\\u001b[2J\\u0007"}'), [(1, LogLine("", WEB, "\tat \x1b]0;t\x07x"))], []
        )
        assert all(text.isprintable() for _, text, _ in rows)


def test_saved_lines_say_where_they_are_from() -> None:
    lines = [
        LogLine("2026-01-31T03:00:00Z", WEB, "level=warn \x1b[31m결제\x1b[0m"),
        LogLine("", WEB, "cut", "gap"),
    ]
    assert list(as_text(lines)) == ["2026-01-31T03:00:00Z web-1 app level=warn 결제", "web-1 app ── cut ──"]
    first, second = map(json.loads, as_json(lines))
    assert (first["level"], first["pod"], first["message"]) == (
        "warn",
        "web-1",
        "level=warn \x1b[31m결제\x1b[0m",
    )
    assert second["mark"] == "gap"


class TestCompletion:
    @staticmethod
    def names(wants: str, of: str) -> list[tuple[str, str]]:
        held = {
            "pod": [("web-1", "shop"), ("db-0", "shop")],
            "label": [("app=web", "label")],
            "name": [("storefront", "shop")] if of == "deploy" else [],
            "ns": [("shop", "namespace")],
        }
        return held.get(wants, [])

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("po", "pod:"),
            ("web", "web-1"),
            ("deploy/sto", "deploy/storefront"),
            ("deploy/web label:a", "deploy/web label:app=web"),
            ("level>=w", "level>=warn"),
            ("ns:", "ns:shop"),
            ("!po", "!pod:"),
            ("since:", "since:5m"),
            ("dep", "deploy/"),
            ("field:status", "field:status.phase=Running"),
        ],
    )
    def test_keys_and_names_are_offered_for_what_stands_there(self, query: str, expected: str) -> None:
        assert expected in [whole for whole, _, _ in completions(query, self.names)]

    def test_values_are_not_told_to_be_keys(self) -> None:
        assert {about for _, _, about in completions("kind:", self.names)} == {""}


def test_a_stream_is_picked_out_of_what_the_filter_shows() -> None:
    one, other = ("pod:^web-1$ container:^app$", "pod:^web-2$ container:^app$")
    assert with_stream("", one) == one
    assert with_stream("level>=warn timeout", one) == f"{one} level>=warn timeout"
    assert with_stream(f"{one} level>=warn", other) == f"{other} level>=warn"
    assert with_stream(f"{one} level>=warn", one) == "level>=warn"


class TestWhyNothing:
    SPEC = ViewSpec(view=ViewType.LOGS)
    POD = Target("pods", "web-1", "shop", "u1", "pod")

    @staticmethod
    def reading(**known: Any) -> Any:
        older = SimpleNamespace(over=False)
        return SimpleNamespace(
            **{
                "problem": "",
                "statuses": (),
                "has_older": False,
                "older": older,
                "group": None,
                **known,
            }
        )

    def test_what_is_read_is_named(self) -> None:
        assert why_nothing(self.reading(), self.SPEC, self.POD) == "The logs of shop/web-1 have no lines yet."

    def test_lines_that_were_rotated_away_may_be_looked_for(self) -> None:
        said = why_nothing(self.reading(has_older=True), self.SPEC, self.POD)
        assert said.endswith("↑ looks for lines that were rotated away.")
        looked = self.reading(has_older=True, older=SimpleNamespace(over=True))
        assert "↑" not in why_nothing(looked, self.SPEC, self.POD)
