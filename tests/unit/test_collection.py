"""Live objects: identity, batches, indexes, states, and memory that is given back."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube.catalog import BUILTIN, Kind
from k8stui.kube.live.collection import Collection, Part, Phase
from k8stui.kube.objects import ObjectMeta, OwnerReference, Pod, PodSpec, TableRow


def kind(name: str = "pods") -> Kind:
    found = BUILTIN.find(name)
    assert found is not None
    return found


def pod(
    name: str, version: int = 1, *, uid: str = "", namespace: str = "shop", node: str = "", owner: str = ""
) -> Pod:
    owners = (OwnerReference(uid=owner),) if owner else ()
    meta = ObjectMeta(name, namespace, uid or f"uid-{name}", str(version), owner_references=owners)
    return Pod(metadata=meta, spec=PodSpec(node_name=node))


def pods(*namespaces: str) -> tuple[Collection[Pod], Part[Pod]]:
    collection: Collection[Pod] = Collection(kind(), namespaces, now=lambda: 5.0)
    return collection, next(iter(collection.parts.values()))


def fill(part: Part[Pod], *objects: Pod) -> None:
    part.begin()
    part.page(objects)
    part.finish()


def test_the_first_take_is_a_reset_and_later_ones_are_differences() -> None:
    collection, part = pods()
    fill(part, pod("a"))
    reader = collection.subscribe(lambda: None)
    assert reader.take().reset
    part.events([pod("a", 2), pod("b", 3)], [])
    part.events([pod("a", 4)], ["uid-b"])
    changes = reader.take()
    assert (changes.reset, changes.changed, changes.removed) == (False, {"uid-a"}, {"uid-b"})
    empty = reader.take()
    assert (empty.reset, empty.changed, empty.removed) == (False, set(), set())


def test_a_reader_is_woken_once_until_it_takes() -> None:
    collection, part = pods()
    wakes: list[int] = []
    reader = collection.subscribe(lambda: wakes.append(1))
    for version in range(1, 50):
        part.events([pod("a", version)], [])
    assert len(wakes) == 1
    reader.take()
    part.events([pod("a", 50)], [])
    assert len(wakes) == 2


def test_a_new_list_reports_only_what_is_different() -> None:
    collection, part = pods()
    fill(part, pod("stays"), pod("changes"), pod("goes"))
    reader = collection.subscribe(lambda: None)
    reader.take()
    kept = collection.objects["uid-stays"]
    part.begin()
    part.page([pod("stays"), pod("changes", 2)])
    assert "uid-goes" in collection.objects
    part.finish()
    changes = reader.take()
    assert (changes.reset, changes.changed, changes.removed) == (False, {"uid-changes"}, {"uid-goes"})
    assert collection.objects["uid-stays"] is kept


def test_an_older_version_from_a_watch_is_no_news_but_a_list_is_believed() -> None:
    collection, part = pods()
    fill(part, pod("a", 9))
    part.events([pod("a", 7)], [])
    assert collection.objects["uid-a"].metadata.resource_version == "9"
    fill(part, pod("a", 7))  # the store was put back to an older state
    assert collection.objects["uid-a"].metadata.resource_version == "7"


def test_the_same_name_with_another_uid_is_another_row() -> None:
    collection, part = pods()
    fill(part, pod("a", uid="one"))
    part.events([pod("a", uid="two")], [])
    assert set(collection.objects) == {"one", "two"}


def test_objects_without_uid_are_known_by_namespace_and_name() -> None:
    collection: Collection[TableRow] = Collection(kind("nodes"))
    part = collection.parts[""]
    part.page([TableRow(ObjectMeta("a"), (1,)), TableRow(ObjectMeta("a", "shop"), (1,))])
    reader = collection.subscribe(lambda: None)
    reader.take()
    assert set(collection.objects) == {"/a", "shop/a"}
    # without versions, the contents tell whether it is a change
    part.page([TableRow(ObjectMeta("a"), (1,)), TableRow(ObjectMeta("a", "shop"), (2,))])
    assert reader.take().changed == {"shop/a"}


def test_cells_that_only_aged_are_kept_without_a_word() -> None:
    collection: Collection[TableRow] = Collection(kind())
    part = collection.parts[""]
    row = ObjectMeta("a", "shop", "u", "7")
    part.page([TableRow(row, ("a", "5m"))])
    reader = collection.subscribe(lambda: None)
    reader.take()
    part.begin()
    part.page([TableRow(row, ("a", "6m"))])
    part.finish()
    assert reader.take().changed == set()
    assert collection.objects["u"].cells == ("a", "6m")


def test_indexes_follow_every_change() -> None:
    collection, part = pods()
    fill(part, pod("a", node="n1", owner="rs"), pod("b", node="n1"), pod("c"))
    assert collection.index("node", "n1") == {"uid-a", "uid-b"}
    assert collection.index("owner", "rs") == {"uid-a"}
    assert collection.index("namespace", "shop") == {"uid-a", "uid-b", "uid-c"}
    part.events([pod("a", 2, node="n2", owner="rs"), pod("c", 3, node="n1")], ["uid-b"])
    assert collection.index("node", "n1") == {"uid-c"}
    assert collection.index("node", "n2") == {"uid-a"}
    assert collection.index("owner", "rs") == {"uid-a"}
    assert collection.index("node", "nowhere") == set()
    assert set(collection.index_keys("owner")) == {"rs"}
    with pytest.raises(KeyError):
        collection.index("colour", "red")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "n1", "n2"]), st.booleans()), max_size=40)
)
def test_an_index_is_what_a_scan_would_find(steps: list[tuple[str, str, bool]]) -> None:
    collection, part = pods()
    collection.index("node", "n1")
    for version, (name, node, goes) in enumerate(steps, 1):
        if goes:
            part.events([], [f"uid-{name}"])
        else:
            part.events([pod(name, version, node=node)], [])
    for node in ("n1", "n2"):
        scan = {uid for uid, found in collection.objects.items() if found.spec.node_name == node}
        assert collection.index("node", node) == scan


def test_namespaces_are_parts_of_their_own() -> None:
    collection, _ = pods("a", "b")
    one, two = collection.parts["a"], collection.parts["b"]
    fill(one, pod("x", namespace="a", uid="ax"))
    fill(two, pod("x", namespace="b", uid="bx"))
    reader = collection.subscribe(lambda: None)
    reader.take()
    fill(one)  # a new list of one namespace says nothing about the other
    assert reader.take().removed == {"ax"}
    assert set(collection.objects) == {"bx"}


def test_the_worst_state_of_all_namespaces_is_told_and_names_them() -> None:
    collection, _ = pods("a", "b", "c")
    one, two, three = collection.parts.values()
    one.status(Phase.LIVE)
    two.status(Phase.LIVE)
    three.status(Phase.LOADING, loaded=3, total=9)
    assert collection.state.phase is Phase.LOADING
    assert (collection.state.loaded, collection.state.total) == (3, None)
    three.status(Phase.STALE, "no route", next_try=9.0)
    assert (collection.state.phase, collection.state.next_try) == (Phase.STALE, 9.0)
    two.status(Phase.DENIED, "pods is forbidden")
    assert collection.state.phase is Phase.DENIED
    assert collection.state.reason == "b: pods is forbidden"
    assert collection.denied == ("b",)
    two.status(Phase.LIVE)
    three.status(Phase.LIVE)
    assert (collection.state.phase, collection.state.reason) == (Phase.LIVE, "")


def test_since_moves_with_the_phase_only() -> None:
    now = 1.0
    collection: Collection[Pod] = Collection(kind(), now=lambda: now)
    part = collection.parts[""]
    part.status(Phase.STALE, "first")
    now = 7.0
    part.status(Phase.STALE, "second", next_try=8.0)
    assert (collection.state.since, collection.state.reason) == (1.0, "second")
    part.status(Phase.LIVE)
    assert collection.state.since == 7.0


def test_a_state_wakes_readers_and_rows_stay() -> None:
    collection, part = pods()
    fill(part, pod("a"))
    wakes: list[int] = []
    reader = collection.subscribe(lambda: wakes.append(1))
    reader.take()
    part.status(Phase.STALE, "gone away")
    assert wakes == [1]
    changes = reader.take()
    assert (changes.state.phase, changes.changed, changes.removed) == (Phase.STALE, set(), set())
    assert set(collection.objects) == {"uid-a"}


def test_a_closed_reader_hears_nothing_and_may_close_twice() -> None:
    collection, part = pods()
    closed: list[int] = []
    reader = collection.subscribe(lambda: pytest.fail("woken"), lambda: closed.append(1))
    reader.close()
    reader.close()
    part.events([pod("a")], [])
    assert closed == [1]
    assert collection.subscribers == 0


def test_memory_is_given_back() -> None:
    @dataclass(eq=False)
    class Marked:
        metadata: ObjectMeta
        spec: PodSpec

    collection: Collection[Marked] = Collection(kind())
    part = collection.parts[""]
    collection.index("node", "n1")
    collection.index("owner", "o")
    reader = collection.subscribe(lambda: None)
    meta = ObjectMeta("a", "shop", "u", "1")
    marked = Marked(meta, PodSpec(node_name="n1"))
    part.events([marked], [])
    ref = weakref.ref(marked)
    del marked
    part.events([], ["u"])
    reader.take()
    gc.collect()
    assert ref() is None


def test_changes_forever_take_no_more_memory() -> None:
    collection, part = pods()
    collection.index("node", "n1")
    reader = collection.subscribe(lambda: None)

    def churn(start: int) -> None:
        for version in range(start, start + 3000):
            name = f"p{version % 50}"
            part.events([pod(name, version, uid=f"u{version}", node=f"n{version % 7}")], [f"u{version - 50}"])
            if version % 100 == 0:
                reader.take()

    churn(0)
    reader.take()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    churn(3000)
    reader.take()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # the 50 objects of the first round are untraced, those of the second are: about 50 kB
    assert grown < 150_000
    assert len(collection.objects) == 50


def test_a_reader_that_never_takes_holds_no_objects() -> None:
    collection, part = pods()
    reader = collection.subscribe(lambda: None)
    reader.take()
    part.events([pod("a")], [])
    part.events([], ["uid-a"])
    collection.clear()
    assert collection.objects == {}
    assert reader.take().removed == {"uid-a"}
