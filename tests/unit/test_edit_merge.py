"""Differences and merges, field by field."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.kinds.editing.field_diff import (
    MISSING,
    besides,
    change_lines,
    changes,
    dropped,
    merge_patch,
    same,
)
from k8stui.kinds.editing.three_way import Merged, configure, merge
from k8stui.kube.openapi import Schema
from tests.ui.editing_rig import merged as apply_patch

POD: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}],
        "tolerations": [{"operator": "Exists"}],
        "args": ["x", "y"],
    },
}


def edited(**paths: Any) -> dict[str, Any]:
    """A copy of the pod with values put at `spec__containers__0__image` and the like."""
    found = copy.deepcopy(POD)
    for path, value in paths.items():
        *way, last = [int(step) if step.isdecimal() else step for step in path.split("__")]
        here: Any = found
        for step in way:
            here = here[step]
        here[last] = value
    return found


def test_items_are_told_apart_by_their_names() -> None:
    new = edited(spec__containers__1__image="b:2")
    new["spec"]["containers"].reverse()
    found = {change.label: (change.old, change.new) for change in changes(POD, new)}
    assert found == {
        "spec.containers[b].image": ("b:1", "b:2"),
        "spec.containers (order)": (["a", "b"], ["b", "a"]),
    }


def test_what_comes_and_goes_is_one_change_each() -> None:
    new = edited(metadata__labels={"app.kubernetes.io/name": "x"})
    assert [(each.label, each.old, each.new) for each in changes(POD, new)] == [
        ("metadata.labels[app.kubernetes.io/name]", MISSING, "x"),
        ("metadata.labels.app", "web", MISSING),
    ]


def test_true_is_not_one() -> None:
    assert not same(True, 1)
    assert same(1, 1.0)
    assert same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})


VALUES = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.text("ab\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@settings(max_examples=150, deadline=None)
@given(OBJECTS, OBJECTS)
def test_the_patch_makes_the_new_object_of_the_old(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert apply_patch(old, merge_patch(old, new)) == new
    assert (merge_patch(old, new) == {}) == (changes(old, new) == []) == same(old, new)


@settings(max_examples=150, deadline=None)
@given(OBJECTS, OBJECTS, OBJECTS)
def test_laws_of_merging(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert merge(base, mine, base).value == mine
    assert merge(base, base, theirs).value == theirs
    assert merge(base, mine, mine).conflicts == ()
    found = merge(base, mine, theirs)
    everything = merge(base, mine, theirs, choices={each.label: True for each in found.conflicts})
    assert everything.conflicts == ()
    if not found.conflicts:
        assert everything.value == found.value


def test_changes_of_different_fields_and_items_are_put_together() -> None:
    mine = edited(spec__containers__0__image="a:2", metadata__labels={"app": "web", "mine": "1"})
    theirs = edited(spec__containers__1__image="b:3", metadata__labels={"app": "web", "theirs": "1"})
    theirs["spec"]["containers"].append({"name": "c", "image": "c:1"})
    found = merge(POD, mine, theirs)
    assert found.conflicts == ()
    assert [each["image"] for each in found.value["spec"]["containers"]] == ["a:2", "b:3", "c:1"]
    assert found.value["metadata"]["labels"] == {"app": "web", "mine": "1", "theirs": "1"}


def test_a_field_that_both_changed_is_a_conflict_and_the_choice_decides() -> None:
    mine, theirs = edited(spec__containers__0__image="a:2"), edited(spec__containers__0__image="a:3")
    (conflict,) = merge(POD, mine, theirs).conflicts
    assert (conflict.label, conflict.base, conflict.mine, conflict.theirs) == (
        "spec.containers[a].image",
        "a:1",
        "a:2",
        "a:3",
    )
    for choice, image in ((True, "a:2"), (False, "a:3")):
        found = merge(POD, mine, theirs, choices={conflict.label: choice})
        assert (found.conflicts, found.value["spec"]["containers"][0]["image"]) == ((), image)


def test_removed_here_and_changed_there_is_a_conflict() -> None:
    mine = copy.deepcopy(POD)
    del mine["spec"]["containers"][1]
    theirs = edited(spec__containers__1__image="b:2")
    (conflict,) = merge(POD, mine, theirs).conflicts
    assert conflict.mine is MISSING
    found = merge(POD, mine, theirs, choices={conflict.label: True}).value
    assert [each["name"] for each in found["spec"]["containers"]] == ["a"]


def test_a_set_is_merged_value_by_value() -> None:
    raw = {"properties": {"finalizers": {"type": "array", "x-kubernetes-list-type": "set"}}}
    schema = Schema({}, raw)
    base, mine, theirs = ({"finalizers": each} for each in (["a", "b"], ["a", "b", "mine"], ["b", "theirs"]))
    found = merge(base, mine, theirs, schema)
    assert (found.conflicts, found.value) == ((), {"finalizers": ["b", "theirs", "mine"]})


def test_the_servers_own_metadata_is_never_a_conflict() -> None:
    base, mine, theirs = ({"metadata": {"resourceVersion": version}} for version in "123")
    assert merge(base, mine, theirs) == Merged(theirs, ())


# kubectl apply


LIST = {"type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"}


def test_apply_takes_away_what_it_applied_and_leaves_the_rest() -> None:
    before = {"data": {"a": "1", "gone": "x"}}
    live = {"data": {"a": "9", "gone": "x", "theirs": "y"}, "status": {}}
    assert configure(before, {"data": {"a": "2"}}, live) == {
        "data": {"a": "2", "theirs": "y"},
        "status": {},
    }


@pytest.mark.parametrize("keyed", [True, False])
def test_apply_merges_lists_by_their_key_where_the_schema_says_so(keyed: bool) -> None:
    schema = Schema({}, {"properties": {"c": LIST if keyed else {"type": "array"}}})
    before = {"c": [{"name": "a"}, {"name": "gone"}]}
    live = {"c": [{"name": "a", "set": 1}, {"name": "gone"}, {"name": "injected"}]}
    found = configure(before, {"c": [{"name": "a", "image": "x"}]}, live, schema)["c"]
    if keyed:
        assert found == [{"name": "a", "set": 1, "image": "x"}, {"name": "injected"}]
    else:
        assert found == [{"name": "a", "image": "x"}]


# What the server did with it


def test_bookkeeping_is_nothing_that_the_server_changed_besides() -> None:
    made = edited(spec__args=["x", "y"])
    made["metadata"].update(resourceVersion="2", generation=3, uid="u")
    made["status"] = {"phase": "Pending"}
    made["spec"]["restartPolicy"] = "Always"
    assert [each.label for each in besides(POD, made)] == ["spec.restartPolicy"]


def test_what_the_server_leaves_out_is_known() -> None:
    new = edited(spec__containers__0__imagee="x")
    new["spec"]["empty"] = {}
    new["metadata"]["labelz"] = {"a": "b"}
    wanted = changes(POD, new)
    assert [each.label for each in dropped(wanted, POD)] == ["metadata.labelz", "spec.containers[a].imagee"]


def test_long_texts_show_where_they_differ() -> None:
    old = "".join(f"line {n}\n" for n in range(1000))
    (change,) = changes({"t": old}, {"t": old.replace("line 500\n", "line five hundred\n")})
    lines = change_lines(change)
    assert ("-", "line 500") in lines
    assert ("+", "line five hundred") in lines
    assert len(lines) < 12
