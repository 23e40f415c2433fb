"""Which namespaces a user may look into: all by a list, else candidates checked one by one.

It must never take silence for a refusal: where the server cannot be asked, the error is raised.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from k8stui.kube.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.kube.access import Access
    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.connection.protocols import Requests

METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
PAGE = 500
AT_ONCE = 8
PROJECTS = ("project.openshift.io", "projects")
"""A kind of some distributions that lists the namespaces of a user, whatever else is forbidden."""


class VisibleNamespaces(msgspec.Struct, frozen=True):
    """The namespaces a user may look into."""

    names: tuple[str, ...] = ()
    complete: bool = False
    """All there are (listed by the server), not only candidates that were allowed."""
    reason: str = ""
    """Why they are not complete and what to do, in one sentence."""


class _Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Item(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)


class _Names(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    items: tuple[_Item, ...] | None = None


async def list_names(connection: Requests, path: str) -> tuple[str, ...]:
    """The names of all objects of a path, page by page. Raises KubeError."""
    names: list[str] = []
    token = ""
    while True:
        params = {"limit": str(PAGE)} | ({"continue": token} if token else {})
        response = await connection.request("GET", path, params=params, accept=METADATA_ONLY)
        try:
            page = msgspec.json.decode(response.body, type=_Names)
        except msgspec.DecodeError as error:
            raise ApiError(0, "BadAnswer", f"{path} was answered with something else") from error
        names += [item.metadata.name for item in page.items or ()]
        token = page.metadata.continue_
        if not token:
            return tuple(sorted(names))


async def visible_namespaces(
    connection: Requests, access: Access, catalog: Catalog, candidates: Iterable[str], sample: Kind
) -> VisibleNamespaces:
    """The namespaces in which the user may list the kind `sample`, as far as can be known.

    Raises KubeError when the server cannot be asked.
    """
    try:
        return VisibleNamespaces(await list_names(connection, "/api/v1/namespaces"), complete=True)
    except ApiError as error:
        if error.code != 403:
            raise
        refused = error
    projects = catalog.get(*PROJECTS)
    if projects is not None:
        try:
            return VisibleNamespaces(await list_names(connection, projects.path()), complete=True)
        except ApiError as error:
            if error.code != 403:
                raise
    wanted = list(dict.fromkeys(name for name in candidates if name))
    gate = asyncio.Semaphore(AT_ONCE)

    async def allowed(namespace: str) -> bool:
        async with gate:
            return bool(await access.can("list", sample, namespace))

    answers = await asyncio.gather(*map(allowed, wanted))
    names = tuple(name for name, yes in zip(wanted, answers, strict=True) if yes)
    hint = "these are the ones known to be allowed" if names else "name a namespace that you may see"
    return VisibleNamespaces(names, reason=f"{refused.message}; {hint}")
