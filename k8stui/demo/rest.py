"""The generic REST handlers: what every kind can do, and which handler a request goes to.

Access has been checked before. The forms of answers are in `representation`, the rules of writing in
`writing`; this module joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from k8stui.demo import notices
from k8stui.demo.convert import outward
from k8stui.demo.crds import CustomKinds
from k8stui.demo.deleting import Deleter, is_dry_run
from k8stui.demo.errors import StoreError, method_not_allowed, not_found, unknown_path
from k8stui.demo.listing import Snapshots, page, write_page
from k8stui.demo.representation import OBJECTS, TABLE, Form, negotiate
from k8stui.demo.responses import json_response
from k8stui.demo.reviews import Reviews
from k8stui.demo.store import Version
from k8stui.demo.subresources import Subresources
from k8stui.demo.tables import printer_for
from k8stui.demo.watching import Watcher
from k8stui.demo.writing import Writer

if TYPE_CHECKING:
    from k8stui.demo.access import Authorizer
    from k8stui.demo.openapi import OpenApi
    from k8stui.demo.registry import Registry
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import Call
    from k8stui.demo.store import Store

Obj = dict[str, Any]


class Rest:
    """Handles requests for objects of any kind."""

    def __init__(self, store: Store, registry: Registry, access: Authorizer, openapi: OpenApi) -> None:
        self._store = store
        self._snapshots = Snapshots(store)
        self._writer = Writer(store, openapi.schemas)
        self._deleter = Deleter(store)
        self._subresources = Subresources(self._writer, self._deleter)
        self._reviews = Reviews(access)
        self._custom = CustomKinds(store, registry, openapi.schemas)

    async def handle(self, call: Call, res: Resource) -> web.StreamResponse:
        """Answer a request for objects, with all its errors as StoreError."""
        info = call.info
        call.warnings += notices.of_kind(res)
        if res.plural.endswith("reviews") and res.storage == "-":
            if call.request.method != "POST":
                raise method_not_allowed()
            return await self._reviews.answer(call, res)
        if info.subresource and info.subresource != "status":
            return await self._subresource(call, res)
        if info.subresource == "status" and not res.has("status"):
            raise unknown_path()
        if info.verb not in res.verbs and not info.subresource:
            raise method_not_allowed()
        if res.storage == "-":
            raise unknown_path()
        if info.verb in ("update", "patch") and not info.name:
            raise method_not_allowed()
        if info.verb in ("list", "get", "watch"):
            return await self._read(call, res)
        if res.plural == "bindings":
            raise method_not_allowed()
        return await self._write(call, res)

    async def _subresource(self, call: Call, res: Resource) -> web.StreamResponse:
        action = self._subresources.find(call.info.subresource)
        if action is None or not res.has(call.info.subresource):
            raise unknown_path()
        return await action(call, res)

    # -- reading ------------------------------------------------------------------------------------

    def form(self, call: Call, res: Resource) -> tuple[Form, str]:
        """How to answer this request, and the media type."""
        kind, media = negotiate(call.request.headers.get("Accept", ""))
        include = call.query.get("includeObject", "") or "Metadata"
        printer = printer_for(res, self._custom.printers)
        return Form(res, kind, printer, include, self._store.clock), media

    async def _read(self, call: Call, res: Resource) -> web.StreamResponse:
        form, media = self.form(call, res)
        info = call.info
        if info.verb == "watch":
            return await Watcher(call, res, info.namespace if res.namespaced else "", form).run()
        if info.verb == "list":
            found = page(call, res, info.namespace, self._snapshots)
            response = await write_page(call, form, found)
        else:
            version = self._store.version(res, info.namespace, info.name)
            if version is None:
                raise not_found(res, info.name)
            response = json_response(form.single(version), warnings=call.warnings)
        if media == "application/yaml" and isinstance(response, web.Response):
            return _as_yaml(response)
        return response

    # -- writing ------------------------------------------------------------------------------------

    def _answer(self, call: Call, res: Resource, obj: Obj, status: int = 200) -> web.Response:
        """A written object in the form that was asked for."""
        kind, media = negotiate(call.request.headers.get("Accept", ""))
        shown = outward(res, obj)
        if kind == OBJECTS:
            ordered = {"kind": res.kind, "apiVersion": res.api_version, **shown}
            response = json_response(
                {**ordered, "kind": res.kind, "apiVersion": res.api_version}, status, warnings=call.warnings
            )
            return _as_yaml(response) if media == "application/yaml" else response
        form, _ = self.form(call, res)
        metadata = obj["metadata"]
        rv = int(metadata.get("resourceVersion") or 0)
        version = Version(obj, rv, (metadata.get("namespace", ""), metadata["name"]))
        body = form.single(version)
        if form.kind == TABLE:
            body = form.table([version], {"resourceVersion": str(rv)})
        return json_response(body, status, warnings=call.warnings)

    async def _write(self, call: Call, res: Resource) -> web.StreamResponse:
        verb = call.info.verb
        if verb == "create":
            if call.info.name and not call.info.subresource:
                raise method_not_allowed()
            return self._answer(call, res, await self._writer.create(call, res), 201)
        if verb in ("update", "patch"):
            write = self._writer.update if verb == "update" else self._writer.patch
            obj, made = await write(call, res)
            return self._answer(call, res, obj, 201 if made else 200)
        if verb == "deletecollection":
            return await self._delete_many(call, res)
        return await self._delete(call, res)

    async def _delete(self, call: Call, res: Resource) -> web.StreamResponse:
        options = await self._deleter.options(call)
        self._writer.current(call, res)
        last = self._deleter.remove(call, res, call.info.namespace, call.info.name, options)
        still = self._store.get(res, call.info.namespace, call.info.name)
        if (
            still is not None and still["metadata"]["uid"] == last["metadata"]["uid"]
        ) or res.storage == "pods":
            return self._answer(call, res, last)
        details: Obj = {"name": call.info.name}
        if res.group:
            details["group"] = res.group
        details |= {"kind": res.plural, "uid": last["metadata"]["uid"]}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return json_response(body, warnings=call.warnings)

    async def _delete_many(self, call: Call, res: Resource) -> web.StreamResponse:
        options = await self._deleter.options(call)
        form = Form(res, OBJECTS, printer_for(res, self._custom.printers), "Metadata", self._store.clock)
        found = page(call, res, call.info.namespace, self._snapshots)
        for version in found.versions:
            ns, name = version.key
            if is_dry_run(call, options) or self._store.get(res, ns, name) is None:
                continue
            self._deleter.remove(call, res, ns, name, options)
        return await write_page(call, form, found)


def _as_yaml(response: web.Response) -> web.Response:
    import yaml

    body = response.body if isinstance(response.body, bytes) else b"null"
    text = yaml.safe_dump(msgspec.json.decode(body), allow_unicode=True, sort_keys=True)
    return web.Response(text=text, status=response.status, content_type="application/yaml")


__all__ = ["Rest", "StoreError"]
