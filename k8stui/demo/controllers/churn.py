"""Churn: many small changes a second, spread over all rows, for benchmarks and for showing off.

Changes are made by sharing all of the object but the few dicts on the path of the change, so that ten
thousand a second are cheap. Each changed pod carries a number and the time of the change, so that a test can
measure how long a change takes to the screen. The controllers are not told: these changes mean nothing, and
what is in trouble by them is well again soon, so that a quiet cluster stays as its world made it.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

from k8stui.demo.resources import NODES, PODS
from k8stui.demo.world import podstatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.controllers.engine import Engine, Key, Obj

__all__ = ["AT", "SEQUENCE", "Churn"]

SEQUENCE = "demo.k8stui.dev/seq"
"""Annotation: how many changes came before this one."""
AT = "demo.k8stui.dev/at"
"""Annotation: nanoseconds since the epoch at which the change was made."""
TICK = 0.02
EVENTFUL = 100
"""So many pods have an event that is repeated again and again."""
CATCH_UP = 0.5
"""Seconds of a stall that are made up for afterwards; what a longer one missed is left out."""
TROUBLE = 15.0
"""Seconds that a container is out of order, or a probe says otherwise."""


class Churn:
    """`rate` changes a second: mostly pods, one in a hundred a node's heartbeat, one in fifty an event."""

    def __init__(
        self,
        engine: Engine,
        rate: float,
        *,
        seed: int = 1,
        is_used: Callable[[str], bool] = lambda _container_id: False,
    ) -> None:
        """`is_used`: whether a container, by its id, is one that must not be restarted now."""
        self._engine = engine
        self._is_used = is_used
        self._store = engine.store
        self.rate = rate
        self.sequence = 0
        self._random = random.Random(seed)  # noqa: S311 - which row comes next, repeatable by seed
        self._keys: list[Key] = []
        self._standing: list[Key] = []
        self._next = 0
        self._refreshed = 0.0
        self._troubled: dict[Key, tuple[float, bool]] = {}
        """Since when the readiness of a pod is not the one that it had, and that one; the oldest first."""
        self._now = engine.stamp()

    async def run(self) -> None:
        """Until cancelled: bursts every 20 ms, as many as are due since the start."""
        begin = time.monotonic()
        done = 0
        while True:
            due = int((time.monotonic() - begin) * self.rate) - done
            burst = min(due, max(1, int(self.rate * CATCH_UP)))
            self.burst(burst)
            done += due
            await asyncio.sleep(TICK if self.rate >= 1 / TICK else max(TICK, 1 / self.rate / 4))

    def burst(self, count: int) -> None:
        """Make that many changes now."""
        self._refresh()
        self._engine.muted = True
        self._now = self._engine.stamp()
        try:
            for _ in range(count):
                self._one()
        finally:
            self._engine.muted = False

    def _refresh(self) -> None:
        """Every few seconds: which pods there are, in a shuffled order that visits each once a round."""
        now = time.monotonic()
        if self._keys and now - self._refreshed < 5:
            return
        self._refreshed = now
        keys = [
            version.key
            for version in self._store.versions(PODS)
            if version.obj.get("status", {}).get("containerStatuses")
            and "deletionTimestamp" not in version.obj["metadata"]
        ]
        if len(keys) != len(self._keys):
            self._random.shuffle(keys)
            self._keys, self._next = keys, 0
            # The same pods as long as they are there: otherwise each look would leave new events behind.
            there = set(keys)
            stay = [key for key in self._standing if key in there]
            kept = set(stay)
            self._standing = [*stay, *(key for key in keys if key not in kept)][:EVENTFUL]

    def _one(self) -> None:
        self.sequence += 1
        if self.sequence % 100 == 0:
            self._heartbeat()
        elif self.sequence % 50 == 0:
            self._event()
        elif (key := self._due()) is not None:
            self._pod(key, well=self._troubled.pop(key)[1])
        elif self._keys:
            self._next = (self._next + 1) % len(self._keys)
            self._pod(self._keys[self._next])

    # -- pods -----------------------------------------------------------------------------------------

    def _due(self) -> Key | None:
        """The pod that has been in trouble long enough."""
        for key, (since, _well) in self._troubled.items():
            return key if time.monotonic() - since >= TROUBLE else None
        return None

    def _pod(self, key: Key, *, well: bool | None = None) -> None:
        """Change a pod; `well`: back to this readiness, where it still is another one."""
        pod = self._store.get(PODS, *key)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            return
        meta = pod["metadata"]
        annotations = {**(meta.get("annotations") or {})}
        annotations[SEQUENCE] = str(self.sequence)
        annotations[AT] = str(time.time_ns())
        fresh = {**pod, "metadata": {**meta, "annotations": annotations}}
        status = pod["status"]
        kind = self.sequence % 4
        if well is not None:
            kind = 0 if all(each["ready"] is well for each in status.get("containerStatuses", [])[:1]) else 2
        if kind and status.get("phase") == "Running" and len(status.get("containerStatuses") or ()) > 0:
            fresh["status"] = self._changed(status, kind)
            if well is None:
                self._note_trouble(key, status, fresh["status"])
        self._store.update(PODS, fresh)

    def _note_trouble(self, key: Key, before: Obj, after: Obj) -> None:
        was, ready = (each["containerStatuses"][0]["ready"] for each in (before, after))
        if was != ready and self._troubled.setdefault(key, (time.monotonic(), was))[1] == ready:
            del self._troubled[key]

    def _changed(self, status: Obj, kind: int) -> Obj:
        """RESTARTS (1), READY (2) or STATUS (3) becomes another; the second visit of a kind turns it back."""
        first, *rest = status["containerStatuses"]
        now = self._now
        state, ready = first["state"], first["ready"]
        if "waiting" in state:
            if state["waiting"]["reason"] != "CrashLoopBackOff" or "churn" not in state["waiting"].get(
                "message", ""
            ):
                return status
            first = {**self._launched(first, now), "ready": True, "started": True}
        elif "running" not in state:
            return status
        elif kind != 2 and self._is_used(first.get("containerID", "")):
            # Somebody is in there: such a container is not restarted for the show.
            return status
        elif kind != 2:
            ended = podstatus.terminated(
                1, "Error", state["running"]["startedAt"], now, first.get("containerID", ""), message="churn"
            )
            first = {**first, "lastState": ended}
            if kind == 1:
                first = self._launched(first, now)
            else:
                # the first crash is followed by a restart, only the second one by a wait
                first = self._launched(first, now)
                first["lastState"] = podstatus.terminated(
                    1, "Error", now, now, first["containerID"], message="churn"
                )
                text = f"back-off 10s restarting failed container={first['name']} (churn)"
                first = {
                    **first,
                    "state": podstatus.waiting("CrashLoopBackOff", text),
                    "ready": False,
                    "started": False,
                }
        else:
            first = {**first, "ready": not ready}
        all_ready = first["ready"] and all(s["ready"] for s in rest)
        return {
            **status,
            "conditions": self._conditions(status.get("conditions") or [], all_ready, first["name"], now),
            "containerStatuses": [first, *rest],
        }

    def _launched(self, status: Obj, now: str) -> Obj:
        """The next run of a container: another one, with an id of its own."""
        return {
            **status,
            "state": podstatus.running(now),
            "restartCount": status["restartCount"] + 1,
            "containerID": f"containerd://{self._random.getrandbits(256):064x}",
        }

    def _conditions(self, rows: list[Obj], ready: bool, name: str, now: str) -> list[Obj]:
        value = "True" if ready else "False"
        if all(row["status"] == value for row in rows if row["type"] == "Ready"):
            return rows
        out = []
        for row in rows:
            if row["type"] in ("Ready", "ContainersReady") and row["status"] != value:
                row = {k: v for k, v in row.items() if k not in ("reason", "message")}
                row |= {"status": value, "lastTransitionTime": now}
                if not ready:
                    row |= {
                        "reason": "ContainersNotReady",
                        "message": f"containers with unready status: [{name}]",
                    }
            out.append(row)
        return out

    # -- nodes and events -----------------------------------------------------------------------------

    def _heartbeat(self) -> None:
        nodes = self._store.versions(NODES)
        node = nodes[(self.sequence // 100) % len(nodes)].obj
        if not self._engine.node_alive(node["metadata"]["name"]):
            return
        now = self._engine.stamp()
        rows = [{**row, "lastHeartbeatTime": now} for row in node["status"]["conditions"]]
        meta = node["metadata"]
        annotations = {
            **(meta.get("annotations") or {}),
            SEQUENCE: str(self.sequence),
            AT: str(time.time_ns()),
        }
        self._store.update(
            NODES,
            {
                **node,
                "metadata": {**meta, "annotations": annotations},
                "status": {**node["status"], "conditions": rows},
            },
        )

    def _event(self) -> None:
        """One of a hundred standing events of the churn is repeated: its count grows, its number does not."""
        if not self._standing:
            return
        pod = self._store.get(PODS, *self._standing[(self.sequence // 50) % len(self._standing)])
        if pod is not None:
            self._engine.events.normal(
                pod,
                "Churn",
                "the cluster was asked to keep moving",
                component="demo-churn",
                host=pod["spec"].get("nodeName", ""),
            )
