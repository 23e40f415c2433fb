"""Field validation of what clients send: unknown, duplicate and ill-typed fields are refused or warned of.

The levels are those of the query parameter `fieldValidation`; the words are those of a real API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.demo.errors import Cause, StoreError, bad_request
from k8stui.demo.schemas import Schema
from k8stui.demo.strictness import pruned, unknown_fields, wrong_type

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call

Obj = dict[str, Any]


def clean(
    call: Call,
    res: Resource,
    obj: Obj,
    schema: Schema | None,
    duplicates: tuple[str, ...],
    *,
    patched: bool,
) -> Obj:
    """Field validation: refuse or warn of unknown and duplicate fields, drop them, check types."""
    level = call.query.get("fieldValidation", "") or "Warn"
    if level not in ("Ignore", "Warn", "Strict"):
        raise bad_request(
            f'fieldValidation: Unsupported value: "{level}": supported values: "Ignore", "Strict", "Warn"'
        )
    complaints = [f'duplicate field "{path}"' for path in duplicates]
    complaints += [f'unknown field "{path}"' for path in unknown_fields(obj, schema)]
    if complaints and level == "Strict":
        raise _strict_error(res, obj, ", ".join(complaints), patched=patched)
    if level == "Warn":
        call.warnings += complaints
    # Custom objects are measured by their schema later, with the words of that.
    typed = (
        Schema("object", fields={"metadata": schema.fields["metadata"]}) if res.custom and schema else schema
    )
    wrong = wrong_type(obj, typed, schema.name if schema else res.kind)
    if wrong and patched:
        causes = [Cause("patch", f"Invalid value: {_quoted(obj)}: {wrong}")]
        raise _patch_error(causes)
    if wrong:
        raise bad_request(f'{res.kind} in version "{res.version}" cannot be handled as a {res.kind}: {wrong}')
    found = pruned(obj, schema)
    return dict(found)


def wrong_patch(obj: Obj, why: str) -> StoreError:
    """The refusal of a patch whose result cannot be decoded."""
    return _patch_error([Cause("patch", f"Invalid value: {_quoted(obj)}: {why}")])


def _quoted(obj: Obj) -> str:
    first = {key: obj[key] for key in ("apiVersion", "kind") if key in obj}
    text = msgspec.json.encode({**first, **obj}).decode()
    return msgspec.json.encode(text).decode()


def _strict_error(res: Resource, obj: Obj, text: str, *, patched: bool) -> StoreError:
    text = f"strict decoding error: {text}"
    if patched:
        return _patch_error([Cause("patch", f"Invalid value: {_quoted(obj)}: {text}")])
    return bad_request(f'{res.kind} in version "{res.version}" cannot be handled as a {res.kind}: {text}')


def _patch_error(causes: list[Cause]) -> StoreError:
    message = f' "" is invalid: {causes[0].field}: {causes[0].message}'
    details = {"causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]}
    return StoreError(422, "Invalid", message, details)
