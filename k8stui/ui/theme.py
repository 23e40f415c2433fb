"""Themes as files: reading them, finding them, and saying what is wrong with one.

A theme is a TOML file with the colours that Textual's themes have and variables of its own. The program's
own lie in the package, the user's in the `themes` folder beside the settings file; a user's theme of the same
name wins. Nothing in the program names a colour; all of them come from here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from textual.theme import BUILTIN_THEMES, Theme

from k8stui.ui.commands import closest

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "dark"
PACKAGE = Path(__file__).resolve().parent.parent


class _Colors(Struct, frozen=True, forbid_unknown_fields=True):
    primary: str
    secondary: str | None = None
    accent: str | None = None
    foreground: str | None = None
    background: str | None = None
    surface: str | None = None
    panel: str | None = None
    boost: str | None = None
    success: str | None = None
    warning: str | None = None
    error: str | None = None


class ThemeFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a theme file."""

    colors: _Colors
    about: str = ""
    dark: bool = True
    ansi: bool = False
    """The colours are names of the terminal's own sixteen (`ansi_red`), passed on as they are."""
    variables: dict[str, str] = field(default_factory=dict)


class Themes(Struct, frozen=True):
    """The themes that there are, and a sentence for each file that is none."""

    themes: dict[str, Theme]
    about: dict[str, str]
    warnings: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """All names, the program's default first."""
        return sorted(self.themes, key=lambda name: (name != DEFAULT, name))

    def complaint(self, name: str) -> str:
        """A sentence that says that there is no such theme, and which there are."""
        near = closest(name, self.themes)
        hint = f" Did you mean {near!r}?" if near else ""
        return f"There is no theme {name!r}.{hint} There are: {', '.join(self.names())}."


def parse_theme(name: str, text: str) -> tuple[Theme, str]:
    """The theme in the text of a file, and what is said about it.

    Raises ValueError with one sentence for a text that is no theme.
    """
    from textual.color import Color, ColorParseError

    try:
        read = msgspec.convert(tomllib.loads(text), ThemeFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"the theme {name!r} is not understood: {error}") from error
    colors = {key: value for key, value in msgspec.structs.asdict(read.colors).items() if value is not None}
    for key, value in colors.items():
        try:
            Color.parse(value)
        except ColorParseError:
            raise ValueError(f"the theme {name!r} has a {key} that is no colour: {value!r}") from None
    return Theme(name=name, dark=read.dark, ansi=read.ansi, variables=read.variables, **colors), read.about


def package_themes(package: Path = PACKAGE) -> Path:
    """The folder of the program's own themes: inside the package, or beside it in a source tree."""
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load_themes(folders: Iterable[Path]) -> Themes:
    """Read every theme file in these folders; later folders win. A broken file costs itself only."""
    themes: dict[str, Theme] = {}
    about: dict[str, str] = {}
    warnings: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                themes[path.stem], about[path.stem] = parse_theme(path.stem, path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                warnings.append(f"{path}: {error}.")
    if not themes:
        # A broken installation must still be readable.
        themes[DEFAULT] = Theme(**{**vars(BUILTIN_THEMES["textual-dark"]), "name": DEFAULT})
        warnings.append("The program's own theme files are missing: install it again.")
    return Themes(themes, about, tuple(warnings))
