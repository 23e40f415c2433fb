"""A cluster, a backend and a clock for tests of the screen: real collections, fed by hand, no network."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.kube.codecs import StructCodec, codec_for
from k8stui.kube.columns import ColumnsRow
from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.health import Health, Status
from k8stui.kube.live.collection import Collection, Phase
from k8stui.kube.namespaces import VisibleNamespaces
from k8stui.kube.objects import STRUCTS, ColumnDefinition, KubeObject, ObjectDecoder, TableRow
from k8stui.settings import Settings
from k8stui.ui.app import K8stuiApp
from k8stui.ui.backend import ContextInfo, Contexts
from k8stui.ui.launch import Options
from k8stui.ui.state import StateFile
from k8stui.ui.theme import load_themes, package_themes
from k8stui.ui.views.table import TableView

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from textual.app import App
    from textual.pilot import Pilot

    from k8stui.kube.objects.related import Form

NOW = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


def stamp(ago: float) -> str:
    """The time so many seconds before now, as the API writes it."""
    return (NOW - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(name: str, namespace: str = "", ago: float = 3600, **more: Any) -> dict[str, Any]:
    data = {"name": name, "uid": f"uid-{namespace}-{name}", "resourceVersion": "1"}
    if namespace:
        data["namespace"] = namespace
    return {**data, "creationTimestamp": stamp(ago), **more}


def node(name: str, ready: bool = True, ago: float = 86400) -> dict[str, Any]:
    status = "True" if ready else "False"
    return {
        "metadata": meta(name, ago=ago),
        "spec": {},
        "status": {
            "conditions": [{"type": "Ready", "status": status}],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1.34.0", "osImage": "Linux", "kernelVersion": "6.1"},
        },
    }


def pod(
    name: str,
    namespace: str = "shop",
    node_name: str = "worker-1",
    phase: str = "Running",
    waiting: str = "",
    restarts: int = 0,
    ago: float = 3600,
    labels: dict[str, str] | None = None,
    owner: dict[str, Any] | None = None,
) -> dict[str, Any]:
    ready = phase == "Running" and not waiting
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    more: dict[str, Any] = {"labels": labels or {"app": name.split("-")[0]}}
    if owner:
        more["ownerReferences"] = [owner]
    return {
        "metadata": meta(name, namespace, ago, **more),
        "spec": {"nodeName": node_name, "containers": [{"name": "main", "image": "shop/main:1"}]},
        "status": {
            "phase": phase,
            "podIPs": [{"ip": "10.1.0.7"}],
            "conditions": [
                {"type": "Ready", "status": str(ready)},
                {"type": "Initialized", "status": "True"},
            ],
            "containerStatuses": [
                {"name": "main", "ready": ready, "restartCount": restarts, "state": state, "containerID": "x"}
            ],
        },
    }


def event(
    name: str,
    about: dict[str, Any],
    reason: str,
    message: str,
    kind: str = "Pod",
    warn: bool = False,
    ago: float = 60,
) -> dict[str, Any]:
    of = about["metadata"]
    return {
        "metadata": meta(name, of.get("namespace", "default"), ago),
        "involvedObject": {
            "kind": kind,
            "name": of["name"],
            "namespace": of.get("namespace", ""),
            "uid": of["uid"],
            "apiVersion": "v1",
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if warn else "Normal",
        "count": 1,
        "firstTimestamp": stamp(ago),
        "lastTimestamp": stamp(ago),
        "source": {"component": "kubelet", "host": "worker-1"},
    }


def shop() -> dict[str, list[dict[str, Any]]]:
    """A small cluster: what most tests look at."""
    rs = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web-5d9",
        "uid": "uid-shop-web-5d9",
        "controller": True,
    }
    web = [
        pod(f"web-{letter}", node_name=f"worker-{n}", owner=rs)
        for n, letter in ((1, "a"), (2, "b"), (2, "c"))
    ]
    bad = pod("cart-0", waiting="CrashLoopBackOff", restarts=7, node_name="worker-2", ago=7200)
    dns = pod("coredns-x", "kube-system", node_name="control-1")
    korean = pod("결제-api", "shop", node_name="worker-1")
    selector = {"matchLabels": {"app": "web"}}
    return {
        "nodes": [node("control-1"), node("worker-1"), node("worker-2"), node("worker-3", ready=False)],
        "pods": [*web, bad, dns, korean],
        "events": [
            event("e1", web[0], "Started", "Started container main", ago=30),
            event("e2", bad, "BackOff", "Back-off restarting failed container [/bold]", warn=True, ago=20),
            event(
                "e3", node("worker-3"), "NodeNotReady", "Node worker-3 is not ready", kind="Node", warn=True
            ),
        ],
        "namespaces": [
            {"metadata": meta(name, ago=99999), "status": {"phase": "Active"}}
            for name in ("default", "kube-system", "shop")
        ],
        "deployments.apps": [
            {
                "metadata": meta("web", "shop"),
                "spec": {"replicas": 3, "selector": selector},
                "status": {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
            }
        ],
        "replicasets.apps": [
            {
                "metadata": meta("web-5d9", "shop"),
                "spec": {"replicas": 3, "selector": selector},
                "status": {"replicas": 3, "readyReplicas": 3},
            }
        ],
    }


def decode(kind: Kind, items: Iterable[dict[str, Any]], struct: Any = None) -> list[Any]:
    """Objects as the engine would hold them."""
    struct = struct or STRUCTS[(kind.group, kind.plural)]
    decoder = ObjectDecoder(struct)
    return [decoder.decode(msgspec.json.encode(item)) for item in items]


LOG = "\n".join(
    [
        *(f"{stamp(90 - n)[:-1]}.000000001Z GET /cart/{n} 200 {n * 3} ms" for n in range(12)),
        f"{stamp(60)[:-1]}.000000001Z \x1b[33mWARN\x1b[0m stock of 한글 is low [bold]not markup[/bold]",
    ]
)


class Answer:
    """A response by shape."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.headers: dict[str, str] = {}


class FakeConnection:
    """A connection that answers GET for the objects and lists of a world, and for logs."""

    def __init__(self, world: dict[str, list[dict[str, Any]]]) -> None:
        self._world = world
        self.asked: list[str] = []
        self.refused: dict[str, KubeError] = {}
        """Paths (or parts of them) and what they are answered with."""

    async def request(self, method: str, path: str, **options: Any) -> Any:
        self.asked.append(path)
        for part, error in self.refused.items():
            if part in path:
                raise error
        parts = path.strip("/").split("/")
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        items = self._world.get(f"{rest[0]}.{group}" if group else rest[0], [])
        items = [item for item in items if not namespace or item["metadata"].get("namespace") == namespace]
        if len(rest) == 1:
            return Answer(json.dumps({"metadata": {}, "items": items}).encode())
        for item in items:
            if item["metadata"]["name"] == rest[1]:
                return Answer(json.dumps(item).encode())
        raise ApiError(404, "NotFound", f'{rest[0]} "{rest[1]}" not found')

    async def lines(self, path: str, **options: Any) -> AsyncIterator[list[bytes]]:
        self.asked.append(path)
        on_open = options.get("on_open")
        if on_open is not None:
            on_open()
        yield [line.encode() for line in LOG.splitlines()]
        if options["params"].get("follow") == "true":
            await asyncio.sleep(3600)


class FakeCluster:
    """A cluster by shape, with collections that tests change."""

    def __init__(self, world: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.world = shop() if world is None else world
        self.catalog = Catalog(list(BUILTIN))
        self.version = "v1.34.2"
        self.user = "ada"
        self.health = Health(Status.LIVE, 0.0)
        self.connection = FakeConnection(self.world)
        self.closed = False
        self.denied = False
        self.visible = VisibleNamespaces(("shop",))
        self.retried = 0
        self.asked: list[tuple[str, tuple[str, ...], str, str]] = []
        self._held: dict[tuple[Any, ...], Collection[Any]] = {}

    @property
    def collections(self) -> list[Collection[Any]]:
        return list(self._held.values())

    def subscribe(
        self,
        kind: Kind,
        *,
        namespaces: tuple[str, ...] = (),
        label_selector: str = "",
        field_selector: str = "",
        form: Form | None = None,
        wake: Callable[[], None],
    ) -> Any:
        key = (kind.name, namespaces, label_selector, field_selector)
        self.asked.append(key)
        held = self._held.get((*key, form))
        if held is None:
            held = self._held[*key, form] = Collection(
                kind, namespaces, label_selector=label_selector, field_selector=field_selector, form=form
            )
            self._fill(held)
        return held.subscribe(wake)

    def _fill(self, collection: Collection[Any]) -> None:
        kind = collection.kind
        for namespace, part in collection.parts.items():
            if self.denied and (kind.namespaced or kind.name == "namespaces") and not namespace:
                part.status(Phase.DENIED, f"{kind.plural} is forbidden: not at the cluster scope")
                continue
            items = [
                item
                for item in self.world.get(kind.name, [])
                if (not namespace or item["metadata"].get("namespace") == namespace)
                and self._selected(item, collection)
            ]
            part.begin()
            if not isinstance(codec_for(kind.group, kind.plural, collection.form), StructCodec):
                part.columns((ColumnDefinition("Name", "string", "name"),))
            part.page(self._objects(collection, items))
            part.finish()
            part.status(Phase.LIVE)

    @staticmethod
    def _objects(collection: Collection[Any], items: Iterable[dict[str, Any]]) -> list[Any]:
        """Objects in the form in which a collection holds them."""
        kind, form = collection.kind, collection.form
        codec = codec_for(kind.group, kind.plural, form)
        if isinstance(codec, StructCodec):
            return [codec.item(msgspec.json.encode(item)) for item in items]
        metas = [each.metadata for each in decode(kind, items, KubeObject)]
        if form is None or form.columns is None:
            return [TableRow(meta, (meta.name,)) for meta in metas]
        extra = [form.columns(msgspec.json.encode(item)) for item in items]
        return [ColumnsRow(meta, (meta.name,), cells) for meta, cells in zip(metas, extra, strict=True)]

    @staticmethod
    def _selected(item: dict[str, Any], collection: Collection[Any]) -> bool:
        labels = item["metadata"].get("labels", {})
        for part in filter(None, collection.label_selector.split(",")):
            key, _, value = part.partition("=")
            if labels.get(key) != value:
                return False
        key, _, value = collection.field_selector.partition("=")
        if key == "spec.nodeName":
            return bool(item["spec"].get("nodeName") == value)
        return key != "metadata.name" or bool(item["metadata"]["name"] == value)

    def change(self, kind_name: str, *items: dict[str, Any], removed: Iterable[str] = ()) -> None:
        """Objects of a kind change, come or go, in every collection that holds them."""
        for collection in self._held.values():
            if collection.kind.name == kind_name:
                for part in collection.parts.values():
                    part.events(self._objects(collection, items), removed)

    def say(self, phase: Phase, reason: str = "", next_try: float | None = None) -> None:
        """All collections are in this phase now."""
        for collection in self._held.values():
            for part in collection.parts.values():
                part.status(phase, reason, next_try=next_try)

    async def visible_namespaces(self, candidates: Iterable[str] = ()) -> VisibleNamespaces:
        return self.visible

    def retry_now(self) -> None:
        self.retried += 1

    async def close(self) -> None:
        self.closed = True


class FakeBackend:
    """Two contexts that work, one that hangs, one that is broken."""

    state_key = ""

    def __init__(self, cluster: FakeCluster | None = None, problem: str = "", current: str = "prod") -> None:
        self.clusters = {"prod": cluster or FakeCluster(), "staging": FakeCluster()}
        self.problem = problem
        self.current = current
        self.opened: list[tuple[str, bool]] = []
        self.closed = False

    def now(self) -> datetime:
        return NOW

    async def contexts(self, on_progress: Callable[[str], None]) -> Contexts:
        names = ("prod", "staging", "hangs", "broken")
        entries = tuple(ContextInfo(name, f"cluster-{name}", "ada") for name in names)
        return Contexts(() if self.problem else entries, self.current, self.problem)

    async def open(self, context: str, *, readonly: bool, on_progress: Callable[[str], None]) -> Any:
        self.opened.append((context, readonly))
        if context == "hangs":
            on_progress("asking the credential plugin")
            await asyncio.sleep(3600)
        if context == "broken":
            raise KubeError("Context broken names cluster x, which is not in the kubeconfig")
        return self.clusters[context]

    async def close(self) -> None:
        self.closed = True


def make_app(
    backend: FakeBackend | None = None,
    *,
    settings: Settings | None = None,
    state: StateFile | None = None,
    **options: Any,
) -> K8stuiApp:
    """The program on fakes."""
    return K8stuiApp(
        backend or FakeBackend(),
        settings or Settings(),
        state or StateFile(None),
        load_themes([package_themes()]),
        Options(**options),
    )


async def until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Wait until a condition holds; fail in words after ten seconds."""
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it never happened: {what or condition}\n{screen_text(pilot.app)}")


def screen_text(app: App[Any]) -> str:
    """What is on the screen, as text."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def started(pilot: Pilot[None]) -> K8stuiApp:
    """Wait until the cluster is open and its rows are on the screen."""
    app = pilot.app
    assert isinstance(app, K8stuiApp)
    await until(pilot, lambda: app.session.cluster is not None, "a cluster")
    await until(pilot, lambda: "worker-3" in screen_text(app), "rows")
    panes = app.main.workspace.panes.values
    tables = [pane.view for pane in panes() if isinstance(pane.view, TableView)]
    await until(pilot, lambda: all(view.table and not view.table.model.busy for view in tables), "tables")
    filled = [view for view in tables if view.table and len(view.table.model)]
    await until(pilot, lambda: all(view.cursor_object for view in filled), "cursors")

    def titled() -> bool:
        title = screen_text(app).partition(" pods(")[2].partition("\n")[0]
        return "[" in title[:40] or " denied " in title

    await until(pilot, titled, "titles")
    return app
