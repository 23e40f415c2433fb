"""Answers that stay right: the objects of a live collection that fit a question, in order.

An `Answer` is gathered once, a slice at a time where there is much, and kept by the difference of each change
from then on: a change costs what it changes, not what is held. A `Source` is one collection with all that is
asked of it. Neither must ever request anything, nor keep the event loop longer than `BUDGET` at a time.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, insort
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Set

    from k8stui.kube.live.collection import Collection, Subscription

SMALL = 250
"""Objects up to which there is no pause while they are looked through."""
BUDGET = 0.003
"""Seconds of looking through objects after which the event loop has its turn."""
STRIDE = 32
"""Objects between two looks at the clock."""
Place = tuple[str, str, str]
"""Namespace, name and uid: where an object stands in the order."""


class Question(msgspec.Struct, frozen=True):
    """What is asked of a collection; all parts have to fit."""

    index: str = ""
    """An index of the collection (see `indexes`), and the key in it; empty: all objects."""
    key: str = ""
    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    where: Callable[[Any], bool] | None = None
    """Anything else; hashable, and equal to others that ask the same."""

    def fits(self, obj: Any) -> bool:
        """Whether an object fits all but the index."""
        meta = obj.metadata
        if self.namespace and meta.namespace not in ("", self.namespace):
            return False
        held = meta.labels
        if not all(held.get(key) == value for key, value in self.labels):
            return False
        return self.where is None or self.where(obj)


class Answer:
    """The objects that fit, ordered by namespace and name."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.asked = True
        self.begun = False
        """Objects are looked through: from now on every change has to be told."""
        self.complete = False
        """All objects were looked through."""
        self._places: dict[str, Place] = {}
        self._order: list[Place] = []
        self._objects: tuple[Any, ...] | None = None

    def objects(self, held: Mapping[str, Any]) -> tuple[Any, ...]:
        """The objects in order."""
        if self._objects is None:
            self._objects = tuple(held[uid] for _, _, uid in self._order)
        return self._objects

    def take(self, uids: Iterable[str], held: Mapping[str, Any]) -> None:
        """Look at objects that may fit, or not fit any more."""
        for uid in uids:
            obj = held.get(uid)
            if obj is None or not self.question.fits(obj):
                self._drop(uid)
            elif uid not in self._places:
                meta = obj.metadata
                self._places[uid] = place = (meta.namespace, meta.name, uid)
                insort(self._order, place)
        self._objects = None

    def change(self, changed: Set[str], removed: Set[str], collection: Collection[Any]) -> bool:
        """Follow changes of the collection; whether the answer is another one now."""
        index, key = self.question.index, self.question.key
        mine = self._places.keys()
        candidates = changed & collection.index(index, key) if index else changed
        lost = [uid for uid in mine & changed if uid not in candidates] if index else []
        lost += mine & removed
        before = len(self._order)
        news = bool(lost) or not mine.isdisjoint(candidates)
        for uid in lost:
            self._drop(uid)
        self.take(candidates, collection.objects)
        return news or len(self._order) != before

    def _drop(self, uid: str) -> None:
        place = self._places.pop(uid, None)
        if place is not None:
            del self._order[bisect_left(self._order, place)]


class Source:
    """A collection that answers questions."""

    def __init__(self, subscription: Subscription[Any], on_change: Callable[[], None]) -> None:
        self.subscription = subscription
        self.collection: Collection[Any] = subscription.collection
        self.asked = True
        """It was asked something in this round."""
        self._answers: dict[Question, Answer] = {}
        self._phase = self.collection.state.phase
        self._on_change = on_change
        self._tasks: dict[Question | str, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """A round of questions begins."""
        self.asked = False
        for answer in self._answers.values():
            answer.asked = False

    def end(self) -> None:
        """The round is over: answers that nobody asked for are forgotten."""
        for question in [each for each, answer in self._answers.items() if not answer.asked]:
            self._forget(question)

    def ask(self, question: Question) -> tuple[Any, ...] | None:
        """The objects that fit; None while they are gathered, after which `on_change` is called."""
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = Answer(question)
            self._gather(answer)
        answer.asked = True
        return answer.objects(self.collection.objects) if answer.complete else None

    def concerns(self) -> bool:
        """Take what changed in the collection: whether what was answered would be another answer now."""
        changes = self.subscription.take()
        before, self._phase = self._phase, changes.state.phase
        if changes.reset:
            for question in list(self._answers):
                self._forget(question)
            return True
        news = before is not self._phase
        for answer in self._answers.values():
            if answer.begun and answer.change(changes.changed, changes.removed, self.collection):
                news |= answer.complete
        return news

    def close(self) -> None:
        """Give it back."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
        self._answers.clear()
        self.subscription.close()

    # Gathering

    def _forget(self, question: Question) -> None:
        del self._answers[question]
        task = self._tasks.pop(question, None)
        if task is not None:
            task.cancel()

    def _gather(self, answer: Answer) -> None:
        question, collection = answer.question, self.collection
        if not question.index or collection.has_index(question.index) or len(collection.objects) <= SMALL:
            uids = collection.index(question.index, question.key) if question.index else collection.objects
            if len(uids) <= SMALL:
                answer.take(tuple(uids), collection.objects)
                answer.begun = answer.complete = True
                return
        self._tasks[question] = asyncio.create_task(self._look_through(answer), name=f"gather {question}")

    async def _look_through(self, answer: Answer) -> None:
        index, key = answer.question.index, answer.question.key
        if index and not self.collection.has_index(index):
            await self._index(index)
        answer.begun = True
        async for some in _slices(self.collection.index(index, key) if index else self.collection.objects):
            answer.take(some, self.collection.objects)
        answer.complete = True
        self._tasks.pop(answer.question, None)
        self._on_change()

    async def _index(self, name: str) -> None:
        """Have an index made, once for all who wait for it."""
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = asyncio.create_task(self._make_index(name), name=f"index {name}")
        await asyncio.shield(task)

    async def _make_index(self, name: str) -> None:
        """Make an index a slice at a time; the collection keeps it right meanwhile."""
        collection = self.collection
        index = collection.new_index(name)
        async for some in _slices(collection.objects):
            for uid in some:
                obj = collection.objects.get(uid)
                if obj is not None:
                    index.add(uid, obj)
        if collection.objects:
            collection.put_index(name, index)
        self._tasks.pop(name, None)


async def _slices(uids: Iterable[str]) -> AsyncIterator[tuple[str, ...]]:
    """Some of them at a time, with a turn for the event loop whenever `BUDGET` is used up."""
    began = time.perf_counter()
    left = iter(tuple(uids))
    while some := tuple(islice(left, STRIDE)):
        yield some
        if time.perf_counter() - began > BUDGET:
            await asyncio.sleep(0)
            began = time.perf_counter()
