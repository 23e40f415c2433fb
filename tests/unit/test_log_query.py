"""The query language of logs: what each term means, how terms combine, where mistakes are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube.logs.query import (
    LEVELS,
    LevelTerm,
    LogQuery,
    ObjectTarget,
    Pattern,
    QueryError,
    complete,
    join_arguments,
    parse_query,
)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", LogQuery()),
        ("deploy/web", LogQuery(objects=(ObjectTarget("deploy", "web"),))),
        ("web", LogQuery(pods=(Pattern("web"),))),
        ("!web", LogQuery(not_pods=(Pattern("web"),))),
        ("pod:^web-.* !pod:canary", LogQuery(pods=(Pattern("^web-.*"),), not_pods=(Pattern("canary"),))),
        (
            "container:app !container:istio",
            LogQuery(containers=(Pattern("app"),), not_containers=(Pattern("istio"),)),
        ),
        ("kind:init,sidecar !kind:ephemeral", LogQuery(kinds=("init", "sidecar"), not_kinds=("ephemeral",))),
        ("label:app=web,tier!=db label:x", LogQuery(labels=("app=web,tier!=db", "x"))),
        ("app=web", LogQuery(labels=("app=web",))),
        ("field:status.phase=Running", LogQuery(fields=("status.phase=Running",))),
        ("node:n1", LogQuery(fields=("spec.nodeName=n1",))),
        ("ns:shop,default ns:shop", LogQuery(namespaces=("shop", "default"))),
        ("ns:*", LogQuery(namespaces=())),
        ("!ns:kube-system", LogQuery(not_namespaces=("kube-system",))),
        ("log:time.*out !log:GET", LogQuery(logs=(Pattern("time.*out"),), not_logs=(Pattern("GET"),))),
        ('log:"a b" web', LogQuery(logs=(Pattern("a b"),), pods=(Pattern("web"),))),
        (r"log:'it\'s'", LogQuery(logs=(Pattern("it's"),))),
        ("level>=warn", LogQuery(levels=(LevelTerm(">=", 3),))),
        ("level:error", LogQuery(levels=(LevelTerm("=", 4),))),
        ("!level:debug", LogQuery(levels=(LevelTerm("=", 1, negative=True),))),
        ("since:1h30m", LogQuery(since=timedelta(hours=1, minutes=30))),
        (
            "since:2026-01-31T08:00:00Z",
            LogQuery(since=datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ),
        ("tail:500", LogQuery(tail=500, tail_named=True)),
        ("tail:all", LogQuery(tail=None, tail_named=True)),
        (
            " svc/api  level>info\ttail:1 ns:a",
            LogQuery(
                objects=(ObjectTarget("svc", "api"),),
                levels=(LevelTerm(">", 2),),
                tail=1,
                tail_named=True,
                namespaces=("a",),
            ),
        ),
    ],
)
def test_terms_and_their_meaning(text: str, query: LogQuery) -> None:
    assert parse_query(text) == query


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pod:(", "no regular expression"),
        ("web pdo:x", "did you mean pod:?"),
        ("web level>=loud", "loud is no level"),
        ("since:yesterday", "duration"),
        ("tail:-1", "number of lines"),
        ("kind:main", "none of container, init, sidecar, ephemeral"),
        ("ns:Shop", "no name of a namespace"),
        ("!since:1h", "no negative"),
        ("pod:", "nothing stands after pod:"),
        ('log:"open', 'closing " is missing'),
        ("field:x", "needs a value"),
        ("since:999999999999d", "no cluster"),
        ("web deploy/", "the name is missing after deploy/"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(text: str, words: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(text)
    error = raised.value
    assert words in str(error)
    assert f"at character {error.at + 1}" in str(error)
    assert text[error.at :].startswith(error.term[:3])
    assert "\n" not in str(error)


def test_the_place_is_that_of_the_term() -> None:
    with pytest.raises(QueryError) as raised:
        parse_query("deploy/web  pod:[")
    assert raised.value.at == 12


@given(st.text(alphabet="podlevns:!><=\"' \\/(*1h", max_size=30))
def test_any_text_is_a_query_or_a_mistake(text: str) -> None:
    try:
        assert isinstance(parse_query(text), LogQuery)
    except QueryError as error:
        assert 0 <= error.at < len(text)


@given(st.text(max_size=20), st.integers(0, 20))
def test_completion_never_fails_and_replaces_what_is_typed(text: str, cursor: int) -> None:
    cursor = min(cursor, len(text))
    found = complete(text, cursor)
    assert text[found.start : cursor] == found.prefix


@pytest.mark.parametrize("rank", [None, *range(len(LEVELS))])
def test_levels_compare_by_gravity_and_lines_without_one_fulfil_negatives_alone(rank: int | None) -> None:
    assert LevelTerm(">=", 3).accepts(rank) == (rank is not None and rank >= 3)
    assert LevelTerm("<", 3).accepts(rank) == (rank is not None and rank < 3)
    assert LevelTerm("=", 3).accepts(rank) == (rank == 3)
    assert LevelTerm("=", 3, negative=True).accepts(rank) == (rank != 3)


def test_small_letters_match_both_cases() -> None:
    assert Pattern("error").compiled().search("ERROR")
    assert not Pattern("Error").compiled().search("ERROR")


def test_a_word_of_the_shell_stays_one_term() -> None:
    assert join_arguments(["deploy/web level>=warn", "log:connection lost"]) == (
        'deploy/web level>=warn log:"connection lost"'
    )
    query = parse_query(join_arguments(['log:a "quoted" word', "!log:x y"]))
    assert query.logs == (Pattern('a "quoted" word'),)
    assert query.not_logs == (Pattern("x y"),)


def test_completion_offers_terms_values_and_what_to_ask_the_cluster_for() -> None:
    assert complete("po", 2).words == ("pod:",)
    assert "!log:" in complete("!", 1).words
    assert complete("web level>=w", 12).words == ("warn",)
    assert complete("kind:init,si", 12).words == ("sidecar",)
    names = complete("deploy/we", 9)
    assert (names.wants, names.of, names.prefix, names.start) == ("name", "deploy", "we", 7)
    assert complete("ns:sh", 5).wants == "ns"
