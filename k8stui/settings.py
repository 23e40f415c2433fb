"""The user's settings file: where it is, what may be in it, and what is wrong with the one that is there.

The file is TOML. A mistake in it never stops the program: the setting keeps its default and the user gets one
sentence with the line. Nothing here writes the file, and nothing here knows the screen.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta, Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "k8stui"
CONFIG_VARIABLE = "K8STUI_CONFIG"
STATE_VARIABLE = "K8STUI_STATE"

Names = tuple[str, ...]


class LogSettings(Struct, frozen=True, rename="kebab"):
    """How logs are read and kept."""

    lines_kept: Annotated[int, Meta(ge=1000, le=5_000_000)] = 200_000
    """Lines kept for each log view; the oldest fall off first."""
    streams: Annotated[int, Meta(ge=1, le=2000)] = 60
    """Log streams open at once, of all panes together; more take turns, what is in view first."""
    wrap: bool = False
    timestamps: bool | Literal["off", "relative", "local", "utc"] = False
    mode: Literal["raw", "message", "table"] = "raw"
    """Lines as they were written, as message with fields, or as a table of fields."""
    names: Literal["auto", "short", "long", "off"] = "auto"
    """What lines are from, in front of them; auto: short where several containers are read."""
    fold_traces: bool = False
    """Fold stack traces into their first line."""
    fold_repeats: bool = False
    """Fold lines that say the same into one with a count."""


class ShellSettings(Struct, frozen=True, rename="kebab"):
    """Shells: exec, attach and debug containers."""

    escape: str = "ctrl-]"
    """The one key that a running program does not get: the key after it is the program's own (typed twice,
    it is sent)."""
    scrollback: Annotated[int, Meta(ge=0, le=1_000_000)] = 10_000
    """Lines kept of each shell besides its screen."""
    confirm_paste: bool = True
    """Ask before several lines are pasted into a program that would run each."""
    copy_on_select: bool = True
    """Put what the mouse selects into the clipboard."""
    debug_images: Names = ("busybox", "alpine", "nicolaka/netshoot", "ubuntu")
    """Images offered for debug containers, after those that were used."""


class ContextSettings(Struct, frozen=True, rename="kebab"):
    """What differs for one context; None takes the general setting."""

    theme: str | None = None
    readonly: bool | None = None
    namespaces: Names | None = None
    favourites: Names | None = None


class Settings(Struct, frozen=True, rename="kebab"):
    """Everything that can be set, with its default."""

    theme: str = "dark"
    readonly: bool = False
    """Refuse every request that would change the cluster."""
    mouse: bool = True
    namespaces: Names | None = None
    """Namespaces in use at start; none: the context's own, and all when it names none."""
    favourites: Names = ()
    """Namespaces that come first wherever one is chosen."""
    keys: dict[str, str | Names] = field(default_factory=dict)
    """Action id -> its key or keys, instead of the default ones; an empty text takes the key away."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Word -> what it stands for at the start of a `:` line."""
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    """Kind (under any of its names) -> header of a column -> JSONPath of its cells."""
    logs: LogSettings = LogSettings()
    shells: ShellSettings = ShellSettings()
    contexts: dict[str, ContextSettings] = field(default_factory=dict)
    """Name of a context -> what differs there."""

    def for_context(self, name: str) -> ContextSettings:
        """The settings that hold in a context: its own where it has them, else the general ones."""
        own = self.contexts.get(name, ContextSettings())
        return ContextSettings(
            theme=own.theme if own.theme is not None else self.theme,
            readonly=own.readonly if own.readonly is not None else self.readonly,
            namespaces=own.namespaces if own.namespaces is not None else self.namespaces,
            favourites=own.favourites if own.favourites is not None else self.favourites,
        )


class LoadedSettings(Struct, frozen=True):
    """The settings and what was wrong with the file: one sentence for each mistake."""

    settings: Settings
    path: Path
    warnings: tuple[str, ...] = ()


def config_dir(env: Mapping[str, str] | None = None) -> Path:
    """The folder of the settings file and of the user's own themes."""
    return settings_path(env).parent


def settings_path(env: Mapping[str, str] | None = None) -> Path:
    """The settings file: K8STUI_CONFIG (file, or folder with settings.toml), else the platform's."""
    given = (os.environ if env is None else env).get(CONFIG_VARIABLE, "")
    if given:
        path = Path(given).expanduser()
        return path if path.suffix == ".toml" else path / "settings.toml"
    import platformdirs  # where it is not needed, start-up does not pay for it

    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "settings.toml"


def state_dir(env: Mapping[str, str] | None = None) -> Path:
    """The folder where layouts and histories are kept: K8STUI_STATE, else the platform's."""
    given = (os.environ if env is None else env).get(STATE_VARIABLE, "")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def load_settings(path: Path | None = None) -> LoadedSettings:
    """Read the settings file. A missing one is an empty one; mistakes become warnings, never errors."""
    path = settings_path() if path is None else path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return LoadedSettings(Settings(), path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return LoadedSettings(Settings(), path, (f"The settings in {path} cannot be read: {reason}.",))
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> LoadedSettings:
    """Check the text of a settings file; each mistake costs its own setting and no other."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return LoadedSettings(Settings(), path, (f"The settings in {path} are not TOML: {error}.",))
    warnings: list[str] = []
    _drop_unknown(data, Settings, text, path, warnings)
    _check_columns(data, text, path, warnings)
    while True:
        try:
            return LoadedSettings(msgspec.convert(data, Settings), path, tuple(warnings))
        except msgspec.ValidationError as error:
            message, keys = _wrong_value(str(error))
            warnings.append(f"{_where(text, path, keys)}: {'.'.join(keys) or 'the file'}: {message}.")
            if not _drop(data, keys):
                return LoadedSettings(Settings(), path, tuple(warnings))


def _drop_unknown(
    data: dict[str, Any], struct: type[Struct], text: str, path: Path, warnings: list[str]
) -> None:
    """Take keys that mean nothing out of the data, with a sentence for each."""
    types = get_type_hints(struct)
    known = {info.encode_name: types[info.name] for info in msgspec.structs.fields(struct)}
    for key in list(data):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(sorted(known))}."
            warnings.append(f"{_where(text, path, [key])}: there is no setting {key!r}.{hint}")
            del data[key]
        elif isinstance(data[key], dict):
            if known[key] in (LogSettings, ShellSettings):
                _drop_unknown(data[key], known[key], text, path, warnings)
            elif key == "contexts":
                for inner in data[key].values():
                    if isinstance(inner, dict):
                        _drop_unknown(inner, ContextSettings, text, path, warnings)


def _check_columns(data: dict[str, Any], text: str, path: Path, warnings: list[str]) -> None:
    """Take paths that cannot be understood out of the data, with a sentence for each."""
    tables = data.get("columns")
    if not isinstance(tables, dict):
        return
    from k8stui.kinds.jsonpath.path import parse_path
    from k8stui.kinds.jsonpath.syntax import JsonPathError

    for columns in tables.values():
        for header, column in list(columns.items()) if isinstance(columns, dict) else ():
            try:
                parse_path(str(column))
            except JsonPathError as error:
                warnings.append(f"{_where(text, path, [header])}: column {header}: {error}")
                del columns[header]


_MESSAGE = re.compile(r"^(?P<message>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)


def _wrong_value(error: str) -> tuple[str, list[str]]:
    """msgspec's message and the keys that lead to the wrong value."""
    match = _MESSAGE.match(error)
    message, where = (match["message"], match["path"] or "") if match else (error, "")
    keys = [part for part in re.split(r"\.|\[\.\.\.\]|\[\d+\]", where.removeprefix("$")) if part]
    return message[:1].lower() + message[1:], keys


def _drop(data: dict[str, Any], keys: list[str]) -> bool:
    """Take a wrong value out of the data; False when it cannot be found."""
    if not keys:
        return False
    head = keys[0]
    if head in ("logs", "shells") and len(keys) > 1 and isinstance(data.get(head), dict):
        return data[head].pop(keys[1], None) is not None
    if head == "contexts" and isinstance(data.get("contexts"), dict) and len(keys) > 1:
        # The message names the key but not the context: the first context that has it is the wrong one.
        tables = [
            inner for inner in data["contexts"].values() if isinstance(inner, dict) and keys[1] in inner
        ]
        for inner in tables:
            try:
                msgspec.convert({keys[1]: inner[keys[1]]}, ContextSettings)
            except msgspec.ValidationError:
                del inner[keys[1]]
                return True
        return False
    return data.pop(head, None) is not None


def _where(text: str, path: Path, keys: list[str]) -> str:
    """The file and the line that names the last key."""
    if keys:
        last = re.escape(keys[-1])
        pattern = re.compile(rf"""^\s*(?:["']?{last}["']?\s*=|\[.*\b{last}\b.*\])""")
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.match(line):
                return f"{path}, line {number}"
    return str(path)
