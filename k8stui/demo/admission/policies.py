"""ValidatingAdmissionPolicies: rules that the cluster's owners wrote, asked of everything that is written.

Reads policies, bindings and namespaces from the store; writes nothing. A policy whose expression has no value
refuses, unless it says that it is to be ignored then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from k8stui.demo.cel import CelError, evaluate
from k8stui.demo.errors import forbidden
from k8stui.demo.resources import ADMISSION_POLICIES, ADMISSION_POLICY_BINDINGS, NAMESPACES
from k8stui.demo.selectors import selector_matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from k8stui.demo.errors import StoreError
    from k8stui.demo.resources import Resource
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["check_policies"]


def check_policies(
    store: Store,
    res: Resource,
    obj: Obj | None,
    old: Obj | None = None,
    *,
    user: str = "system:admin",
    groups: Sequence[str] = (),
) -> list[str]:
    """Ask all policies about a creation (no `old`), a change or a deletion (no `obj`). Returns warnings.

    Raises StoreError (422 Invalid) with the words of the first policy that denies.
    """
    bindings = store.list(ADMISSION_POLICY_BINDINGS)
    if not bindings:
        return []
    operation = "DELETE" if obj is None else "CREATE" if old is None else "UPDATE"
    about: Obj = obj or old or {}
    namespace = (
        store.get(NAMESPACES, "", about["metadata"].get("namespace") or "") if res.namespaced else None
    )
    variables = {
        "object": obj,
        "oldObject": old,
        "namespaceObject": namespace,
        "params": None,
        "request": _request(res, about, operation, user, groups),
    }
    warnings: list[str] = []
    for binding in bindings:
        spec = binding["spec"]
        policy = store.get(ADMISSION_POLICIES, "", spec.get("policyName", ""))
        if policy is None or not _applies(policy["spec"], spec, res, operation, about, namespace):
            continue
        names = (policy["metadata"]["name"], binding["metadata"]["name"])
        for message, reason in _denials(policy["spec"], variables):
            text = f"ValidatingAdmissionPolicy '{names[0]}' with binding '{names[1]}'"
            actions = spec.get("validationActions") or ("Deny",)
            if "Deny" in actions:
                raise _denied(res, about, f"{text} denied request: {message}", reason)
            if "Warn" in actions:
                warnings.append(f"Validation failed for {text}: {message}")
    return warnings


def _request(res: Resource, about: Obj, operation: str, user: str, groups: Sequence[str]) -> Obj:
    return {
        "operation": operation,
        "name": about["metadata"].get("name", ""),
        "namespace": about["metadata"].get("namespace", ""),
        "userInfo": {"username": user, "groups": list(groups)},
        "kind": {"group": res.group, "version": res.version, "kind": res.kind},
        "resource": {"group": res.group, "version": res.version, "resource": res.plural},
        "subResource": "",
    }


def _applies(
    policy: Obj, binding: Obj, res: Resource, operation: str, about: Obj, namespace: Obj | None
) -> bool:
    constraints = policy.get("matchConstraints") or {}
    if not any(_rule(rule, res, operation) for rule in constraints.get("resourceRules") or ()):
        return False
    labels = about["metadata"].get("labels")
    for part in (constraints, binding.get("matchResources") or {}):
        selector = part.get("namespaceSelector")
        around = None if namespace is None else namespace["metadata"].get("labels") or {}
        if selector and around is not None and not selector_matches(selector, around):
            return False
        if part.get("objectSelector") and not selector_matches(part["objectSelector"], labels):
            return False
        rules = part.get("resourceRules")
        if rules and not any(_rule(rule, res, operation) for rule in rules):
            return False
        if any(_rule(rule, res, operation) for rule in part.get("excludeResourceRules") or ()):
            return False
    return True


def _rule(rule: Obj, res: Resource, operation: str) -> bool:
    def fits(field: str, value: str) -> bool:
        return bool({"*", value} & set(rule.get(field) or ()))

    return (
        fits("operations", operation)
        and fits("apiGroups", res.group)
        and fits("apiVersions", res.version)
        and fits("resources", res.plural)
    )


class _Variables(Mapping[str, Any]):
    """A policy's own variables, each worked out when it is first asked for."""

    def __init__(self, spec: Obj, scope: Mapping[str, Any]) -> None:
        self._expressions = {row["name"]: row["expression"] for row in spec.get("variables") or ()}
        self._scope = {**scope, "variables": self}
        self._known: Obj = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = evaluate(self._expressions[name], self._scope)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def __len__(self) -> int:
        return len(self._expressions)


def _denials(policy: Obj, variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the policy has against the request: messages and reasons."""
    scope = {**variables, "variables": _Variables(policy, variables)}
    strict = policy.get("failurePolicy", "Fail") == "Fail"
    try:
        if not all(evaluate(row["expression"], scope) is True for row in policy.get("matchConditions") or ()):
            return
    except CelError as error:
        if strict:
            yield f"failed to evaluate match conditions: {error}", "Invalid"
        return
    for rule in policy.get("validations") or ():
        expression = rule["expression"].strip()
        try:
            if evaluate(expression, scope) is True:
                continue
        except CelError as error:
            if strict:
                yield f"expression '{expression}' resulted in error: {error}", "Invalid"
            continue
        yield _message(rule, expression, scope), rule.get("reason") or "Invalid"


def _message(rule: Obj, expression: str, scope: Mapping[str, Any]) -> str:
    if rule.get("messageExpression"):
        try:
            text = evaluate(rule["messageExpression"], scope)
        except CelError:
            text = ""
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text
    return str(rule.get("message") or f"failed expression: {expression}").strip()


_CODES = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


def _denied(res: Resource, about: Obj, message: str, reason: str) -> StoreError:
    error = forbidden(res, about["metadata"].get("name", ""), message)
    error.code, error.reason = _CODES.get(reason, 422), reason
    error.details = {**(error.details or {}), "causes": [{"message": message}]}
    return error
