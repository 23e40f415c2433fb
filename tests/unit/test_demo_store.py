"""The simulated cluster's store: versions, conflicts, deletion, the log."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from k8stui.demo.errors import StoreError
from k8stui.demo.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS
from k8stui.demo.store import Store

Obj = dict[str, Any]


@pytest.fixture
def store() -> Store:
    return Store(lambda: 1_800_000_000.0, seed=7)


def config_map(name: str, **data: str) -> Obj:
    return {"metadata": {"name": name, "namespace": "shop"}, "data": data}


def pod(name: str, **spec: Any) -> Obj:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"nodeName": "n1", **spec}}


def test_a_new_object_gets_what_only_the_server_knows(store: Store) -> None:
    made = store.create(DEPLOYMENTS, {"metadata": {"name": "a", "namespace": "x"}, "spec": {}})
    metadata = made["metadata"]
    assert (made["kind"], made["apiVersion"]) == ("Deployment", "apps/v1")
    assert metadata["creationTimestamp"] == "2027-01-15T08:00:00Z"
    assert metadata["generation"] == 1
    assert metadata["uid"].count("-") == 4
    assert int(metadata["resourceVersion"]) == store.resource_version


def test_the_same_seed_gives_the_same_uids() -> None:
    first, second = (Store(seed=3).new_uid() for _ in range(2))
    assert first == second != Store(seed=4).new_uid()


def test_generated_names_have_five_safe_letters(store: Store) -> None:
    made = store.create(PODS, {"metadata": {"generateName": "web-", "namespace": "shop"}})
    name = made["metadata"]["name"]
    assert name.startswith("web-")
    assert len(name) == 9


def test_a_taken_name_is_refused_with_the_servers_words(store: Store) -> None:
    store.create(CONFIG_MAPS, config_map("a"))
    with pytest.raises(StoreError) as caught:
        store.create(CONFIG_MAPS, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (409, "AlreadyExists")
    assert caught.value.message == 'configmaps "a" already exists'


def test_an_update_that_changes_nothing_makes_no_version(store: Store) -> None:
    made = store.create(CONFIG_MAPS, config_map("a", k="v"))
    before = store.resource_version
    assert store.update(CONFIG_MAPS, {**made, "data": {"k": "v"}}) is made
    assert store.resource_version == before


def test_an_older_version_is_a_conflict(store: Store) -> None:
    made = store.create(CONFIG_MAPS, config_map("a", k="v"))
    store.update(CONFIG_MAPS, {**made, "data": {"k": "w"}})
    with pytest.raises(StoreError) as caught:
        store.update(CONFIG_MAPS, {**made, "data": {"k": "x"}})
    assert caught.value.reason == "Conflict"


def test_generation_counts_desired_states_only(store: Store) -> None:
    made = store.create(DEPLOYMENTS, {"metadata": {"name": "a", "namespace": "x"}, "spec": {"replicas": 1}})
    changed = store.update(DEPLOYMENTS, {**made, "status": {"replicas": 1}}, subresource="status")
    assert changed["metadata"]["generation"] == 1
    changed = store.update(DEPLOYMENTS, {**changed, "spec": {"replicas": 2}})
    assert changed["metadata"]["generation"] == 2


def test_a_status_update_leaves_the_rest_alone(store: Store) -> None:
    made = store.create(DEPLOYMENTS, {"metadata": {"name": "a", "namespace": "x"}, "spec": {"replicas": 1}})
    changed = store.update(
        DEPLOYMENTS, {**made, "spec": {"replicas": 9}, "status": {"replicas": 1}}, subresource="status"
    )
    assert changed["spec"] == {"replicas": 1}
    assert changed["status"] == {"replicas": 1}


def test_a_running_pod_gets_its_grace_period_and_goes_when_it_is_over(store: Store) -> None:
    store.create(PODS, pod("a"))
    dying = store.delete(PODS, "shop", "a")
    assert dying["metadata"]["deletionGracePeriodSeconds"] == 30
    assert dying["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:30Z"
    assert store.get(PODS, "shop", "a") is not None
    store.delete(PODS, "shop", "a", grace=0)
    assert store.get(PODS, "shop", "a") is None


def test_a_pod_without_a_node_goes_at_once(store: Store) -> None:
    store.create(PODS, pod("a", nodeName=""))
    store.delete(PODS, "shop", "a")
    assert store.get(PODS, "shop", "a") is None


def test_finalizers_hold_an_object_until_the_last_is_removed(store: Store) -> None:
    made = config_map("a")
    made["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(CONFIG_MAPS, made)
    dying = store.delete(CONFIG_MAPS, "shop", "a")
    assert "deletionTimestamp" in dying["metadata"]
    metadata = {key: value for key, value in dying["metadata"].items() if key != "finalizers"}
    store.update(CONFIG_MAPS, {**dying, "metadata": metadata})
    assert store.get(CONFIG_MAPS, "shop", "a") is None
    assert [change.type for change in store.changes_since(CONFIG_MAPS, 0)] == ["ADDED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")]
)
def test_the_propagation_policy_is_left_to_the_garbage_collector(
    store: Store, policy: str, finalizer: str
) -> None:
    store.create(DEPLOYMENTS, {"metadata": {"name": "a", "namespace": "x"}})
    dying = store.delete(DEPLOYMENTS, "x", "a", propagation=policy)
    assert dying["metadata"]["finalizers"] == [finalizer]


def test_a_namespace_is_terminating_until_it_is_finalized(store: Store) -> None:
    store.create(NAMESPACES, {"metadata": {"name": "a"}, "spec": {"finalizers": ["kubernetes"]}})
    assert store.delete(NAMESPACES, "", "a")["status"]["phase"] == "Terminating"
    left = store.get(NAMESPACES, "", "a")
    assert left is not None
    store.update(NAMESPACES, {**left, "spec": {}})
    assert store.get(NAMESPACES, "", "a") is None


def test_children_are_found_by_the_uid_of_their_owner(store: Store) -> None:
    made = config_map("a")
    made["metadata"]["ownerReferences"] = [{"uid": "u1", "kind": "X", "name": "x", "apiVersion": "v1"}]
    stored = store.create(CONFIG_MAPS, made)
    assert [obj["metadata"]["name"] for _, obj in store.owned_by("u1")] == ["a"]
    metadata = {key: value for key, value in stored["metadata"].items() if key != "ownerReferences"}
    store.update(CONFIG_MAPS, {**stored, "metadata": metadata})
    assert list(store.owned_by("u1")) == []


def test_lists_are_ordered_and_do_not_change_afterwards(store: Store) -> None:
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "a-2"), ("a", "a"), ("a-b", "q")):
        store.create(CONFIG_MAPS, {"metadata": {"namespace": namespace, "name": name}})
    keys = [version.key for version in store.versions(CONFIG_MAPS)]
    assert keys == [("a", "a"), ("a", "a-2"), ("a", "z"), ("a-b", "q"), ("b", "x")]
    inside = store.versions(CONFIG_MAPS, "a")
    store.delete(CONFIG_MAPS, "a", "z")
    assert [version.key[1] for version in inside] == ["a", "a-2", "z"]


def test_an_earlier_state_can_be_read_again(store: Store) -> None:
    made = store.create(CONFIG_MAPS, config_map("a", k="1"))
    store.create(CONFIG_MAPS, config_map("b"))
    then = store.resource_version
    store.update(CONFIG_MAPS, {**made, "data": {"k": "2"}})
    store.delete(CONFIG_MAPS, "shop", "b")
    store.create(CONFIG_MAPS, config_map("c"))
    found = {v.key[1]: v.obj["data"] for v in store.versions_at(CONFIG_MAPS, then)}
    assert found == {"a": {"k": "1"}, "b": {}}


def test_the_log_forgets_and_says_so() -> None:
    store = Store(window=10)
    for number in range(40):
        store.create(NODES, {"metadata": {"name": f"n{number}"}})
    with pytest.raises(StoreError) as caught:
        store.changes_since(NODES, 2)
    assert caught.value.code == 410
    assert len(store.changes_since(NODES, store.resource_version - 5)) == 5
    store.compact()
    assert store.changes_since(NODES, store.resource_version) == ()


def test_a_kind_that_was_empty_can_be_watched_from_before_its_first_object(store: Store) -> None:
    store.create(NODES, {"metadata": {"name": "n"}})
    since = store.resource_version
    store.create(NODES, {"metadata": {"name": "m"}})
    store.create(CONFIG_MAPS, config_map("a"))
    assert [change.type for change in store.changes_since(CONFIG_MAPS, since)] == ["ADDED"]


def test_subscribers_hear_of_their_kinds_in_order(store: Store) -> None:
    heard: list[tuple[str, str]] = []
    undo = store.subscribe(lambda type_, res, obj: heard.append((type_, res.plural)), [CONFIG_MAPS])
    store.create(NODES, {"metadata": {"name": "n"}})
    made = store.create(CONFIG_MAPS, config_map("a"))
    store.update(CONFIG_MAPS, {**made, "data": {"k": "v"}})
    undo()
    store.delete(CONFIG_MAPS, "shop", "a")
    assert heard == [("ADDED", "configmaps"), ("MODIFIED", "configmaps")]


def test_an_encoded_object_is_whole_json_with_its_kind_first(store: Store) -> None:
    store.create(CONFIG_MAPS, config_map("a", greeting="안녕하세요"))
    version = store.version(CONFIG_MAPS, "shop", "a")
    assert version is not None
    encoded = version.encoded(CONFIG_MAPS)
    assert encoded.startswith(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":')
    assert msgspec.json.decode(encoded) == version.obj
    assert version.body is version.body
