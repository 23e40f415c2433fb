"""The house keeps its shape: imports go down, modules stay small, texts stay clean."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "k8stui").rglob("*.py"))


def test_imports_go_one_way_down() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("room", ["terminal", "demo", "kube"])
def test_a_room_at_the_bottom_imports_no_other_room(room: str) -> None:
    """Checked from the source as well, so that imports inside functions count."""
    others = []
    for path in (ROOT / "k8stui" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            others += [
                f"{path.relative_to(ROOT)}: {name}"
                for name in names
                if re.match(rf"k8stui\.(?!{room}\b|__version__)", name)
            ]
    assert not others


def test_the_engine_knows_no_screen() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for room in ("kube", "kinds", "terminal", "demo")
        for path in (ROOT / "k8stui" / room).rglob("*.py")
        if re.search(r"^\s*(from|import) textual", path.read_text(encoding="utf-8"), re.M)
    ]
    assert not guilty


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module starts with what it is for"
    assert text.count("\n") <= 500, "past 500 lines: find the seam"
