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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App
    from textual.pilot import Pilot

HERE = Path(__file__).parent
FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"
FONT_SIZE = 20.26
"""Pixels: at this size a cell of the first font is as wide as the picture takes cells to be."""
PATIENCE = 60.0
SETTLE = 4.0
"""Seconds: no highlights of changed cells in the picture, and some lines of logs."""


@dataclass(frozen=True)
class Shot:
    """Keys are pressed one after the other, each after ``until`` of the one before is on screen."""

    name: str
    arguments: tuple[str, ...] = ()
    size: tuple[int, int] = (160, 45)
    steps: tuple[tuple[str, str], ...] = ()
    """(keys separated by spaces, a pattern to wait for)."""


PODS = r"pods\(all\)\[\d{2,}\](?s:.*)Running"
SHOP = r"pods\(shop\)\[\d+\](?s:.*)Running"
CHECKOUT = ("/ 'checkout-8' enter", r"▌.checkout-8")
SHOTS = (
    Shot("workspace", ("-n", "shop"), steps=(("", SHOP), ("down " * 20, r"▌✗recommender-7"))),
    Shot("faults", ("-A", "pods"), steps=(("ctrl+z", r"CrashLoopBackOff"),)),
    Shot("light", ("-n", "shop", "--theme", "light"), steps=(("", SHOP),)),
    Shot("help", ("-A",), steps=(("", PODS), ("question_mark", r"(?i)help"))),
    Shot(
        "shell",
        ("-n", "shop"),
        steps=(("", SHOP), CHECKOUT, ("s", r"/ #"), ("'ls -l /etc' enter", r"total")),
    ),
    Shot(
        "debug",
        ("-n", "shop"),
        steps=(
            ("", SHOP),
            CHECKOUT,
            ("D", r"new debug container"),
            ("enter", r"(?i)profile"),
            ("ctrl+s", r"\(debugger-\w+\)"),
            ("enter", r"/ #"),
            ("'ps | head' enter", r"(?s)ps \| head.*/ #"),
        ),
    ),
    Shot(
        "edit",
        ("-n", "shop", "deploy"),
        steps=(
            ("", r"deployments\(shop\)\[\d+\]"),
            ("e", r"apiVersion"),
            ("down down down down down down", r"apiVersion"),
        ),
    ),
    Shot(
        "relations",
        ("-n", "shop", "deploy"),
        steps=(("", r"deployments\(shop\)"), ("X", r"ReplicaSet|replicaset")),
    ),
    Shot(
        "logs",
        ("-n", "shop"),
        steps=(
            ("", SHOP),
            (": 'logs deploy/checkout' enter", r"logs.*checkout"),
            ("z", r"GET"),
            ("h", r"GET"),
        ),
    ),
    Shot("small", ("-n", "shop"), size=(80, 24), steps=(("", r"pods\(shop\)\[\d{2,}\]"),)),
)


def text_of(app: App[object]) -> str:
    """The characters that are on screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def take(shot: Shot) -> str:
    """Run the program as a user would and give the SVG; raises TimeoutError when a step does not come."""
    from k8stui.cli import parse_options
    from k8stui.ui.launch import make_app

    app = make_app(parse_options(["--demo", *shot.arguments]))
    async with app.run_test(size=shot.size) as pilot:
        for keys, pattern in ((" ", r"● live"), *shot.steps):
            await press(pilot, keys)
            deadline = time.monotonic() + PATIENCE
            while not re.search(pattern, text_of(app)):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{shot.name}: {pattern} did not come:\n{text_of(app)}")
                await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE)
        return app.export_screenshot(title="k8stui")


async def press(pilot: Pilot[object], keys: str) -> None:
    """Press keys: names separated by spaces, and 'text in quotes' letter by letter."""
    for word in re.findall(r"'[^']*'|\S+", keys):
        letters = word[1:-1] if word.startswith("'") else (word,)
        for key in letters:
            await pilot.press({" ": "space", ":": "colon", "/": "slash"}.get(key, key))


def portable(svg: str) -> str:
    """The picture with the fonts of whoever looks at it: nothing is fetched from elsewhere."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S)
    svg = re.sub(r"font-family: Fira Code, monospace", f"font-family: {FONTS}", svg)
    return svg.replace("font-size: 20px", f"font-size: {FONT_SIZE}px")


def main(names: list[str]) -> None:
    """Make all, or those that are named; each in a home of its own."""
    for shot in SHOTS:
        if names and shot.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"K8STUI_CONFIG": f"{folder}/config.toml", "K8STUI_STATE": f"{folder}/state"}
            path = HERE / f"{shot.name}.svg"
            path.write_text(portable(asyncio.run(take(shot))), encoding="utf-8")
            print(path.relative_to(HERE.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
