"""Operations for tests of the screen: a cluster whose writes are noted and taken, and reviews that deny."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from k8stui.demo.strategic import json_patch, merge_patch
from k8stui.kube.access import Permission, Rules
from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.kube.operations.plans import JSON_PATCH
from k8stui.ui.dialogs.plan import PlanDialog
from tests.ui.fakes import FakeCluster, FakeConnection, meta, pod, shop, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

SIZE = (120, 40)
ALL = ("create", "delete", "get", "list", "patch", "update", "watch")
MORE = (
    Kind("batch", "v1", "CronJob", "cronjobs", "cronjob", ("cj",), True, ALL),
    Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass", ("sc",), False, ALL),
    Kind(
        "certificates.k8s.io",
        "v1",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "certificatesigningrequest",
        ("csr",),
        False,
        ALL,
        (),
        ("approval", "status"),
    ),
    Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", (), True, ALL),
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", (), True, ALL),
    Kind("apps", "v1", "ControllerRevision", "controllerrevisions", "controllerrevision", (), True, ALL),
)


_PODS = BUILTIN.get("", "pods")
assert _PODS is not None
RESIZED_PODS = structs.replace(_PODS, subresources=(*_PODS.subresources, "resize"))
"""As servers from 1.33 on have them."""


class Writing(FakeConnection):
    """Notes what would change something; answers as a test says."""

    def __init__(self, world: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(world)
        self.writes: list[tuple[str, str, Any]] = []
        self.answer: Callable[[str, str, Any], Any] = lambda *_: None
        self.under_way = self.most = 0
        self.takes = 0.002

    async def request(self, method: str, path: str, **options: Any) -> Any:
        if method == "GET":
            return await super().request(method, path, **options)
        body = json.loads(options["body"]) if options.get("body") else None
        self.writes.append((method, path, body))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.takes)
            found = self.answer(method, path, body)
            if isinstance(found, Exception):
                raise found
            made = await self._changed(path, body, options["content_type"]) if method == "PATCH" else {}
            return SimpleNamespace(body=json.dumps(made).encode(), warnings=())
        finally:
            self.under_way -= 1

    async def _changed(self, path: str, body: Any, content_type: str) -> dict[str, Any]:
        """Take a patch; lists of a strategic one are not merged."""
        obj = json.loads((await super().request("GET", path)).body)
        new = json_patch(obj, body) if content_type == JSON_PATCH else merge_patch(obj, body)
        for items in self._world.values():
            items[:] = [new if item["metadata"]["uid"] == new["metadata"]["uid"] else item for item in items]
        return new  # type: ignore[no-any-return]


class Reviews:
    """Access reviews by shape: what is in `denied` is denied."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str, str]] = set()

    def known(self, verb: str, kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> Any:
        return Permission(allowed=(verb, kind.plural, subresource) not in self.denied)

    async def can(
        self, verb: str, kind: Kind, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Any:
        return self.known(verb, kind, namespace, name, subresource)

    async def rules(self, namespace: str) -> Rules:
        return Rules()


def cluster(world: dict[str, list[dict[str, Any]]] | None = None) -> Any:
    made: Any = FakeCluster(world or shop())
    made.connection = Writing(made.world)
    made.access = Reviews()
    made.catalog = Catalog([*(kind for kind in BUILTIN if kind.name != "pods"), RESIZED_PODS, *MORE])
    return made


async def at(pilot: Pilot[None], name: str) -> Any:
    """The cursor on a row."""
    app: Any = pilot.app

    def names() -> list[str]:
        return [obj.metadata.name for obj in app.main.place().objects]

    await until(pilot, lambda: app.session.cluster is not None and names(), "a row")
    for _ in range(40):
        if names()[0] == name:
            break
        await pilot.press("down")
    assert names()[0] == name
    return app


async def asked(pilot: Pilot[None], *keys: str, line: str = "") -> PlanDialog:
    """The dialog that keys or a `:` line open."""
    app: Any = pilot.app
    await pilot.press(*keys)
    if line:
        await app.navigator.run_line(line)
    await until(pilot, lambda: isinstance(app.screen, PlanDialog), "a plan")
    await until(pilot, lambda: app.screen.query("#objects"), "composed")
    await pilot.pause()
    dialog: PlanDialog = app.screen
    return dialog


async def done(pilot: Pilot[None]) -> None:
    app: Any = pilot.app
    await until(pilot, lambda: app.screen is app.main, "the main screen again")


def notes(app: Any) -> str:
    return " ".join(note.message for note in app._notifications)


def uid(name: str, namespace: str = "shop") -> str:
    return f"uid-{namespace}-{name}"


def rolling() -> dict[str, list[dict[str, Any]]]:
    """A rollout that does not get on: a new ReplicaSet whose pods do not come."""
    world = shop()

    def template(image: str) -> dict[str, Any]:
        containers = [{"name": "main", "image": image, "ports": [{"containerPort": 8080}]}]
        return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}

    owner = {"kind": "Deployment", "name": "web", "uid": uid("web"), "controller": True}

    def replica_set(number: int, pods: int, image: str) -> dict[str, Any]:
        more = {
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [owner],
            "labels": {"app": "web"},
        }
        return {
            "metadata": meta(f"web-{number}", "shop", 9000 - number * 1000, **more),
            "spec": {"replicas": pods, "selector": {}, "template": template(image)},
            "status": {"replicas": pods, "readyReplicas": pods if number < 3 else 0},
        }

    failed = {
        "type": "Progressing",
        "reason": "ProgressDeadlineExceeded",
        "message": 'ReplicaSet "web-3" has timed out progressing.',
    }
    of = {"kind": "ReplicaSet", "name": "web-3", "uid": uid("web-3"), "controller": True}
    bad = pod("web-3-x", waiting="ImagePullBackOff", labels={"app": "web"}, owner=of)
    bad["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = (
        "Back-off pulling image shop/main:3"
    )
    world["pods"] = [bad]
    world["replicasets.apps"] = [
        replica_set(1, 0, "shop/main:1"),
        replica_set(2, 3, "shop/main:2"),
        replica_set(3, 1, "shop/main:3"),
    ]
    deployment = {
        "metadata": meta("web", "shop", generation=3, annotations={"deployment.kubernetes.io/revision": "3"}),
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template("shop/main:3"),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        },
        "status": {
            "observedGeneration": 3,
            "replicas": 4,
            "readyReplicas": 3,
            "updatedReplicas": 1,
            "availableReplicas": 3,
            "conditions": [failed],
        },
    }
    world["deployments.apps"] = [deployment]
    return world
