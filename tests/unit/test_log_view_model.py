"""Which lines of a log are shown: matches with context, folded traces, repeats; searching and rates."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest

from k8stui.kube.logs.times import nanoseconds
from k8stui.kube.logs.types import LogLine, LogSource
from k8stui.ui.logs import by_time
from k8stui.ui.logs.filtering import LogFilter, LogFilterError
from k8stui.ui.logs.folding import Folds, same
from k8stui.ui.logs.rate import Rate
from k8stui.ui.widgets.lines.index import SeqIndex
from k8stui.ui.widgets.lines.model import LineModel, LineView
from k8stui.ui.widgets.lines.search import LineSearch
from tests.unit.lines import Ring, Texts, only

WEB = LogSource("shop", "web-1", "u1", "app", "c1")
DB = LogSource("shop", "db-0", "u2", "db", "c2", "sidecar")


class Lines:
    """Lines of a log, as a source."""

    def __init__(self, *texts: str, source: LogSource = WEB) -> None:
        self.held = [
            LogLine(f"2026-01-31T08:00:{n % 60:02}.000000000Z", source, t) for n, t in enumerate(texts)
        ]
        self.first = 0

    @property
    def end(self) -> int:
        return len(self.held)

    def line(self, seq: int) -> LogLine:
        return self.held[seq]

    def lines(self, start: int, stop: int) -> list[LogLine]:
        return self.held[max(0, start) : max(0, stop)]


def settled(model: LineModel) -> list[int]:
    while model.step():
        pass
    return [seq for index in range(len(model)) if (seq := model.seq_at(index)) is not None]


def picked(text: str, *lines: LogLine) -> list[str]:
    source = Lines()
    source.held = list(lines)
    return [source.line(seq).text for seq in LogFilter(text).matching(0, lines, source)]


class TestIndex:
    def test_it_is_a_sorted_list_that_grows_at_both_ends_and_loses_the_oldest(self) -> None:
        chance = random.Random(4)
        index, plain, low, high, first = SeqIndex(), [], 0, 0, -10_000
        for _ in range(2_000):
            if chance.random() < 0.5:
                new = [high + chance.randrange(1, 4)]
                high = new[-1]
                index.add_above(new)
                plain += new
                low = low or new[0]
            elif low > first:
                new = [low - chance.randrange(1, 4)]
                if new[0] < first:
                    continue
                low = new[0]
                index.add_below(new)
                plain.insert(0, new[0])
            if plain and chance.random() < 0.02:
                first = plain[len(plain) // 3]
                index.drop_before(first)
                plain = [seq for seq in plain if seq >= first]
                low = first
            assert len(index) == len(plain)
            if plain:
                seq = chance.randrange(plain[0] - 2, plain[-1] + 3)
                assert index.place_of(seq) == sum(each < seq for each in plain)
                assert index.has(seq) == (seq in plain)
                assert (index.first, index.last) == (plain[0], plain[-1])
                assert index.between(seq, seq + 9) == [each for each in plain if seq <= each < seq + 9]


class TestFilter:
    LINES = (
        LogLine("", WEB, "GET /health 200"),
        LogLine("", WEB, "level=warn msg=slow"),
        LogLine("", DB, "\x1b[31mERROR\x1b[0m connection a.b[0] lost"),
        LogLine("", DB, "\tat db.Pool.get(Pool.java:7)"),
        LogLine("", WEB, "restarted", "restart"),
    )

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("health", [0, 4]),
            ("HEALTH", [4]),
            ("!health", [1, 2, 3, 4]),
            ("get !GET /health", [3, 4]),
            ("level>=error", [2, 3, 4]),
            ("level:warn", [1, 4]),
            ("!level>=warn", [0, 4]),
            ("pod:db", [2, 3]),
            ("!container:^app$ connection", [2]),
            ("kind:sidecar", [2, 3]),
            ("-F a.b[0]", [2, 4]),
            ("a.b[0]", [4]),
            ("log:health log:slow", [0, 1, 4]),
            ("ERROR connection", [2, 4]),
            ("", [0, 1, 2, 3, 4]),
        ],
    )
    def test_terms_include_exclude_and_look_at_levels_and_sources(
        self, text: str, expected: list[int]
    ) -> None:
        assert picked(text, *self.LINES) == [self.LINES[number].text for number in expected]

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            *(("ready", ["ready"]), ("level>=error", []), ("ready log:steady", ["ready"])),
            *(("!nothing", ["joined", "ready"]), ("!level:error", ["joined", "ready"])),
            *(("pod:web", ["joined", "ready"]), ("pod:db", [])),
        ],
    )
    def test_pods_that_come_and_go_do_not_stand_between_lines_that_were_looked_for(
        self, text: str, shown: list[str]
    ) -> None:
        lines = (LogLine("", WEB, "joined", "info"), LogLine("", WEB, "ready"))
        others = (LogLine("", WEB, "gone", "gap"), LogLine("", LogSource("", "", "", ""), "marked", "info"))
        wanted = [*shown, *(["marked"] if text == "pod:db" else ["gone", "marked"])]
        assert picked(text, *lines, *others) == wanted

    @pytest.mark.parametrize("text", ["(", "level>=loud", "pod:(", "log:["])
    def test_what_cannot_be_understood_is_an_error_and_not_a_guess(self, text: str) -> None:
        with pytest.raises(LogFilterError):
            LogFilter(text)

    @pytest.mark.parametrize(
        ("text", "around"), [("-C3 x", (3, 3)), ("-A 2 x", (0, 2)), ("x -B1", (1, 0)), ("a-C3", (0, 0))]
    )
    def test_context_is_asked_for_as_grep_does(self, text: str, around: tuple[int, int]) -> None:
        found = LogFilter(text)
        assert (found.before, found.after) == around

    def test_a_trace_that_began_in_lines_before_has_the_level_of_its_head(self) -> None:
        lines = Lines("ERROR broken", *(f"\tat a.b.C.d(C.java:{n})" for n in range(50)))
        rule = LogFilter("level>=error")
        assert rule.matching(40, lines.lines(40, 51), lines) == list(range(40, 51))


class TestWhereItBegins:
    def test_what_a_filter_shows_is_found_first_where_the_reader_is(self) -> None:
        lines = Lines(*(f"line {n}" for n in range(50_000)))
        model = LineModel(lines)
        model.set_view(LineView(LogFilter("7$")), near=20_000)
        model.step(0)
        first = [model.seq_at(index) for index in range(3)]
        assert first == [20_007, 20_017, 20_027]
        assert settled(model) == list(range(7, 50_000, 10))

    def test_without_a_place_the_newest_come_first(self) -> None:
        lines = Lines(*(f"line {n}" for n in range(50_000)))
        model = LineModel(lines)
        model.set_view(LineView(LogFilter("7$")))
        model.step(0)
        assert model.seq_at(len(model) - 1) == 49_997


class TestContext:
    @pytest.mark.parametrize("seed", range(8))
    def test_lines_around_matches_are_those_that_grep_shows_however_the_lines_come(self, seed: int) -> None:
        chance = random.Random(seed)
        ring = Ring(3_000)
        before, after = chance.randrange(6), chance.randrange(6)
        words = ["x"] * 20 + ["hit"]
        ring.extend([chance.choice(words) for _ in range(1_500)])
        model = LineModel(ring)
        model.set_view(LineView(Texts(lambda text: text == "hit"), before, after))
        for _ in range(30):
            model.step(0.0)
            ring.extend([chance.choice(words) for _ in range(chance.randrange(200))])
        found = settled(model)
        hits = [seq for seq in range(ring.end) if seq >= 0 and _text(ring, seq) == "hit"]
        wanted = {seq for hit in hits for seq in range(hit - before, hit + after + 1)}
        oldest = ring.first
        safe = oldest + 10  # the context of what fell off may stay
        assert [seq for seq in found if seq >= safe] == sorted(
            seq for seq in wanted if safe <= seq < ring.end
        )
        dim = [seq for seq in found if not model.is_match(seq)]
        assert all(_text(ring, seq) == "x" for seq in dim)


def _text(ring: Ring, seq: int) -> str:
    return ring.line(seq).text if ring.first <= seq < ring.end else ""


class TestFolding:
    TRACE = (
        "ERROR request failed",
        "java.lang.IllegalStateException: x",
        "\tat a.B.c(B.java:1)",
        "Caused by: y",
        "\t... 12 more",
        "INFO next",
    )

    def test_a_trace_is_folded_into_its_first_line_with_a_count(self) -> None:
        lines = Lines(*self.TRACE)
        folds = Folds(lines)
        model = LineModel(lines)
        model.set_view(LineView(folds=folds))
        assert settled(model) == [0, 1, 5]
        assert folds.count(1) == 3
        assert [(seq, line.text) for seq, line in folds.lines(1)] == list(enumerate(self.TRACE))[2:5]
        assert folds.head(4, lines.line(4)) == 1
        assert folds.head(1, lines.line(1)) is None

    def test_lines_of_other_containers_may_stand_between(self) -> None:
        lines = Lines(*self.TRACE)
        lines.held.insert(3, LogLine("", DB, "ready"))
        model = LineModel(lines)
        model.set_view(LineView(folds=Folds(lines)))
        assert settled(model) == [0, 1, 3, 6]

    def test_a_line_without_a_head_is_never_hidden(self) -> None:
        lines = Lines(*[f"  indented {n}" for n in range(900)])
        model = LineModel(lines)
        model.set_view(LineView(folds=Folds(lines)))
        assert len(settled(model)) == 900

    def test_a_folded_line_that_a_filter_finds_is_shown(self) -> None:
        lines = Lines(*self.TRACE)
        rule = LogFilter("caused")
        model = LineModel(lines)
        model.set_view(LineView(rule, folds=Folds(lines), keeps_matches=rule.finds))
        assert settled(model) == [3]
        assert Folds(lines).count(3) == 0  # those after it are the head's

    def test_go_traces(self) -> None:
        texts = (
            "panic: boom",
            "",
            "goroutine 1 [running]:",
            "main.run(0xc000012, {0x1, 0x2})",
            "\t/app/m.go:7",
        )
        lines = Lines("start", *texts, "bye")
        model = LineModel(lines)
        model.set_view(LineView(folds=Folds(lines)))
        assert settled(model) == [0, 1, 6]


class TestRepeats:
    def test_neighbours_that_say_the_same_are_one_with_a_count(self) -> None:
        texts = ["a", *(f"2026-01-31T08:00:{n:02}Z retry in 5s" for n in range(7)), "b", "b", "c"]
        lines = Lines(*texts)
        model = LineModel(lines)
        model.set_view(LineView(repeats=same))
        assert settled(model) == [0, 7, 9, 10]
        assert [model.run_of(seq) for seq in (0, 7, 9, 10)] == [1, 7, 2, 1]

    @pytest.mark.parametrize("seed", range(6))
    def test_counts_are_right_however_the_lines_come(self, seed: int) -> None:
        chance = random.Random(seed)
        lines = Lines(*(chance.choice("ab") for _ in range(2_000)))
        model = LineModel(lines)
        model.set_view(LineView(Texts(lambda text: text in "ab"), repeats=same))
        for _ in range(20):
            model.step(0.0)
            lines.held += Lines(*(chance.choice("aab") for _ in range(chance.randrange(40)))).held
        found = settled(model)
        assert sum(model.run_of(seq) for seq in found) == lines.end
        texts = [lines.line(seq).text for seq in found]
        assert all(one != two for one, two in pairwise(texts))


class TestRepeatsOfTraces:
    ONE = ("ERROR no stock", "\tat a.B.c(B.java:1)", "\tat a.B.d(B.java:2)")
    OTHER = ("ERROR no stock", "\tat x.Y.z(Y.java:7)")

    @staticmethod
    def shown(lines: Lines, near: int | None = None) -> LineModel:
        model, folds = LineModel(lines), Folds(lines)
        model.set_view(LineView(folds=folds, head=folds.head, repeats=same, alike=folds.alike), near)
        return model

    @pytest.mark.parametrize("near", [None, 0, 4, 7])
    def test_only_lines_with_the_same_trace_are_one(self, near: int | None) -> None:
        lines = Lines(*self.ONE, *self.ONE, *self.OTHER, *self.ONE, "INFO end")
        model = self.shown(lines, near)
        assert settled(model) == [3, 6, 8, 11]
        assert [model.run_of(seq) for seq in (3, 6, 8, 11)] == [2, 1, 1, 1]
        assert TestSearch.found(model, "java:7") == [7]

    @pytest.mark.parametrize("seed", range(8))
    def test_nothing_is_hidden_that_is_no_repeat_however_the_lines_come(self, seed: int) -> None:
        chance = random.Random(seed)
        texts = [
            text for _ in range(60) for text in chance.choice([self.ONE, self.OTHER, ("ERROR no stock",)])
        ]
        lines = Lines()
        model = self.shown(lines)
        while texts:
            size = chance.choice([1, 1, 2, 7])
            lines.held += Lines(*texts[:size]).held
            del texts[:size]
            model.step()
        lines.held += Lines("INFO end").held
        live, folds = settled(model), Folds(lines)

        def trace(seq: int) -> list[str]:
            return [line.text for _, line in folds.lines(seq)]

        heads = [seq for seq in range(lines.end) if not lines.line(seq).text.startswith("\t")]
        for head in heads:
            holder = next(seq for seq in live if seq >= head)
            assert trace(holder)[: len(trace(head))] == trace(head)
        assert sum(model.run_of(seq) for seq in live) == len(heads)
        known = settled(self.shown(lines))[:-1]
        assert all(trace(one) != trace(two) for one, two in pairwise(known))

    def test_a_trace_that_comes_after_its_head_is_a_repeat_when_it_is_whole(self) -> None:
        lines = Lines(*self.ONE, self.ONE[0])
        model = self.shown(lines)
        assert settled(model) == [0, 3]
        lines.held += Lines(*self.ONE[1:]).held
        settled(model)
        lines.held += Lines("INFO end").held
        assert settled(model) == [3, 6]
        assert model.run_of(3) == 2


class TestSearch:
    @pytest.mark.parametrize("forward", [True, False])
    def test_the_line_where_it_begins_is_found_whichever_way_it_goes(self, forward: bool) -> None:
        search = LineSearch(LineModel(Lines("hit", "hit", "hit")))
        search.start(re.compile("hit"), 2 if not forward else 0, forward=forward)
        while search.running:
            search.step()
        assert search.found == (0 if forward else 2)

    def test_all_matches_are_counted_and_the_place_is_known(self) -> None:
        model = LineModel(Lines(*(f"line {number}" for number in range(5_000))))
        search = LineSearch(model)
        search.start(re.compile("7$"), 2_500)
        search.step(0.0)
        assert search.found == 2_507  # known at once, the rest is counted later
        while search.running:
            search.step()
        assert (search.count, search.place) == (500, 251)
        search.go_on(forward=False, seq=0)
        search.step()
        assert (search.found, search.place) == (2_497, 250)

    def test_only_shown_lines_are_found_and_new_ones_too(self) -> None:
        lines = Lines(*(f"line {number}" for number in range(1_000)))
        model = LineModel(lines)
        model.set_view(only(lambda text: text.endswith("7")))
        settled(model)
        search = LineSearch(model)
        search.start(re.compile("99"), 0)
        while search.running:
            search.step()
        assert [search.matches.at(place) for place in range(search.count)] == [997]
        lines.held += Lines("line 9997").held
        settled(model)
        assert search.running
        search.step()
        assert search.count == 2

    @staticmethod
    def found(model: LineModel, pattern: str) -> list[int]:
        settled(model)
        search = LineSearch(model)
        search.start(re.compile(pattern), 0)
        while search.running:
            search.step()
        return [search.matches.at(place) for place in range(search.count)]

    def test_lines_of_folded_traces_are_found_in_the_line_that_shows_them(self) -> None:
        lines = Lines(*TestFolding.TRACE, "INFO pool ready", "ERROR again", "\tat a.B.pool(B.java:9)")
        folds = Folds(lines)
        model = LineModel(lines)
        model.set_view(LineView(folds=folds, head=folds.head))
        assert self.found(model, "B.java|Caused") == [2, 3, 8]
        assert [model.holder(seq) for seq in (2, 3, 8, 6)] == [1, 1, 7, 6]
        model.set_view(LineView(LogFilter("!again"), folds=folds, head=folds.head))
        assert self.found(model, "B.java|Caused") == [2, 3]

    def test_of_repeated_lines_those_are_found_that_differ_from_the_one_shown(self) -> None:
        lines = Lines(*(f"08:00:0{n} disk full" for n in range(4)), "08:00:09 disk free")
        model = LineModel(lines)
        model.set_view(LineView(repeats=same))
        assert self.found(model, "disk") == [3, 4]
        assert self.found(model, "08:00:01") == [1]
        assert model.holder(1) == 3
        model.set_view(LineView(LogFilter("!08:00:01"), repeats=same))
        assert self.found(model, "08:00:01") == []

    def test_colours_of_the_program_are_no_part_of_what_is_searched(self) -> None:
        model = LineModel(Lines("\x1b[32mok\x1b[0m done", "32"))
        assert self.found(model, "ok done") == [0]
        assert self.found(model, "32") == [1]


class TestTimes:
    def test_a_time_is_found_by_halves_and_a_remark_without_one_is_not_meant(self) -> None:
        lines = Lines(*(f"line {n}" for n in range(40)))
        lines.held.insert(20, LogLine("", WEB, "ended", "ended"))
        model = LineModel(lines)
        wanted = nanoseconds("2026-01-31T08:00:20Z")
        assert by_time.first_at(model, wanted) == 21
        assert by_time.first_at(model, wanted - 1) == 21
        assert by_time.first_at(model, wanted - 1_000_000_000) == 19
        assert by_time.first_at(model, wanted + 3_600_000_000_000) is None


class TestRate:
    def test_lines_and_errors_are_counted_by_the_second_as_they_come(self) -> None:
        lines = Lines(*("ERROR x" if number % 10 == 0 else "INFO y" for number in range(600)))
        rate = Rate(LineModel(lines))
        while rate.step():
            pass
        bars = rate.bars(60)
        assert bars is not None
        assert (len(bars.bars), sum(bar.lines for bar in bars.bars)) == (60, 600)
        assert [bar.errors for bar in bars.bars[:11:10]] == [10, 10]
        lines.held += Lines("ERROR z").held
        rate.step()
        bars = rate.bars(6)
        assert bars is not None
        assert (len(bars.bars), sum(bar.errors for bar in bars.bars)) == (6, 61)
