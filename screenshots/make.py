"""Make the screenshots from the demo cluster: ``python screenshots/make.py [NAME ...]``.

Each is an SVG beside this file, as Textual exports it. The demo cluster is seeded, so the
same objects are in each; ages and log lines go on.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 60.0


@dataclass(frozen=True)
class Shot:
    """Keys are pressed one after the other, each after ``until`` of the one before is on screen."""

    name: str
    arguments: tuple[str, ...] = ()
    size: tuple[int, int] = (160, 45)
    steps: tuple[tuple[str, str], ...] = ()
    """(keys separated by spaces, a pattern to wait for)."""


SHOTS = (
    Shot("workspace", steps=(("", r"pods\(all\)\[\d{2,}\](?s:.*)Running(?s:.*)events"),)),
    Shot("pods", ("--theme", "dark", "pods"), steps=(("ctrl+z", r"CrashLoopBackOff"),)),
    Shot("light", ("--theme", "light"), steps=(("", r"pods\(all\)\[\d{2,}\]"),)),
    Shot("help", steps=(("question_mark", r"(?i)help"),), size=(120, 40)),
    Shot("small", size=(80, 24), steps=(("", r"Running"),)),
)


def text_of(svg: str) -> str:
    """The characters of an exported screenshot."""
    lines = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S)
    return "\n".join(line.replace("&#160;", " ") for line in lines)


async def take(shot: Shot) -> str:
    """Run the program as a user would and give the SVG; raises TimeoutError when a step does not come."""
    from k8stui.cli import parse_options
    from k8stui.ui.launch import make_app

    app = make_app(parse_options(["--demo", "-A", *shot.arguments]))
    async with app.run_test(size=shot.size) as pilot:
        for keys, pattern in (("", r"\[\d{2,}\]"), *shot.steps):
            await pilot.press(*keys.split())
            deadline = time.monotonic() + PATIENCE
            while not re.search(pattern, text_of(svg := app.export_screenshot(title="k8stui"))):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{shot.name}: {pattern} did not come:\n{text_of(svg)}")
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        return app.export_screenshot(title="k8stui")


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"K8STUI_CONFIG": f"{folder}/config.toml", "K8STUI_STATE": f"{folder}/state"}
        os.environ |= {"XDG_CONFIG_HOME": folder, "XDG_STATE_HOME": folder}
        for shot in SHOTS:
            if not names or shot.name in names:
                path = HERE / f"{shot.name}.svg"
                path.write_text(asyncio.run(take(shot)), encoding="utf-8")
                print(path.relative_to(HERE.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
