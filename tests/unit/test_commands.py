"""The `:` line: what each form means, what is said about the rest, and how it completes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.ui.commands import Command, CommandError, Verb, closest, expand_alias, parse, unknown
from k8stui.ui.completion import Sources, complete

OPEN = Verb.OPEN


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("pods", Command(OPEN, "pods")),
        (":pods", Command(OPEN, "pods")),
        ("  po  ", Command(OPEN, "po")),
        ("deploy kube-system", Command(OPEN, "deploy", ("kube-system",))),
        ("deployments.apps kube-system", Command(OPEN, "deployments.apps", ("kube-system",))),
        ("po -n a,b", Command(OPEN, "po", ("a", "b"))),
        ("po -na,b", Command(OPEN, "po", ("a", "b"))),
        ("po a,b,a", Command(OPEN, "po", ("a", "b"))),
        ("po --namespace=a", Command(OPEN, "po", ("a",))),
        ("po -A", Command(OPEN, "po", ())),
        ("po all", Command(OPEN, "po", ())),
        ("po *", Command(OPEN, "po", ())),
        ("po /web-.*", Command(OPEN, "po", filter="web-.*")),
        ("po /!web a", Command(OPEN, "po", filter="!web a")),
        ("po kube-system /-l app=web", Command(OPEN, "po", ("kube-system",), filter="-l app=web")),
        ("po app=web", Command(OPEN, "po", label_selector="app=web")),
        ("po app=web,tier!=db prod", Command(OPEN, "po", ("prod",), label_selector="app=web,tier!=db")),
        ("po -l app=web", Command(OPEN, "po", label_selector="app=web")),
        ("po 'app in (a, b)'", Command(OPEN, "po", label_selector="app in (a, b)")),
        ("po app=web x=y", Command(OPEN, "po", label_selector="app=web,x=y")),
        ("po @prod", Command(OPEN, "po", context="prod")),
        ("po @prod/eu -n a", Command(OPEN, "po", ("a",), context="prod/eu")),
        ("ns", Command(Verb.NAMESPACE)),
        ("ns a,b", Command(Verb.NAMESPACE, namespaces=("a", "b"))),
        ("ns a b", Command(Verb.NAMESPACE, namespaces=("a", "b"))),
        ("ns all", Command(Verb.NAMESPACE, namespaces=())),
        ("ns /kube", Command(OPEN, "namespaces", filter="kube")),
        ("ctx", Command(Verb.CONTEXT)),
        ("ctx name", Command(Verb.CONTEXT, context="name")),
        ("ctx @name", Command(Verb.CONTEXT, context="name")),
        ("theme light", Command(Verb.THEME, argument="light")),
        ("help", Command(Verb.HELP)),
        ("q", Command(Verb.QUIT)),
        ("q!", Command(Verb.QUIT)),
        ("Q", Command(Verb.QUIT)),
    ],
)
def test_a_line_means(line: str, meaning: Command) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "Type a kind or a command"),
        ("/web", "A filter needs a kind before it"),
        ("po -n", "-n needs a value"),
        ("po -n /x", "-n needs a value"),
        ("po --wide", "no option '--wide'"),
        ("po a b", "'b' is not understood: the namespace is already given"),
        ("po @", "@ needs the name"),
        ("po 'app in", "not closed"),
        ("q now", "one too many"),
        ("theme a b", "one too many"),
    ],
)
def test_what_is_not_understood_is_said(line: str, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(line)
    assert words in caught.value.sentence
    assert 0 <= caught.value.position <= len(line)


def test_aliases_stand_for_the_first_word() -> None:
    aliases = {"dp": "deploy", "web": "po app=web", "loop": "loop x", "a": "b", "b": "a"}
    assert parse("dp kube-system", aliases) == Command(OPEN, "deploy", ("kube-system",))
    assert parse("web prod", aliases) == Command(OPEN, "po", ("prod",), label_selector="app=web")
    assert expand_alias("loop", aliases) == "loop"
    assert expand_alias("a", aliases) in ("a", "b")


def test_the_closest_name_is_offered() -> None:
    assert closest("deplyments", ["deployments", "pods"]) == "deployments"
    assert closest("widg", ["wdg", "widgets"]) == "widgets", "what begins so, not what looks so"
    assert "Did you mean 'pods'?" in unknown("kind", "pdos", ["pods", "nodes"]).sentence
    assert unknown("theme", "zzz", ["light", "dark"]).sentence.endswith("There are: dark, light.")


KINDS = [("pods", "Pod"), ("po", "Pod"), ("podtemplates", "PodTemplate"), ("deploy", "Deployment")]
SOURCES = Sources(
    kinds=lambda prefix: [kind for kind in KINDS if kind[0].startswith(prefix)],
    namespaces=("default", "kube-system", "shop"),
    contexts=("prod", "staging"),
    themes=("dark", "light"),
    aliases={"pp": "pods -A"},
    files=lambda typed: [(f"{typed}.yaml", "file")],
)


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("po", "po"),
        ("dep", "deploy"),
        ("the", "theme"),
        ("pp", "pp"),
        ("theme l", "theme light"),
        ("ctx st", "ctx staging"),
        ("po @p", "po @prod"),
        ("po kube", "po kube-system"),
        ("po sys", "po kube-system"),
        ("po -n default,s", "po -n default,shop"),
        ("ns sh", "ns shop"),
        ("po -", "po -n"),
        ("apply my files/web", "apply my files/web.yaml"),
        ("create dep", "create deploy"),
    ],
)
def test_completion_keeps_what_was_typed(line: str, first: str) -> None:
    assert complete(line, SOURCES)[0].line == first


@pytest.mark.parametrize("line", ["po /ku", "po app=w", "q ", "po -l a"])
def test_nothing_is_offered_where_nothing_can_be_known(line: str) -> None:
    assert complete(line, SOURCES) == []


@given(st.text(max_size=40))
def test_any_text_is_a_command_or_a_sentence(text: str) -> None:
    try:
        assert isinstance(parse(text), Command)
    except CommandError as error:
        assert error.sentence.endswith((".", "?"))
    complete(text, SOURCES)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("level>=wrn", "wrn is no level, there are trace, debug, info, warn, error, fatal (at character 1"),
        ("pods:x", "There is no key pods:, did you mean pod:?"),
    ],
)
def test_a_sentence_about_a_log_query_leaves_what_was_typed_as_it_is(query: str, sentence: str) -> None:
    with pytest.raises(CommandError) as told:
        parse(f"logs {query}")
    assert told.value.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("deploy/web -c app -n shop", "deploy/web container:^app$ ns:shop"),
        ("-A -l app=web --since=1h --tail 20 -f", "ns:* label:app=web since:1h tail:20"),
        ('log:"a -A b" !web', 'log:"a -A b" !web'),
    ],
)
def test_options_of_kubectl_logs_are_terms_of_a_query(typed: str, query: str) -> None:
    assert parse(f"logs {typed}").argument == query


@pytest.mark.parametrize(("typed", "sentence"), [("-x", "no option '-x'"), ("web -n", "-n needs a value")])
def test_an_option_of_logs_that_there_is_not_is_told(typed: str, sentence: str) -> None:
    with pytest.raises(CommandError) as told:
        parse(f"logs {typed}")
    assert sentence in told.value.sentence
