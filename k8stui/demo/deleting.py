"""Deletion: its options, its refusals, and dry runs of everything that writes.

What happens to an object that is to go (grace periods, finalizers) is the store's affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo import bodies
from k8stui.demo.admission.policies import check_policies
from k8stui.demo.errors import Cause, bad_request, forbidden, invalid_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call
    from k8stui.demo.store import Store

Obj = dict[str, Any]


def is_dry_run(call: Call, options: Mapping[str, Any] | None = None) -> bool:
    """Whether nothing is to be stored. Raises 400 for an unknown value."""
    values = call.request.query.getall("dryRun", []) or list((options or {}).get("dryRun") or ())
    for value in values:
        if value not in ("All", ""):
            kind = {"POST": "Create", "PUT": "Update", "PATCH": "Patch"}.get(call.request.method, "Delete")
            words = f'Unsupported value: ["{value}"]: supported values: "All"'
            raise invalid_options(f"{kind}Options", Cause("dryRun", words, "FieldValueNotSupported"))
    return "All" in values


class Deleter:
    """Deletes on request."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def options(self, call: Call) -> Obj:
        """DeleteOptions from body and query."""
        body = (await bodies.read_body(call)).value
        found = dict(body) if isinstance(body, dict) else {}
        if call.query.get("gracePeriodSeconds"):
            text = call.query["gracePeriodSeconds"]
            if not text.lstrip("-").isdigit():
                raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
            found["gracePeriodSeconds"] = int(text)
        if call.query.get("propagationPolicy"):
            found["propagationPolicy"] = call.query["propagationPolicy"]
        if found.get("orphanDependents") is not None and "propagationPolicy" not in found:
            found["propagationPolicy"] = "Orphan" if found["orphanDependents"] else "Background"
        policy = found.get("propagationPolicy")
        if policy not in (None, "Background", "Foreground", "Orphan"):
            supported = '"Foreground", "Background", "Orphan", "nil"'
            words = f'Unsupported value: "{policy}": supported values: {supported}'
            raise invalid_options(
                "DeleteOptions", Cause("propagationPolicy", words, "FieldValueNotSupported")
            )
        return found

    def remove(self, call: Call, res: Resource, ns: str, name: str, options: Obj) -> Obj:
        """Delete one object. Returns its last state."""
        conditions = options.get("preconditions") or {}
        if res.storage == "namespaces" and name in ("default", "kube-system", "kube-public"):
            raise forbidden(res, name, "this namespace may not be deleted")
        found = self.store.get(res, ns, name)
        if found is not None:
            user = call.user
            call.warnings += check_policies(self.store, res, None, found, user=user.name, groups=user.groups)
        if is_dry_run(call, options):
            return self.store.get(res, ns, name) or {}
        return self.store.delete(
            res,
            ns,
            name,
            propagation=options.get("propagationPolicy") or "Background",
            grace=options.get("gracePeriodSeconds"),
            uid=conditions.get("uid"),
            rv=conditions.get("resourceVersion"),
        )
