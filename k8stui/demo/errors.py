"""The one error of the simulated cluster's storage and handlers, with the words a real API server uses.

It becomes a `Status` body at the edge (`responses.py`); nothing in here knows of HTTP beyond the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.demo.resources import Resource

Details = dict[str, Any]


class StoreError(Exception):
    """A refused request: HTTP code, reason, message and details as they appear in a `Status`."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Details | None = None,
        *,
        retry_after: int | None = None,
        continue_: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after
        self.continue_ = continue_

    def status(self) -> dict[str, Any]:
        """The `Status` object of this error."""
        metadata = {"continue": self.continue_} if self.continue_ else {}
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if not self.reason:
            del body["reason"]
        if self.details is not None:
            body["details"] = self.details
        if self.retry_after is not None:
            body.setdefault("details", {})["retryAfterSeconds"] = self.retry_after
        body["code"] = self.code
        return body


def _details(res: Resource, name: str) -> Details:
    details = {"name": name} if name else {}
    if res.group:
        details["group"] = res.group
    details["kind"] = res.plural
    return details


def not_found(res: Resource, name: str) -> StoreError:
    """404 for an object that is not there."""
    return StoreError(404, "NotFound", f'{res.qualified} "{name}" not found', _details(res, name))


def unknown_path() -> StoreError:
    """404 for a path that nothing serves."""
    return StoreError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(res: Resource, name: str) -> StoreError:
    """409 for a name that is taken."""
    return StoreError(409, "AlreadyExists", f'{res.qualified} "{name}" already exists', _details(res, name))


def unsupported_media(accepted: str) -> StoreError:
    """415 with the types that a body may have."""
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return StoreError(415, "UnsupportedMediaType", message)


def page_not_found() -> StoreError:
    """404 for a path below which nothing is served at all; a real server answers it in plain text."""
    return StoreError(404, "", "404 page not found")


def failed_precondition(res: Resource, name: str, why: str) -> StoreError:
    """409 for the preconditions of a deletion; a real server names the kind here, not the resource."""
    message = f'Operation cannot be fulfilled on {res.qualified_kind} "{name}": {why}'
    details = {"name": name, "group": res.group, "kind": res.kind}
    if not res.group:
        del details["group"]
    return StoreError(409, "Conflict", message, details)


def conflict(res: Resource, name: str, why: str = "") -> StoreError:
    """409 for a write that was based on an older version."""
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {res.qualified} "{name}": {why}'
    return StoreError(409, "Conflict", message, _details(res, name))


def bad_request(message: str) -> StoreError:
    """400 with the server's words."""
    return StoreError(400, "BadRequest", message)


def forbidden(res: Resource, name: str, why: str) -> StoreError:
    """403 with the server's words."""
    subject = f'{res.qualified} "{name}"' if name else res.qualified
    return StoreError(403, "Forbidden", f"{subject} is forbidden: {why}", _details(res, name))


def method_not_allowed() -> StoreError:
    """405 for a verb that the resource does not have."""
    message = "the server does not allow this method on the requested resource"
    return StoreError(405, "MethodNotAllowed", message, {})


def from_the_future(rv: int, current: int) -> StoreError:
    """410 for a watch from a version that has not been yet: the history that it names is not the server's."""
    return StoreError(410, "Expired", f"too large resource version: {rv} ({current})")


def too_large(rv: int, current: int) -> StoreError:
    """504 for a list that is to be at least as new as a version that has not been yet."""
    return StoreError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {rv}, current: {current}",
        {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]},
        retry_after=1,
    )


class Cause:
    """One broken rule of an invalid object: `reason` as in `StatusCause`, the field's path, the words."""

    __slots__ = ("field", "message", "reason")

    def __init__(self, field: str, message: str, reason: str = "FieldValueInvalid") -> None:
        self.field = field
        self.message = message
        self.reason = reason


def invalid(res: Resource, name: str, causes: Sequence[Cause]) -> StoreError:
    """422 with all that is wrong with an object, in the server's form."""
    texts = [f"{cause.field}: {cause.message}" for cause in causes]
    text = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    details: Details = {"name": name} if name else {}
    if res.group:
        details["group"] = res.group
    details["kind"] = res.kind
    details["causes"] = [
        {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes
    ]
    return StoreError(422, "Invalid", f'{res.qualified_kind} "{name}" is invalid: {text}', details)


def invalid_options(kind: str, cause: Cause) -> StoreError:
    """422 for a query parameter: `kind` is ListOptions, PatchOptions, ..."""
    message = f'{kind}.meta.k8s.io "" is invalid: {cause.field}: {cause.message}'
    causes = [{"reason": cause.reason, "message": cause.message, "field": cause.field}]
    return StoreError(422, "Invalid", message, {"group": "meta.k8s.io", "kind": kind, "causes": causes})
