"""What can be typed at the filter prompt."""

from __future__ import annotations

import pytest

from k8stui.ui.widgets.filters import NO_FILTER, fuzzy_score, parse_filter


@pytest.mark.parametrize(
    ("typed", "text", "stays"),
    [
        ("redis", "shop Redis-0 Running", True),
        ("^shop", "shop redis-0", True),
        ("^redis", "shop redis-0", False),
        ("crash|error", "x Error", True),
        ("!running", "shop a Running", False),
        ("! running", "shop a Pending", True),
        ("0/1", "shop a 0/1", True),
        ("10\\.0\\..*7$", "shop 10.0.3.7", True),
    ],
)
def test_text_is_a_regular_expression_in_any_case(typed: str, text: str, stays: bool) -> None:
    assert parse_filter(typed).matches_text(text) is stays


@pytest.mark.parametrize("typed", ["", "   ", "!", "-f", "-l "])
def test_nothing_typed_yet_filters_nothing(typed: str) -> None:
    assert not parse_filter(typed)
    assert parse_filter(typed).note == ""


@pytest.mark.parametrize("typed", ["[x", "a(b", "*", "a{2,1}", "(?P<"])
def test_a_broken_expression_is_searched_as_it_is_written_and_says_so(typed: str) -> None:
    query = parse_filter(typed)
    assert query.matches_text(f"some {typed} text")
    assert not query.matches_text("other")
    assert query.note.startswith("Searched as plain text")


def test_a_label_selector_is_kubectls() -> None:
    labels = {"app": "web", "tier": "front"}
    assert parse_filter("-l app=web,tier in (front,back)").matches_labels(labels)
    assert parse_filter("-l app!=db,!old").matches_labels(labels)
    assert not parse_filter("-l app notin (web)").matches_labels(labels)
    assert parse_filter("-l app = (").note.startswith("Not a label selector")
    assert not parse_filter("-l app = (")


def test_fuzzy_wants_all_letters_in_order_and_likes_them_together() -> None:
    assert fuzzy_score("abc", "xaxbxc") is not None
    assert fuzzy_score("abc", "acb") is None
    ranked = sorted(
        ["checkout-frontend", "cart", "c-a-r-t", "shopping-cart", "scarlet"],
        key=lambda name: -(fuzzy_score("cart", name) or -999),
    )
    assert ranked[:2] == ["cart", "shopping-cart"]
    assert parse_filter("-f CA rt").fuzzy == "cart"


def test_the_empty_filter_is_false() -> None:
    assert not NO_FILTER
    assert parse_filter("x")


def test_a_capital_makes_letter_case_count_and_an_escape_is_none() -> None:
    assert parse_filter("POST").matches_text("a POST")
    assert not parse_filter("POST").matches_text("a post")
    assert parse_filter(r"a\Spost").matches_text("A-POST")
