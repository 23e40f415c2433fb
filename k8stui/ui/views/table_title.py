"""The title of a table: what it shows, how it is narrowed, how many rows there are, whether they are true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.views.base import Title
from k8stui.ui.widgets.table.states import phase_of

if TYPE_CHECKING:
    from k8stui.ui.spec import ViewSpec
    from k8stui.ui.widgets.table.virtual_table import VirtualTable

__all__ = ["table_title"]


def table_title(
    name: str, scope: str, spec: ViewSpec, table: VirtualTable | None, *, server_is_live: bool
) -> Title:
    """The title. `server_is_live`: the header, which tells of the server, has no reason for what is wrong."""
    notes = [text for text in (spec.label_selector, spec.field_selector) if text]
    if spec.owner and spec.target is not None:
        notes.append(f"of {spec.target.label()}")
    if spec.filter:
        notes.append(f"/{spec.filter}")
    if spec.faults:
        notes.append("faults only")
    if table is None:
        return Title(name, scope, "", tuple(notes), "")
    if table.model.marks:
        notes.append(f"{len(table.model.marks)} marked")
    shown, total = len(table.model), table.model.total
    count = f"{shown:,}" if shown == total else f"{shown:,}/{total:,}"
    if not total and phase_of(table.state) != "live":
        count = ""  # nobody knows how many there are
    bad = phase_of(table.state) in ("stale", "denied", "gone")
    reason = str(getattr(table.state, "reason", "")) if bad and total and server_is_live else ""
    return Title(name, scope, count, tuple(notes), table.state_text, bad, reason)
