"""Selectors are read as kubectl reads them."""

from __future__ import annotations

import pytest

from k8stui.kinds.selectors import SelectorError, parse_selector, selector_of
from k8stui.kube.objects import LabelSelector

LABELS = {"app": "web", "tier": "front", "n": "5", "empty": ""}


@pytest.mark.parametrize(
    ("text", "canonical", "selected"),
    [
        ("", "", True),
        ("app=web", "app=web", True),
        ("app==web", "app=web", True),
        (" app = web ", "app=web", True),
        ("app=db", "app=db", False),
        ("app!=db", "app!=db", True),
        ("app!=web", "app!=web", False),
        ("missing!=x", "missing!=x", True),
        ("app", "app", True),
        ("missing", "missing", False),
        ("!missing", "!missing", True),
        ("! app", "!app", False),
        ("app in (web,db)", "app in (db,web)", True),
        ("app in(web)", "app in (web)", True),
        ("app notin (web, db)", "app notin (db,web)", False),
        ("missing notin (web)", "missing notin (web)", True),
        ("tier=front,app=web", "app=web,tier=front", True),
        ("tier=front, app in (db)", "app in (db),tier=front", False),
        ("empty=", "empty=", True),
        ("app=", "app=", False),
        ("empty in ()", "empty in ()", True),
        ("empty in (,x)", "empty in (,x)", True),
        ("n>4", "n>4", True),
        ("n<5", "n<5", False),
        ("app>4", "app>4", False),
        ("missing>4", "missing>4", False),
        ("app.kubernetes.io/name=web", "app.kubernetes.io/name=web", False),
        ("in=x", "in=x", False),
    ],
)
def test_a_selector_is_parsed_made_canonical_and_matched(text: str, canonical: str, selected: bool) -> None:
    selector = parse_selector(text)
    assert str(selector) == canonical
    assert selector.matches(LABELS) is selected
    assert str(parse_selector(canonical)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "=web",
        "app=web,",
        ",app",
        "app web",
        "app in",
        "app in web",
        "app in (web",
        "app in (web db)",
        "app=web=db",
        "app=(web)",
        "app=we b",
        "-app=web",
        "app=-web",
        "app=" + "x" * 64,
        "a/b/c=d",
        "/app=web",
        "UPPER.io/x=1",
        "n>x",
        "n>",
        "!",
        "!app=web",
        "app~web",
        "()",
    ],
)
def test_what_is_wrong_with_a_selector_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(SelectorError) as raised:
        parse_selector(text)
    assert str(raised.value)


def test_the_selector_of_a_workload_that_has_none_selects_nothing() -> None:
    assert not selector_of(None).matches({})
    assert selector_of(LabelSelector()).matches({"any": "thing"})
