"""Themes: the ones that come with the program, the user's own, and broken ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from k8stui.ui.theme import load_themes, package_themes, parse_theme

if TYPE_CHECKING:
    from pathlib import Path

OWN = load_themes([package_themes()])


def test_the_program_brings_these() -> None:
    assert OWN.warnings == ()
    assert OWN.names()[0] == "dark"
    assert {"dark", "light", "high-contrast", "k9s", "ansi"} <= set(OWN.names())
    assert all(OWN.about[name] for name in OWN.names())


def test_themes_are_found_in_a_wheel_and_in_a_source_tree(tmp_path: Path) -> None:
    package = tmp_path / "site" / "k8stui"
    package.mkdir(parents=True)
    assert package_themes(package) == tmp_path / "site" / "themes"
    (package / "themes").mkdir()
    assert package_themes(package) == package / "themes"


def luminance(color: Color) -> float:
    parts = [c / 255 for c in (color.r, color.g, color.b)]
    r, g, b = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("name", "least"), [("dark", 4.5), ("light", 4.5), ("k9s", 4.5), ("high-contrast", 7.0)]
)
def test_texts_stand_out_from_their_background(name: str, least: float) -> None:
    theme = OWN.themes[name]
    assert theme.background is not None
    for text in (theme.foreground, theme.primary, theme.success, theme.warning, theme.error, theme.accent):
        assert text is not None
        assert contrast(text, theme.background) >= least
    variables = theme.variables
    cursor = contrast(variables["block-cursor-foreground"], variables["block-cursor-background"])
    assert cursor >= least
    assert contrast(variables["text-muted"], theme.background) >= least


def test_a_users_theme_wins_over_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text('[colors]\nprimary = "#ff0000"')
    (tmp_path / "own.toml").write_text('about = "mine"\n[colors]\nprimary = "red"')
    themes = load_themes([package_themes(), tmp_path])
    assert themes.themes["dark"].primary == "#ff0000"
    assert themes.about["own"] == "mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[colors]", "primary"),
        ('[colors]\nprimary = "nocolor"', "no colour: 'nocolor'"),
        ('[colours]\nprimary = "red"', "colours"),
        ("= 1", "not understood"),
    ],
)
def test_a_broken_theme_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="theme 'x'") as caught:
        parse_theme("x", text)
    assert words in str(caught.value)


def test_a_broken_file_costs_itself_only(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[")
    themes = load_themes([package_themes(), tmp_path])
    assert "bad" not in themes.themes
    assert "dark" in themes.themes
    assert len(themes.warnings) == 1


def test_without_any_file_there_is_still_a_theme(tmp_path: Path) -> None:
    assert load_themes([tmp_path]).names() == ["dark"]


def test_an_unknown_theme_names_those_there_are() -> None:
    assert OWN.complaint("ligth").startswith(
        "There is no theme 'ligth'. Did you mean 'light'? There are: dark"
    )
