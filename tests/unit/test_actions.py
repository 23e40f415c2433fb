"""The registry: what is said once about each action holds for help, footer, palette and keys alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from k8stui.ui.actions import Action, Danger, Group, Place, Registry
from k8stui.ui.commands import VERBS
from k8stui.ui.entries import all_actions
from k8stui.ui.keymap import Keymap

ACTIONS = all_actions()


def action(name: str, **more: Any) -> Action:
    return Action(name, name, f"Do {name}", lambda place: None, **more)


def place(view: str = "table", kind: str = "pods", objects: int = 1) -> Place:
    app: Any = SimpleNamespace()
    of: Any = SimpleNamespace(name=kind)
    return Place(app, app, view_type=view, kind=of, objects=tuple(range(objects)))


def test_every_action_says_what_it_does() -> None:
    for each in ACTIONS:
        assert each.title
        assert each.about[0].isupper(), each.id
        assert not each.about.endswith("."), each.id


def test_two_actions_cannot_have_one_id() -> None:
    with pytest.raises(ValueError, match="two actions are called 'a'"):
        Registry([action("a"), action("a")])


def test_everything_can_be_done_by_keys() -> None:
    """By a key, by a command of its own, or by the command that is named here."""
    verbs = {
        "debug.created": "debug",
        "edit.apply": "apply",
        "edit.drafts": "drafts",
        "go.namespaces": "ns",
        "go.contexts": "ctx",
        "pane.reset": "layout",
        "program.theme": "theme",
    }
    assert set(verbs.values()) <= set(VERBS)
    keymap = Keymap(ACTIONS, {})
    without = {each.id for each in ACTIONS if not keymap.keys(each.id) and not each.command}
    assert without == set(verbs)


def test_a_command_is_no_verb_of_the_line() -> None:
    assert not set(ACTIONS.commands) & set(VERBS)
    with pytest.raises(ValueError, match="two actions are called"):
        Registry([action("a", command="go"), action("b", command="go")])


def test_default_keys_never_meet() -> None:
    """Two actions with one key fit different views or kinds; what else they ask for is told apart here."""
    keymap = Keymap(ACTIONS, {})
    for first in ACTIONS:
        for key in keymap.keys(first.id):
            others = [ACTIONS[other] for other in keymap.actions(key) if other != first.id]
            # a focused shell takes keys before everything else, and by its own state: see tests of shells
            # and a log has k9s's keys: what else has them says by itself that it does not fit there
            if first.views in ({"shell"}, {"logs"}):
                continue
            others = [other for other in others if other.views not in ({"shell"}, {"logs"})]
            assert not [other.id for other in others if first.may_meet(other)], key


@pytest.mark.parametrize(
    ("key", "action_id"),
    [
        (":", "go.command"),
        ("/", "table.filter"),
        ("?", "program.help"),
        ("esc", "go.escape"),
        ("[", "go.back"),
        ("]", "go.forward"),
        ("-", "go.last"),
        ("0", "go.all-namespaces"),
        ("9", "go.namespace-9"),
        ("space", "table.mark"),
        ("ctrl-space", "table.mark-range"),
        ("shift-n", "sort.name"),
        ("shift-a", "sort.age"),
        ("ctrl-w", "table.wide"),
        ("ctrl-z", "table.faults"),
        ("enter", "row.open"),
        ("l", "row.logs"),
        ("d", "row.describe"),
        ("y", "row.yaml"),
        ("p", "row.previous-logs"),
        ("shift-j", "row.owner"),
        ("z", "pane.zoom"),
        ("ctrl-d", "operation.delete"),
        ("ctrl-k", "operation.kill"),
        ("s", "operation.scale"),
        ("r", "operation.restart"),
        ("c", "operation.cordon"),
        ("u", "operation.uncordon"),
        ("r", "operation.drain"),
    ],
)
def test_keys_are_k9s_keys(key: str, action_id: str) -> None:
    assert action_id in Keymap(ACTIONS, {}).actions(key)


def test_an_action_works_where_it_fits() -> None:
    logs = action("logs", views=frozenset({"table"}), kinds=frozenset({"pods"}), needs_object=True)
    assert logs.works(place())
    assert not logs.works(place(view="logs"))
    assert not logs.works(place(kind="nodes"))
    assert not logs.works(place(objects=0))
    assert not logs.works(place(objects=2))
    many = action("delete", needs_object=True, many=True, danger=Danger.DESTROYS)
    assert many.works(place(objects=2))
    assert not action("x", fits=lambda at: False).works(place())


def test_actions_are_offered_by_group() -> None:
    registry = Registry([action("quit", group=Group.PROGRAM), action("open", group=Group.ROW)])
    assert [each.id for each in registry.working(place())] == ["open", "quit"]
