"""Any object, described field by field, as kubectl describes the kinds that it does not know. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import Raw, Related, plain

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.kinds.describe.lines import Page

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_UPPER = frozenset({"uid", "api", "ip", "url", "cpu", "id", "tls", "ca", "dns"})
_SKIPPED_META = frozenset({"name", "namespace", "labels", "annotations", "managedFields", "selfLink"})
DEEPEST = 30


def anything(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """Every field of an object, by name."""
    metadata = obj.get("metadata") or {}
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    shown = {key: value for key, value in obj.items() if key != "metadata"}
    rest = {key: value for key, value in metadata.items() if key not in _SKIPPED_META}
    shown["metadata"] = rest
    _mapping(page, shown, 0)
    common.events(page, related, now)


def label_of(key: str) -> str:
    """`lastScheduleTime` as `Last Schedule Time`; keys that are no field names stay."""
    if not key.isalnum() or not key[0].islower():
        return key
    words = _WORD.findall(key)
    return " ".join(word.upper() if word in _UPPER else word[:1].upper() + word[1:] for word in words)


def _mapping(page: Page, value: Raw, level: int) -> None:
    for key in sorted(value, key=lambda name: label_of(str(name))):
        _member(page, label_of(str(key)), value[key], level)


def _member(page: Page, label: str, value: Any, level: int) -> None:
    if level > DEEPEST:
        page.field(label, "…", level=level)
    elif isinstance(value, dict):
        page.heading(label, level=level)
        _mapping(page, value, level + 1)
    elif isinstance(value, list):
        page.heading(label, level=level)
        for item in value:
            _item(page, item, level + 1)
    else:
        page.field(label, _scalar(value), level=level)


def _item(page: Page, item: Any, level: int) -> None:
    if isinstance(item, dict):
        _mapping(page, item, level)
    elif isinstance(item, list):
        for each in item:
            _item(page, each, level + 1)
    else:
        page.text(_scalar(item), level=level)


def _scalar(value: Any) -> str:
    return "<nil>" if value is None else plain(value)
