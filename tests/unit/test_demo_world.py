"""The world of the simulated cluster: deterministic, true to form, complete, and quick to make."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from k8stui.demo.resources import BUILTIN, CRDS, NODES, PODS
from k8stui.demo.store import Store
from k8stui.demo.world import build_world, populate
from k8stui.demo.world.images import behaviour, image_of
from k8stui.demo.world.logs import log_text
from tests.unit.demo_simulation import START

if TYPE_CHECKING:
    from collections.abc import Mapping

Obj = dict[str, Any]


@pytest.fixture(scope="module")
def objects() -> list[Obj]:
    return build_world(now=START).objects


def named(objects: list[Obj], kind: str, name: str, namespace: str = "clinic") -> Obj:
    return next(
        o
        for o in objects
        if o["kind"] == kind
        and o["metadata"]["name"] == name
        and o["metadata"].get("namespace", "") in (namespace, "")
    )


def test_the_same_seed_gives_the_same_cluster(objects: list[Obj]) -> None:
    again = build_world(now=START).objects
    assert msgspec.json.encode(again) == msgspec.json.encode(objects)


def test_another_seed_gives_other_names_and_uids(objects: list[Obj]) -> None:
    other = build_world(seed=2, now=START).objects
    assert len(other) == len(objects)
    assert not {o["metadata"]["uid"] for o in other} & {o["metadata"]["uid"] for o in objects}


def test_times_are_relative_to_the_moment_of_the_start(objects: list[Obj]) -> None:
    later = build_world(now=START + timedelta(hours=1)).objects
    assert named(objects, "Node", "worker-a1", "")["metadata"]["creationTimestamp"][11:13] == "09"
    assert named(later, "Node", "worker-a1", "")["metadata"]["creationTimestamp"][11:13] == "10"


def test_uids_and_names_are_unique_and_owners_exist(objects: list[Obj]) -> None:
    uids = Counter(o["metadata"]["uid"] for o in objects)
    assert [uid for uid, count in uids.items() if count > 1] == []
    by_uid = {o["metadata"]["uid"]: o for o in objects}
    for obj in objects:
        for reference in obj["metadata"].get("ownerReferences", ()):
            owner = by_uid[reference["uid"]]
            assert (owner["kind"], owner["metadata"]["name"]) == (reference["kind"], reference["name"])


def test_every_namespace_in_use_exists(objects: list[Obj]) -> None:
    namespaces = {o["metadata"]["name"] for o in objects if o["kind"] == "Namespace"}
    assert {o["metadata"].get("namespace") for o in objects} - {None, ""} <= namespaces


def test_nearly_every_listable_kind_has_objects(objects: list[Obj]) -> None:
    store = Store()
    populate(store, now=START)
    empty = {r.plural for r in BUILTIN if r.storage != "-" and "list" in r.verbs and not store.count(r)}
    assert empty <= {
        "bindings",
        "podtemplates",
        "replicationcontrollers",
        "csistoragecapacities",
        "volumeattachments",
        "volumeattributesclasses",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "apiservices",
        "flowschemas",
        "prioritylevelconfigurations",
        "componentstatuses",
        "roles",
        "rolebindings",
    }
    assert store.count(CRDS) == 2


def test_a_pod_has_the_shape_of_a_real_one(objects: list[Obj]) -> None:
    pod = next(o for o in objects if o["kind"] == "Pod" and o["metadata"]["name"].startswith("search-"))
    assert [m["manager"] for m in pod["metadata"]["managedFields"]] == ["kube-controller-manager", "kubelet"]
    assert pod["spec"]["volumes"][-1]["projected"]["sources"][0]["serviceAccountToken"]["path"] == "token"
    assert {t["key"] for t in pod["spec"]["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    assert [c["type"] for c in pod["status"]["conditions"]] == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    assert all(s["containerID"].startswith("containerd://") for s in pod["status"]["containerStatuses"])
    assert pod["status"]["qosClass"] == "Burstable"


def test_no_node_is_overcommitted_and_addresses_are_unique(objects: list[Obj]) -> None:
    pods = [o for o in objects if o["kind"] == "Pod" and o["spec"].get("nodeName")]
    counts = Counter(p["spec"]["nodeName"] for p in pods)
    for node in (o for o in objects if o["kind"] == "Node"):
        assert counts[node["metadata"]["name"]] <= int(node["status"]["allocatable"]["pods"])
    ips = Counter(
        p["status"]["podIP"] for p in pods if p["status"].get("podIP") and not p["spec"].get("hostNetwork")
    )
    assert [ip for ip, count in ips.items() if count > 1] == []


def test_texts_are_partly_korean(objects: list[Obj]) -> None:
    text = msgspec.json.encode(
        [o for o in objects if o["kind"] in ("ConfigMap", "Namespace", "Promotion")]
    ).decode()
    for words in ("추석 특가", "쇼핑몰팀", "장바구니"):
        assert words in text


def test_twenty_thousand_pods_on_four_hundred_nodes_are_made_in_seconds() -> None:
    store = Store()
    began = time.process_time()
    populate(store, nodes=400, pods=20_000, now=START)
    assert time.process_time() - began < 6
    assert store.count(PODS) == 20_000
    assert store.count(NODES) == 400
    sizes = [len(v.body) for v in list(store.versions(PODS))[::200]]
    assert 4_500 < sum(sizes) / len(sizes) < 7_500


def test_filler_pods_have_names_addresses_and_ids_of_their_own() -> None:
    world = build_world(nodes=30, pods=1200, now=START)
    pods = [
        o for o in world.objects if o["kind"] == "Pod" and o["metadata"]["namespace"].startswith("branch-")
    ]
    assert len(pods) > 800
    for path in (
        lambda p: p["metadata"]["uid"],
        lambda p: (p["metadata"]["namespace"], p["metadata"]["name"]),
        lambda p: p["status"]["podIP"],
        lambda p: p["status"]["containerStatuses"][0]["containerID"],
    ):
        assert len({path(p) for p in pods}) == len(pods)


@pytest.mark.parametrize(
    ("container", "code", "seconds"),
    [
        ({"image": "busybox", "command": ["sh", "-c", "sleep 3; exit 4"]}, 4, 3.3),
        ({"image": "busybox:1.36", "command": ["sleep", "1h"]}, 0, 3600),
        ({"image": "alpine", "command": ["false"]}, 1, 0.4),
        ({"image": "busybox", "command": ["sh", "-c", "while true; do date; sleep 1; done"]}, None, 0),
        ({"image": "ubuntu"}, 0, 0),
        ({"image": "ubuntu", "tty": True}, None, 0),
        ({"image": "nginx:1.29"}, None, 0),
    ],
)
def test_commands_behave_as_they_read(container: Obj, code: int | None, seconds: float) -> None:
    how = behaviour({"name": "c", **container})
    assert how.exit_code == code
    assert how.after == pytest.approx(seconds)


def test_images_say_why_they_cannot_be_pulled() -> None:
    assert image_of("registry.moa.example/shop/cart:does-not-exist").pull_error == "not found"
    assert image_of("registry.moa.example/private/vip-pricing:9").pull_error == "unauthorized"
    assert image_of("redis:8").pull_error == ""


@dataclass
class _Container:
    id: str = "abc"
    name: str = "web"
    pod: str = "web-1"
    namespace: str = "shop"
    image: str = "registry.moa.example/shop/orders:5.1.0"
    command: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    started_at: float = 1000.0
    finished_at: float | None = None
    exit_code: int | None = None
    reason: str = ""


def test_a_minute_of_log_is_always_the_same_and_in_order() -> None:
    lines = list(log_text(_Container(), 7))
    assert lines == list(log_text(_Container(), 7))
    assert lines
    assert [at for at, _ in lines] == sorted(at for at, _ in lines)
    assert all(420 <= at < 481 for at, _ in lines)
    assert lines != list(log_text(_Container(), 8))


def test_an_end_adds_last_words_and_changes_nothing_before() -> None:
    ended = _Container()
    ended.finished_at, ended.exit_code = 1030.0, 143
    before = [line for line in log_text(_Container(), 0) if line[0] <= 30]
    after = list(log_text(ended, 0))
    assert after[: len(before)] == before
    assert after[-1][1] == "bye"


def test_a_crash_says_why() -> None:
    crash = _Container()
    crash.image, crash.finished_at, crash.exit_code = "registry.moa.example/clinic/crash:1.0", 1002.0, 2
    assert any(text.startswith("panic: runtime error") for _, text in log_text(crash, 0))
