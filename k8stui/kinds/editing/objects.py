"""What of an object is edited, and what object a document of an editor is about. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from k8stui.kinds.editing.documents import Problem
from k8stui.kinds.editing.field_diff import MISSING
from k8stui.kinds.editing.secrets import editable, mask, text_of
from k8stui.kinds.yaml_noise import LAST_APPLIED, is_secret
from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from k8stui.kinds.editing.documents import EditDocument
    from k8stui.kinds.editing.field_diff import Change

SERVER_METADATA = frozenset(
    {"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"}
)
"""Metadata that only the server writes: not for editing."""


class Identity(Struct, frozen=True):
    """What object a document is about."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def label(self) -> str:
        """`Deployment shop/web`"""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def identity_of(obj: Any) -> Identity:
    """What a document says that it is; parts that are missing are empty."""
    obj = obj if isinstance(obj, dict) else {}
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return Identity(
        _text(obj.get("apiVersion")),
        _text(obj.get("kind")),
        _text(metadata.get("namespace")),
        _text(metadata.get("name")),
    )


def without_kind(document: EditDocument) -> Problem | None:
    """What a document lacks that says what it is, if it lacks it."""
    said = identity_of(document.value)
    if said.kind and said.api_version:
        return None
    missing = "kind" if said.api_version else "apiVersion"
    return Problem(document.start, f"{missing} is missing: what is this?")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def clean(obj: dict[str, Any], subresource: str = "", *, status: bool = False) -> dict[str, Any]:
    """The part of an object that is edited, without empty keys (`creationTimestamp: null` in templates).

    `status`: the kind has its status in the object itself.
    """
    obj = without_nulls(obj)
    metadata = {
        key: value for key, value in (obj.get("metadata") or {}).items() if key not in SERVER_METADATA
    }
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        metadata["annotations"] = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        if not metadata["annotations"]:
            del metadata["annotations"]
    if subresource:
        kept = {key: value for key, value in metadata.items() if key in ("name", "namespace")}
        wanted = ("status",) if subresource == "status" else ("spec",)
        parts = {key: obj[key] for key in wanted if key in obj}
        return {
            "apiVersion": obj.get("apiVersion", ""),
            "kind": obj.get("kind", ""),
            "metadata": kept,
            **parts,
        }
    found = {key: value for key, value in obj.items() if key != "status" or status}
    if metadata or "metadata" in obj:
        found["metadata"] = metadata
    return found


def without_last_applied(obj: dict[str, Any]) -> dict[str, Any]:
    """The object without what `kubectl apply` keeps of it, which repeats all values."""
    metadata = obj.get("metadata") or {}
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED
    }
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def edit_text(objects: Iterable[dict[str, Any]], revealed: Collection[str] = ()) -> str:
    """The text of an editor for these objects (already clean): documents parted by `---`."""
    return "---\n".join(emit(editable(obj, revealed)).text() for obj in objects)


def without_nulls(value: Any) -> Any:
    """A value without empty keys (`replicas:` with nothing after it): the server would not keep them."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def shown_change(change: Change, obj: dict[str, Any], revealed: Collection[str]) -> Change:
    """The change as it may be shown: values of a Secret are masked unless their key was revealed."""
    if not is_secret(obj) or change.path[:1] not in (("data",), ("stringData",)):
        return change
    from msgspec import structs

    if len(change.path) == 1:
        return structs.replace(
            change,
            old=_masked_map(change.old, revealed),
            new=_masked_map(change.new, revealed),
        )
    key = str(change.path[1])
    return structs.replace(
        change, old=_masked(change.old, key, revealed), new=_masked(change.new, key, revealed)
    )


def _masked(value: Any, key: str, revealed: Collection[str]) -> Any:
    if value is MISSING or value is None:
        return value
    if key not in revealed:
        return mask(value)
    text = text_of(value)
    return value if text is None else text


def _masked_map(values: Any, revealed: Collection[str]) -> Any:
    if not isinstance(values, dict):
        return values
    return {key: _masked(value, str(key), revealed) for key, value in values.items()}
