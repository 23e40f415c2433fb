"""The four kinds of patches, and who owns which field after them."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.demo.errors import StoreError
from k8stui.demo.fields import flatten, from_fields_v1, path_text, to_fields_v1
from k8stui.demo.managed_fields import Manager, apply, read_managers, track_update
from k8stui.demo.registry import Registry
from k8stui.demo.resources import CONFIG_MAPS, DEPLOYMENTS
from k8stui.demo.schemas import ANY, Schema, Schemas
from k8stui.demo.strategic import json_patch, merge_patch, strategic_merge
from tests.unit.demo_recorded import golden

Obj = dict[str, Any]


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    found = Schemas(Registry())
    found.load()
    return found


@pytest.fixture(scope="module")
def deployment(schemas: Schemas) -> Schema:
    return schemas.of(DEPLOYMENTS) or ANY


def workload(image: str = "nginx:1", replicas: int | None = 2, **container: Any) -> Obj:
    spec: Obj = {"template": {"spec": {"containers": [{"name": "app", "image": image, **container}]}}}
    if replicas is not None:
        spec["replicas"] = replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def manager(name: str, operation: str = "Apply") -> Manager:
    return Manager(name, operation, "apps/v1", "2026-01-01T00:00:00Z", frozenset())


class TestMergePatch:
    def test_null_removes_and_objects_are_merged(self) -> None:
        before = {"a": {"b": 1, "c": 2}, "d": [1, 2]}
        assert merge_patch(before, {"a": {"b": None, "e": 3}, "d": [9]}) == {"a": {"c": 2, "e": 3}, "d": [9]}
        assert before == {"a": {"b": 1, "c": 2}, "d": [1, 2]}


class TestJsonPatch:
    def test_operations_in_order(self) -> None:
        patch = [
            {"op": "test", "path": "/a/b", "value": 1},
            {"op": "add", "path": "/list/-", "value": 3},
            {"op": "add", "path": "/list/0", "value": 0},
            {"op": "replace", "path": "/a/b", "value": 2},
            {"op": "copy", "from": "/a/b", "path": "/copied"},
            {"op": "move", "from": "/a", "path": "/moved~1here"},
            {"op": "remove", "path": "/list/1"},
        ]
        before = {"a": {"b": 1}, "list": [1, 2]}
        assert json_patch(before, patch) == {"moved/here": {"b": 2}, "copied": 2, "list": [0, 2, 3]}
        assert before == {"a": {"b": 1}, "list": [1, 2]}

    @pytest.mark.parametrize(
        "operation",
        [
            {"op": "remove", "path": "/nothing"},
            {"op": "replace", "path": "/list/7", "value": 1},
            {"op": "test", "path": "/list", "value": []},
            {"op": "dance", "path": "/list"},
        ],
    )
    def test_what_does_not_fit_is_refused(self, operation: Obj) -> None:
        with pytest.raises(StoreError) as caught:
            json_patch({"list": [1]}, [operation])
        assert caught.value.code == 422


class TestStrategicMerge:
    def test_containers_are_merged_by_name(self, deployment: Schema) -> None:
        before = workload(env=[{"name": "A", "value": "1"}])
        patch = {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {"name": "app", "env": [{"name": "B", "value": "2"}]},
                            {"name": "side", "image": "s"},
                        ]
                    }
                }
            }
        }
        after = strategic_merge(before, patch, deployment)
        app, side = after["spec"]["template"]["spec"]["containers"]
        assert app["image"] == "nginx:1"
        assert app["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
        assert side == {"name": "side", "image": "s"}

    def test_directives_delete_replace_and_order(self, deployment: Schema) -> None:
        before = workload(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
        container = {
            "name": "app",
            "env": [{"name": "A", "$patch": "delete"}, {"name": "C", "value": "3"}],
            "$setElementOrder/env": [{"name": "C"}, {"name": "B"}],
        }
        patch = {"spec": {"template": {"spec": {"containers": [container]}}, "replicas": None}}
        after = strategic_merge(before, patch, deployment)
        env = after["spec"]["template"]["spec"]["containers"][0]["env"]
        assert [item["name"] for item in env] == ["C", "B"]
        assert "replicas" not in after["spec"]

    def test_retain_keys_drops_the_other_kind_of_strategy(self, deployment: Schema) -> None:
        before = workload()
        before["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}
        patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
        assert strategic_merge(before, patch, deployment)["spec"]["strategy"] == {"type": "Recreate"}

    def test_lists_without_a_key_are_replaced(self, deployment: Schema) -> None:
        before = workload(command=["a", "b"])
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "command": ["c"]}]}}}}
        after = strategic_merge(before, patch, deployment)
        assert after["spec"]["template"]["spec"]["containers"][0]["command"] == ["c"]


class TestFieldSets:
    def test_recorded_field_sets_survive_reading_and_writing(self) -> None:
        for name in ("deployments.apps", "pods", "configmaps"):
            for obj in golden(f"lists/{name}.json")["items"]:
                for entry in obj["metadata"].get("managedFields") or ():
                    assert to_fields_v1(from_fields_v1(entry["fieldsV1"])) == entry["fieldsV1"]

    def test_recorded_owners_own_fields_that_are_there(self, schemas: Schemas, deployment: Schema) -> None:
        for obj in golden("lists/deployments.apps.json")["items"]:
            known = set(flatten(obj, deployment))
            prefixes = {path[:depth] for path in known for depth in range(1, len(path) + 1)}
            for owner in read_managers(obj):
                assert owner.paths <= prefixes

    def test_paths_read_as_in_conflicts(self) -> None:
        path = ("f:spec", "f:containers", 'k:{"name":"app"}', "f:image")
        assert path_text(path) == '.spec.containers[name="app"].image'


class TestTracking:
    def test_a_change_moves_the_field_to_who_changed_it(self, deployment: Schema) -> None:
        first = track_update(None, workload(), deployment, manager("alice", "Update"))
        second = track_update(
            first,
            {**workload(replicas=5), "metadata": first["metadata"]},
            deployment,
            manager("bob", "Update"),
        )
        owners = {owner.name: owner.paths for owner in read_managers(second)}
        assert owners["bob"] == {("f:spec", "f:replicas")}
        assert ("f:spec", "f:replicas") not in owners["alice"]

    def test_the_same_set_as_a_real_server_for_a_config_map(self, schemas: Schemas) -> None:
        exchange = golden("exchanges/patch-merge-dry-run.json")
        answer = exchange["response"]["body"]
        before = next(
            obj
            for obj in golden("lists/configmaps.json")["items"]
            if obj["metadata"]["name"] == "cart-config"
        )
        after = {**before, "data": answer["data"]}
        by = Manager("Python", "Update", "v1", "2026-11-21T02:14:45Z", frozenset())
        mine = track_update(before, after, schemas.of(CONFIG_MAPS) or ANY, by)
        assert mine["metadata"]["managedFields"] == answer["metadata"]["managedFields"]


class TestApply:
    def test_a_field_of_somebody_else_is_a_conflict(self, deployment: Schema) -> None:
        live = track_update(None, workload(), deployment, manager("kubectl", "Update"))
        with pytest.raises(StoreError) as caught:
            apply(live, workload(replicas=7), deployment, manager("me"), force=False)
        assert caught.value.message == (
            'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas'
        )

    def test_force_takes_the_field_over(self, deployment: Schema) -> None:
        live = track_update(None, workload(), deployment, manager("kubectl", "Update"))
        after = apply(live, workload(replicas=7), deployment, manager("me"), force=True)
        assert after["spec"]["replicas"] == 7
        owners = {owner.name: owner.paths for owner in read_managers(after)}
        assert ("f:spec", "f:replicas") in owners["me"]
        assert ("f:spec", "f:replicas") not in owners["kubectl"]

    def test_the_same_value_is_shared_without_conflict(self, deployment: Schema) -> None:
        live = apply(None, workload(), deployment, manager("one"), force=False)
        after = apply(live, workload(), deployment, manager("two"), force=False)
        for owner in read_managers(after):
            assert ("f:spec", "f:replicas") in owner.paths

    def test_what_is_no_longer_applied_goes_unless_somebody_else_has_it(self, deployment: Schema) -> None:
        live = apply(
            None, workload(env=[{"name": "A", "value": "1"}]), deployment, manager("one"), force=False
        )
        live = apply(live, workload(replicas=2), deployment, manager("two"), force=False)
        after = apply(live, workload(replicas=None), deployment, manager("one"), force=False)
        assert (
            "env" not in after["spec"]["template"]["spec"]["containers"][0]
            or not (after["spec"]["template"]["spec"]["containers"][0]["env"])
        )
        assert after["spec"]["replicas"] == 2

    def test_objects_from_before_the_first_apply_have_an_owner(self, deployment: Schema) -> None:
        with pytest.raises(StoreError) as caught:
            apply(workload(), workload(replicas=3), deployment, manager("me"), force=False)
        assert "before-first-apply" in caught.value.message
