"""Carrying out a plan: at most ten objects at once, each with its own result, to be stopped and retried.

Stopping begins nothing more and lets what was sent come to its end, so that it is known what was done. A
request that fails is told in words; what the server asks to repeat (429, with a time) is repeated, what a
disruption budget holds is asked for again and again, and what is to go is looked for until it is gone: both
until the user stops.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.operations.leaving import Stay, still_there
from k8stui.kube.operations.reading import read_json
from k8stui.kube.operations.undo import changed_since

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.operations.plans import Change, Plan, Ref, Request

AT_ONCE = 10
"""Objects that are worked on at the same time."""
TIMEOUT = 30.0
"""Seconds for one request."""
BUSY_TRIES = 4
"""How often a request is sent to a server that says that it is busy."""
LONGEST_WAIT = 10.0
HELD_PAUSE = 5.0
"""Seconds until an eviction that a disruption budget refused is asked for again, as `kubectl drain` does."""
LOOK_PAUSE = 1.0
"""Seconds between two looks for what is leaving."""
HELD_ADVICE = "retry when more of its pods are ready, or delete it instead, which asks no budget"


class State(Enum):
    """How far an object is."""

    WAITING = "waiting"
    RUNNING = "running"
    HELD = "held"
    """A disruption budget does not let it go now; it is asked for again."""
    LEAVING = "leaving"
    """Its deletion was taken, and it is still there."""
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """Not begun, since the user stopped before."""


class Result(msgspec.Struct):
    """What became of one object. `text` is the failure, or something to know about a success."""

    change: Change
    state: State = State.WAITING
    text: str = ""
    answer: dict[str, Any] = msgspec.field(default_factory=dict)
    """What the server answered to the last request, where it was an object."""
    warnings: tuple[str, ...] = ()
    stay: Stay = Stay()
    """What it waits for while it is leaving."""

    @property
    def told(self) -> str:
        """What is to be said of it now."""
        return self.stay.words if self.state is State.LEAVING else self.text


class Run:
    """One plan being carried out. `on_change` is called after every step, on the loop."""

    def __init__(
        self, connection: Requests, plan: Plan, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self.plan = plan
        self.results = [Result(change) for change in plan.changes]
        self._connection = connection
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._again_at = 0.0
        self.trouble = ""
        """Why nobody knows whether what leaves is still there; empty while that is known."""

    # What is known

    def count(self, state: State) -> int:
        """How many objects are in a state."""
        return sum(result.state is state for result in self.results)

    @property
    def failed(self) -> list[Result]:
        """What did not work."""
        return [result for result in self.results if result.state is State.FAILED]

    @property
    def left(self) -> list[Result]:
        """What did not work, was not begun, or is not yet gone."""
        unfinished = (State.FAILED, State.STOPPED, State.LEAVING)
        return [result for result in self.results if result.state in unfinished]

    @property
    def finished(self) -> bool:
        """Nothing waits or runs any more."""
        under_way = (State.WAITING, State.RUNNING, State.HELD, State.LEAVING)
        return not any(result.state in under_way for result in self.results)

    @property
    def again_in(self) -> int:
        """Seconds until what a budget holds is asked for again; 0 while nothing waits for that."""
        return max(0, math.ceil(self._again_at - time.monotonic()))

    @property
    def countdown(self) -> tuple[int, ...]:
        """All numbers of seconds that are told: what is shown changes with them."""
        return (self.again_in, *(result.stay.left for result in self._in(State.LEAVING)))

    # Doing it

    async def run(self) -> None:
        """Do all that waits. Cancelling ends also what was sent: what came of that is then not known."""
        self._stopping.clear()
        first = self.results[: self.plan.first]
        try:
            for result in first:
                if result.state is State.WAITING and not self._stopping.is_set():
                    await self._do(result)
                    if self.failed:
                        self.stop()
            await self._do_all(self._in(State.WAITING))
            await self._wait_for_all()
        finally:
            self._again_at = 0.0
            for result in self.results:
                if result.state is State.WAITING:
                    result.state = State.STOPPED
                elif result.state is State.RUNNING:
                    result.state, result.text = State.FAILED, "given up; it may have been done"
                elif result.state is State.HELD:
                    result.state, result.text = State.FAILED, f"{result.text}; {HELD_ADVICE}"
            self._on_change()

    def stop(self) -> None:
        """Begin nothing more, and wait for no budget and no end of a grace period."""
        self._stopping.set()

    def _in(self, state: State) -> list[Result]:
        return [result for result in self.results if result.state is state]

    async def _do_all(self, results: Sequence[Result]) -> None:
        waiting = deque(results)

        async def work() -> None:
            while waiting and not self._stopping.is_set():
                await self._do(waiting.popleft())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(waiting))):
                group.create_task(work())

    async def _wait_for_all(self) -> None:
        """Ask again for what is held, and look for what leaves, until there is neither or the user stops."""
        while not self._stopping.is_set():
            if self._in(State.LEAVING):
                await self._unless_stopped(self._look())
            held, leaving = self._in(State.HELD), self._in(State.LEAVING)
            if not held and not leaving:
                return
            if held and not self._again_at:
                self._again_at = time.monotonic() + HELD_PAUSE
            self._on_change()
            await self._unless_stopped(asyncio.sleep(LOOK_PAUSE if leaving else HELD_PAUSE))
            if held and time.monotonic() >= self._again_at and not self._stopping.is_set():
                self._again_at = 0.0
                await self._do_all(held)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what changes nothing; the user need not wait for its end."""
        tasks = [asyncio.ensure_future(each) for each in (work, self._stopping.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        """What leaves is done when none of the lists has its uid."""
        try:
            there = await still_there(self._connection, self.plan.lists)
        except KubeError as error:
            self.trouble = error.sentence()
            return
        self.trouble = ""
        for result in self._in(State.LEAVING):
            stay = there.get(result.change.ref.uid)
            if stay is None:
                result.state = State.DONE
            else:
                result.stay = stay

    async def retry(self) -> None:
        """Do again what failed or was not begun; what is leaving is only waited for."""
        for result in self.left:
            if result.state is not State.LEAVING:
                result.state, result.text = State.WAITING, ""
        await self.run()

    async def _do(self, result: Result) -> None:
        result.state, result.text = State.RUNNING, ""
        self._on_change()
        try:
            for request in result.change.requests:
                await self._send(request, result)
        except KubeError as error:
            held = budget_words(error)
            if held:
                result.state = State.HELD
                result.text = f"a PodDisruptionBudget keeps it ({held.rstrip('. ')})"
            else:
                why = explain(error, result.change.ref)
                if getattr(error, "code", 0) == 422:
                    why = await self._changed_since(request, result.change.ref) or why
                result.state, result.text = State.FAILED, why
        else:
            result.state = State.LEAVING if result.change.until_gone else State.DONE
        self._on_change()

    async def _changed_since(self, request: Request, ref: Ref) -> str:
        """Which of the fields that a refused patch tests are others by now; servers do not say."""
        try:
            return changed_since(request, await read_json(self._connection, request.path), ref)
        except KubeError:
            return ""

    async def _send(self, request: Request, result: Result) -> None:
        for attempt in range(BUSY_TRIES):
            try:
                answer = await self._once(request)
            except ApiError as error:
                if request.gone_is_done and error.code == 404 and not _unknown_path(error):
                    result.text = "was gone already"
                    return
                if request.other is not None and _unknown_version(error):
                    await self._send(request.other, result)
                    return
                if not _busy(error) or attempt == BUSY_TRIES - 1 or self._stopping.is_set():
                    raise
                await asyncio.sleep(min(error.retry_after or 1.0, LONGEST_WAIT))
                continue
            result.warnings += tuple(getattr(answer, "warnings", ()))
            result.answer = _object(answer.body)
            return

    async def _once(self, request: Request) -> Any:
        options: dict[str, Any] = {}
        if request.body is not None:
            options = {"body": msgspec.json.encode(request.body), "content_type": request.content_type}
        if request.params:
            options["params"] = request.params
        return await self._connection.request(request.method, request.path, timeout=TIMEOUT, **options)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _busy(error: ApiError) -> bool:
    """The server is busy; a disruption budget is no matter of waiting a moment."""
    return error.code == 429 and not budget_words(error)


def _unknown_version(error: ApiError) -> bool:
    """The server does not know the version of the object that was sent."""
    text = error.message.lower()
    return error.code in (400, 404, 415) and ("no kind" in text or "does not match the expected" in text)


def _unknown_path(error: ApiError) -> bool:
    """The server has no such kind, which is something else than having no such object."""
    return "could not find the requested resource" in error.message


def budget_words(error: KubeError) -> str:
    """Which disruption budget refuses an eviction, in the server's words; empty when none does."""
    if not isinstance(error, ApiError) or error.code != 429:
        return ""
    for cause in error.causes:
        if cause.reason == "DisruptionBudget":
            return cause.message
    return error.message if "disruption budget" in error.message.lower() else ""


def explain(error: KubeError, ref: Ref) -> str:
    """Why it did not work, in one sentence that says what to do next."""
    code = getattr(error, "code", 0)
    text = error.message
    if isinstance(error, ApiError) and _other_uid(error):
        return f"the {ref.noun} that was meant is gone; another one has its name now"
    if code == 409 and "please apply your changes to the latest version" in text:
        return "it was changed meanwhile; look at it and do it again"
    if code == 404:
        return f"the {ref.noun} is gone"
    if code == 405:
        return f"{error.sentence()}; the server does not offer this for {ref.kind.plural}"
    return error.sentence()


_OTHER_UID = ("UID in precondition", "UID in the precondition", "metadata.uid")
"""What servers of all ages say of a uid that does not fit."""


def _other_uid(error: ApiError) -> bool:
    uid = any(cause.field == "metadata.uid" for cause in error.causes)
    said = error.message
    return uid or any(words in said for words in _OTHER_UID)
