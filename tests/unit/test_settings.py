"""The settings file and the remembered state: mistakes are told, nothing is lost, nothing is fatal."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from k8stui.settings import Settings, load_settings, parse_settings, settings_path, state_dir
from k8stui.ui.layout import Axis, Leaf, Split
from k8stui.ui.spec import PaneState, ViewSpec
from k8stui.ui.state import SavedLayout, StateFile

FILE = Path("settings.toml")


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "none.toml")
    assert loaded.settings == Settings()
    assert loaded.warnings == ()


def test_every_setting_is_read() -> None:
    loaded = parse_settings(
        """
theme = "light"
readonly = true
namespaces = ["shop"]
favourites = ["shop", "default"]
[keys]
zoom = ["f11", "z"]
quit = "ctrl+x"
[aliases]
dp = "deploy"
[logs]
lines-kept = 5000
[contexts."prod/eu"]
readonly = true
theme = "high-contrast"
""",
        FILE,
    )
    assert loaded.warnings == ()
    settings = loaded.settings
    assert settings.keys == {"zoom": ("f11", "z"), "quit": "ctrl+x"}
    assert settings.logs.lines_kept == 5000
    prod = settings.for_context("prod/eu")
    assert (prod.theme, prod.readonly, prod.namespaces) == ("high-contrast", True, ("shop",))
    assert settings.for_context("other").theme == "light"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('\ntheem = "light"', "settings.toml, line 2: there is no setting 'theem'. Did you mean 'theme'?"),
        ("[logs]\nlines_kept = 5", "settings.toml, line 2: there is no setting 'lines_kept'."),
        (
            "[contexts.a]\nread-only = true",
            "line 2: there is no setting 'read-only'. Did you mean 'readonly'?",
        ),
        ('readonly = "yes"', "settings.toml, line 1: readonly: expected `bool`, got `str`."),
        ("[logs]\nlines-kept = 5", "settings.toml, line 2: logs.lines-kept: expected `int` >= 1000."),
        ("[contexts.a]\nreadonly = 1", "readonly"),
        ("theme = [", "are not TOML"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(text: str, sentence: str) -> None:
    loaded = parse_settings(text, FILE)
    assert len(loaded.warnings) == 1
    assert sentence in loaded.warnings[0]


def test_a_mistake_costs_its_own_setting_only() -> None:
    loaded = parse_settings('theme = "light"\nreadonly = 3\n[logs]\nlines-kept = 1\nwrap = true', FILE)
    assert loaded.settings.theme == "light"
    assert loaded.settings.logs.wrap is True
    assert len(loaded.warnings) == 2


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in load_settings(tmp_path / "s.toml").warnings[0]
    assert "cannot be read" in load_settings(tmp_path).warnings[0]


def test_where_the_files_are() -> None:
    assert settings_path({"K8STUI_CONFIG": "/a"}) == Path("/a/settings.toml")
    assert settings_path({"K8STUI_CONFIG": "/a/b.toml"}) == Path("/a/b.toml")
    assert settings_path({}).name == "settings.toml"
    assert state_dir({"K8STUI_STATE": "/s"}) == Path("/s")


LAYOUT = SavedLayout(
    Split(Axis.ROW, (Leaf("1"), Leaf("2")), (0.5, 0.5)),
    {"1": PaneState(ViewSpec(kind="pods")), "2": PaneState(ViewSpec(kind="nodes"), pinned=True)},
)


def test_state_is_written_for_the_user_alone_and_read_back(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "deep" / "state")
    state.data.layouts["prod"] = LAYOUT
    state.add_command("po")
    state.add_command("ns")
    state.add_command("po")
    assert state.save() == ""
    assert state.path is not None
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o600
    again = StateFile(tmp_path / "deep" / "state")
    assert again.data.layouts == {"prod": LAYOUT}
    assert again.data.commands == ["ns", "po"]


def test_a_broken_state_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{broken")
    state = StateFile(tmp_path)
    assert "could not be read" in state.warning
    assert state.data.commands == []
    assert (tmp_path / "state.broken.json").read_text() == "{broken"


def test_an_unsound_layout_is_left_out(tmp_path: Path) -> None:
    state = StateFile(tmp_path)
    state.data.layouts["a"] = SavedLayout(Leaf("1"), {})
    state.save()
    assert StateFile(tmp_path).data.layouts == {}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = StateFile(tmp_path / "file")
    assert state.save().startswith("Layouts and history cannot be kept in")


def test_recent_namespaces_keep_their_number(tmp_path: Path) -> None:
    state = StateFile(None)
    for name in ("a", "b", "a"):
        state.use_namespace("ctx", name)
    assert state.data.recent["ctx"] == ["a", "b"]
    for number in range(12):
        state.use_namespace("ctx", f"n{number}")
    assert len(state.data.recent["ctx"]) == 9
    assert state.data.recent["ctx"][:2] == ["a", "b"]


def test_favourites_toggle() -> None:
    state = StateFile(None)
    assert state.toggle_favourite("ctx", "a") is True
    assert state.toggle_favourite("ctx", "a") is False
