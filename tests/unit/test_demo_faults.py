"""What `--faults` can ask for, and how a rule decides whom it hits."""

from __future__ import annotations

import pytest

from k8stui.demo.faults import HELP, Faults, FaultSpecError, parse, split_rules


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def hits(faults: Faults, path: str = "/api/v1/pods", *, query: str = "", token: str = "") -> list[str]:
    return [rule.kind for rule in faults.chosen(path, query, token)]


@pytest.mark.parametrize(
    "spec",
    [
        "drop:0.05",
        "halfopen",
        "stall:5s",
        "410",
        "410-http",
        "401:every=60s",
        "403@/api/v1/nodes$",
        "429:retry=2",
        "500:0.1",
        "503",
        "truncate",
        "garbage",
        "slow:200ms",
        "503:from=10s:for=20s",
        "503,from=10s,for=20s,drop:0.5",
        "drop@/api/v1/(pods|nodes){1,2}",
        "",
    ],
)
def test_every_form_of_the_help_is_understood(spec: str) -> None:
    assert len(parse(spec)) == len([part for part in split_rules(spec) if "=" not in part.split(":")[0]])


def test_the_examples_of_the_help_are_understood() -> None:
    examples = [line.split()[0] for line in HELP.partition("examples:\n")[2].splitlines() if line.strip()]
    assert len(examples) >= 5
    for example in examples:
        assert parse(example)


def test_settings_are_read() -> None:
    (rule,) = parse("429:0.1:retry=2:from=1m:for=20s:times=3@/pods")
    assert (rule.code, rule.rate, rule.retry, rule.begin, rule.lasting, rule.times) == (
        429,
        0.1,
        2,
        60,
        20,
        3,
    )
    assert rule.path is not None
    assert rule.path.pattern == "/pods"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("explode", "no fault"),
        ("200", "no fault"),
        ("drop:2", "between 0 and 1"),
        ("drop:often", "not understood"),
        ("stall", "needs a time"),
        ("slow:0.5", "needs a time"),
        ("410:every=fast", "no time"),
        ("drop:every=1ms", "at least"),
        ("403@(", "regular expression"),
        ("from=5s", "before any fault"),
    ],
)
def test_what_is_not_understood_is_said_in_one_sentence(spec: str, words: str) -> None:
    with pytest.raises(FaultSpecError, match=words) as caught:
        parse(spec)
    assert "\n" not in str(caught.value)


def test_a_bad_change_changes_nothing() -> None:
    faults = Faults("503")
    with pytest.raises(FaultSpecError):
        faults.set("nonsense")
    assert hits(faults) == ["503"]


def test_a_path_is_searched_with_and_without_its_query() -> None:
    faults = Faults("403@/nodes$,500@watch=1")
    assert hits(faults, "/api/v1/nodes", query="limit=500") == ["403"]
    assert hits(faults, "/api/v1/nodes/a") == []
    assert hits(faults, "/api/v1/pods", query="watch=1") == ["500"]


def test_a_rate_is_kept_and_repeatable() -> None:
    one, other = Faults("500:0.1", seed=3), Faults("500:0.1", seed=3)
    first = [bool(hits(one)) for _ in range(5000)]
    assert first == [bool(hits(other)) for _ in range(5000)]
    assert 400 < sum(first) < 600


def test_a_window_opens_and_closes() -> None:
    clock = Clock()
    faults = Faults("503:from=10s:for=20s", clock=clock)
    seen = []
    for second in (0, 9, 10, 29, 30, 100):
        clock.now = 100.0 + second
        seen.append(bool(hits(faults)))
    assert seen == [False, False, True, True, False, False]


def test_only_so_many_times() -> None:
    faults = Faults("500:times=2")
    assert [bool(hits(faults)) for _ in range(4)] == [True, True, False, False]
    assert faults.struck["500:times=2"] == 2


def test_credentials_expire_and_renewed_ones_work() -> None:
    clock = Clock()
    faults = Faults("401:every=60s", clock=clock)
    assert hits(faults, token="Bearer one") == []
    clock.now += 59
    assert hits(faults, token="Bearer one") == []
    clock.now += 2
    assert hits(faults, token="Bearer one") == ["401"]
    assert hits(faults, token="Bearer two") == []
    assert hits(faults, token="Bearer one") == ["401"]
    clock.now += 60
    assert hits(faults, token="Bearer two") == ["401"]


def test_codes_may_come_together_with_other_faults() -> None:
    assert hits(Faults("slow:1s,503,drop")) == ["slow", "503", "drop"]
