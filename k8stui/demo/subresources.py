"""Subresources that change objects: scale, eviction, tokens, ephemeral containers and their like.

`status` needs no code of its own (see `writing`); logs, exec and their like are extra routes.
"""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from k8stui.demo import bodies
from k8stui.demo.admission.disruption import check_eviction
from k8stui.demo.admission.security import check_security
from k8stui.demo.deleting import Deleter, is_dry_run
from k8stui.demo.errors import Cause, StoreError, bad_request, invalid, not_found
from k8stui.demo.field_checks import wrong_patch
from k8stui.demo.managed_fields import track_update
from k8stui.demo.resources import NAMESPACES, PODS, SERVICE_ACCOUNTS, Resource
from k8stui.demo.responses import json_response
from k8stui.demo.schemas import ANY
from k8stui.demo.selectors import format_selector
from k8stui.demo.store import rfc3339
from k8stui.demo.writing import check_identity

if TYPE_CHECKING:
    from k8stui.demo.routing import Call
    from k8stui.demo.writing import Writer

Obj = dict[str, Any]
Action = Callable[["Call", Resource], Awaitable[web.StreamResponse]]
_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


class Subresources:
    """Handlers by name of the subresource."""

    def __init__(self, writer: Writer, deleter: Deleter) -> None:
        self._writer = writer
        self._deleter = deleter
        self._store = writer.store
        self._actions: dict[str, Action] = {
            "scale": self._scale,
            "eviction": self._evict,
            "binding": self._bind,
            "token": self._token,
            "finalize": self._finalize,
            "ephemeralcontainers": self._part,
            "resize": self._part,
            "approval": self._part,
        }

    def find(self, name: str) -> Action | None:
        """The handler of a subresource."""
        return self._actions.get(name)

    # -- scale --------------------------------------------------------------------------------------

    @staticmethod
    def _scale_paths(call: Call, res: Resource) -> tuple[str, str, str]:
        """Where replicas, current replicas and selector are: custom kinds say it in their CRD."""
        for crd in call.store.list(_crds()) if res.custom else ():
            spec = crd["spec"]
            if spec["group"] != res.group or spec["names"]["plural"] != res.plural:
                continue
            for version in spec["versions"]:
                scale = (version.get("subresources") or {}).get("scale")
                if version["name"] == res.version and scale:
                    paths = (
                        scale["specReplicasPath"],
                        scale["statusReplicasPath"],
                        scale.get("labelSelectorPath", ""),
                    )
                    return (paths[0].lstrip("."), paths[1].lstrip("."), paths[2].lstrip("."))
        return "spec.replicas", "status.replicas", ""

    def _scale_of(self, obj: Obj, paths: tuple[str, str, str]) -> Obj:
        metadata = obj["metadata"]
        keys = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        status: Obj = {"replicas": _dig(obj, paths[1]) or 0}
        selector = obj.get("spec", {}).get("selector")
        text = _dig(obj, paths[2]) if paths[2] else ""
        if not text and isinstance(selector, dict):
            plain = "matchLabels" not in selector and "matchExpressions" not in selector
            text = format_selector({"matchLabels": selector} if plain else selector)
        if text:
            status["selector"] = text
        replicas = _dig(obj, paths[0])
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {key: metadata[key] for key in keys if key in metadata},
            "spec": {"replicas": replicas} if replicas else {},
            "status": status,
        }

    async def _scale(self, call: Call, res: Resource) -> web.StreamResponse:
        old = self._writer.current(call, res)
        paths = self._scale_paths(call, res)
        scale = self._scale_of(old, paths)
        method = call.request.method
        if method == "GET":
            return json_response(scale)
        if method == "PATCH":
            media, body = await bodies.read_patch(call)
            if media == bodies.APPLY_YAML:
                wanted = {**scale, "spec": {**scale["spec"], **(body.value.get("spec") or {})}}
            else:
                wanted = self._writer.patched(media, scale, body.value, _SCALE_KIND)
        else:
            wanted = (await bodies.read_body(call)).value
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        check_identity(call, res, wanted.get("metadata") or {}, old)
        if not isinstance(replicas, int):
            why = "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32"
            raise wrong_patch(wanted, why)
        if replicas < 0:
            cause = Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
            raise invalid(_SCALE_KIND, call.info.name, [cause])
        await self._writer.schemas.ready()
        new = _planted(old, paths[0], replicas)
        metadata = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
        stored = self._writer.replace(call, res, old, {**new, "metadata": metadata})
        return json_response(self._scale_of(stored, paths))

    # -- pods ---------------------------------------------------------------------------------------

    async def _evict(self, call: Call, res: Resource) -> web.StreamResponse:
        body = (await bodies.read_body(call)).value or {}
        pod = self._writer.current(call, res)
        options = body.get("deleteOptions") or {}
        dry_run = is_dry_run(call, options)
        check_eviction(self._store, pod, dry_run=dry_run)
        if not dry_run:
            self._deleter.remove(call, res, call.info.namespace, call.info.name, options)
        return json_response({**_SUCCESS, "code": 201}, 201)

    async def _bind(self, call: Call, res: Resource) -> web.StreamResponse:
        body = (await bodies.read_body(call)).value or {}
        if (body.get("metadata") or {}).get("name", "") != call.info.name:
            raise bad_request("name in URL does not match name in Binding object")
        pod = self._writer.current(call, res)
        node = (body.get("target") or {}).get("name")
        if not node:
            raise bad_request("Binding: target.name: Required value")
        if pod["spec"].get("nodeName"):
            raise StoreError(409, "Conflict", f"pod {call.info.name} is already assigned to node")
        self._store.update(PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}})
        return json_response(_SUCCESS, 201)

    async def _part(self, call: Call, res: Resource) -> web.StreamResponse:
        """ephemeralcontainers, resize, approval: an update in which only one part of the object changes."""
        writer = self._writer
        old = writer.current(call, res)
        if call.request.method == "GET":
            return json_response(old)
        await writer.schemas.ready()
        if call.request.method == "PATCH":
            media, body = await bodies.read_patch(call)
            new = writer.patched(media, old, body.value, res)
        else:
            body = await bodies.read_body(call)
            new = body.value
        new = writer.clean(call, res, new, body.duplicates, patched=call.request.method == "PATCH")
        check_identity(call, res, new["metadata"], old)
        merged = copy.deepcopy(self._taken(call.info.subresource, old, new))
        from k8stui.demo.defaults import apply_defaults

        apply_defaults(res, merged, self._store)
        if res.storage == PODS.storage:
            call.warnings += check_security(self._store, res, merged)
        merged = track_update(old, merged, writer.schemas.of(res) or ANY, writer.manager(call, res))
        merged["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        stored = merged if is_dry_run(call) else self._store.update(res, merged)
        return json_response(stored, warnings=call.warnings)

    @staticmethod
    def _taken(subresource: str, old: Obj, new: Obj) -> Obj:
        if subresource == "approval":
            return {**old, "status": {**old.get("status", {}), **new.get("status", {})}}
        if subresource == "ephemeralcontainers":
            containers = new.get("spec", {}).get("ephemeralContainers") or []
            before = {c["name"] for c in old["spec"].get("ephemeralContainers") or ()}
            if before - {c.get("name") for c in containers}:
                words = "Forbidden: existing ephemeral containers may not be removed"
                raise invalid(
                    PODS,
                    old["metadata"]["name"],
                    [Cause("spec.ephemeralContainers", words, "FieldValueForbidden")],
                )
            return {**old, "spec": {**old["spec"], "ephemeralContainers": containers}}
        sizes = {c["name"]: c.get("resources", {}) for c in new.get("spec", {}).get("containers") or ()}
        containers = [{**c, "resources": sizes.get(c["name"], {})} for c in old["spec"]["containers"]]
        return {**old, "spec": {**old["spec"], "containers": containers}}

    # -- others -------------------------------------------------------------------------------------

    async def _token(self, call: Call, _res: Resource) -> web.StreamResponse:
        body = (await bodies.read_body(call)).value or {}
        account = self._store.get(SERVICE_ACCOUNTS, call.info.namespace, call.info.name)
        if account is None:
            raise not_found(SERVICE_ACCOUNTS, call.info.name)
        spec = dict(body.get("spec") or {})
        seconds = spec["expirationSeconds"] = int(spec.get("expirationSeconds") or 3600)
        if seconds < 600:
            words = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            raise invalid(_TOKEN_KIND, "", [Cause("spec.expirationSeconds", words)])
        spec["audiences"] = spec.get("audiences") or ["https://kubernetes.default.svc"]
        expires = self._store.clock() + seconds
        subject = f"system:serviceaccount:{call.info.namespace}:{call.info.name}"
        claims = {"aud": spec["audiences"], "exp": int(expires), "sub": subject}
        parts = [{"alg": "none", "typ": "JWT"}, claims]
        encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
        token = ".".join([*encoded, "simulated"])
        answer = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": call.info.name,
                "namespace": call.info.namespace,
                "creationTimestamp": self._store.now(),
            },
            "spec": spec,
            "status": {"token": token, "expirationTimestamp": rfc3339(expires)},
        }
        return json_response(answer, 201)

    async def _finalize(self, call: Call, _res: Resource) -> web.StreamResponse:
        body = (await bodies.read_body(call)).value or {}
        old = self._store.get(NAMESPACES, "", call.info.name or call.info.namespace)
        if old is None:
            raise not_found(NAMESPACES, call.info.name)
        finalizers = (body.get("spec") or {}).get("finalizers") or []
        spec = {**old.get("spec", {}), "finalizers": finalizers}
        if not finalizers:
            spec.pop("finalizers")
        return json_response(self._store.update(NAMESPACES, {**old, "spec": spec}))


_TOKEN_KIND = Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", "tokenrequest")
_SCALE_KIND = Resource("autoscaling", "v1", "scales", "Scale", "scale", custom=False)


def _crds() -> Resource:
    from k8stui.demo.resources import CRDS

    return CRDS


def _dig(obj: Mapping[str, Any], path: str) -> Any:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _planted(obj: Obj, path: str, value: Any) -> Obj:
    """The object with another value at a path."""
    first, _, rest = path.partition(".")
    return {**obj, first: _planted(obj.get(first) or {}, rest, value) if rest else value}
