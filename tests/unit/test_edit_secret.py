"""Secrets in an editor: masked, decoded, and back to the byte."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.field_diff import changes
from k8stui.kinds.editing.objects import shown_change
from k8stui.kinds.editing.secrets import MaskedValue, editable, remasked, sealed, stored, unsealed
from k8stui.kinds.yaml_text import emit

BINARY = base64.b64encode(bytes(range(256))).decode()
TEXT = base64.b64encode(b"one\ntwo\n").decode()
ODD = "aHVudGVyMg=="
SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "db", "uid": "u"},
    "data": {"blob": BINARY, "text": TEXT, "password": ODD, "empty": ""},
}


def test_nothing_is_shown_unasked_and_what_is_masked_stays_as_it_was() -> None:
    shown = editable(SECRET)
    text = emit(shown).text()
    for hidden in (BINARY, TEXT, ODD, "hunter2", "one"):
        assert hidden not in text
    (document,) = parse(text).documents
    assert stored(document.value, SECRET)["data"] == SECRET["data"]


def test_what_is_shown_goes_back_to_the_byte() -> None:
    text = emit(editable(SECRET, {"blob", "text", "password", "empty"})).text()
    assert "hunter2" in text
    (document,) = parse(text).documents
    assert stored(document.value, SECRET)["data"] == SECRET["data"]


def test_a_typed_value_replaces_a_masked_one() -> None:
    shown = editable(SECRET)
    shown["stringData"]["password"] = "한글"
    data = stored(shown, SECRET)["data"]
    assert base64.b64decode(data["password"]).decode() == "한글"
    assert data["blob"] == BINARY


def test_a_mask_at_a_new_key_is_refused() -> None:
    shown = editable(SECRET)
    shown["stringData"]["renamed"] = shown["stringData"].pop("password")
    with pytest.raises(MaskedValue, match="renamed"):
        stored(shown, SECRET)


def test_the_diff_shows_lengths_until_a_key_is_revealed() -> None:
    new = {**SECRET, "data": {**SECRET["data"], "password": base64.b64encode(b"longer one").decode()}}
    (change,) = changes(SECRET, new)
    masked = shown_change(change, SECRET, ())
    assert (masked.old, masked.new) == ("(masked: 7 bytes)", "(masked: 10 bytes)")
    shown = shown_change(change, SECRET, {"password"})
    assert (shown.old, shown.new) == ("hunter2", "longer one")


def test_the_disk_gets_seals_and_a_value_is_known_again_by_its_seal() -> None:
    kept = sealed(SECRET)
    for value in SECRET["data"].values():
        assert not value or value not in str(kept)
    assert sealed(kept) == kept
    assert unsealed(kept, SECRET) == SECRET
    now = {**SECRET, "data": {**SECRET["data"], "password": TEXT}}
    found = unsealed(kept, now)["data"]
    assert found["text"] == TEXT
    assert found["password"].startswith("(sealed)"), "it was another one: only that is known"


def test_revealed_values_are_masked_again_and_typed_ones_stay() -> None:
    data = SECRET["data"]
    text = emit(editable(SECRET, {"blob", "text", "password"})).text()
    text = text.replace("password: hunter2", "password: typed")
    found = remasked(text, data)
    assert "one" not in found
    assert BINARY not in found
    assert "password: typed" in found
    (document,) = parse(found).documents
    assert stored(document.value, SECRET)["data"]["text"] == TEXT
