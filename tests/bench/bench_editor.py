"""The editor and the YAML view on large texts, in a pseudo terminal: ``python -m tests.bench editor``.

From a key to the bytes that paint it, while checks of the whole text run in between; from the key that opens
a ConfigMap of 1 MB to its first lines; from a key that scrolls it to the bytes painted next.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.harness import Report, demo_server, k8stui, lags, quantile
from tests.bench.reader import server_of

if TYPE_CHECKING:
    from tests.pty_program import PtyProgram

NAMESPACE = "bench"
LINES = 5000
KEYS = 60
PAGES = 40
OPENINGS = 5
PAGE_DOWN, PAGE_UP, END, HOME, ESCAPE = "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H", "\x1b"
DOWN, RIGHT, LEFT = "\x1b[B", "\x1b[C", "\x1b[D"
CTRL_F, ALT_X = "\x06", "\x1bx"


def _post(config: Path, path: str, obj: dict[str, object]) -> None:
    body, headers = json.dumps(obj).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server_of(config)}{path}", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def make_objects(config: Path) -> dict[str, bytes]:
    """ConfigMaps in the order of their names; name -> what stands on the first screen of each."""
    _post(config, "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    texts = {
        "a-lines": {f"key{number:04d}": f"value {number}" for number in range(LINES)},
        "b-megabyte": {
            "text": "".join(f"line {number} of a large file: value\n" for number in range(27_500))
        },
        "c-one-line": {"text": '{"a":[' + ",".join(f'"item {number}"' for number in range(75_000)) + "]}"},
    }
    for name, data in texts.items():
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
        _post(config, path, {"metadata": {"name": name}, "data": data})
    return {"a-lines": rb"value 3\b", "b-megabyte": rb"line 3 of a large", "c-one-line": rb"item 3\b"}


def _until_painted(program: PtyProgram, keys: str, pattern: bytes, timeout: float = 20) -> float:
    """Milliseconds from sending keys to the bytes that paint what they lead to."""
    start, began = len(program.output), time.perf_counter()
    program.send(keys)
    program.wait_for_output(pattern, timeout=timeout, start=start)
    return (time.perf_counter() - began) * 1000


def _to_table(program: PtyProgram, keys: str) -> None:
    program.send(keys)
    program.wait_for_text(r"configmaps\(bench\)")
    time.sleep(0.5)


def _typed(program: PtyProgram) -> list[float]:
    """Milliseconds for each key in the middle of the text: runs, and pauses in which all of it is checked."""
    program.send(CTRL_F)
    time.sleep(0.5)
    program.send(f"value {LINES // 2}\r")
    program.wait_for_text(rf"key{LINES // 2}: value {LINES // 2}")
    program.send(END)
    time.sleep(1)
    chance, found = random.Random(1), []
    for number in range(KEYS):
        sign = chr(0x2460 + number)  # nothing else on the screen has it
        found.append(_until_painted(program, sign, sign.encode()))
        time.sleep(0.4 + chance.random() * 0.3 if number % 4 == 3 else 0.05 + chance.random() * 0.05)
    return found


def _scrolled(program: PtyProgram, onwards: str, back: str) -> list[float]:
    """Milliseconds from a key that scrolls to the first byte painted after it."""
    found = []
    for number in range(PAGES):
        found.append(_until_painted(program, back if number % 4 == 3 else onwards, rb"(?s)."))
        time.sleep(0.12)
    return found


class _Scroll(NamedTuple):
    """Two keys that scroll a text, and what they do."""

    onwards: str
    back: str
    unit: str


PAGED = _Scroll(PAGE_DOWN, PAGE_UP, "page")
ENDS = _Scroll(END, HOME, "way to its end and back")
SIDEWAYS = _Scroll(RIGHT, LEFT, "step to the right")


def _open_and_scroll(
    report: Report, program: PtyProgram, what: str, first: bytes, editor: _Scroll, view: _Scroll
) -> None:
    ways = (("e", "editor", ALT_X, editor), ("y", "YAML view", ESCAPE, view))
    for key, name, close, scroll in ways:
        opened = []
        for _ in range(OPENINGS):
            opened.append(_until_painted(program, key, first))
            time.sleep(2)
            if len(opened) < OPENINGS:
                _to_table(program, close)
        report.add(f"{what}: opened as {name}, median of {OPENINGS}", quantile(opened, 0.5), "ms", limit=300)
        report.add(f"{what}: opened as {name}, most", max(opened), "ms")
        if scroll is ENDS:
            program.send(DOWN * 2)  # to the line of text
            time.sleep(0.5)
        frames = _scrolled(program, scroll.onwards, scroll.back)
        frame = f"{what}: a {scroll.unit} in the {name}"
        report.add(f"{frame}, p50", quantile(frames, 0.5), "ms")
        report.add(f"{frame}, p95", quantile(frames, 0.95), "ms", limit=20)
        _to_table(program, close)


def run() -> Report:
    """Keys at 5,000 lines, and what is 1 MB large."""
    report = Report("editor")
    with demo_server(pods=60, nodes=3) as config, tempfile.TemporaryDirectory() as folder:
        shown = make_objects(config)
        lag_file = Path(folder, "lags")
        arguments = ["--kubeconfig", str(config), "-n", NAMESPACE, "configmaps"]
        with k8stui(arguments, lag_file=lag_file) as program:
            program.wait_for_text("a-lines")
            time.sleep(2)
            _until_painted(program, "e", shown["a-lines"])
            began = time.monotonic()
            keys = _typed(program)
            ended = time.monotonic()
            time.sleep(1.2)
            report.add(f"a key at {LINES} lines, p50", quantile(keys, 0.5), "ms")
            report.add(f"a key at {LINES} lines, p95", quantile(keys, 0.95), "ms", limit=50)
            report.add(f"a key at {LINES} lines, most of {KEYS}", max(keys), "ms")
            late = lags(lag_file, began, ended)
            report.add("loop lag while typing, most", max(late, default=0), "ms")
            _to_table(program, ALT_X)
            program.send("j")
            _open_and_scroll(report, program, "1 MB in lines", shown["b-megabyte"], PAGED, PAGED)
            program.send("j")
            _open_and_scroll(report, program, "1 MB on a line", shown["c-one-line"], ENDS, SIDEWAYS)
    return report
