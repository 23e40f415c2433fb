"""The rows of a table as a JSONPath sees them: filtered and ordered as there, live, and kept small.

A subscription whose form keeps of each object what the path asks for, and a model of rows without a screen
that says which of them count. It tells by `changed` when there is another result to be made, and never makes
one itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.ui.filtering import filter_of
from k8stui.ui.follow import predicate_for
from k8stui.ui.spec import ViewSpec
from k8stui.ui.views.own_columns import of_settings, printer_of
from k8stui.ui.widgets.table.row_model import RowModel
from k8stui.ui.widgets.table.states import phase_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session

MOST_WHOLE = 3_000
"""Objects that a path is followed through which asks of the list itself: it takes all of them at once."""


class Chosen(NamedTuple):
    """The rows that count, in their order."""

    uids: list[str]
    left_out: int
    """Rows that count and were left out."""


class JsonPathRows:
    """What a path asks of the rows of a table."""

    def __init__(
        self, spec: ViewSpec, session: Session, kind: Kind, *, revealed: bool, changed: Callable[[], None]
    ) -> None:
        from k8stui.kinds.jsonpath.items import ItemReader, split
        from k8stui.kube.objects.related import Form

        self.spec = spec.rows or ViewSpec(
            kind=spec.kind,
            namespaces=spec.namespaces,
            label_selector=spec.label_selector,
            field_selector=spec.field_selector,
        )
        self._session = session
        self._kind = kind
        self._marked = frozenset(spec.marked)
        self._whole = split(spec.query) is None
        self._custom, more = of_settings(session, kind)
        form = more.get("form", Form())
        reader = ItemReader(spec.query, kind.api_version, kind.kind, revealed, form.columns)
        self._namespaces = session.namespaces if self.spec.namespaces is None else self.spec.namespaces
        self._columns: Any = ()
        self._model = RowModel(self._printer(), now=session.backend.now)
        self._point()
        self._changed = changed
        cluster: Any = session.cluster
        self._subscription: Any = cluster.subscribe(
            kind,
            namespaces=self._namespaces if kind.namespaced else (),
            label_selector=self.spec.label_selector,
            field_selector=self.spec.field_selector,
            wake=changed,
            form=Form(columns=reader, dates=form.dates),
        )

    def _printer(self) -> Any:
        many = self._kind.namespaced and len(self._namespaces) != 1
        return printer_of(self._kind, self._columns, self.spec.labels, self._custom, namespaced=many)

    def _point(self) -> None:
        """Have the model show what the table shows; what is marked counts whether it is shown or not."""
        spec, model = self.spec, self._model
        names = [column.name for column in model.printer.columns]
        if spec.sort in names:
            model.sort_by(names.index(spec.sort), reverse=spec.reverse)
        if self._marked:
            return
        model.set_filter(filter_of(spec.filter))
        model.set_faults_only(spec.faults)
        owner = spec.owner
        if owner:
            model.narrow(lambda obj: any(ref.uid == owner for ref in obj.metadata.owner_references))
        else:
            model.narrow(predicate_for(spec.kind, spec.target))

    @property
    def state(self) -> Any:
        """The state of what is read, as of a collection."""
        return self._subscription.collection.state

    @property
    def phase(self) -> str:
        """`loading`, `live`, `stale`, `denied` or `gone`."""
        return phase_of(self.state)

    def step(self) -> bool:
        """Take what changed and work for a few milliseconds; True while there is more to do."""
        collection = self._subscription.collection
        changes = self._subscription.take()
        if changes.reset and collection.columns != self._columns:
            self._columns = collection.columns
            self._model.set_printer(self._printer())
            self._point()
        if changes.reset or changes.changed or changes.removed:
            self._model.apply(collection.objects, changes)
        return self._model.step()

    def chosen(self) -> Chosen:
        """The rows that count."""
        uids = self._model.slice(0, len(self._model))
        if self._marked:
            uids = [uid for uid in uids if uid in self._marked]
        left_out = max(0, len(uids) - MOST_WHOLE) if self._whole else 0
        return Chosen(uids[: len(uids) - left_out], left_out)

    def kept(self, chosen: Chosen) -> list[bytes]:
        """What was kept of the rows that were chosen and are still there; may be called in a thread."""
        objects = map(self._model.object, chosen.uids)
        return [obj.extra[-1] for obj in objects if obj is not None and obj.extra]

    def notes(self) -> tuple[str, ...]:
        """What narrows the rows, for a title."""
        spec = self.spec
        notes = [text for text in (spec.label_selector, spec.field_selector) if text]
        if self._marked:
            return (*notes, f"{len(self._marked)} marked")
        if spec.filter:
            notes.append(f"/{spec.filter}")
        if spec.faults:
            notes.append("faults only")
        return tuple(notes)

    def close(self) -> None:
        """Give back what was subscribed to."""
        self._subscription.close()
        self._model.release()
