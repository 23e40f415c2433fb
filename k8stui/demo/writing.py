"""Create, update and patch: from a request's body to the next state in the store.

The order is that of the API server: decode, field validation, what the client may not set, defaults,
validation, managed fields, and, unless it is a dry run, the store. Subresources with rules of their own are
in `subresources`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from k8stui.demo import admission, bodies, field_checks, notices, strategic
from k8stui.demo.convert import inward, outward
from k8stui.demo.custom_rules import defaulted
from k8stui.demo.defaults import apply_defaults
from k8stui.demo.deleting import is_dry_run
from k8stui.demo.errors import (
    Cause,
    StoreError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    invalid_options,
    not_found,
    unsupported_media,
)
from k8stui.demo.managed_fields import Manager, apply, track_update
from k8stui.demo.resources import NAMESPACES, Resource
from k8stui.demo.schemas import ANY, Schema, Schemas
from k8stui.demo.strictness import pruned, unknown_fields, wrong_type
from k8stui.demo.validation import check

if TYPE_CHECKING:
    from k8stui.demo.routing import Call
    from k8stui.demo.store import Store

Obj = dict[str, Any]
_SERVER_SET = ("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "selfLink")


def manager_name(call: Call) -> str:
    """The field manager: as asked, or the program's name of the User-Agent."""
    given = call.query.get("fieldManager", "")
    agent = call.request.headers.get("User-Agent", "unknown")
    return (given or agent.partition("/")[0])[:128]


def check_type(res: Resource, body: Any) -> Obj:
    """The body as an object of this kind. Raises 400."""
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type " + res.kind + ")")
    kind, version = body.get("kind"), body.get("apiVersion")
    if kind and kind != res.kind:
        _group, _, short = (version or res.api_version).rpartition("/")
        raise bad_request(f'{kind} in version "{short or version}" cannot be handled as a {res.kind}')
    if version and version != res.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version"
            f" ({res.api_version})"
        )
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request(f'{res.kind} in version "{res.version}" cannot be handled as a {res.kind}')
    return {**body, "kind": res.kind, "apiVersion": res.api_version, "metadata": dict(metadata or {})}


def check_identity(call: Call, res: Resource, metadata: Obj, old: Obj) -> None:
    """Refuse a change that was meant for an older version (409) or for another object of that name.

    For the latter a real server answers a replacement with 409, a patch with 422.
    """
    name, stored = old["metadata"]["name"], old["metadata"]
    given, uid = metadata.get("resourceVersion"), metadata.get("uid")
    if uid and uid != stored["uid"]:
        if call.request.method == "PATCH":
            words = f'Invalid value: "{uid}": field is immutable'
            raise invalid(res, name, [Cause("metadata.uid", words)])
        group = res.group if res.custom else ""
        parts = [part for part in ("registry", group, res.plural, stored.get("namespace"), name) if part]
        why = (
            f"StorageError: invalid object, Code: 4, Key: /{'/'.join(parts)}, ResourceVersion: 0,"
            f" AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta:"
            f" {stored['uid']}"
        )
        raise conflict(res, name, why)
    if given and given != stored["resourceVersion"]:
        raise conflict(res, name)


class Writer:
    """Everything that changes objects on request."""

    def __init__(self, store: Store, schemas: Schemas) -> None:
        self.store = store
        self.schemas = schemas

    def manager(self, call: Call, res: Resource, operation: str = "Update") -> Manager:
        """Who writes, for managed fields."""
        sub = call.info.subresource if call.info.subresource in ("status", "scale") else ""
        return Manager(manager_name(call), operation, res.api_version, self.store.now(), frozenset(), sub)

    # -- fields -------------------------------------------------------------------------------------

    def clean(
        self, call: Call, res: Resource, obj: Obj, duplicates: tuple[str, ...], *, patched: bool
    ) -> Obj:
        """Field validation, as `field_checks.clean`."""
        return field_checks.clean(call, res, obj, self.schemas.of(res), duplicates, patched=patched)

    # -- create -------------------------------------------------------------------------------------

    async def create(self, call: Call, res: Resource) -> Obj:
        """POST of a new object."""
        body = await bodies.read_body(call)
        await self.schemas.ready()
        obj = self.clean(call, res, check_type(res, body.value), body.duplicates, patched=False)
        return self.insert(call, res, obj)

    def insert(self, call: Call, res: Resource, obj: Obj) -> Obj:
        """The rest of a create, for objects that came by POST or by apply."""
        obj = copy.deepcopy(inward(res, obj))
        metadata = obj["metadata"]
        for key in _SERVER_SET:
            metadata.pop(key, None)
        self._place(call, res, metadata)
        if res.has("status"):
            obj.pop("status", None)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"][:58] + self.store.name_suffix()
        apply_defaults(res, obj, self.store)
        obj = _with_schema_defaults(res, obj, self.schemas.of(res))
        if res.storage == "certificatesigningrequests.certificates.k8s.io":
            obj["spec"] = {**(obj.get("spec") or {}), **_requester(call)}
        obj = admission.mutate(self.store, res, obj)
        schema = self.schemas.of(res) or ANY
        check(res, obj, None, schema)
        call.warnings += admission.validate(self.store, res, obj, user=call.user)
        call.warnings += notices.of_object(res, obj)
        if "managedFields" not in metadata:
            obj = track_update(None, obj, schema, self.manager(call, res))
        if is_dry_run(call):
            return self._pretend(res, obj)
        return self.store.create(res, obj)

    def _place(self, call: Call, res: Resource, metadata: Obj) -> None:
        """Check and set the namespace."""
        if not res.namespaced:
            metadata.pop("namespace", None)
            return
        asked = call.info.namespace
        if metadata.get("namespace", asked) != asked:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        metadata["namespace"] = asked
        namespace = self.store.get(NAMESPACES, "", asked)
        if namespace is None:
            raise not_found(NAMESPACES, asked)
        if namespace["metadata"].get("deletionTimestamp"):
            error = forbidden(
                res,
                metadata.get("name", ""),
                f"unable to create new content in namespace {asked} because it is being terminated",
            )
            error.details = {
                **(error.details or {}),
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": f"namespace {asked} is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            }
            raise error

    def _pretend(self, res: Resource, obj: Obj) -> Obj:
        """What a create would have stored."""
        metadata = obj["metadata"]
        if self.store.get(res, metadata.get("namespace", ""), metadata["name"]) is not None:
            raise already_exists(res, metadata["name"])
        metadata.setdefault("uid", self.store.new_uid())
        metadata.setdefault("creationTimestamp", self.store.now())
        if res.has_generation:
            metadata.setdefault("generation", 1)
        return obj

    # -- update -------------------------------------------------------------------------------------

    def current(self, call: Call, res: Resource) -> Obj:
        """The stored object of the request's path. Raises 404."""
        found = self.store.get(res, call.info.namespace, call.info.name)
        if found is None:
            raise not_found(res, call.info.name)
        return found

    async def update(self, call: Call, res: Resource) -> tuple[Obj, bool]:
        """PUT of an object or its status. The second value says whether it was created."""
        body = await bodies.read_body(call)
        await self.schemas.ready()
        obj = self.clean(call, res, check_type(res, body.value), body.duplicates, patched=False)
        name = obj["metadata"].get("name", "")
        if name != call.info.name:
            raise bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({call.info.name})"
            )
        old = self.store.get(res, call.info.namespace, name)
        if old is None:
            raise not_found(res, name)
        obj["metadata"].setdefault("namespace", call.info.namespace)
        return self.replace(call, res, old, inward(res, obj, old)), False

    def replace(self, call: Call, res: Resource, old: Obj, new: Obj, *, by: Manager | None = None) -> Obj:
        """The rest of an update: keeps what this request may not change, checks, stores."""
        sub = call.info.subresource
        metadata = dict(new["metadata"])
        check_identity(call, res, metadata, old)
        for key in (*_SERVER_SET, "namespace", "deletionGracePeriodSeconds", "generateName"):
            metadata.pop(key, None)
            if key in old["metadata"]:
                metadata[key] = old["metadata"][key]
        if "managedFields" not in metadata and "managedFields" in old["metadata"]:
            metadata["managedFields"] = old["metadata"]["managedFields"]
        new = {**new, "metadata": metadata, "kind": old["kind"], "apiVersion": old["apiVersion"]}
        if sub == "status":
            new = {**old, "status": new.get("status", {}), "metadata": {**old["metadata"]}}
        elif res.has("status") and sub not in ("approval",):
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
        new = copy.deepcopy(new)
        self._keep_assigned(res, old, new)
        apply_defaults(res, new, self.store)
        schema = self.schemas.of(res) or ANY
        new = _with_schema_defaults(res, new, schema)
        check(res, new, old, schema, subresource=sub)
        if not sub:
            call.warnings += admission.validate(self.store, res, new, old, user=call.user)
            call.warnings += notices.of_object(res, new)
        if by is None:
            new = track_update(old, new, schema, self.manager(call, res))
        return self._save(call, res, old, new)

    @staticmethod
    def _keep_assigned(res: Resource, old: Obj, new: Obj) -> None:
        """What the server assigned once and a client may leave out."""
        if res.storage == "services":
            before, spec = old.get("spec", {}), new.get("spec", {})
            if spec.get("type", "ClusterIP") != "ExternalName":
                for key in ("clusterIP", "clusterIPs"):
                    if not spec.get(key) and before.get(key):
                        spec[key] = before[key]
        if res.storage == "jobs.batch" and not new.get("spec", {}).get("selector"):
            new["spec"]["selector"] = old["spec"].get("selector")
        if res.storage == "persistentvolumeclaims" and old.get("spec", {}).get("volumeName"):
            new["spec"].setdefault("volumeName", old["spec"]["volumeName"])

    def _save(self, call: Call, res: Resource, old: Obj, new: Obj) -> Obj:
        if {**new, "metadata": _untimed(new)} == {**old, "metadata": _untimed(old)}:
            return old
        if is_dry_run(call):
            return new
        new = {**new, "metadata": {**new["metadata"], "resourceVersion": old["metadata"]["resourceVersion"]}}
        return self.store.update(res, new)

    # -- patch --------------------------------------------------------------------------------------

    async def patch(self, call: Call, res: Resource) -> tuple[Obj, bool]:
        """PATCH of all four kinds. The second value says whether an apply created the object."""
        media, body = await bodies.read_patch(call)
        await self.schemas.ready()
        if media == bodies.APPLY_YAML:
            return self._apply(call, res, body)
        old = self.current(call, res)
        shown = outward(res, old)
        patched = self.patched(media, shown, body.value, res)
        obj = self.clean(call, res, check_type(res, patched), body.duplicates, patched=True)
        if obj["metadata"].get("name") != call.info.name:
            raise bad_request(
                f"the name of the object ({obj['metadata'].get('name')}) does not match the name on the URL"
                f" ({call.info.name})"
            )
        return self.replace(call, res, old, inward(res, obj, old)), False

    def patched(self, media: str, obj: Obj, patch: Any, res: Resource) -> Any:
        """The object with a JSON, merge or strategic patch applied."""
        if media == bodies.JSON_PATCH:
            return strategic.json_patch(obj, patch)
        if not isinstance(patch, dict):
            raise bad_request("error decoding patch: the patch is not an object")
        if media == bodies.MERGE_PATCH:
            return strategic.merge_patch(obj, patch)
        if res.custom:
            raise unsupported_media(", ".join((bodies.JSON_PATCH, bodies.MERGE_PATCH, bodies.APPLY_YAML)))
        return strategic.strategic_merge(obj, patch, self.schemas.of(res) or ANY)

    def _apply(self, call: Call, res: Resource, body: bodies.Body) -> tuple[Obj, bool]:
        if not call.query.get("fieldManager"):
            words = "Required value: is required for apply patch"
            raise invalid_options("PatchOptions", Cause("fieldManager", words, "FieldValueRequired"))
        applied = check_type(res, body.value)
        schema = self.schemas.of(res) or ANY
        unknown = list(unknown_fields(applied, schema))
        if unknown:
            name = f"{call.info.namespace}/{call.info.name}" if res.namespaced else f"/{call.info.name}"
            raise StoreError(
                500,
                "",
                f"failed to create typed patch object ({name}; {res.api_version}, Kind={res.kind}): "
                + "\n".join(f".{path}: field not declared in schema" for path in unknown),
            )
        if complaint := wrong_type(applied, schema, res.kind):
            raise bad_request(f"failed to create typed patch object: {complaint}")
        metadata = applied["metadata"]
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        if metadata.setdefault("name", call.info.name) != call.info.name:
            raise bad_request("the name of the object does not match the name on the URL")
        if res.namespaced:
            metadata.setdefault("namespace", call.info.namespace)
        applied = pruned(applied, schema)
        return self._applied(call, res, applied, schema)

    def _applied(self, call: Call, res: Resource, applied: Obj, schema: Schema) -> tuple[Obj, bool]:
        by = self.manager(call, res, "Apply")
        old = self.store.get(res, call.info.namespace, call.info.name)
        if old is None:
            if call.info.subresource:
                raise not_found(res, call.info.name)
            if applied["metadata"].get("uid") or applied["metadata"].get("resourceVersion"):
                raise conflict(
                    res, call.info.name, "uid or resourceVersion was given, but the object was not found"
                )
            fresh = apply(None, applied, schema, by, force=True)
            return self.insert(call, res, fresh), True
        shown = outward(res, old)
        merged = apply(shown, applied, schema, by, force=call.flag("force"))
        return self.replace(call, res, old, inward(res, merged, old), by=by), False


def _requester(call: Call) -> Obj:
    """Who asks for a certificate: the server writes it down, nobody says it of himself."""
    user = call.user
    found: Obj = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        found["uid"] = user.uid
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra.items()}
    return found


def _with_schema_defaults(res: Resource, obj: Obj, schema: Schema | None) -> Obj:
    """A custom object with the defaults of its CRD."""
    if not res.custom or schema is None or schema.raw is None:
        return obj
    own = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    return {**obj, **defaulted(own, schema.raw)}


def _untimed(obj: Obj) -> Obj:
    """Metadata without what alone does not make a new version."""
    metadata = {k: v for k, v in obj["metadata"].items() if k not in ("managedFields", "resourceVersion")}
    metadata["managers"] = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in obj["metadata"].get("managedFields") or ()
    ]
    return metadata
