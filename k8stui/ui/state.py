"""What the program remembers between runs: layouts, command lines, recent and favourite namespaces.

One JSON file in the user's state folder, readable by the user alone. Losing it costs comfort, never work: a
broken one is set aside under another name, and a failure to write is reported once by the caller. Nothing
from the cluster beyond names of contexts and namespaces is kept here.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from k8stui.ui.layout import Leaf, Split, is_sound, leaves
from k8stui.ui.spec import PaneState  # noqa: TC001  # msgspec reads it at run time

FILE = "state.json"
COMMANDS_KEPT = 200
NAMESPACES_KEPT = 9


class SavedLayout(Struct, frozen=True):
    """The panes of a workspace: how they share the screen and what each one shows."""

    tree: Leaf | Split
    panes: dict[str, PaneState]
    focused: str = ""

    def is_sound(self) -> bool:
        """Whether tree and panes speak of the same panes."""
        return is_sound(self.tree) and set(leaves(self.tree)) == set(self.panes)


class InUse(Struct, frozen=True):
    """The namespaces that were looked at last in a context; () is all."""

    names: tuple[str, ...]
    configured: str = ""
    """The kubeconfig's namespace then: once it says another one, that holds."""


class Remembered(Struct):
    """The content of the state file."""

    layouts: dict[str, SavedLayout] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    recent: dict[str, list[str]] = field(default_factory=dict)
    """Context -> namespaces, the last used first."""
    namespaces: dict[str, InUse] = field(default_factory=dict)
    """Context -> what was chosen there."""
    favourites: dict[str, list[str]] = field(default_factory=dict)
    forwards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Context -> port-forwards that start again with the program."""
    theme: str = ""
    """Chosen while the program ran; holds until the settings file says something new."""
    theme_before: str = ""
    """What the settings file said when `theme` was chosen."""


class StateFile:
    """The state file: read once, written on change."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` None keeps everything in memory (tests, and a home that cannot be written)."""
        self.path = folder / FILE if folder else None
        self.warning = ""
        """One sentence about a file that could not be read, for the user."""
        self.data = self._read()

    @property
    def saved(self) -> Path:
        """Where tables, logs, recordings and pictures go that the user saves; may not be there yet."""
        return Path.cwd() if self.path is None else self.path.parent / "saved"

    def _read(self) -> Remembered:
        if self.path is None:
            return Remembered()
        try:
            data = msgspec.json.decode(self.path.read_bytes(), type=Remembered)
        except FileNotFoundError:
            return Remembered()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.warning = f"The remembered layouts could not be read ({error}); starting without them."
            self._set_aside()
            return Remembered()
        data.layouts = {key: layout for key, layout in data.layouts.items() if layout.is_sound()}
        return data

    def _set_aside(self) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.replace(self.path.with_suffix(".broken.json"))

    def save(self) -> str:
        """Write the file in one step, mode 0600. Returns a sentence when that failed, else an empty text."""
        if self.path is None:
            return ""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".state-")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(msgspec.json.format(msgspec.json.encode(self.data), indent=1))
                os.replace(temporary, self.path)  # noqa: PTH105
            except BaseException:
                os.unlink(temporary)  # noqa: PTH108
                raise
        except OSError as error:
            return f"Layouts and history cannot be kept in {self.path}: {error.strerror or error}."
        return ""

    def add_command(self, line: str) -> None:
        """Put a command line at the end of the history, once."""
        kept = [each for each in self.data.commands if each != line]
        self.data.commands = [*kept, line][-COMMANDS_KEPT:]

    def use_namespace(self, context: str, namespace: str) -> None:
        """Note that a namespace is in use; its place in the list of recent ones is kept if it has one.

        The place stays so that the keys 1-9 go on meaning the same namespaces.
        """
        recent = self.data.recent.setdefault(context, [])
        if namespace in recent:
            return
        if len(recent) >= NAMESPACES_KEPT:
            recent.pop()
        recent.append(namespace)

    def forget_namespace(self, context: str, namespace: str) -> None:
        """There is no such namespace: neither a digit nor the next start leads there."""
        recent = self.data.recent.get(context, [])
        if namespace in recent:
            recent.remove(namespace)
        if context in self.data.namespaces and namespace in self.data.namespaces[context].names:
            del self.data.namespaces[context]

    def toggle_favourite(self, context: str, namespace: str) -> bool:
        """Make a namespace a favourite, or no longer; True when it now is one."""
        favourites = self.data.favourites.setdefault(context, [])
        if namespace in favourites:
            favourites.remove(namespace)
            return False
        favourites.append(namespace)
        return True
