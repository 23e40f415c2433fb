"""Answers over live collections: what a scan would find, in order, whatever comes and goes meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from k8stui.kube import answers
from k8stui.kube.answers import Question, Source
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.live.collection import Collection, Part
from k8stui.kube.objects import Pod
from tests.unit.kinds_golden import make

MANY = 3_000
RED = (("colour", "red"),)
QUESTIONS = (
    Question(),
    Question("namespace", "shop", namespace="shop"),
    Question("node", "n1"),
    Question("node", "n1", "shop", RED),
    Question("name", "shop/a", "shop"),
    Question(labels=RED),
)


def pod(name: str, version: int = 1, namespace: str = "shop", node: str = "", colour: str = "") -> Pod:
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}"}
    labels = {"colour": colour} if colour else {}
    found: Pod = make(
        Pod, metadata=meta | {"resourceVersion": str(version), "labels": labels}, spec={"nodeName": node}
    )
    return found


def held(*objects: Pod) -> tuple[Collection[Pod], Part[Pod]]:
    kind = BUILTIN.find("pods")
    assert kind is not None
    collection: Collection[Pod] = Collection(kind)
    part = collection.parts[""]
    part.page(objects)
    return collection, part


def source_of(collection: Collection[Pod], told: list[int]) -> Source:
    def wake() -> None:
        if source.concerns():
            told.append(1)

    source = Source(collection.subscribe(wake), lambda: told.append(0))
    source.subscription.take()
    return source


def scan(collection: Collection[Pod], question: Question) -> list[tuple[str, str]]:
    """What fits, found without any index."""

    def fits(obj: Any) -> bool:
        keys = {
            "": question.key,
            "namespace": obj.metadata.namespace,
            "node": obj.spec.node_name,
            "name": f"{obj.metadata.namespace}/{obj.metadata.name}",
        }
        return keys[question.index] == question.key and question.fits(obj)

    found = [each.metadata for each in collection.objects.values() if fits(each)]
    return sorted((meta.namespace, meta.name) for meta in found)


def names(objects: tuple[Any, ...] | None) -> list[tuple[str, str]]:
    assert objects is not None
    return [(each.metadata.namespace, each.metadata.name) for each in objects]


STEPS = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from(["shop", "bank"]),
    st.sampled_from(["", "n1", "n2"]),
    st.sampled_from(["", "red", "blue"]),
    st.booleans(),
)


@given(st.lists(STEPS, max_size=40), st.integers(0, 40))
def test_an_answer_is_what_a_scan_finds_and_a_change_of_it_is_told(
    steps: list[tuple[str, str, str, str, bool]], asked_at: int
) -> None:
    collection, part = held()
    told: list[int] = []
    source = source_of(collection, told)
    for version, (name, namespace, node, colour, goes) in enumerate(steps, 1):
        if version == min(asked_at, len(steps)):
            for question in QUESTIONS:
                source.ask(question)
        before = [source.ask(question) for question in QUESTIONS] if version > asked_at else None
        told.clear()
        if goes:
            part.events([], [f"uid-{namespace}-{name}"])
        else:
            part.events([pod(name, version, namespace, node, colour)], [])
        after = [source.ask(question) for question in QUESTIONS]
        assert [names(each) for each in after] == [scan(collection, question) for question in QUESTIONS]
        if before is not None:
            assert bool(told) == (before != after)
    source.close()


def crowd(count: int = MANY) -> list[Pod]:
    return [
        pod(f"p{at * 7919 % count:05d}", node=f"n{at % 3}", colour="red" * (at % 2)) for at in range(count)
    ]


async def test_much_is_gathered_in_slices_while_the_loop_goes_on() -> None:
    collection, _ = held(*crowd(20_000))
    told: list[int] = []
    source = source_of(collection, told)
    question = Question("node", "n1", labels=RED)
    assert source.ask(question) is None
    longest = 0.0
    while not told:
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
    assert names(source.ask(question)) == scan(collection, question)
    assert longest < 0.016
    source.close()


async def test_what_comes_goes_and_changes_while_gathering_is_right_in_the_end() -> None:
    collection, part = held(*crowd())
    told: list[int] = []
    source = source_of(collection, told)
    questions = (
        Question("node", "n1", labels=RED),
        Question("namespace", "shop", "shop"),
        Question(labels=RED),
    )
    for question in questions:
        assert source.ask(question) is None
    for version in range(2, 400):
        await asyncio.sleep(0)
        part.events(
            [
                pod(f"p{version * 7:05d}", version, node="n1", colour="red"),
                pod(f"p{version * 7 + 1:05d}", version, node="n2"),
                pod(f"new-{version}", version, node="n1", colour="red"),
            ],
            [f"uid-shop-p{version * 7 + 2:05d}", f"uid-shop-new-{version - 2}"],
        )
    while any(source.ask(question) is None for question in questions):
        await asyncio.sleep(0)
    for question in questions:
        assert names(source.ask(question)) == scan(collection, question)
    source.close()


async def test_what_nobody_asks_for_any_more_costs_nothing(monkeypatch: Any) -> None:
    collection, part = held(*crowd())
    source = source_of(collection, [])
    source.ask(Question(labels=RED))
    source.ask(Question("node", "n1"))
    source.begin()
    source.ask(Question("name", "shop/p00001", "shop"))
    source.end()
    looked: list[str] = []
    monkeypatch.setattr(answers.Answer, "change", lambda self, *_: looked.append(self.question.index))
    await asyncio.sleep(0.01)
    part.events([pod("p00001", 2)], [])
    assert set(looked) <= {"name"}
    source.close()
