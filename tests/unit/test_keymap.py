"""Keys: one form for what people write and terminals report; the settings win; conflicts are told."""

from __future__ import annotations

import pytest

from k8stui.ui.actions import Action
from k8stui.ui.keymap import Keymap, normal, shown


def action(name: str, *keys: str, views: tuple[str, ...] = ()) -> Action:
    return Action(name, name, name, lambda place: None, keys=keys, views=frozenset(views))


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        ("ctrl-w", "ctrl+w"),
        ("shift-n", "N"),
        ("shift-n", "shift+n"),
        ("shift-n", "shift+N"),
        ("/", "slash"),
        (":", "colon"),
        ("?", "question_mark"),
        ("[", "left_square_bracket"),
        ("-", "minus"),
        ("|", "vertical_line"),
        (".", "full_stop"),
        ("esc", "escape"),
        ("ctrl-space", "ctrl+@"),
        ("ctrl-space", "ctrl+space"),
        ("alt-shift-left", "alt+shift+left"),
        ("shift-tab", "shift+tab"),
        ("Ctrl-W", "ctrl+w"),
        ("ctrl--", "ctrl+minus"),
        ("0", "0"),
    ],
)
def test_what_people_write_is_what_terminals_report(written: str, reported: str) -> None:
    assert normal(written) == normal(reported)


def test_letters_differ_by_case() -> None:
    assert normal("n") != normal("N")


@pytest.mark.parametrize(
    ("key", "text"), [("N", "shift-n"), ("ctrl+w", "ctrl-w"), ("slash", "/"), ("enter", "⏎"), ("minus", "-")]
)
def test_keys_are_shown_as_printed(key: str, text: str) -> None:
    assert shown(key) == text


def test_settings_replace_keys() -> None:
    keymap = Keymap([action("zoom", "z"), action("quit", "ctrl-q")], {"zoom": ("f11", "ctrl-t"), "quit": ""})
    assert keymap.keys("zoom") == ("f11", "ctrl-t")
    assert keymap.actions("z") == ()
    assert keymap.actions("ctrl+t") == ("zoom",)
    assert keymap.keys("quit") == ()
    assert keymap.problems == []


def test_one_key_may_serve_actions_that_never_meet() -> None:
    keymap = Keymap([action("a", "w", views=("logs",)), action("b", "w", views=("table",))], {"b": "w"})
    assert set(keymap.actions("w")) == {"a", "b"}
    assert keymap.problems == []


def test_a_chosen_key_wins_and_the_loss_is_told() -> None:
    keymap = Keymap([action("a", "z"), action("b", "x")], {"b": "z"})
    assert keymap.actions("z") == ("b", "a")
    assert keymap.problems == ["keys: z is for 'b' now; 'a' loses it where both fit."]


def test_an_unknown_action_is_told_with_the_closest() -> None:
    keymap = Keymap([action("pane.zoom", "z")], {"pane.zom": "f11"})
    assert keymap.problems == ["keys: there is no action 'pane.zom'. Did you mean 'pane.zoom'?"]
