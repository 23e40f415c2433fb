"""Another value in an edited text: what the user wrote around it stays."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.field_diff import same
from k8stui.kinds.editing.rewrite import lost_comments, rewritten
from k8stui.kinds.yaml_text import emit

TEXT = """\
# for the sale
apiVersion: apps/v1
kind: Deployment
metadata:
    name: web   # four columns, as I like it
    labels: {app: web, tier: front}
spec:
    # not more than five
    replicas: 3  # was 2

    template:
      spec:
        containers:
        # the one that serves
        - name: main
          image: "shop/web:1"   # pinned
          args: [a, b]
        - name: proxy
          image: envoy:1
        # the end
"""


def changed(text: str, change: Any) -> str:
    """The text, after a function has changed the value of its first document."""
    document = parse(text).documents[0]
    value = json.loads(json.dumps(document.value))  # what aliases share is not shared any more
    change(value)
    found = rewritten(text, [(document, value)])
    assert same(parse(found).documents[0].value, value)
    return found


def lines_that_differ(old: str, new: str) -> tuple[list[str], list[str]]:
    before, after = old.split("\n"), new.split("\n")
    return [line for line in before if line not in after], [line for line in after if line not in before]


def test_a_plain_value_is_replaced_where_it_stands() -> None:
    found = changed(TEXT, lambda value: value["spec"].update(replicas=7))
    assert lines_that_differ(TEXT, found) == (["    replicas: 3  # was 2"], ["    replicas: 7  # was 2"])


def test_an_item_is_changed_by_its_name_and_its_comments_stay() -> None:
    def change(value: Any) -> None:
        value["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/web:2"

    assert lines_that_differ(TEXT, changed(TEXT, change)) == (
        ['          image: "shop/web:1"   # pinned'],
        ["          image: shop/web:2   # pinned"],
    )


def test_a_field_that_comes_is_written_behind_the_one_before_it() -> None:
    found = changed(TEXT, lambda value: value["spec"].update(paused=True, strategy={"type": "Recreate"}))
    gone, came = lines_that_differ(TEXT, found)
    assert gone == []
    assert came == ["    paused: true", "    strategy:", "      type: Recreate"]
    rows = found.split("\n")
    assert rows.index("    replicas: 3  # was 2") < rows.index("    strategy:") < rows.index("    template:")


def test_a_field_that_goes_takes_its_own_lines_alone() -> None:
    found = changed(TEXT, lambda value: value["spec"].pop("replicas"))
    assert lines_that_differ(TEXT, found) == (["    replicas: 3  # was 2"], [])


def test_items_come_and_go() -> None:
    def change(value: Any) -> None:
        containers = value["spec"]["template"]["spec"]["containers"]
        containers[1:] = [{"name": "logs", "image": "logs:1"}]

    gone, came = lines_that_differ(TEXT, changed(TEXT, change))
    assert gone == ["        - name: proxy", "          image: envoy:1"]
    assert came == ["        - image: logs:1", "          name: logs"]


def test_what_stands_in_braces_is_written_anew_and_nothing_else() -> None:
    found = changed(TEXT, lambda value: value["metadata"]["labels"].update(team="shop"))
    gone, came = lines_that_differ(TEXT, found)
    assert gone == ["    labels: {app: web, tier: front}"]
    assert came == ["    labels:", "      app: web", "      team: shop", "      tier: front"]


def test_blocks_of_text_are_replaced_as_a_whole() -> None:
    text = "data:\n  # mine\n  a: |\n    one\n    two\n  # yours\n  b: x\n"
    assert changed(text, lambda value: value["data"].update(a="three\nfour\n")) == (
        "data:\n  # mine\n  a: |\n    three\n    four\n  # yours\n  b: x\n"
    )


def test_only_the_document_that_is_another_one_is_touched() -> None:
    second = "---\n# second\nkind: B\nspec:  # odd\n      size: 1\n"
    text = TEXT + second
    documents = parse(text).documents
    value = {**documents[0].value, "kind": "StatefulSet"}
    found = rewritten(text, [(documents[1], documents[1].value), (documents[0], value)])
    assert found == text.replace("kind: Deployment", "kind: StatefulSet")
    both = rewritten(text, [(documents[0], value), (documents[1], {"kind": "B", "spec": {"size": 2}})])
    assert both == found.replace("size: 1", "size: 2")


@pytest.mark.parametrize(
    "text",
    [
        "base: &base\n  a: 1\nother: *base\n",
        "base: &base {a: 1}\nother:\n  <<: *base\n  b: 2\n",
        "list:\n-\n  a: 1\n- - x\n  - y\n",
        "{a: 1, b: [1, 2]}",
        "a: 'it is\n  folded'\nb: 1\n",
    ],
)
def test_what_cannot_be_changed_in_place_still_means_the_new_value(text: str) -> None:
    changed(text, lambda value: value.update(added={"x": [1, {"y": None}]}))
    changed(text, lambda value: value.pop(next(iter(value))))


ANCHORS = """\
# the shop
base: &base   # shared
  app: web
  tier: front  # or back
one:
  <<: *base
  size: 1  # small
two:
  labels: *base  # the same
  list:
  - *base
  - x  # first
count: &count 3  # pods
most: *count
flow: [*count, {a: *count}]
"""


def test_anchors_stay_where_nothing_that_they_stand_for_changes() -> None:
    found = changed(ANCHORS, lambda value: value["one"].update(size=2, more="x"))
    assert found == ANCHORS.replace("  size: 1  # small", "  more: x\n  size: 2  # small")


def test_an_alias_is_written_out_where_what_it_stands_for_changes_and_every_comment_stays() -> None:
    def change(value: Any) -> None:
        value["base"]["app"] = "shop"
        value["most"] = 5

    found = changed(ANCHORS, change)
    assert lost_comments(ANCHORS, found) == []
    assert "base:   # shared\n  app: shop\n  tier: front  # or back\n" in found
    assert "one:\n  app: web\n  tier: front\n  size: 1  # small\n" in found
    assert "  labels:  # the same\n    app: web\n    tier: front\n" in found
    assert "count: 3  # pods\nmost: 5\nflow: [3, {a: 3}]\n" in found
    assert "*" not in found


def test_comments_that_are_lost_are_named() -> None:
    text = "# head\na: {b: 1, # why\n    c: '# no comment'}\nd: |\n  # nor this\n"
    assert lost_comments(text, changed(text, lambda value: value["a"].update(b=2))) == ["# why"]
    assert lost_comments("a: b#c # d\n", "a: b#c\n") == ["# d"]


@given(
    shared=st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, "x", [1, 2]]), min_size=1),
    data=st.data(),
)
@settings(max_examples=70, deadline=None)
def test_whatever_changes_in_a_text_with_aliases_it_means_the_new_value(shared: Any, data: Any) -> None:
    import yaml

    old = {"one": shared, "two": {"x": shared, "y": 1}, "three": [shared, {"z": shared}]}
    text = yaml.safe_dump(old, sort_keys=False).replace("  x: *id001", "  <<: *id001")
    (document,) = parse(text).documents
    new = json.loads(json.dumps(document.value))
    for place in data.draw(st.lists(st.sampled_from(["one", "two", "item", "top"]), max_size=3)):
        inside = {"one": new["one"], "two": new["two"], "item": new["three"][-1].get("z"), "top": new}
        (inside[place] or new)[data.draw(st.sampled_from("abz"))] = data.draw(_PLAIN)
    if data.draw(st.booleans()):
        new["two"].pop(data.draw(st.sampled_from(sorted(new["two"]))))
    assert same(parse(rewritten(text, [(document, new)])).documents[0].value, new)


_PLAIN = st.one_of(
    st.booleans(), st.integers(-9, 99), st.sampled_from(["", "a", "1", "x: y", "one\ntwo\n", "#"])
)
_NAMES = st.sampled_from(["a", "b", "name", "spec", "app.io/x"])
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(
        st.dictionaries(_NAMES, inner, max_size=4),
        st.lists(inner, max_size=3),
        st.lists(st.fixed_dictionaries({"name": st.sampled_from("abcd"), "v": inner}), max_size=3),
    ),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=4)


@given(old=_OBJECTS, new=_OBJECTS, every=st.integers(1, 4))
@settings(max_examples=120, deadline=None)
def test_whatever_changes_the_text_means_the_new_value(
    old: dict[str, Any], new: dict[str, Any], every: int
) -> None:
    lines = []
    for at, line in enumerate(emit(old).lines):
        if at % every == 0 and line.role != "text":
            lines.append("# a comment")
        lines.append(line.text)
    text = "\n".join(lines) + "\n"
    (document,) = parse(text).documents
    assert same(document.value, old)
    assert same(parse(rewritten(text, [(document, new)])).documents[0].value, new)


def test_the_margin_of_a_document_stays() -> None:
    text = textwrap.dedent("""\
        # head

        a: 1

        # foot
        """)
    assert changed(text, lambda value: value.update(a={"b": 1})) == "# head\n\na:\n  b: 1\n\n# foot\n"
