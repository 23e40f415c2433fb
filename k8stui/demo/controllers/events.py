"""Records events as client-go does: equal ones become one with a count, and they go after an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.controllers.engine import Controller, Engine, Key
from k8stui.demo.resources import EVENTS, Resource
from k8stui.demo.world.ids import parse

if TYPE_CHECKING:
    from k8stui.demo.store import Object

Obj = dict[str, Any]
TTL = 3600.0
SIMILAR = 10

__all__ = ["EventCollector", "Recorder"]


class Recorder:
    """Writes events. Equal events (object, reason, message, source) are counted in one object."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store
        self._known: dict[tuple[str, ...], Key] = {}
        self._similar: dict[tuple[str, ...], int] = {}
        self._last: dict[str, str] = {}
        self._serial = 0
        for event in self._store.list(EVENTS):
            meta = event["metadata"]
            self._known[_identity(event)] = (meta["namespace"], meta["name"])

    def normal(self, about: Obj, reason: str, message: str, **more: str) -> None:
        """A Normal event. See `record`."""
        self.record(about, "Normal", reason, message, **more)

    def warning(self, about: Obj, reason: str, message: str, **more: str) -> None:
        """A Warning event. See `record`."""
        self.record(about, "Warning", reason, message, **more)

    def record(
        self,
        about: Obj,
        type_: str,
        reason: str,
        message: str,
        *,
        component: str,
        host: str = "",
        field_path: str = "",
    ) -> None:
        """`component` is the source; `host` its node; `field_path` names the container."""
        self._last[about["metadata"]["uid"]] = message
        event = self._event(about, type_, reason, message, component, host, field_path)
        event = self._combined(event)
        known = self._known.get(_identity(event))
        before = self._store.get(EVENTS, *known) if known else None
        if before is None:
            made = self._store.create(EVENTS, event)
            self._known[_identity(event)] = (made["metadata"]["namespace"], made["metadata"]["name"])
        elif before.get("eventTime"):
            count = before.get("series", {}).get("count", 1) + 1
            series = {"count": count, "lastObservedTime": self._engine.micro()}
            self._store.update(EVENTS, {**before, "series": series})
        else:
            count = before.get("count", 1) + 1
            self._store.update(EVENTS, {**before, "lastTimestamp": self._engine.stamp(), "count": count})

    def _combined(self, event: Obj) -> Obj:
        """After ten events that differ in their message only, the next become one (as client-go does)."""
        if _identity(event) in self._known:
            return event
        about = event["involvedObject"]
        group = (about.get("uid", ""), event["reason"], event["type"], event["reportingComponent"])
        self._similar[group] = count = self._similar.get(group, 0) + 1
        if count <= SIMILAR:
            return event
        identity = (about.get("uid", ""), about.get("fieldPath", ""), event["reason"], "*", group[3])
        text = f"(combined from similar events): {event['message']}"
        known = self._known.get(identity)
        before = self._store.get(EVENTS, *known) if known else None
        if before is not None and known is not None:
            self._store.update(EVENTS, {**before, "message": text})
            self._known[_identity({**before, "message": text})] = known
        else:
            self._known[identity] = (event["metadata"]["namespace"], event["metadata"]["name"])
        return {**event, "message": text}

    def last_message(self, about: Obj) -> str:
        """The message of the latest event about the object, empty when there was none."""
        return self._last.get(about["metadata"]["uid"], "")

    def forget(self, event: Obj) -> None:
        """The event is gone: the next equal one is new."""
        self._known.pop(_identity(event), None)

    def _event(
        self, about: Obj, type_: str, reason: str, message: str, component: str, host: str, field_path: str
    ) -> Obj:
        meta, now = about["metadata"], self._engine.stamp()
        namespace = meta.get("namespace", "")
        self._serial += 1
        serial = int(self._engine.time()) * 1_000_000_000 + self._serial % 1_000_000_000
        involved: Obj = {"kind": about["kind"]}
        if namespace:
            involved["namespace"] = namespace
        involved |= {"name": meta["name"], "uid": meta["uid"], "apiVersion": about["apiVersion"]}
        involved["resourceVersion"] = meta["resourceVersion"]
        if field_path:
            involved["fieldPath"] = field_path
        scheduler = component == "default-scheduler"
        event: Obj = {
            "metadata": {"name": f"{meta['name'][:230]}.{serial:x}", "namespace": namespace or "default"},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": {} if scheduler else {"component": component} | ({"host": host} if host else {}),
            "firstTimestamp": None if scheduler else now,
            "lastTimestamp": None if scheduler else now,
        }
        if not scheduler:
            event["count"] = 1
        event |= {"type": type_, "eventTime": self._engine.micro() if scheduler else None}
        if scheduler:
            event["action"] = "Binding" if reason == "Scheduled" else "Scheduling"
        instance = "default-scheduler-control-1" if scheduler else host
        return event | {"reportingComponent": component, "reportingInstance": instance}


def _identity(event: Obj) -> tuple[str, ...]:
    about = event["involvedObject"]
    return (
        about.get("uid", ""),
        about.get("fieldPath", ""),
        event.get("reason", ""),
        event.get("message", ""),
        event.get("reportingComponent", ""),
    )


def last_seen(event: Obj) -> float:
    """When an event last happened, in seconds since the epoch."""
    series = event.get("series") or {}
    text = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
    )
    return parse(text).timestamp() if text else 0.0


class EventCollector(Controller):
    """Removes events an hour after they last happened."""

    kinds = (EVENTS,)

    def changed(self, type_: str, res: Resource, obj: Object) -> None:
        if type_ == "DELETED":
            self.engine.events.forget(obj)
        elif type_ == "ADDED":
            # One look an hour after the first time; the look itself finds out about later ones.
            meta = obj["metadata"]
            self.poke((meta["namespace"], meta["name"]), TTL)

    def start(self) -> None:
        for event in self.store.list(EVENTS):
            left = TTL - (self.engine.time() - last_seen(event))
            self.poke((event["metadata"]["namespace"], event["metadata"]["name"]), max(60.0, left))

    def reconcile(self, key: Key) -> None:
        event = self.store.get(EVENTS, *key)
        if event is None:
            return
        left = last_seen(event) + TTL - self.engine.time()
        if left > 0:
            self.poke(key, left)
        else:
            self.store.delete(EVENTS, *key)
