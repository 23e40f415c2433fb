"""Drafts of edits on disk: what was typed is there again after a crash, an exit or a lost connection.

One JSON file for each draft in a folder of the user's state, both readable by the user alone (0600, 0700).
Callers see to it that no value of a Secret is in a draft that was not typed. Writing is atomic: a draft is
the old one or the new one, never half of it. Nothing here ever logs a draft.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import msgspec

OLDEST_KEPT = 200
"""So many drafts are kept; the oldest go."""


class DraftTarget(msgspec.Struct, frozen=True):
    """An object that is edited, by its names."""

    kind: str
    """Plural with group, as in `Kind.name`."""
    name: str
    namespace: str = ""
    uid: str = ""


class Draft(msgspec.Struct):
    """A buffer of an editor."""

    id: str
    context: str
    """What layouts and drafts of a context are remembered under."""
    mode: str = "edit"
    """`edit`, `create`, `apply`, `server-apply`"""
    title: str = ""
    """`deployment web`; for create and apply what it was made from."""
    targets: list[DraftTarget] = msgspec.field(default_factory=list)
    subresource: str = ""
    bases: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """The objects as they were read, Secrets sealed."""
    text: str = ""
    saved: str = ""
    """When it was written, RFC 3339."""
    cursor: int = 0


def new_id() -> str:
    """A name for a draft."""
    return secrets.token_hex(6)


class DraftStore:
    """The drafts of all contexts. `folder` None keeps them in memory (a home that cannot be written)."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, Draft] = {}

    @property
    def folder(self) -> Path | None:
        """Where they are."""
        return self._folder

    def all(self, context: str) -> list[Draft]:
        """The drafts of a context, the newest first. A file that cannot be read is left alone."""
        found = dict(self._held)
        if self._folder is not None and self._folder.is_dir():
            for path in self._folder.glob("*.json"):
                with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
                    found.setdefault(path.stem, msgspec.json.decode(path.read_bytes(), type=Draft))
        mine = [draft for draft in found.values() if draft.context == context and draft.text]
        return sorted(mine, key=lambda draft: draft.saved, reverse=True)

    def get(self, draft_id: str) -> Draft | None:
        """A draft by its id; None where there is none (any more)."""
        held = self._held.get(draft_id)
        if held is not None or self._folder is None or not draft_id.isalnum():
            return held
        try:
            body = (self._folder / f"{draft_id}.json").read_bytes()
            return msgspec.json.decode(body, type=Draft)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def hold(self, draft: Draft) -> None:
        """Keep a draft in memory: it is not worth a file yet."""
        self._held[draft.id] = draft

    def find(self, context: str, targets: list[DraftTarget], subresource: str = "") -> Draft | None:
        """The newest draft of an edit of just these objects."""
        wanted = {(target.kind, target.namespace, target.name) for target in targets}
        for draft in self.all(context):
            names = {(target.kind, target.namespace, target.name) for target in draft.targets}
            if draft.mode == "edit" and names == wanted and draft.subresource == subresource:
                return draft
        return None

    def write(self, draft: Draft) -> str:
        """Write a draft; a sentence when that failed, else an empty text. May be called in a thread."""
        if self._folder is None:
            self._held[draft.id] = draft
            return ""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".draft-")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(msgspec.json.encode(draft))
                    out.flush()
                    os.fsync(out.fileno())
                Path(temporary).replace(self._folder / f"{draft.id}.json")
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            return f"The draft cannot be kept in {self._folder}: {error.strerror or error}."
        self._held.pop(draft.id, None)
        self._thin()
        return ""

    def discard(self, draft_id: str) -> None:
        """The draft was applied, or is not wanted."""
        self._held.pop(draft_id, None)
        if self._folder is not None and draft_id.isalnum():
            with contextlib.suppress(OSError):
                (self._folder / f"{draft_id}.json").unlink(missing_ok=True)

    def _thin(self) -> None:
        assert self._folder is not None
        paths = list(self._folder.glob("*.json"))
        if len(paths) > OLDEST_KEPT:
            with contextlib.suppress(OSError):
                for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-OLDEST_KEPT]:
                    path.unlink()
