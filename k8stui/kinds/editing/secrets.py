"""A Secret as it is edited: texts as text under `stringData`, all else in base64 under `data`, masked until
asked, and back again without a byte changed that nobody touched. Pure.

A masked value stands in the text as `(masked: 12 bytes)`. It means: as it was. So a value can be replaced
without the old one being shown, and a draft that is written to disk holds only what was typed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any

from k8stui.kinds.yaml_noise import decoded, is_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MASK = re.compile(r"\(masked: \d+ bytes\)\Z")
_ROUNDS = 20_000
SEALED = "(sealed)"


class MaskedValue(Exception):
    """A mask stands at a key that had no value before; `key` says at which."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The value of {key} is masked, and there was no {key}: show the value first, or write a new one."
        )
        self.key = key


def text_of(value: Any) -> str | None:
    """The text in a value of `data`, None for what is no base64 or no text (then it stays in base64)."""
    raw = decoded(value) if isinstance(value, str) else None
    if raw is None:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    harmless = text.replace("\n", "").replace("\t", "").replace("\r", "")
    return text if harmless.isprintable() or not harmless else None


def mask(value: Any) -> str:
    """What stands for a value of `data`."""
    raw = decoded(value) if isinstance(value, str) else None
    return f"(masked: {len(raw if raw is not None else str(value))} bytes)"


def editable(obj: dict[str, Any], revealed: Collection[str] = ()) -> dict[str, Any]:
    """The object as it is edited; only the values of `revealed` keys are in it. No Secret: as it is."""
    if not is_secret(obj):
        return obj
    shown = {key: value for key, value in obj.items() if key not in ("data", "stringData")}
    texts: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in (obj.get("data") or {}).items():
        text = text_of(value)
        where = rest if text is None else texts
        where[key] = mask(value) if key not in revealed else value if text is None else text
    if rest:
        shown["data"] = rest
    if texts:
        shown["stringData"] = texts
    return shown


def edited_again(
    wanted: dict[str, Any], base: Mapping[str, Any], revealed: Collection[str] = ()
) -> dict[str, Any]:
    """A stored object as it is edited, after a merge: what is not as in `base` stays to be seen, for nobody
    could tell it from its mask any more."""
    before = base.get("data") or {}
    own = {key for key, value in (wanted.get("data") or {}).items() if before.get(key) != value}
    return editable(wanted, {*revealed, *own})


def stored(edited: dict[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """The object as the server stores it, of one as it was edited. Raises MaskedValue."""
    if not is_secret(edited):
        return edited
    before = original.get("data") or {}
    data: dict[str, Any] = {}
    for part in ("data", "stringData"):
        for key, value in (edited.get(part) or {}).items():
            if isinstance(value, str) and MASK.match(value):
                if key not in before:
                    raise MaskedValue(key)
                data[key] = before[key]
            elif part == "data" or not isinstance(value, str):
                data[key] = value
            elif value == text_of(before.get(key)):
                data[key] = before[key]  # to the byte as it was, whatever its base64 looked like
            else:
                data[key] = base64.b64encode(value.encode()).decode()
    found = {key: value for key, value in edited.items() if key not in ("data", "stringData")}
    if data or "data" in original:
        found["data"] = data
    return found


def sealed(obj: dict[str, Any]) -> dict[str, Any]:
    """A Secret for the disk: instead of each value a salted hash, by which the value is known again.

    Takes some 10 ms for each value: guessing short values back from the file is to be slow.
    """
    if not is_secret(obj) or not isinstance(obj.get("data"), dict):
        return obj
    name = str((obj.get("metadata") or {}).get("uid", ""))
    return {**obj, "data": {key: _seal(str(value), f"{name}/{key}") for key, value in obj["data"].items()}}


def unsealed(obj: dict[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """A sealed Secret with the values that the server still has; one that changed since stays a seal.

    So a value that was changed meanwhile is seen as changed, though what it was is not known any more.
    """
    if not is_secret(obj) or not isinstance(obj.get("data"), dict):
        return obj
    name = str((obj.get("metadata") or {}).get("uid", ""))
    there = now.get("data") or {}
    data = {}
    for key, seal in obj["data"].items():
        value = there.get(key)
        same = value is not None and _seal(str(value), f"{name}/{key}") == seal
        data[key] = value if same else seal
    return {**obj, "data": data}


def _seal(value: str, salt: str) -> str:
    if value.startswith(SEALED):
        return value
    digest = hashlib.pbkdf2_hmac("sha256", value.encode(), salt.encode(), _ROUNDS)
    return f"{SEALED} {digest.hex()}"


def remasked(edited_text: str, values: Mapping[str, Any]) -> str:
    """The text of an edited Secret for the disk: values that are still the server's are masked again."""
    lines = edited_text.split("\n")
    found: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        key, colon, rest = line.strip().partition(":")
        name = key.strip("\"'")
        if not (colon and line.startswith("  ") and name in values):
            found.append(line)
            continue
        body = []
        indent = len(line) - len(line.lstrip(" "))
        while at < len(lines) and (
            not lines[at].strip() or len(lines[at]) - len(lines[at].lstrip(" ")) > indent
        ):
            body.append(lines[at])
            at += 1
        trailing: list[str] = []
        while body and not body[-1].strip():
            trailing.insert(0, body.pop())
        value = values[name]
        if _is_value(rest.strip(), body, value):
            found.append(f"{line[:indent]}{key}: '{mask(value)}'")
        else:
            found += [line, *body]
        found += trailing
    return "\n".join(found)


def _is_value(inline: str, body: list[str], value: Any) -> bool:
    from k8stui.kinds.editing.documents import parse

    documents = parse("v: " + "\n".join([inline, *(f" {line}" for line in body), ""])).documents
    if not documents or not isinstance(documents[0].value, dict):
        return False
    written = documents[0].value.get("v")
    text = text_of(value)
    return written == value or (text is not None and written is not None and str(written) == text)
