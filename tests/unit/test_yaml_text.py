"""YAML to be read: the same object again, kubectl's order, blocks that can be folded."""

from __future__ import annotations

import json
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from k8stui.kinds.yaml_text import emit, in_order

LISTS = sorted((Path(__file__).parent.parent / "golden" / "lists").glob("*.json"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.sampled_from(["1e3", "0x1f", "a: b", "-", "on"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_recorded_objects_read_back_the_same(path: Path) -> None:
    for item in json.loads(path.read_text())["items"][:20]:
        assert yaml.load(emit(item).text(), yaml.CSafeLoader) == item


@given(VALUES)
@settings(max_examples=120, deadline=None)
def test_any_object_reads_back_the_same(value: Any) -> None:
    text = emit(value).text()
    assert yaml.safe_load(text) == value
    assert all(char == "\n" or char == "\t" or char.isprintable() for char in text)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\n", "a\n\n", " a\nb", "\n a", "a\n b\n\n\n c", "a\n\tb", "a \nb", "\n\n", "-\n-"]
)
def test_texts_of_several_lines_read_back_the_same(text: str) -> None:
    value = {"a": text, "b": [text, {"c": text}]}
    assert yaml.safe_load(emit(value).text()) == value


def test_texts_stand_as_blocks() -> None:
    assert emit({"data": {"conf": "a: 1\nb: 2\n"}}).text() == "data:\n  conf: |\n    a: 1\n    b: 2\n"


def test_lists_are_not_indented_and_items_start_on_their_dash() -> None:
    value = {"ports": [{"name": "http", "port": 80}, {"name": "x"}], "args": ["-v", "true"], "none": []}
    assert emit(value).text() == (
        'args:\n- -v\n- "true"\nnone: []\nports:\n- name: http\n  port: 80\n- name: x\n'
    )


def test_numbers_in_keys_are_in_order() -> None:
    assert in_order(["a10", "a2", "a.b", "ab", "Z", "1"]) == ["1", "Z", "a.b", "a2", "a10", "ab"]


def test_lines_know_their_field_and_their_block() -> None:
    document = emit({"spec": {"containers": [{"name": "a", "env": [{"name": "X"}]}], "x": "1\n2"}})
    paths = {line.text.strip(): line.path for line in document.lines}
    assert paths["- env:"] == ("spec", "containers", 0, "env")
    assert paths["2"] == ("spec", "x")
    texts = [line.text.strip() for line in document.lines]
    folds = {texts[start]: texts[start + 1 : end] for start, end in document.blocks.items()}
    assert folds["- env:"] == ["- name: X", "name: a"]
    assert folds["x: |-"] == ["1", "2"]


def test_escape_sequences_are_written_not_sent() -> None:
    assert emit({"a": "\x1b[31mred\n"}).text() == 'a: "\\e[31mred\\n"\n'


def test_a_megabyte_takes_no_frame_more_than_a_few() -> None:
    value = {"data": {f"file{n}": "key: value of some length here\n" * 3300 for n in range(10)}}
    start = thread_time()
    assert len(emit(value).lines) > 33_000
    assert thread_time() - start < 0.5  # 0.03 s where nothing else runs
