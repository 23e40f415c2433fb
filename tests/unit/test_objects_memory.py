"""Equal parts of objects are shared, and 20,000 pods stay small."""

from __future__ import annotations

import copy
import gc
import tracemalloc
from typing import Any

import msgspec

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.codecs import StructCodec
from k8stui.kube.live.collection import Collection
from k8stui.kube.objects import STRUCTS, Pod, TableRow, intern_object
from k8stui.kube.objects.interning import share_with_previous
from tests.unit.kinds_golden import decoded, golden_list, golden_objects, make


def large_page(pods: int) -> bytes:
    """A page of pods of 20 workloads on 20 nodes, each with names and ids of its own."""
    raw = msgspec.json.decode(golden_list("", "pods"))
    base = [
        each for each in raw["items"] if each["metadata"]["name"].startswith(("web", "cart", "crash", "db"))
    ]
    items: list[Any] = []
    for at in range(pods):
        pod = copy.deepcopy(base[at % len(base)])
        meta, status = pod["metadata"], pod["status"]
        meta |= {"name": f"shop-{at:06d}-x7k2p", "uid": f"00000000-0000-0000-0000-{at:012d}"}
        meta |= {
            "resourceVersion": str(100_000 + at),
            "labels": {"app": f"a{at % 20}", "hash": f"h{at % 20}"},
        }
        pod["spec"]["nodeName"] = f"node-{at % 20}"
        status["podIPs"] = [{"ip": f"10.0.{at // 250}.{at % 250}"}]
        for each in status["containerStatuses"]:
            each["containerID"] = f"containerd://{at:064x}"
        items.append(pod)
    raw["items"] = items
    return msgspec.json.encode(raw)


def test_a_pod_with_its_containers_takes_two_kilobytes_at_most() -> None:
    data, codec = large_page(1000), StructCodec(Pod)
    decoded(codec, data)  # what all pages share is paid for once
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = decoded(codec, data)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken / len(kept) < 2048


def test_pods_of_one_workload_share_their_parts() -> None:
    first, second = decoded(StructCodec(Pod), large_page(1000))[20:421:400]
    assert first.metadata.labels is second.metadata.labels
    assert first.spec.node_name is second.spec.node_name
    assert first.metadata.namespace is second.metadata.namespace


def test_sharing_changes_no_object() -> None:
    for kind in STRUCTS:
        pool: dict[Any, Any] = {}
        plain = [make(STRUCTS[kind], **item) for item in msgspec.json.decode(golden_list(*kind))["items"]]
        assert golden_objects(*kind) == plain
        shared = [intern_object(obj, pool) for obj in golden_objects(*kind)]
        assert shared == plain


def test_rows_of_a_table_share_their_cells() -> None:
    pool: dict[Any, Any] = {}
    first, second = (
        make(TableRow, metadata={"name": name}, cells=[name, "Active", 3]) for name in ("a", "b")
    )
    assert intern_object(first, pool).cells == ("a", "Active", 3)
    assert intern_object(second, pool).cells[1] is first.cells[1]
    assert first.cells[0] is first.metadata.name


def test_a_changed_object_keeps_what_did_not_change() -> None:
    data = large_page(1000)
    before, *_ = decoded(StructCodec(Pod), data)
    changed = data.replace(b'"resourceVersion":"100000"', b'"resourceVersion":"7"')
    after, *_ = decoded(StructCodec(Pod), changed)
    share_with_previous(after, before)
    assert after.metadata.resource_version == "7"
    assert after.metadata.uid is before.metadata.uid
    assert after.spec is before.spec
    assert after.status is before.status


def test_sharing_with_the_previous_state_changes_no_value() -> None:
    for kind in STRUCTS:
        states = golden_objects(*kind)
        for before, after, wanted in zip(states[1:], golden_objects(*kind), states, strict=False):
            share_with_previous(after, before)
            assert after == wanted


def test_a_collection_whose_objects_all_changed_takes_no_more_memory() -> None:
    pods = BUILTIN.find("pods")
    assert pods is not None
    collection: Collection[Pod] = Collection(pods)
    part = collection.parts[""]
    codec = StructCodec(Pod)
    data = large_page(1000)
    tracemalloc.start()
    part.begin()
    part.page(decoded(codec, data))
    part.finish()
    gc.collect()
    listed = tracemalloc.get_traced_memory()[0]
    for version in (7, 8):
        changed = data.replace(b'"resourceVersion":"', b'"resourceVersion":"%d' % version)
        part.events(decoded(codec, changed), ())
        del changed
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - listed
    tracemalloc.stop()
    assert next(iter(collection.objects.values())).metadata.resource_version.startswith("8")
    # bytes a pod; 700 where nothing is shared. Whatever else the process allocates meanwhile counts too
    assert grown / 1000 < 128
