"""Text that is being edited: its values, the lines of its fields, and where the cursor is."""

from __future__ import annotations

import json

import pytest

from k8stui.kinds.editing.documents import context_at, head_of, parse
from k8stui.kinds.yaml_text import emit

TEXT = """\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  containers:
  - name: web
    image: x
    env:
    - name: A
      value: "1"
    ports:
    - containerPort: 80

  volumes:
    - name: v
      configMap:
        defaultMode: 0644
  note: |
    hello: x
      deep
"""
LINES = TEXT.split("\n")


@pytest.mark.parametrize(
    ("row", "column", "path", "where", "prefix"),
    [
        (7, 8, ("spec", "containers", 0), "key", "imag"),
        (7, 12, ("spec", "containers", 0, "image"), "value", "x"),
        (6, 8, ("spec", "containers", 0), "key", "name"),
        (10, 10, ("spec", "containers", 0, "env", 0), "key", "valu"),
        (12, 21, ("spec", "containers", 0, "ports", 0, "containerPort"), "value", ""),
        (13, 4, ("spec", "containers", 0), "key", ""),
        (13, 6, ("spec", "containers", 0, "ports", 0), "key", ""),
        (13, 2, ("spec",), "key", ""),
        (17, 12, ("spec", "volumes", 0, "configMap"), "key", "defa"),
        (19, 8, ("spec", "note"), "text", ""),
        (20, 8, ("spec", "note"), "text", ""),
        (21, 0, (), "key", ""),
    ],
)
def test_the_cursor_knows_its_field(
    row: int, column: int, path: tuple[str | int, ...], where: str, prefix: str
) -> None:
    found = context_at(LINES, row, column)
    assert (found.path, found.where, found.prefix) == (path, where, prefix)


def test_keys_beside_the_cursor_are_taken() -> None:
    assert context_at(LINES, 13, 4).taken == {"name", "image", "env", "ports"}


def test_the_head_is_that_of_the_document_under_the_cursor() -> None:
    lines = [*LINES, "---", "kind: Service", "apiVersion: v1", "spec: {}"]
    assert head_of(lines, 3) == ("v1", "Pod")
    assert head_of(lines, len(lines) - 1) == ("v1", "Service")
    assert head_of([""], 0) == ("", "")


def test_every_field_has_its_line() -> None:
    (document,) = parse(TEXT).documents
    assert document.lines[("spec", "containers", 0, "image")] == 7
    assert document.line_of(("spec", "containers", 0, "nothing", "here")) == 6
    assert document.value["spec"]["volumes"][0]["configMap"]["defaultMode"] == 0o644


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ('"yes"', "yes"),
        ("2025-06-01T12:00:00Z", "2025-06-01T12:00:00Z"),
        ("12:30", "12:30"),
        ("1e3", 1000),
        ("1.5", 1.5),
        ("0x1F", 31),
        ("-7", -7),
        ("100m", "100m"),
        ("", None),
        ("null", None),
        ("'null'", "null"),
        ("1.0.0", "1.0.0"),
    ],
)
def test_scalars_are_what_kubectl_makes_of_them(text: str, value: object) -> None:
    (document,) = parse(f"a: {text}").documents
    assert document.value == {"a": value}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b\n  c: d", 1, "Not YAML"),
        ("a: 1\nb: 2\na: 3", 2, "twice"),
        ("a: [1, 2", 0, "Not YAML"),
        ("a:\n\tb: c", 1, "Not YAML"),
        ("a: b\nc: \x01", 1, "Not YAML"),
        ("? [1]\n: 2", 0, "must be a text"),
    ],
)
def test_a_mistake_has_its_line(text: str, line: int, words: str) -> None:
    (problem,) = parse(text).problems
    assert words in problem.message
    assert abs(problem.line - line) <= 1


def test_documents_before_a_mistake_are_there() -> None:
    found = parse("a: 1\n---\n# nothing\n---\nb: 2\n---\nc: [")
    assert [document.value for document in found.documents] == [{"a": 1}, {"b": 2}]
    assert [document.start for document in found.documents] == [0, 4]
    assert len(found.problems) == 1


def test_aliases_and_merge_keys_are_read_but_no_bombs() -> None:
    (document,) = parse("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2").documents
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for this, last in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{this}: &{this} [{','.join([f'*{last}'] * 10)}]\n"
    assert parse(bomb).problems


def test_what_is_written_is_read_again() -> None:
    obj = {
        "strings": ["yes", "1", "", " a", "a: b", "# c", "~", "2025-01-01", "0644", "1e3", "tab\there"],
        "text": "one\n  two\n\nthree\n",
        "open": "no end",
        "trailing": "a\n\n",
        "numbers": [1, 1.5, -3],
        "nested": [[{"a": [True, False]}]],
        "empty": {"map": {}, "list": []},
    }
    (document,) = parse(emit(obj).text()).documents
    assert json.dumps(document.value, sort_keys=True) == json.dumps(obj, sort_keys=True)
