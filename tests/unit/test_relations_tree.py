"""What belongs to an object: its family, its traffic, what it uses and who uses it, on recorded objects."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from k8stui.kinds.describe.lines import Ref
from k8stui.kinds.relations.links import relations
from k8stui.kinds.relations.page import rows
from k8stui.kinds.relations.tree import Entry, Section
from k8stui.kinds.relations.uses import uses_of
from k8stui.kube.live.collection import Phase
from k8stui.kube.objects import Deployment, ObjectDecoder, Pod
from k8stui.kube.objects.podrefs import NamingPod, named
from k8stui.kube.relations import LOADING, Query, Reader
from tests.unit.kinds_golden import NOW, make
from tests.unit.relations_world import Recorded


def pod_spec() -> dict[str, Any]:
    """A pod's spec that names something in every way there is."""
    key: dict[str, Any] = {"key": "k"}
    return {
        "serviceAccountName": "builder",
        "priorityClassName": "high",
        "runtimeClassName": "gvisor",
        "imagePullSecrets": [{"name": "registry"}],
        "initContainers": [
            {"name": "init", "envFrom": [{"configMapRef": {"name": "base", "optional": True}}]}
        ],
        "containers": [
            {
                "name": "web",
                "env": [
                    {"name": "PLAIN", "value": "secret text"},
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", **key}}},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", **key}}},
                ],
                "envFrom": [{"secretRef": {"name": "all"}}],
            }
        ],
        "volumes": [
            {"name": "v1", "configMap": {"name": "conf"}},
            {"name": "v2", "secret": {"secretName": "tls", "optional": True}},
            {"name": "v3", "persistentVolumeClaim": {"claimName": "data"}},
            {
                "name": "v4",
                "projected": {"sources": [{"configMap": {"name": "ca"}}, {"secret": {"name": "key"}}, {}]},
            },
            {"name": "v5", "emptyDir": {}},
        ],
    }


def test_a_pods_spec_names_objects_in_many_places() -> None:
    found = {
        (use.kind.partition(".")[0], use.name): (use.places(), use.optional) for use in uses_of(pod_spec())
    }
    assert found == {
        ("configmaps", "base"): ("all keys as env in init", True),
        ("configmaps", "ca"): ("volume v4", False),
        ("configmaps", "conf"): ("env A in web, volume v1", False),
        ("secrets", "all"): ("all keys as env in web", False),
        ("secrets", "db"): ("env B in web", False),
        ("secrets", "key"): ("volume v4", False),
        ("secrets", "registry"): ("image pull", False),
        ("secrets", "tls"): ("volume v2", True),
        ("persistentvolumeclaims", "data"): ("volume v3", False),
        ("serviceaccounts", "builder"): ("", False),
        ("priorityclasses", "high"): ("", False),
        ("runtimeclasses", "gvisor"): ("", False),
    }


def test_pods_and_templates_keep_the_names_and_no_values() -> None:
    pod = make(NamingPod, metadata={"name": "p"}, spec=pod_spec())
    template = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()}}
    deployment = make(Deployment, metadata={"name": "d"}, spec=template)
    names = {(each.kind.partition(".")[0], each.name) for each in named(pod.spec)}
    assert names == {(use.kind.partition(".")[0], use.name) for use in uses_of(pod_spec())} - {
        ("runtimeclasses", "gvisor")
    }
    assert {
        (each.kind.partition(".")[0], each.name) for each in named(deployment.spec.template.spec)
    } == names
    assert b"secret text" not in msgspec.json.encode(pod)


def test_nulls_in_a_spec_lose_nothing() -> None:
    spec = b'{"volumes":null,"containers":[{"name":"c","env":null}]}'
    pod = ObjectDecoder(NamingPod).decode(b'{"metadata":{"name":"p"},"spec":' + spec + b"}")
    assert list(named(pod.spec)) == []
    assert pod.spec.containers[0].name == "c"


def test_a_deployment_stands_above_its_replica_sets_and_their_pods() -> None:
    assert (
        Recorded()
        .text("deployments.apps", "web")
        .startswith(
            """Family
  ● deployment web                  3/3 ready  ◀
  └─ ● replicaset web-85b8456458    3/3 ready
     ├─ ● pod web-85b8456458-7gs5l  Running 2/2
     ├─ ● pod web-85b8456458-mbjjb  Running 2/2
     └─ ● pod web-85b8456458-srxfd  Running 2/2

Reached by
  ● service web  ClusterIP 10.96.86.169 80/TCP"""
        )
    )


def test_a_pod_stands_below_its_owners_and_says_what_it_uses() -> None:
    text = Recorded().text("pods", "web-85b8456458-7gs5l")
    assert "  ● deployment web                  3/3 ready\n  └─ ● replicaset" in text
    assert "     └─ ● pod web-85b8456458-7gs5l  Running 2/2  ◀" in text
    assert "  ● node node-1" in text
    assert "  ● serviceaccount default" in text
    assert "● service web" in text


def test_what_is_named_and_not_there_is_said() -> None:
    recorded = Recorded()
    pod = recorded.find("pods", "web-85b8456458-7gs5l")
    pod["spec"]["volumes"] += [
        {"name": "conf", "configMap": {"name": "gone"}},
        {"name": "maybe", "secret": {"secretName": "perhaps", "optional": True}},
    ]
    text = recorded.text("pods", "web-85b8456458-7gs5l")
    assert "✗ configmap gone" in text
    assert "does not exist  volume conf" in text
    assert "○ secret perhaps" in text
    assert "does not exist (optional)  volume maybe" in text


def test_a_config_map_is_used_by_templates_and_pods() -> None:
    recorded = Recorded()
    volume = {"name": "conf", "configMap": {"name": "kube-root-ca.crt"}}
    recorded.find("deployments.apps", "web")["spec"]["template"]["spec"].setdefault("volumes", []).append(
        volume
    )
    text = recorded.text("configmaps", "kube-root-ca.crt")
    assert "● deployment web            3/3 ready  template: volume" in text
    assert "● pod web-85b8456458-7gs5l  Running 2/2  volume" in text
    assert "✗ pod badimage              ErrImageNeverPull 0/1  volume" in text


def test_claims_volumes_and_classes_lead_to_each_other() -> None:
    recorded = Recorded()
    assert "✗ storageclass nope  does not exist" in recorded.text("persistentvolumeclaims", "data")
    assert "persistentvolume pv1  Available, 1Gi" in recorded.text(
        "storageclasses.storage.k8s.io", "standard"
    )
    assert "storageclass standard" in recorded.text("persistentvolumes", "pv1")


def test_a_node_runs_its_pods() -> None:
    text = Recorded().text("nodes", "node-1")
    assert "Runs\n" in text
    assert "pod agent-tgs85" in text
    assert "toobig" not in text


def test_every_recorded_object_has_relations_that_can_be_drawn() -> None:
    recorded = Recorded()
    for kind, objects in recorded.world.items():
        for obj in objects[:3]:
            meta = obj["metadata"]
            first = recorded.rows(kind, meta["name"], meta.get("namespace", "default"))[:8]
            assert any(row.entry is not None and row.entry.here for row in first), (kind, meta["name"])


def test_what_may_not_be_seen_is_said() -> None:
    recorded = Recorded()
    recorded.rows("pods", "web-85b8456458-7gs5l")
    recorded.cluster.say(Phase.DENIED, "services is forbidden: you may not list them")
    text = recorded.text("pods", "web-85b8456458-7gs5l")
    assert "services are not seen: services is forbidden: you may not list them" in text


def test_a_kind_that_is_held_for_all_namespaces_is_not_listed_again() -> None:
    recorded = Recorded()
    pods = recorded.cluster.catalog.find("pods")
    assert pods is not None
    everywhere = recorded.cluster.subscribe(pods, wake=lambda: None)
    recorded.cluster.asked.clear()
    recorded.rows("deployments.apps", "web")
    recorded.rows("nodes", "node-1")
    asked = {entry for entry in recorded.cluster.asked if entry[0] == "pods"}
    assert asked == {("pods", (), "", "")}
    everywhere.close()


def test_only_who_uses_an_object_asks_for_pods_with_what_they_name_and_in_its_namespace_alone() -> None:
    recorded = Recorded()
    assert "volume" in recorded.text("configmaps", "kube-root-ca.crt")
    assert {entry for entry in recorded.cluster.asked if entry[0] == "pods"} == {
        ("pods", ("default",), "", "")
    }
    assert not hasattr(make(Pod, spec=pod_spec()).spec, "volumes")


def test_without_it_only_what_is_needed_is_asked_for() -> None:
    recorded = Recorded()
    recorded.rows("deployments.apps", "web")
    assert ("pods", ("default",), "app=web", "") in recorded.cluster.asked
    assert not any(entry[0] == "secrets" for entry in recorded.cluster.asked)


def test_what_is_asked_for_no_more_is_given_back() -> None:
    recorded = Recorded()
    reader = Reader(recorded.cluster, lambda: None)
    reader.begin()
    assert reader.all(Query("services", "default")).complete
    reader.end()
    (held,) = recorded.cluster.collections
    assert held.subscribers == 1
    reader.begin()
    reader.end()
    assert held.subscribers == 0
    reader.close()


async def test_an_index_of_many_objects_is_made_bit_by_bit_and_stays_right() -> None:
    recorded = Recorded()
    one = recorded.find("pods", "web-85b8456458-7gs5l")
    many = [
        {**one, "metadata": {**one["metadata"], "name": f"pod-{at}", "uid": f"uid-{at}"}}
        for at in range(5_000)
    ]
    recorded.world["pods"] = many
    told = asyncio.Event()
    reader = Reader(recorded.cluster, told.set)
    query, owner = Query("pods", "default"), one["metadata"]["ownerReferences"][0]["uid"]
    assert reader.owned(query, owner).state == LOADING
    await asyncio.sleep(0)
    orphan = {
        **many[0],
        "metadata": {**many[0]["metadata"], "ownerReferences": [], "resourceVersion": "999999999"},
    }
    late = {
        **many[-1],
        "metadata": {**many[-1]["metadata"], "ownerReferences": [], "resourceVersion": "999999999"},
    }
    recorded.cluster.change("pods", orphan, late, removed=["uid-1", "uid-4000"])
    async with asyncio.timeout(5):
        while reader.owned(query, owner).state == LOADING:
            await asyncio.sleep(0)
    names = {obj.metadata.name for obj in reader.owned(query, owner).objects}
    assert names == {f"pod-{at}" for at in range(5_000)} - {"pod-0", "pod-4999", "pod-1", "pod-4000"}
    reader.close()


def test_where_there_is_no_room_notes_stand_below() -> None:
    ref = Ref("pods", "web", "shop")
    child = Entry("pod", "web-1", ref, text="Running 1/1", note="10.1.0.7")
    entry = Entry(
        "service", "web", ref, text="ClusterIP 10.96.0.7 80/TCP", note="gets traffic", children=[child]
    )
    sections = [Section("Reached by", [entry, Entry("service", "other", ref, text="ClusterIP")])]
    assert [row.line.text for row in rows(sections, 44)] == [
        "Reached by",
        "  ● service web    ClusterIP 10.96.0.7 80/TCP",
        "  │  gets traffic",
        "  └─ ● pod web-1   Running 1/1  10.1.0.7",
        "  ● service other  ClusterIP",
    ]
    wide = [row.line.text for row in rows(sections, 160)]
    assert wide == [row.line.text for row in rows(sections)]
    assert wide[1].endswith("80/TCP  gets traffic")


def test_a_tree_can_be_paused_between_its_branches() -> None:
    """So that the screen has its turn while a large one is built."""
    world = Recorded()
    kind = world.cluster.catalog.find("deployments.apps")
    assert kind is not None
    owner = world.find("deployments.apps", "cart", "shop")
    reader = Reader(world.cluster, lambda: None)
    steps = list(relations(reader, kind, {"apiVersion": "apps/v1", "kind": "Deployment", **owner}, NOW))
    reader.close()
    family = next(at for at, step in enumerate(steps) if step is not None)
    assert family == 3, "behind the two ReplicaSets that were found, and behind the pods of each"
    assert steps[-1] is None
