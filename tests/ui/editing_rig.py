"""A server that can be written to, by shape: merge patches with versions, dry runs and refusals."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import ApiError, Cause, ConnectionLost, ReadOnlyError, StatusDetails
from tests.ui.fakes import Answer, FakeBackend, FakeCluster, FakeConnection, make_app, shop, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.views.editor import EditorView

GOLDEN = Path(__file__).parents[1] / "golden" / "openapi"
SIZE = (120, 40)


class Written(Answer):
    """An answer with warnings."""

    def __init__(self, body: bytes, warnings: tuple[str, ...] = ()) -> None:
        super().__init__(body)
        self.warnings = warnings


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    found = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


class EditConnection(FakeConnection):
    """Writes into the world of the fakes."""

    def __init__(self, world: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(world)
        self.sent: list[tuple[str, str, dict[str, str], Any]] = []
        """Method, path, parameters and body of each request that changes something."""
        self.down = self.readonly = False
        self.warnings: tuple[str, ...] = ()
        self.admission: Callable[[dict[str, Any]], dict[str, Any]] = lambda obj: obj
        self.before_write: Callable[[], None] = lambda: None

    async def request(self, method: str, path: str, **options: Any) -> Any:
        if self.down:
            raise ConnectionLost("https://fake refused the connection", kind="refused")
        if path.startswith("/openapi/"):
            return self._openapi(path)
        if method == "GET" or "reviews" in path:
            return await super().request(method, path, **options)
        if self.readonly:
            raise ReadOnlyError(method, path)
        params = dict(options.get("params") or {})
        body = json.loads(options["body"])
        self.sent.append((method, path, params, body))
        if not params.get("dryRun"):
            self.before_write()
        return self._write(method, path, params, body)

    def _openapi(self, path: str) -> Answer:
        file = GOLDEN / f"{path.strip('/').replace('/', '_')}.json"
        if not file.exists():
            raise ApiError(404, "NotFound", "not found")
        return Answer(file.read_bytes())

    def _place(self, path: str) -> tuple[str, str, str]:
        parts = path.strip("/").split("/")
        group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        return f"{rest[0]}.{group}" if group else rest[0], namespace, rest[1] if len(rest) > 1 else ""

    def find(self, kind: str, name: str, namespace: str = "shop") -> dict[str, Any] | None:
        for item in self._world.get(kind, []):
            meta = item["metadata"]
            if meta["name"] == name and meta.get("namespace", "") in (namespace, ""):
                return item
        return None

    def _write(self, method: str, path: str, params: dict[str, str], body: Any) -> Written:
        kind, namespace, name = self._place(path)
        if method == "POST":
            name = body["metadata"]["name"]
            if self.find(kind, name, namespace):
                raise ApiError(409, "AlreadyExists", f'{kind} "{name}" already exists')
            obj = copy.deepcopy(body)
            obj["metadata"]["resourceVersion"] = "1"
        else:
            old = self.find(kind, name, namespace)
            if old is None:
                raise ApiError(404, "NotFound", f'{kind} "{name}" not found')
            version = (body.get("metadata") or {}).pop("resourceVersion", None)
            if version not in (None, old["metadata"]["resourceVersion"]):
                raise ApiError(409, "Conflict", "the object has been modified")
            obj = merged(old, body)
        obj = self.admission(obj)
        refuse(obj)
        if not params.get("dryRun"):
            self.store(kind, obj)
        return Written(json.dumps(obj).encode(), self.warnings)

    def store(self, kind: str, obj: dict[str, Any]) -> None:
        """Put an object in place of the one of its name, with a new version."""
        obj = copy.deepcopy(obj)
        items = self._world.setdefault(kind, [])
        obj["metadata"]["resourceVersion"] = str(int(obj["metadata"].get("resourceVersion", "0")) + 1)
        names = (obj["metadata"]["name"], obj["metadata"].get("namespace", ""))
        for at, item in enumerate(items):
            if (item["metadata"]["name"], item["metadata"].get("namespace", "")) == names:
                items[at] = obj
                return
        items.append(obj)

    def change(self, kind: str, name: str, patch: dict[str, Any]) -> None:
        """Somebody else changes an object."""
        old = self.find(kind, name)
        assert old is not None
        self.store(kind, merged(old, patch))


def refuse(obj: dict[str, Any]) -> None:
    """The validation that the tests run into."""
    spec = obj.get("spec") or {}
    if obj.get("kind") == "Deployment" and isinstance(spec.get("replicas"), int) and spec["replicas"] < 0:
        cause = Cause(
            "FieldValueInvalid", "Invalid value: -1: must be greater than or equal to 0", "spec.replicas"
        )
        raise ApiError(422, "Invalid", "Deployment is invalid", details=StatusDetails(causes=(cause,)))
    if "forbidden" in (obj["metadata"].get("labels") or {}):
        raise ApiError(
            403, "Forbidden", 'admission webhook "policy.example.com" denied the request: no such label'
        )


def world() -> FakeCluster:
    """A cluster with a deployment, a configmap and a secret to edit."""
    found = shop()
    web = found["deployments.apps"][0]
    web.update(apiVersion="apps/v1", kind="Deployment")
    web["metadata"].update(labels={"app": "web"}, managedFields=[{"manager": "helm"}])
    containers = [{"name": "main", "image": "shop/web:1"}, {"name": "proxy", "image": "envoy:1"}]
    web["spec"]["template"] = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    cluster = FakeCluster(found)
    cluster.connection = EditConnection(found)
    return cluster


def connection(app: K8stuiApp) -> EditConnection:
    cluster: Any = app.session.cluster
    found: EditConnection = cluster.connection
    return found


def editor(app: K8stuiApp) -> EditorView:
    from k8stui.ui.views.editor import EditorView

    view = app.main.place().view
    assert isinstance(view, EditorView), view
    return view


async def editing(pilot: Pilot[None], key: str = "e") -> K8stuiApp:
    """The first row of a table in an editor."""
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "a row")
    await pilot.press(key)
    await until(pilot, lambda: app.main.place().view_type == "edit" and editor(app).is_loaded, "an editor")
    return app  # type: ignore[no-any-return]


def put(app: K8stuiApp, old: str, new: str) -> None:
    """Change the text as by typing."""
    view = editor(app)
    content = view.content
    assert old in content, content
    view.replace_text(content.replace(old, new, 1))


def deployments(cluster: FakeCluster | None = None, **more: Any) -> K8stuiApp:
    return make_app(FakeBackend(cluster or world()), kind="deployments", namespaces=("shop",), **more)


def two_deployments() -> K8stuiApp:
    """A table of `web` and `zap`, which is like it."""
    cluster = world()
    zap = copy.deepcopy(cluster.world["deployments.apps"][0])
    zap["metadata"].update(name="zap", uid="uid-shop-zap")
    cluster.world["deployments.apps"].append(zap)
    return deployments(cluster)


async def editing_two(pilot: Pilot[None]) -> K8stuiApp:
    """Both rows of such a table in one buffer."""
    app: Any = pilot.app
    await until(pilot, lambda: app.session.cluster is not None and app.main.place().objects, "rows")
    await pilot.press("space", "down", "space")
    await until(pilot, lambda: len(app.main.place().objects) == 2, "two marked rows")
    return await editing(pilot)
