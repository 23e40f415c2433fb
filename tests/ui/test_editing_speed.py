"""What a key and an opening cost, in time of the processor: other work on the machine does not count."""

from __future__ import annotations

import gc
import statistics
import time
from typing import Any

from textual import events

from k8stui.kube.drafts import DraftTarget
from k8stui.ui.garbage import unsearched
from tests.ui.editing_rig import SIZE, deployments, editor, world
from tests.ui.fakes import meta, until

KEY = 0.05
OPEN = 0.3
SLOWER = 1.5
"""So much slower may machines be that test; 0.21 to 0.26 s were measured on two shared cores."""
KEYS = 15


def large(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, "shop"), "data": data}


async def test_five_thousand_lines_and_a_megabyte() -> None:
    cluster = world()
    cluster.world["configmaps"] = [
        large("lines", {f"key{number}": f"value {number}" for number in range(5000)}),
        large("warm", {"a": "b"}),
        large("megabyte", {"text": "".join(f"line {n} of a large file: value\n" for n in range(33_000))}),
    ]
    app = deployments(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects)
        kind = app.session.catalog.find("configmaps")
        assert kind is not None
        took = {}
        for name in ("warm", "lines", "megabyte"):
            gc.collect()
            began = time.process_time()
            await app.editing._edit(kind, [DraftTarget("configmaps", name, "shop")], "", external=False)
            await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded)
            await pilot.pause()
            took[name] = time.process_time() - began
            if name == "lines":
                keys = await typed(pilot, app)
            await pilot.press("alt+x")
            await until(pilot, lambda: app.main.place().view_type == "table")
    assert keys < KEY, f"a key takes {keys * 1000:.0f} ms"
    assert took["megabyte"] < OPEN * SLOWER, f"opened in {took['megabyte'] * 1000:.0f} ms"


async def typed(pilot: Any, app: Any) -> float:
    """Seconds of the screen's own thread for a key in the middle of the text, the median of some."""
    view = editor(app)
    view.text.move_cursor((2500, 10))
    await pilot.pause()
    times = []
    with unsearched():
        for _ in range(KEYS):
            version = view.text.version
            began = time.thread_time()
            app.post_message(events.Key("x", "x"))
            while view.text.version == version:
                await pilot.pause()
            await pilot.pause()
            times.append(time.thread_time() - began)
    return statistics.median(times)
