"""Reading what a plan needs: objects, their subresources, and lists, a few at a time, each with a limit.

What is not there any more, or is another object under the same name, is told as such and left out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, KubeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from k8stui.kube.connection.protocols import Requests
    from k8stui.kube.operations.plans import Ref

AT_ONCE = 10
TIMEOUT = 15.0


class Read(msgspec.Struct):
    """Objects as they are now, and those that could not be had, each with a sentence."""

    objects: dict[Ref, dict[str, Any]] = msgspec.field(default_factory=dict)
    problems: dict[Ref, str] = msgspec.field(default_factory=dict)


async def read_json(connection: Requests, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
    """One answer as a map. Raises KubeError."""
    options: dict[str, Any] = {"params": params} if params else {}
    return _map(path, await connection.request("GET", path, timeout=TIMEOUT, **options))


def _map(path: str, answer: Any) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "BadAnswer", f"{path} was answered with something else than JSON") from error
    if not isinstance(found, dict):
        raise ApiError(0, "BadAnswer", f"{path} was answered with something else than an object")
    return found


async def read_items(
    connection: Requests, path: str, params: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """All items of a list, page by page. Raises KubeError."""
    items: list[dict[str, Any]] = []
    async for page, _ in read_pages(connection, path, params):
        items += page.get("items") or []
    return items


async def read_pages(
    connection: Requests, path: str, params: dict[str, str] | None = None, accept: str = "application/json"
) -> AsyncIterator[tuple[dict[str, Any], Mapping[str, str]]]:
    """The pages of a list, each with the headers it came with. Raises KubeError."""
    query = {"limit": "500", **(params or {})}
    while True:
        answer = await connection.request("GET", path, timeout=TIMEOUT, params=query, accept=accept)
        page = _map(path, answer)
        yield page, answer.headers
        mark = (page.get("metadata") or {}).get("continue")
        if not mark:
            return
        query["continue"] = mark


async def read_some(
    connection: Requests, path: str, params: dict[str, str] | None = None
) -> list[dict[str, Any]] | None:
    """As `read_items`, for what is good to know and no more: None where it cannot be had."""
    try:
        return await read_items(connection, path, params)
    except KubeError:
        return None


async def read_all(connection: Requests, refs: Iterable[Ref], subresource: str = "") -> Read:
    """The objects (or a subresource of each) as they are now. Never raises KubeError."""
    found = Read()
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(ref: Ref) -> None:
        async with gate:
            try:
                obj = await read_json(connection, ref.path(subresource))
            except ApiError as error:
                found.problems[ref] = (
                    f"{ref.noun} {ref.label} is gone" if error.code == 404 else error.sentence()
                )
                return
            except KubeError as error:
                found.problems[ref] = error.sentence()
                return
        uid = str((obj.get("metadata") or {}).get("uid", ""))
        if ref.uid and uid and uid != ref.uid:
            found.problems[ref] = f"{ref.noun} {ref.label} is gone; another one has its name now"
        else:
            found.objects[ref] = obj

    refs = tuple(refs)
    await asyncio.gather(*(read(ref) for ref in refs))
    found.objects = {ref: found.objects[ref] for ref in refs if ref in found.objects}
    return found
