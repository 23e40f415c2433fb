"""Putting refreshed tokens back into a kubeconfig, as kubectl does, and nothing else.

Only the values named are replaced in the text: comments, order and everything else stay as they were. The
file is replaced in one step, with mode 0600, under the lock file that kubectl respects.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from k8stui.kube.errors import KubeconfigError
from k8stui.kube.kubeconfig.yaml import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from k8stui.kube.kubeconfig.yaml import Node

__all__ = ["update_auth_provider"]


def update_auth_provider(file: Path, user: str, values: Mapping[str, str]) -> bool:
    """Set `values` in the auth-provider config of `user` in `file`; whether that was done.

    False, with the file untouched, when it may not be written, is being written by someone else, or is not
    what was expected. Blocks for some milliseconds.
    """
    file = file.resolve()
    if not os.access(file, os.W_OK):
        return False
    try:
        with _locked(file):
            text = _replaced(file, user, values)
            if text is None:
                return False
            _write(file, text)
            return True
    except (OSError, KubeconfigError):
        return False


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = file.with_name(file.name + ".lock")
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _write(file: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _config_node(top: Node | None, user: str) -> Node | None:
    users = top.mapping().get("users") if top is not None else None
    for entry in users.sequence() if users is not None else []:
        fields = entry.mapping()
        if "name" in fields and fields["name"].text() == user and "user" in fields:
            provider = fields["user"].mapping().get("auth-provider")
            return provider.mapping().get("config") if provider is not None else None
    return None


def _replaced(file: Path, user: str, values: Mapping[str, str]) -> str | None:
    """The text of `file` with the values set; None when the place for them is not found in it."""
    text = file.read_bytes().decode("utf-8-sig")
    top = parse_yaml(text, file)
    node = _config_node(top, user)
    if top is None or node is None or node.is_null:
        return None
    fields = node.mapping()
    edits: list[tuple[int, int, str]] = []
    start = node.span()[0]
    flow = text[start : start + 1] == "{"
    for key, value in values.items():
        quoted = json.dumps(value)
        if key in fields:
            begin, end = _tight(text, *fields[key].span())
            blank = "" if text[begin - 1].isspace() else " "
            edits.append((begin, end, blank + quoted))
        elif flow:
            edits.append((start + 1, start + 1, f"{json.dumps(key)}: {quoted}, "))
        else:
            indent = " " * (start - (text.rfind("\n", 0, start) + 1))
            edits.append((start, start, f"{key}: {quoted}\n{indent}"))
    changed = text
    for begin, end, new in sorted(edits, reverse=True):
        changed = changed[:begin] + new + changed[end:]
    return changed if _only_changed(file, top, changed, user, values) else None


def _only_changed(file: Path, before: Node, text: str, user: str, values: Mapping[str, str]) -> bool:
    """Whether `text` says what `before` said, but for the values."""
    after = parse_yaml(text, file)
    old, new = _config_node(before, user), _config_node(after, user)
    if after is None or old is None or new is None:
        return False
    expected = {**old.plain(), **values}
    return bool(new.plain() == expected and _without(before, user) == _without(after, user))


def _without(top: Node, user: str) -> object:
    """The whole file as plain data, with the config of `user` left out."""
    data = top.plain()
    for entry in data["users"]:
        if isinstance(entry, dict) and entry.get("name") == user:
            entry["user"]["auth-provider"]["config"] = None
            break
    return data


def _tight(text: str, begin: int, end: int) -> tuple[int, int]:
    """A value's span without the blanks and line breaks that the parser counts to its end."""
    kept = text[begin:end].rstrip()
    return begin, begin + len(kept)
