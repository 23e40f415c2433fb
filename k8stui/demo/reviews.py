"""Access and identity reviews: may I, what may I, who am I. Nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo import bodies
from k8stui.demo.access import Attributes, Authorizer
from k8stui.demo.errors import StoreError, bad_request
from k8stui.demo.responses import json_response
from k8stui.demo.routing import User

if TYPE_CHECKING:
    from aiohttp import web

    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call

Obj = dict[str, Any]


def _asked(spec: Obj) -> Attributes:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource:
        return Attributes(
            resource.get("verb", ""),
            resource.get("group", ""),
            resource.get("resource", ""),
            resource.get("subresource", ""),
            resource.get("namespace", ""),
            resource.get("name", ""),
        )
    if path:
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    either = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    words = f"Invalid value: null: {either}"
    cause = {"reason": "FieldValueInvalid", "message": words, "field": "spec.resourceAttributes"}
    message = f'.authorization.k8s.io "" is invalid: spec.resourceAttributes: {words}'
    raise StoreError(422, "Invalid", message, {"group": "authorization.k8s.io", "causes": [cause]})


class Reviews:
    """Answers reviews from the authorizer's rules."""

    def __init__(self, access: Authorizer) -> None:
        self._access = access

    async def answer(self, call: Call, res: Resource) -> web.StreamResponse:
        """POST of any kind of review."""
        body = (await bodies.read_body(call)).value or {}
        spec: Obj = body.get("spec") or {}
        if res.kind == "SelfSubjectRulesReview" and not spec.get("namespace"):
            raise bad_request("no namespace on request")
        status = self._status(call, res, spec)
        metadata: Obj = {}
        if res.kind == "SelfSubjectReview":
            metadata = {"creationTimestamp": call.store.now()}
        found: Obj = {"kind": res.kind, "apiVersion": res.api_version, "metadata": metadata}
        if res.kind != "SelfSubjectReview":
            found["spec"] = spec
        return json_response({**found, "status": status}, 201)

    def _status(self, call: Call, res: Resource, spec: Obj) -> Obj:
        if res.kind == "SelfSubjectReview":
            return {"userInfo": _user_info(call.user)}
        if res.kind == "SelfSubjectRulesReview":
            return self._rules(call.user, spec.get("namespace", ""))
        if res.kind == "TokenReview":
            return {"authenticated": False, "user": {}}
        user = call.user
        if res.kind in ("SubjectAccessReview", "LocalSubjectAccessReview"):
            user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""))
        allowed = self._access.allowed(user, _asked(spec))
        status: Obj = {"allowed": allowed}
        if allowed:
            status["reason"] = "RBAC: allowed by the roles of the simulated cluster"
        return status

    def _rules(self, user: User, namespace: str) -> Obj:
        resources, paths = [], []
        for rule in self._access.rules(user, namespace):
            if rule.get("nonResourceURLs"):
                paths.append({"verbs": list(rule["verbs"]), "nonResourceURLs": list(rule["nonResourceURLs"])})
            else:
                keys = ("verbs", "apiGroups", "resources", "resourceNames")
                resources.append({key: list(rule[key]) for key in keys if rule.get(key)})
        return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}


def _user_info(user: User) -> Obj:
    info: Obj = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info
