"""Undo: each change leads back to what there was, and is refused where somebody changed the same since."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import UNSET

from k8stui.demo.schemas import ANY
from k8stui.demo.store import StoreError
from k8stui.demo.strategic import json_patch, merge_patch, strategic_merge
from k8stui.kube.catalog import Kind
from k8stui.kube.errors import ApiError
from k8stui.kube.operations.jobs import plan_suspend
from k8stui.kube.operations.metadata import plan_metadata
from k8stui.kube.operations.nodes import plan_cordon, plan_taint
from k8stui.kube.operations.plans import JSON_PATCH, STRATEGIC, Back, Plan, Ref
from k8stui.kube.operations.rollout import plan_images, plan_pause, plan_resources
from k8stui.kube.operations.running import Run
from k8stui.kube.operations.scaling import plan_scale
from k8stui.kube.operations.storage import plan_default_class, plan_reclaim
from k8stui.kube.operations.undo import (
    HIDDEN,
    back_of_merge,
    changed_since,
    undo_change,
    undo_plan,
)
from tests.unit.test_operations import CRON, DEPLOYMENTS, NODES, ref

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = Kind("", "v1", "Secret", "secrets", "secret")
CLASSES = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", "storageclass", (), False)
VOLUMES = Kind("", "v1", "PersistentVolume", "persistentvolumes", "persistentvolume", (), False)


class OneObject:
    """A server that has one object and takes patches of it."""

    def __init__(self, obj: dict[str, Any]) -> None:
        self.obj = copy.deepcopy(obj)

    async def request(self, method: str, path: str, **options: Any) -> Any:
        if method == "PATCH":
            body = json.loads(options["body"])
            try:
                self.obj = self._patched(options["content_type"], body)
            except StoreError as error:
                raise ApiError(error.code, error.reason, str(error)) from None
        return SimpleNamespace(body=json.dumps(self.obj).encode(), warnings=())

    def _patched(self, content_type: str, body: Any) -> dict[str, Any]:
        if content_type == JSON_PATCH:
            return json_patch(self.obj, body)  # type: ignore[no-any-return]
        if content_type != STRATEGIC:
            return merge_patch(self.obj, body)  # type: ignore[no-any-return]
        # without a schema lists are not merged by name: the container is alone in its list here
        body = copy.deepcopy(body)
        spec, mine = body["spec"]["template"]["spec"], self.obj["spec"]["template"]["spec"]
        spec["containers"] = [strategic_merge(mine["containers"][0], spec["containers"][0], ANY)]
        return strategic_merge(self.obj, body, ANY)  # type: ignore[no-any-return]


def workload(**spec: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "web:2", "resources": {"requests": {"cpu": "100m"}}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {"metadata": {"uid": "u1"}, "spec": {"replicas": 3, "template": template, **spec}}


def bare(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "u1"}, "spec": spec}


WEB, NODE, JOB = ref(DEPLOYMENTS), ref(NODES, "n1"), ref(CRON)
CLASS, VOLUME = ref(CLASSES, "fast"), ref(VOLUMES, "v1")
LABELLED = {"metadata": {"uid": "u1", "labels": {"a": "1", "b": "2"}}}
TAINTED = bare(taints=[{"key": "a", "effect": "NoSchedule"}])
SIZES = {("requests", "cpu"): "", ("limits", "memory"): "1Gi"}
EVERYTHING: list[tuple[str, dict[str, Any], Callable[[dict[str, Any]], Plan]]] = [
    ("scale", workload(), lambda obj: plan_scale({WEB: obj}, "7")),
    ("image", workload(), lambda obj: plan_images(WEB, obj, {"app": "web:3"})),
    ("resources", workload(), lambda obj: plan_resources(WEB, obj, "app", SIZES)),
    ("pause", workload(), lambda _: plan_pause([WEB], on=True)),
    ("resume", workload(paused=True), lambda _: plan_pause([WEB], on=False)),
    ("labels", LABELLED, lambda obj: plan_metadata({WEB: obj}, "labels", "a=3 b- c/d=4")),
    ("first labels", bare(), lambda obj: plan_metadata({WEB: obj}, "labels", "a=3 b=4")),
    ("last labels", LABELLED, lambda obj: plan_metadata({WEB: obj}, "labels", "a- b-")),
    ("annotations", bare(), lambda obj: plan_metadata({WEB: obj}, "annotations", "x/y=1")),
    ("cordon", bare(), lambda _: plan_cordon([NODE], on=True)),
    ("uncordon", bare(unschedulable=True), lambda _: plan_cordon([NODE], on=False)),
    ("taint", TAINTED, lambda obj: plan_taint({NODE: obj}, "gpu=yes:NoSchedule a-")),
    ("first taint", bare(), lambda obj: plan_taint({NODE: obj}, "gpu=yes:NoSchedule")),
    ("suspend", bare(suspend=False), lambda _: plan_suspend([JOB], on=True)),
    ("default", {"metadata": {"uid": "u1"}}, lambda obj: plan_default_class(CLASS, {CLASS: obj})),
    (
        "reclaim",
        bare(persistentVolumeReclaimPolicy="Delete"),
        lambda obj: plan_reclaim({VOLUME: obj}, "Retain"),
    ),
]


def emptied(obj: Any) -> Any:
    """Without empty maps, which servers leave out."""
    if not isinstance(obj, dict):
        return obj
    return {key: value for key, each in obj.items() if (value := emptied(each)) != {}}


@pytest.mark.parametrize(("name", "obj", "make"), EVERYTHING, ids=[name for name, _, _ in EVERYTHING])
async def test_a_change_leads_back_to_what_there_was(
    name: str, obj: dict[str, Any], make: Callable[[dict[str, Any]], Plan]
) -> None:
    server = OneObject(obj)
    run = Run(server, make(obj))
    await run.run()
    assert not run.left
    assert emptied(server.obj) != emptied(obj)
    back = undo_plan(run.results)
    assert back is not None
    again = Run(server, back)
    await again.run()
    assert not again.left, again.results
    assert emptied(server.obj) == emptied(obj)


@pytest.mark.parametrize(
    ("make", "meanwhile", "said"),
    [
        (
            lambda obj: plan_scale({WEB: obj}, "7"),
            {"spec": {"replicas": 5}},
            "spec.replicas is 5, not 7: it was changed meanwhile and is left as it is",
        ),
        (
            lambda obj: plan_images(WEB, obj, {"app": "web:3"}),
            {
                "spec": {
                    "template": {
                        "spec": {"containers": [{"name": "first"}, {"name": "app", "image": "web:3"}]}
                    }
                }
            },
            "spec.template.spec.containers[first].name is first, not app",
        ),
        (
            lambda obj: plan_metadata({WEB: obj}, "labels", "tier=front"),
            {"metadata": {"labels": {"tier": "back"}}},
            "metadata.labels.tier is back, not front",
        ),
        (
            lambda _: plan_pause([WEB], on=True),
            {"spec": {"paused": None}},
            "spec.paused is none, not true",
        ),
        (
            lambda obj: plan_scale({WEB: obj}, "7"),
            {"metadata": {"uid": "another"}},
            "another one has its name now",
        ),
    ],
)
async def test_what_somebody_changed_since_is_left_as_it_is(
    make: Callable[[dict[str, Any]], Plan], meanwhile: dict[str, Any], said: str
) -> None:
    server = OneObject(workload())
    run = Run(server, make(server.obj))
    await run.run()
    back = undo_plan(run.results)
    assert back is not None
    server.obj = merge_patch(server.obj, meanwhile)
    before = copy.deepcopy(server.obj)
    again = Run(server, back)
    await again.run()
    (failed,) = again.failed
    assert said in failed.text
    assert server.obj == before


async def test_other_changes_do_not_stand_in_the_way() -> None:
    server = OneObject(workload())
    run = Run(server, plan_scale({WEB: server.obj}, "7"))
    await run.run()
    server.obj = merge_patch(server.obj, {"metadata": {"resourceVersion": "9"}, "status": {"replicas": 7}})
    back = undo_plan(run.results)
    assert back is not None
    assert back.changes[0].words == "spec.replicas: 7 → 3"
    again = Run(server, back)
    await again.run()
    assert server.obj["spec"]["replicas"] == 3
    assert undo_plan(again.results) is None


def test_an_edit_leads_back_field_by_field() -> None:
    before = {"metadata": {"uid": "u1", "resourceVersion": "1"}, "data": {"a": "1", "b": "2"}}
    patch = {"metadata": {"resourceVersion": "1", "labels": {"x": "y"}}, "data": {"a": "3", "b": None}}
    after = merge_patch(before, patch)
    backs = back_of_merge(before, patch)
    assert backs == (
        Back(("metadata", "labels"), UNSET),
        Back(("data", "a"), "1"),
        Back(("data", "b"), "2"),
    )
    change = undo_change(ref(Kind("", "v1", "ConfigMap", "configmaps")), after, backs)
    assert change is not None
    assert json_patch(after, change.requests[0].body) == before


def test_values_of_secrets_are_not_shown() -> None:
    of = Ref(SECRETS, "login", "shop", "u1")
    after = {"metadata": {"uid": "u1"}, "data": {"password": "bmV3"}}
    change = undo_change(of, after, (Back(("data", "password"), "b2xk"),))
    assert change is not None
    assert change.words == f"data.password: {HIDDEN} → {HIDDEN}"
    assert "bmV3" not in changed_since(change.requests[0], {"metadata": {"uid": "u1"}}, of)
