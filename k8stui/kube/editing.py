"""Requests that change one object: patch, create, server-side apply; each for real or as a dry run.

An edit is sent as a JSON merge patch that carries the resourceVersion that was read. Why this and not a
PUT: the patch names the fields that were changed and no others, so a field that this program (or an older
version of the kind's schema) does not know is never written back, and "patch" is the right that
`kubectl edit` needs too. Why not a strategic merge patch: only builtin kinds have it, and its list
directives guess what was meant; here lists are sent whole, which is safe because the resourceVersion in the
patch makes the server answer 409 unless the object is still the one that was read
(https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply, RFC 7386). Nothing in here
retries: whoever asked sees each answer. All requests pass the read-only gate of the connection, dry runs as
well.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind
    from k8stui.kube.connection.protocols import Requests

EDIT_MANAGER = "k8stui-edit"
"""The field manager of edits and creates."""
APPLY_MANAGER = "k8stui"
"""The field manager of server-side applies: it stays the same, so that what is no longer applied goes."""
LARGE = 100_000
"""Bytes from which on JSON is read and written in a thread."""
TIMEOUT = 60.0
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Written:
    """What the server made of a request."""

    obj: dict[str, Any]
    warnings: tuple[str, ...] = ()


async def read(
    connection: Requests, kind: Kind, namespace: str, name: str, subresource: str = ""
) -> dict[str, Any]:
    """An object as the server has it now. Raises KubeError."""
    answer = await connection.request("GET", kind.path(namespace, name, subresource), timeout=TIMEOUT)
    return await _decoded(answer.body)


async def patch(
    connection: Requests,
    kind: Kind,
    namespace: str,
    name: str,
    change: dict[str, Any],
    *,
    version: str,
    subresource: str = "",
    dry_run: bool = False,
    manager: str = EDIT_MANAGER,
) -> Written:
    """Change fields of the object of resourceVersion `version`; `change` is a JSON merge patch.

    Raises ApiError 409 when it is another one by now, 422 and 400 with causes when a field is refused.
    """
    metadata = {**(change.get("metadata") or {}), "resourceVersion": version}
    return await _send(
        connection,
        "PATCH",
        kind.path(namespace, name, subresource),
        {**change, "metadata": metadata} if version else change,
        MERGE,
        _params(manager, dry_run),
    )


async def create(
    connection: Requests, kind: Kind, namespace: str, obj: dict[str, Any], *, dry_run: bool = False
) -> Written:
    """Make a new object. Raises ApiError 409 when there is one of that name."""
    return await _send(
        connection,
        "POST",
        kind.path(namespace),
        obj,
        "application/json",
        _params(EDIT_MANAGER, dry_run),
    )


async def apply(
    connection: Requests,
    kind: Kind,
    namespace: str,
    name: str,
    obj: dict[str, Any],
    *,
    dry_run: bool = False,
    force: bool = False,
) -> Written:
    """Server-side apply. Raises ApiError 409 with a cause for each field that another manager owns."""
    params = {**_params(APPLY_MANAGER, dry_run), "force": "true" if force else "false"}
    return await _send(connection, "PATCH", kind.path(namespace, name), obj, APPLY, params)


def _params(manager: str, dry_run: bool) -> dict[str, str]:
    # servers that do not know fieldValidation (before 1.23) ignore it
    params = {"fieldManager": manager, "fieldValidation": "Strict"}
    return {**params, "dryRun": "All"} if dry_run else params


async def _send(
    connection: Requests,
    method: str,
    path: str,
    obj: dict[str, Any],
    content_type: str,
    params: dict[str, str],
) -> Written:
    body = msgspec.json.encode(obj)
    answer = await connection.request(
        method, path, params=params, body=body, content_type=content_type, timeout=TIMEOUT
    )
    return Written(await _decoded(answer.body), answer.warnings)


async def _decoded(body: bytes) -> dict[str, Any]:
    if len(body) > LARGE:
        return await asyncio.to_thread(_object, body)
    return _object(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(0, "BadAnswer", f"the server's answer is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ApiError(0, "BadAnswer", "the server's answer is no object")
    return found
