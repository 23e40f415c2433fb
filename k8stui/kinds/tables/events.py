"""Events (core/v1): when, what and about whom, as the server's printer shows them.

An event may be of the old form (firstTimestamp, lastTimestamp, count, source) or of the new one
(eventTime, series, reportingComponent); a server fills in either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.tables.printing import (
    Column,
    Field,
    StructPrinter,
    Tone,
    name_field,
    number_field,
    text_field,
)
from k8stui.kinds.tables.sorting import age_key
from k8stui.kinds.text import first_line
from k8stui.kube.durations import age, is_set

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.kube.objects import Event


def first_seen(event: Event) -> datetime | None:
    """When it happened first."""
    return event.first_timestamp if is_set(event.first_timestamp) else event.event_time


def last_seen(event: Event) -> datetime | None:
    """When it happened last."""
    if event.series is not None:
        return event.series.last_observed_time
    return event.last_timestamp if is_set(event.last_timestamp) else first_seen(event)


def times_seen(event: Event) -> int:
    """How often it happened."""
    if event.series is not None:
        return event.series.count
    return event.count or 1


def object_text(event: Event) -> str:
    """OBJECT: what it is about, as `kind/name`."""
    about = event.involved_object
    kind = about.kind.lower()
    return f"{kind}/{about.name}" if about.name else kind


def source_text(event: Event) -> str:
    """SOURCE: who reported it, and where."""
    component = event.source.component or event.reporting_component
    instance = event.source.host or event.reporting_instance
    return f"{component}, {instance}" if instance else component


class EventPrinter(StructPrinter["Event"]):
    """Events as `kubectl get events -o wide` shows them."""

    fields = (
        Field(
            Column("LAST SEEN", live=True, floor=5),
            lambda o, now: age(last_seen(o), now),
            lambda o: age_key(last_seen(o)),
        ),
        text_field("TYPE", lambda o: o.type, yields=1),
        text_field("REASON", lambda o: o.reason, floor=12),
        text_field("OBJECT", object_text, floor=16),
        text_field("SUBOBJECT", lambda o: o.involved_object.field_path, 1),
        text_field("SOURCE", source_text, 1),
        text_field("MESSAGE", lambda o: first_line(o.message.strip()), fills=True),
        Field(
            Column("FIRST SEEN", 1, live=True),
            lambda o, now: age(first_seen(o), now),
            lambda o: age_key(first_seen(o)),
        ),
        number_field("COUNT", times_seen, 1),
        Field(Column("NAME", 1), name_field().cell, name_field().key),
    )

    def tone(self, obj: Event) -> Tone:
        """Warnings stand out."""
        return Tone.OK if obj.type in ("Normal", "") else Tone.WARN
