"""Rules that hold for objects of all kinds: names, labels, finalizers, and the schema of a custom kind.

The words of each finding are the API server's. Objects are only read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.demo.errors import Cause

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource

Obj = Mapping[str, Any]
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
LABEL_NAME = re.compile(_LABEL)
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must"
    " start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and"
    " end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must"
    " start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used"
    " for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_QUALIFIED_WORDS = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SERVICE_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic"
    " character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for"
    " validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_FREE_NAMES = ("clusterroles", "clusterrolebindings", "roles", "rolebindings", "certificatesigningrequests")
_LABEL_NAMES = ("services", "namespaces")


def json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def required(field: str, detail: str = "") -> Cause:
    return Cause(field, f"Required value{': ' + detail if detail else ''}", "FieldValueRequired")


def invalid_value(field: str, value: Any, words: str) -> Cause:
    return Cause(field, f"Invalid value: {json_text(value)}: {words}")


def unsupported(field: str, value: Any, supported: tuple[str, ...]) -> Cause:
    names = ", ".join(f'"{name}"' for name in supported)
    return Cause(
        field, f"Unsupported value: {json_text(value)}: supported values: {names}", "FieldValueNotSupported"
    )


def check_metadata(res: Resource, obj: Obj) -> list[Cause]:
    """Name and labels."""
    metadata = obj["metadata"]
    name = metadata.get("name", "")
    causes = []
    if not name:
        causes.append(required("metadata.name", "name or generateName is required"))
    elif res.plural not in _FREE_NAMES:
        plain = res.plural in _LABEL_NAMES and not res.group
        pattern, words = (LABEL_NAME, LABEL_WORDS) if plain else (_SUBDOMAIN, _SUBDOMAIN_WORDS)
        if res.storage == "services":
            pattern, words = _SERVICE_NAME, _SERVICE_WORDS
        if not pattern.fullmatch(name):
            causes.append(invalid_value("metadata.name", name, words))
        elif len(name) > (63 if plain else 253):
            limit = 63 if plain else 253
            causes.append(invalid_value("metadata.name", name, f"must be no more than {limit} bytes"))
    for key, value in (metadata.get("labels") or {}).items():
        if not _qualified(key):
            causes.append(invalid_value("metadata.labels", key, _QUALIFIED_WORDS))
        if not _LABEL_VALUE.fullmatch(value) or len(value) > 63:
            causes.append(invalid_value("metadata.labels", value, _VALUE_WORDS))
    for index, name in enumerate(metadata.get("finalizers") or ()):
        if not _qualified(name):
            causes.append(invalid_value("metadata.finalizers", name, _QUALIFIED_WORDS))
        if "/" not in name and name not in _FINALIZERS:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid_value(f"metadata.finalizers[{index}]", name, words))
    return causes


def check_finalizers(obj: Obj, old: Obj) -> list[Cause]:
    """What is on its way out gets no new finalizers."""
    if "deletionTimestamp" not in old["metadata"]:
        return []
    before = set(old["metadata"].get("finalizers") or ())
    new = [name for name in obj["metadata"].get("finalizers") or () if name not in before]
    if not new:
        return []
    names = ", ".join(json_text(name) for name in new)
    words = (
        "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers"
        f" []string{{{names}}}"
    )
    return [Cause("metadata.finalizers", words, "FieldValueForbidden")]


_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def _qualified(key: str) -> bool:
    """Whether a label key or finalizer is a name, with a DNS prefix or without."""
    prefix, slash, name = key.rpartition("/")
    return bool(_QUALIFIED.fullmatch(name)) and (not slash or bool(_SUBDOMAIN.fullmatch(prefix)))
