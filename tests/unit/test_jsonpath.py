"""JSONPath in kubectl's dialect: the examples of its documentation, and what is said of mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kinds.jsonpath.path import parse_path, text_of
from k8stui.kinds.jsonpath.result import result_of
from k8stui.kinds.jsonpath.syntax import JsonPathError

NODES = {
    "kind": "List",
    "items": [
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
            "status": {
                "capacity": {"cpu": "4"},
                "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}],
            },
        },
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.2"},
            "status": {
                "capacity": {"cpu": "8"},
                "addresses": [
                    {"type": "LegacyHostIP", "address": "127.0.0.2"},
                    {"type": "another", "address": "127.0.0.3"},
                ],
            },
        },
    ],
    "users": [
        {"name": "myself", "user": {}},
        {"name": "e2e", "user": {"username": "admin", "password": "s"}},
    ],
}


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("kind is {.kind}", "kind is List"),
        ("{['kind']}", "List"),
        ("{.users[0].name}", "myself"),
        ("{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"),
        ("{.users[-1].name}", "e2e"),
        ("{.users[-1:].name}", "e2e"),
        ('{.users[?(@.name=="e2e")].user.password}', "s"),
        ("{.users[?(@.name=='e2e')].user.password}", "s"),
        ("{.items[*]['metadata.name', 'status.capacity']}", '127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}'),
        (
            "{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
            '[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] ',
        ),
        (r"{.items[*].metadata.labels.kubernetes\.io/hostname}", "127.0.0.1"),
        (r"{.items[*].metadata.labels['kubernetes\.io/hostname']}", "127.0.0.1"),
        ("{.items[*].metadata.labels['kubernetes.io/hostname']}", "127.0.0.1"),
        ('{.items[1].status.addresses[?(@.type!="another")].address}', "127.0.0.2"),
        ("{..cpu}", "4 8"),
        ("{$.kind}{'\\n'}", "List\n"),
        (".kind", "List"),
        ("kind", "List"),
        ("{.nothing.here}", ""),
    ],
)
def test_a_template_prints_what_kubectl_prints(path: str, printed: str) -> None:
    assert parse_path(path).render(NODES) == printed


@pytest.mark.parametrize(
    ("path", "said", "at"),
    [
        ("", "The path is empty", 0),
        ("{.a", "A { is not closed", 3),
        ("{.a[}", "An index, a quoted name, a filter", 4),
        ("{.a[-", "An index, a quoted name, a filter", 4),
        ("{.a['x]}", "The quote ' is not closed", 8),
        ("{range .a[*]}x", "{range} is not closed by {end}", 0),
        ("x{end}", "{end} without a {range}", 1),
        ('{.a[?(@.b=~"x")]}', "Regular expressions are not part", 9),
        ("{.a[?(b)]}", "A path from @", 6),
    ],
)
def test_a_mistake_is_said_in_a_sentence_with_its_place(path: str, said: str, at: int) -> None:
    with pytest.raises(JsonPathError, match=said.replace("{", r"\{").replace("[", r"\[")) as caught:
        parse_path(path)
    assert caught.value.at == at


def test_an_index_that_is_not_there_is_an_error_where_kubectl_makes_one() -> None:
    with pytest.raises(JsonPathError, match="There is no element 7: the list has 2"):
        parse_path("{.items[7].kind}").render(NODES)
    assert parse_path("{.items[7].kind}").find(NODES) == []


@given(st.text(alphabet="{}[]().@$*'\"?<>=!|&-_:,\\/ abcrangeend019\n", max_size=40))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    try:
        parse_path(text).render(NODES)
    except JsonPathError as error:
        assert str(error).endswith((".", "]", "}")) and error.at <= len(text) + 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_everything_below_an_object_can_be_walked_and_printed(value: object) -> None:
    assert isinstance(text_of(value), str)
    parse_path("{..a}").render(value)


def test_a_single_path_gives_one_value_a_line_and_objects_as_yaml() -> None:
    result = result_of(parse_path("{.items[*].status.capacity}"), NODES)
    assert [line.text for line in result.lines] == ['cpu: "4"', "---", 'cpu: "8"']
    assert result.found == 2


def test_columns_that_tabs_part_stand_below_each_other() -> None:
    path = parse_path('{range .users[*]}{.name}{"\\t"}{.user.username}{"\\n"}{end}')
    assert [line.text for line in result_of(path, NODES).lines] == ["myself  ", "e2e     admin"]


def test_text_of_the_cluster_is_made_harmless() -> None:
    result = result_of(parse_path("{.a}"), {"a": "x\x1b[31m\nsecond"})
    assert [line.text for line in result.lines] == ["x␛[31m", "second"]
