"""What hands that know k9s type works, or is told where it is here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from k8stui.ui.actions import Place
from k8stui.ui.commands import VERBS
from k8stui.ui.entries import all_actions
from k8stui.ui.habits import COMMANDS, KEYS, KIND_NAMES, why_not
from k8stui.ui.keymap import Keymap, normal

ACTIONS = all_actions()
KEYMAP = Keymap(ACTIONS, {})


def told(key: str, kind: str = "pods", view: str = "table", rows: int = 1) -> str:
    app: Any = SimpleNamespace()
    of: Any = SimpleNamespace(name=kind, plural=kind.partition(".")[0])
    place = Place(app, app, view_type=view, kind=of, objects=tuple(range(rows)))
    return why_not(key, [ACTIONS[each] for each in KEYMAP.actions(key)], place)


@pytest.mark.parametrize(
    ("key", "where", "sentence"),
    [
        ("l", {"kind": "configmaps"}, "l (logs) is for cronjobs, daemonsets, deployments, "),
        ("d", {"rows": 0}, "d (describe) needs a row, and there is none under the cursor."),
        ("shift+j", {"rows": 3}, "shift-j (owner) takes one row, not 3."),
        ("i", {"view": "yaml"}, "i (image) does nothing in yaml."),
        ("x", {"kind": "secrets"}, "Values are shown in its YAML"),
        ("ctrl+k", {"view": "logs"}, "shift-c clears the log."),
        ("ctrl+e", {}, "The header is one line"),
        ("ctrl+u", {}, "esc takes the filter away"),
        ("shift+z", {}, "Sort by any column"),
        ("shift+c", {}, "What pods and nodes use is in :podmetrics"),
        ("q", {}, "esc goes back"),
        ("tab", {}, "There is only this pane"),
        ("1", {}, "There is no recent namespace 1 yet: :ns"),
        ("shift+t", {"kind": "nodes"}, "This table has no column for restarts; ctrl-o"),
        ("shift+j", {}, "Nothing owns this object."),
        ("shift+w", {}, "This object is not being deleted."),
        ("shift+u", {}, "Nothing was changed that could be put back."),
        ("ctrl+\\", {}, "No row is marked"),
        ("enter", {"kind": "deployments.apps", "rows": 2}, "Of these rows one at a time"),
        ("n", {"kind": "nodes"}, "This object is in no namespace."),
        ("s", {"kind": "services"}, "Such objects have no number of replicas"),
        ("n", {"view": "logs"}, "Nothing is looked for: shift-f finds."),
    ],
)
def test_a_key_that_does_nothing_here_says_so(key: str, where: dict[str, Any], sentence: str) -> None:
    assert told(key, **where).startswith(sentence)


def test_a_key_that_means_nothing_anywhere_is_left_alone() -> None:
    assert told("shift+q") == ""


def test_no_sentence_hides_something_that_works() -> None:
    assert not set(COMMANDS) & {*VERBS, *ACTIONS.commands, *KIND_NAMES}
    for key, where in KEYS:
        has = [ACTIONS[each] for each in KEYMAP.actions(normal(key))]
        fitting = [each for each in has if where in each.views or where in each.kinds]
        assert not fitting, (key, where)
        if not where:
            assert not [each for each in has if not each.views], key
