"""A kind as a live table: rows from a subscription, columns from the kind's printer.

It turns what the user wants (sort, filter, wide, faults, namespaces, what is followed) into calls of the
table widget and keeps it in its spec, so that going back finds it again. It never looks into an object.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs

from k8stui.ui.filtering import filter_of
from k8stui.ui.follow import LINKS, predicate_for
from k8stui.ui.spec import Link, Target, ViewSpec, ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.own_columns import labels_of, printer_of
from k8stui.ui.views.placeholder import Placeholder
from k8stui.ui.views.subjects import missing_namespace, noun_of, subject_of
from k8stui.ui.views.table_rows import TableRows
from k8stui.ui.views.table_title import table_title
from k8stui.ui.widgets.table.states import phase_of
from k8stui.ui.widgets.table.virtual_table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from k8stui.kube.catalog import Kind
    from k8stui.ui.session import Session
    from k8stui.ui.widgets.table import messages as table_messages


class TableView(View):
    """Rows of one kind."""

    view_type: ClassVar[ViewType] = ViewType.TABLE

    def __init__(self, spec: ViewSpec, session: Session) -> None:
        super().__init__(spec, session)
        self._kind: Kind | None = None
        self._noun = ""
        self._rows: TableRows | None = None
        self._columns: Any = ()
        self._denied_told = False
        self._explained = False
        self._stop_waiting: Callable[[], None] | None = None
        self.table: VirtualTable | None = None
        self._placeholder = Placeholder()

    # Life

    def compose(self) -> ComposeResult:
        yield self._placeholder

    async def on_mount(self) -> None:
        await self._start()

    async def _start(self) -> None:
        """Subscribe, as soon as there is a cluster, and show the table."""
        if not self.is_attached:
            return
        cluster = self.session.cluster
        self._placeholder.tell(self.session)
        if cluster is None:
            await self._drop_table()
            return
        self._kind = self.session.catalog.find(self.spec.kind)
        if self._kind is None:
            self._placeholder.say(*self._unknown_kind())
            self._wait_for_kind(cluster)
            return
        self._noun = noun_of(self._kind, self.session.catalog)
        self._denied_told = self._explained = False
        if self.table is None:
            await self._make_table()
        assert self.table is not None
        scope = {
            "namespaces": self.namespaces if self._kind.namespaced else (),
            "label_selector": self.spec.label_selector,
            "field_selector": self.spec.field_selector,
        }
        self._rows = TableRows(
            self.session,
            self._kind,
            scope,
            wake=self.table.wake,
            took=self._took,
            changed=self._show_columns,
        )
        self.table.set_printer(self._printer())
        self._tell_subject()
        self.table.set_source(self._rows)
        self.post_message(self.Changed(self))

    async def _drop_table(self) -> None:
        """Show no rows of a cluster that was left: they would be taken for those of the next one."""
        table, self.table = self.table, None
        if table is not None:
            focused = table.has_focus
            self._placeholder.display = True
            if focused:
                self.screen.set_focus(self._placeholder)
            await table.remove()

    def _wait_for_kind(self, cluster: Any) -> None:
        """Start as soon as the server is known to have the kind: it may be a custom one that comes later."""
        observe = getattr(cluster, "observe", None)
        if observe is None or self._stop_waiting is not None:
            return

        def look() -> None:
            if self.session.catalog.find(self.spec.kind) is not None:
                self._give_up_waiting()
                self.call_later(self._start)
            else:
                self._placeholder.say(*self._unknown_kind())

        self._stop_waiting = observe(look)

    def _give_up_waiting(self) -> None:
        if self._stop_waiting is not None:
            self._stop_waiting()
            self._stop_waiting = None

    def _unknown_kind(self) -> tuple[str, str]:
        known = getattr(self.session.catalog, "is_complete", True)
        if not known:
            problem = getattr(self.session.cluster, "discovery_error", "")
            return f"Looking for {self.spec.kind}", problem or "The kinds of the server are being read."
        return f"This server has no kind {self.spec.kind!r}", "Type : and another kind."

    async def _make_table(self) -> None:
        is_log = self.spec.kind.startswith("events")
        table = VirtualTable(
            self._printer(), wide=self.spec.wide, follow_top=is_log, now=self.session.backend.now
        )
        self.table = table
        await self.mount(table)
        # looked at now: a prompt may have been opened meanwhile
        focused = self.has_focus or self._placeholder.has_focus
        self._placeholder.display = False
        if focused:
            table.focus(scroll_visible=False)
        self._apply_spec(table)

    def _apply_spec(self, table: VirtualTable) -> None:
        spec = self.spec
        if spec.sort:
            table.sort_by(spec.sort, reverse=spec.reverse)
        elif spec.kind.startswith("events"):
            table.sort_by("LAST SEEN", reverse=False)  # the latest first, as one reads a timeline
        if spec.filter:
            table.set_filter(filter_of(spec.filter))
        table.set_faults_only(spec.faults)
        self._narrow()

    def close(self) -> None:
        self._give_up_waiting()
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        if self.table is not None and self.table.is_attached:
            self.table.set_source(None)

    def rescope(self) -> None:
        self.close()
        self.call_later(self._start)

    # The kind and its columns

    @property
    def kind(self) -> Kind | None:
        return self._kind

    @property
    def link(self) -> Link:
        drilled = self.spec.owner or self.spec.field_selector or self.spec.label_selector
        return Link.NONE if drilled else LINKS.get(self.spec.kind, Link.NONE)

    @property
    def _many_namespaces(self) -> bool:
        return self._kind is not None and self._kind.namespaced and len(self.namespaces) != 1

    def _printer(self) -> Any:
        assert self._kind is not None
        rows = self._rows
        self._columns, custom = ((), ()) if rows is None else (rows.collection.columns, rows.custom)
        many = self._many_namespaces
        return printer_of(self._kind, self._columns, self.spec.labels, custom, namespaced=many)

    def _show_columns(self) -> None:
        """The columns are others, or are read in another way."""
        sort, reverse = self.spec.sort, self.spec.reverse
        if self.table is not None:
            self.table.set_printer(self._printer())
            if sort in self.column_names():
                self.table.sort_by(sort, reverse=reverse)

    def show_labels(self, keys: tuple[str, ...]) -> None:
        """Have a column for each of these labels."""
        self._set(labels=keys)
        self._show_columns()

    def known_labels(self) -> list[str]:
        """The labels that rows have, the most frequent first."""
        held = () if self._rows is None else self._rows.collection.objects.values()
        return labels_of(held)

    def _took(self, changes: Any) -> None:
        """The table is about to take changes: have its columns ready, and notice refusals."""
        rows = self._rows
        if changes.reset and rows is not None and rows.collection.columns != self._columns:
            self._show_columns()
            if rows.wants_definition:
                self.run_worker(rows.learn(), group="definition", exclusive=True, exit_on_error=False)
        if phase_of(changes.state) == "denied" and not self._denied_told:
            self._denied_told = True
            self._refused(changes.state.reason)
        if phase_of(changes.state) == "live" and not self._explained:
            self._explained = True
            if rows is not None and not rows.collection.objects and self._kind and self._kind.namespaced:
                coming = self._explain_emptiness(self.session.cluster, self.namespaces)
                self.run_worker(coming, group="emptiness", exclusive=True, exit_on_error=False)
        self.post_message(self.Changed(self))

    def _refused(self, reason: str) -> None:
        """The server does not let us list this."""
        if self._kind is not None and self._kind.namespaced and not self.namespaces:
            self.post_message(self.Denied(self, reason))

    def _tell_subject(self, missing: str = "") -> None:
        """Let messages speak of what is looked for now."""
        if self.table is not None and self._kind is not None:
            about = subject_of(self._kind, self._noun, self.namespaces, self.target, missing)
            self.table.set_subject(about)

    async def _explain_emptiness(self, cluster: Any, names: tuple[str, ...]) -> None:
        """Nothing is in a namespace: it may be that there is no such namespace."""
        name, sentence = await missing_namespace(cluster, names)
        if sentence and names == self.namespaces:
            self.session.state.forget_namespace(self.session.state_key, name)
            self._tell_subject(sentence)

    # What the pane asks

    def focus_target(self) -> Widget:
        return self.table if self.table is not None else self._placeholder

    def title(self) -> Title:
        kind, cluster = self._kind, self.session.cluster
        scope = ""
        if kind is not None and kind.namespaced:
            scope = ",".join(self.namespaces) or "all"
        hears = cluster is not None and str(cluster.health.status.value) == "live"
        name = self._noun if kind is not None else self.spec.kind
        return table_title(name, scope, self.spec, self.table, server_is_live=hears)

    @property
    def objects(self) -> tuple[Any, ...]:
        table = self.table
        if table is None:
            return ()
        uids = table.model.marked() or ([table.cursor_uid] if table.cursor_uid else [])
        found = (table.model.object(uid) for uid in uids)
        return tuple(obj for obj in found if obj is not None)

    def slid(self, seconds: float) -> bool:
        return self.table is not None and perf_counter() - self.table.model.slid < seconds

    @property
    def cursor_object(self) -> Any | None:
        """The object under the cursor."""
        table = self.table
        return None if table is None or table.cursor_uid is None else table.model.object(table.cursor_uid)

    def target_of(self, obj: Any) -> Target:
        """An object as something to point at."""
        assert self._kind is not None
        meta = obj.metadata
        noun = (self._kind.singular or self._kind.kind).lower()
        return Target(self._kind.name, meta.name, meta.namespace, meta.uid, noun)

    def leave(self) -> ViewSpec:
        if self.table is None:
            return self.spec
        marked = tuple(self.table.model.marked())
        return structs.replace(self.spec, cursor=self.table.cursor_uid or "", marked=marked)

    def copy_text(self) -> str:
        return "" if self.table is None else self.table.copy_text("names")

    # What the user wants

    def set_filter(self, text: str) -> str:
        note = "" if self.table is None else self.table.set_filter(filter_of(text))
        self._set(filter=text)
        return note

    def toggle_wide(self) -> None:
        """Show the wide columns too, or no longer."""
        self._set(wide=not self.spec.wide)
        if self.table is not None:
            self.table.set_wide(self.spec.wide)

    def toggle_faults(self) -> None:
        """Show only what has something wrong, or all."""
        self._set(faults=not self.spec.faults)
        if self.table is not None:
            self.table.set_faults_only(self.spec.faults)

    def column_names(self) -> list[str]:
        """The columns one can sort by."""
        return [] if self.table is None else [column.name for column in self.table.model.printer.columns]

    def sort_by(self, column: str | None) -> None:
        """Sort by a column; once more turns it round."""
        if self.table is not None:
            self.table.sort_by(column)

    def follow(self, target: Target | None) -> None:
        if target == self.target:
            return
        self.target = target
        self._tell_subject()
        self._narrow()
        self.post_message(self.Changed(self))

    def _narrow(self) -> None:
        if self.table is None:
            return
        owner = self.spec.owner
        if owner:
            self.table.narrow(lambda obj: any(ref.uid == owner for ref in obj.metadata.owner_references))
        else:
            self.table.narrow(predicate_for(self.spec.kind, self.target))

    def clear(self) -> bool:
        """esc: first the filter, then faults only, then the marks."""
        if self.spec.filter:
            self.set_filter("")
        elif self.spec.faults:
            self.toggle_faults()
        elif self.table is not None and self.table.model.marks:
            self.table.clear_marks()
        else:
            return False
        return True

    def _set(self, **changes: Any) -> None:
        self.spec = structs.replace(self.spec, **changes)
        self.post_message(self.Changed(self))

    # What the table tells

    def on_cursor_moved(self, event: table_messages.CursorMoved) -> None:
        event.stop()
        obj = self.cursor_object
        table = self.table
        chosen = table is not None and table.model.touched
        target = None if obj is None else self.target_of(obj)
        self.post_message(self.Selected(self, target, chosen))

    def on_activated(self, event: table_messages.Activated) -> None:
        event.stop()
        self.post_message(self.Opened(self))

    def on_sort_changed(self, event: table_messages.SortChanged) -> None:
        event.stop()
        names = self.column_names()
        name = "" if event.column is None else names[event.column]
        self._set(sort=name, reverse=event.reverse)

    def on_marks_changed(self, event: table_messages.MarksChanged) -> None:
        event.stop()
        if not event.count:
            self.spec = structs.replace(self.spec, marked=())  # nor those whose rows are still to come
        self.post_message(self.Changed(self))

    def on_filter_count(self, event: table_messages.FilterCount) -> None:
        event.stop()
        if self.table is not None:
            self._find_again(self.table)
        self.post_message(self.Changed(self))

    def _find_again(self, table: VirtualTable) -> None:
        """The cursor and the marks, where they were when the view was left: its rows come."""
        if self.spec.cursor and table.cursor_to(self.spec.cursor):
            self.spec = structs.replace(self.spec, cursor="")
        if self.spec.marked:
            self.spec = structs.replace(self.spec, marked=table.mark(self.spec.marked))
