"""The rows of a table: which objects are shown, in which order, what is marked and where the cursor is.

Pure Python without a screen. `apply` takes what changed, `step` does the work in slices of a few
milliseconds, everything else answers questions about the rows. The cursor and the marks are objects (uids),
never row numbers, so an action can only hit the object that was pointed at. A change costs one row: nothing
here makes cells of rows that are not looked at, or sorts all rows because one changed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from k8stui.ui.widgets.filters import NO_FILTER, Filter, fuzzy_score, parse_filter
from k8stui.ui.widgets.table.row_marks import RowMarks
from k8stui.ui.widgets.table.row_order import Entry, RowOrder, tie_breaker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from k8stui.ui.widgets.protocols import ChangesLike, PrinterLike

STEP_BUDGET = 0.006
"""Seconds that one `step` may take, as a rule; committing a slice comes on top (1-4 ms at 20,000 rows)."""

_CHUNK = 64
"""Rows between two looks at the clock."""

_MERGED_AT_ONCE = 1_500
"""So many entries are merged in the step that made them."""


class _Rebuild:
    """All rows being filtered and sorted anew, slice by slice, beside the order that is still shown."""

    __slots__ = ("at", "made", "order", "progressive", "uids")

    def __init__(self, uids: list[str], order: RowOrder, progressive: bool) -> None:
        self.uids = uids
        self.order = order
        self.progressive = progressive
        """Show the first matches at once (filters), instead of all at the end (sorts)."""
        self.at = 0
        self.made: list[Entry] = []
        """Entries that are not in `order` yet: slices, each sorted."""

    @property
    def done(self) -> bool:
        """All rows have been looked at."""
        return self.at >= len(self.uids)

    @property
    def wants_merge(self) -> bool:
        """Merge when that doubles the order: few merges, though each goes through all of it."""
        return self.done or bool(self.made and len(self.made) >= len(self.order))


class RowModel:
    """Rows of one collection, sorted, filtered, with marks and a cursor.

    `printer` makes sort keys and the text to filter by. `now` gives the time for both. The natural order
    (`sort_column` None) is by namespace and name.
    """

    def __init__(
        self, printer: PrinterLike, *, follow_top: bool = False, now: Callable[[], datetime] | None = None
    ) -> None:
        self.printer = printer
        self.follow_top = follow_top
        """Until the reader moves the cursor, it stays on the first row, whichever object that is."""
        self.sort_column: int | None = None
        self.sort_reverse = False
        self.filter: Filter = NO_FILTER
        self.faults_only = False
        self.marks = RowMarks()
        self.touched = False
        """The reader has moved the cursor."""
        self.slid = float("-inf")
        """When (seconds of `perf_counter`) the cursor or the last mark lost its object, not by the reader."""
        self._narrow: Callable[[Any], bool] | None = None
        self._now = now or (lambda: datetime.now(UTC))
        self._rows: dict[str, Any] = {}
        self._order = RowOrder()
        self._dirty: dict[str, None] = {}
        self._gone: set[str] = set()
        self._job: _Rebuild | None = None
        self._texts: dict[str, tuple[Any, str]] = {}
        self._cursor: str | None = None
        self._cursor_entry: Entry | None = None

    # What is shown

    def __len__(self) -> int:
        """How many rows are shown."""
        return len(self._order)

    @property
    def total(self) -> int:
        """How many objects there are, shown or not."""
        return len(self._rows)

    @property
    def narrowed(self) -> bool:
        """A predicate is set, by `narrow`."""
        return self._narrow is not None

    @property
    def busy(self) -> bool:
        """There is work for `step`."""
        return bool(self._job or self._gone or self._dirty)

    @property
    def progress(self) -> tuple[int, int] | None:
        """Rows done and rows to do while all of them are filtered or sorted anew; else None."""
        return (self._job.at, len(self._job.uids)) if self._job else None

    def __contains__(self, uid: object) -> bool:
        return uid in self._order

    def uid_at(self, index: int) -> str | None:
        """The object shown in a row, or None outside of the table."""
        return self._order.uid_at(index) if 0 <= index < len(self._order) else None

    def index_of(self, uid: str) -> int | None:
        """The row that shows an object, or None when it is not shown."""
        return self._order.index_of(uid)

    def object(self, uid: str) -> Any:
        """The object behind an uid, shown or not; None when there is none."""
        return self._rows.get(uid)

    def slice(self, start: int, stop: int) -> list[str]:
        """The uids of the rows from `start` to before `stop`, cut to what there is."""
        return self._order.slice(start, stop)

    # The cursor

    @property
    def cursor_uid(self) -> str | None:
        """The object under the cursor; None while no row is there to be under it."""
        return self._cursor if self._cursor is not None and self._cursor in self._order else None

    @property
    def cursor_index(self) -> int | None:
        """The row of the cursor. For painting and scrolling only: actions use `cursor_uid`."""
        return None if self._cursor is None else self._order.index_of(self._cursor)

    def cursor_to(self, uid: str) -> bool:
        """Put the cursor on an object. False, and no move, when it is not shown."""
        if uid not in self._order:
            return False
        self.touched = True
        self.slid = float("-inf")
        self._point_at(uid)
        return True

    def cursor_to_index(self, index: int) -> bool:
        """Put the cursor on a row, the nearest one there is. False when there are no rows."""
        if not len(self._order):
            return False
        index = min(max(0, index), len(self._order) - 1)
        moved = self.cursor_to(self._order.uid_at(index))
        self.touched = not (self.follow_top and index == 0)
        return moved

    def cursor_by(self, rows: int) -> bool:
        """Move the cursor up (negative) or down, to the end at most. False when there are no rows."""
        here = self.cursor_index
        return self.cursor_to_index(0 if here is None else here + rows)

    def _point_at(self, uid: str) -> None:
        self._cursor = uid
        self._cursor_entry = self._order.entry(uid)

    def _mend_cursor(self, *, to_top: bool = False) -> None:
        """After rows came or went: stay on the object; when it is no longer shown, on its neighbour."""
        size = len(self._order)
        if not size:
            return
        if self.follow_top and not self.touched:
            top = self._order.uid_at(0)
            if self._cursor not in (None, top):
                self.slid = perf_counter()
            self._point_at(top)
        elif self._cursor is not None and self._cursor in self._order:
            self._point_at(self._cursor)
        elif self._cursor is None or to_top or self._cursor_entry is None:
            self._point_at(self._order.uid_at(0))
        else:
            self.slid = perf_counter()
            self._point_at(self._order.uid_at(min(self._order.place_of(self._cursor_entry), size - 1)))

    # Marks

    def mark_cursor(self) -> None:
        """Mark the object under the cursor, or take its mark away."""
        if (uid := self.cursor_uid) is not None:
            self.marks.toggle(uid)

    def mark_range(self, to_uid: str | None = None) -> None:
        """Mark everything shown between the last marked object and `to_uid` (the cursor's by default)."""
        uid = to_uid or self.cursor_uid
        index = None if uid is None else self.index_of(uid)
        if uid is None or index is None:
            return
        anchor = None if self.marks.anchor is None else self.index_of(self.marks.anchor)
        start, stop = (index, index) if anchor is None else sorted((anchor, index))
        self.marks.add(self.slice(start, stop + 1), anchor=uid)

    def mark_all(self) -> None:
        """Mark everything that is shown."""
        self.marks.add(self._order)

    def mark(self, uids: Sequence[str]) -> tuple[str, ...]:
        """Mark those objects that there are; which there are not (yet)."""
        self.marks.add(uid for uid in uids if uid in self._rows)
        return tuple(uid for uid in uids if uid not in self._rows)

    def marked(self, *, shown_only: bool = False) -> list[str]:
        """The marked objects in the order of the rows; those hidden by a filter last, unless left out."""
        shown = [uid for uid in self._order if uid in self.marks] if self.marks else []
        hidden = [] if shown_only else [uid for uid in self.marks if uid not in self._order]
        return shown + hidden

    # What is asked of the rows

    def sort_by(self, column: int | None, *, reverse: bool = False) -> None:
        """Sort by a column of the printer (None: by namespace and name)."""
        if (column, reverse) != (self.sort_column, self.sort_reverse):
            self.sort_column, self.sort_reverse = column, reverse
            self._start_rebuild(progressive=False, re_sorted=True)

    def set_filter(self, query: Filter | str) -> None:
        """Show only the rows that pass. Text is read by `parse_filter`."""
        query = parse_filter(query) if isinstance(query, str) else query
        if query == self.filter:
            return
        re_sorted = query.fuzzy != self.filter.fuzzy
        self.filter = query
        if not query:
            self._texts.clear()
        self._start_rebuild(progressive=True, re_sorted=re_sorted)

    def narrow(self, predicate: Callable[[Any], bool] | None) -> None:
        """Show only objects that pass (a pane that follows another one); None shows all again."""
        if predicate is not self._narrow:
            self._narrow = predicate
            self._start_rebuild(progressive=True)

    def set_faults_only(self, on: bool) -> None:
        """Show only objects with something wrong (`Printer.is_fault`)."""
        if on != self.faults_only:
            self.faults_only = on
            self._start_rebuild(progressive=True)

    def set_printer(self, printer: PrinterLike) -> None:
        """Use another printer (the server's columns have come, or changed)."""
        self.printer = printer
        self._texts.clear()
        if self.sort_column is not None and self.sort_column >= len(printer.columns):
            self.sort_column, self.sort_reverse = None, False
        self._start_rebuild(progressive=False, re_sorted=True)

    # Work

    def apply(self, objects: Mapping[str, Any], changes: ChangesLike) -> None:
        """Take in what changed of `objects` (by uid). Cheap: rows move, come and go in the next `step`."""
        if changes.reset:
            self._gone.update(self._rows.keys() - objects.keys())
            changed = [uid for uid, obj in objects.items() if self._rows.get(uid) is not obj]
            self._rows.update(objects)
        else:
            self._gone.update(uid for uid in changes.removed if uid in self._rows)
            changed = [uid for uid in changes.changed if uid in objects]
            for uid in changed:
                self._rows[uid] = objects[uid]
        self._gone.difference_update(changed)
        self._dirty.update(dict.fromkeys(changed))

    def step(self, budget: float = STEP_BUDGET) -> bool:
        """Work for about `budget` seconds; True while there is more to do."""
        deadline = perf_counter() + budget
        if self._job is not None:
            self._step_rebuild(self._job, deadline)
        elif self.busy:
            self._step_changes(deadline)
        return self.busy

    def release(self) -> None:
        """Hold no object any more: the table is gone."""
        self._rows, self._order, self._job = {}, RowOrder(), None
        self._dirty.clear()
        self._gone.clear()
        self._texts.clear()
        self.marks.clear()

    def settle(self) -> None:
        """Do all the work there is, at once. For tests and small tables."""
        while self.step(1.0):
            pass

    def _step_changes(self, deadline: float) -> None:
        leave = [uid for uid in self._gone if uid in self._order]
        marked = len(self.marks)
        for uid in self._gone:
            self._rows.pop(uid, None)
            self._dirty.pop(uid, None)
            self._texts.pop(uid, None)
            self.marks.discard(uid)
        if marked and not self.marks:
            self.slid = perf_counter()
        self._gone.clear()
        enter: list[Entry] = []
        now = self._now()
        entry_of = self._order.entry
        while self._dirty:
            batch = list(islice(self._dirty, _CHUNK))
            for uid in batch:
                del self._dirty[uid]
                old, new = entry_of(uid), self._make_entry(uid, now)
                if old == new:
                    continue
                if old is not None:
                    leave.append(uid)
                if new is not None:
                    enter.append(new)
            if perf_counter() >= deadline:
                break
        if leave or enter:
            self._order.commit(leave, sorted(enter))
            self._mend_cursor()

    def _start_rebuild(self, *, progressive: bool, re_sorted: bool = False) -> None:
        """Go through all rows again: those on top first, the cursor's before all."""
        uids = dict.fromkeys([self._cursor] if self._cursor in self._rows else ())
        uids.update(dict.fromkeys(self._order))
        uids.update(dict.fromkeys(self._rows))
        reverse = self.sort_reverse and not self.filter.fuzzy
        if re_sorted:
            self._cursor_entry = None
        self._job = _Rebuild(list(uids), RowOrder(reverse=reverse), progressive)

    def _step_rebuild(self, job: _Rebuild, deadline: float) -> None:
        """Make entries for a slice, or merge those that were made: not both in one step."""
        if job.wants_merge:
            self._merge(job)
            return
        enter: list[Entry] = []
        now = self._now()
        while job.at < len(job.uids) and perf_counter() < deadline:
            made = (self._make_entry(uid, now) for uid in job.uids[job.at : job.at + _CHUNK])
            enter.extend(entry for entry in made if entry is not None)
            job.at += _CHUNK
        job.made.extend(sorted(enter))
        if len(job.made) <= _MERGED_AT_ONCE and job.wants_merge:
            self._merge(job)

    def _merge(self, job: _Rebuild) -> None:
        job.order.commit((), job.made)
        job.made = []
        if job.done or (job.progressive and len(job.order)):
            first_look = self._order is not job.order
            self._order = job.order
            if job.done or first_look:
                self._mend_cursor(to_top=job.progressive)
        if job.done:
            self._job = None

    def _make_entry(self, uid: str, now: datetime) -> Entry | None:
        """The row's place, or None when it is not to be shown."""
        obj = self._rows.get(uid)
        if obj is None or (self._narrow is not None and not self._narrow(obj)):
            return None
        if self.faults_only and not self.printer.is_fault(obj):
            return None
        meta = obj.metadata
        namespace, name = meta.namespace or "", meta.name
        query = self.filter
        if query.needs_text and not query.matches_text(self._text(uid, obj, now)):
            return None
        if query.selector is not None and not query.matches_labels(meta.labels or {}):
            return None
        if query.fuzzy:
            score = fuzzy_score(query.fuzzy, f"{namespace}/{name}".lower())
            return None if score is None else (-score, tie_breaker(namespace, name, False), uid)
        key = "" if self.sort_column is None else self.printer.sort_key(obj, self.sort_column, now)
        return key, tie_breaker(namespace, name, self.sort_reverse), uid

    def _text(self, uid: str, obj: Any, now: datetime) -> str:
        """What the filter searches: the cells that do not change by themselves. Kept while filtering."""
        known = self._texts.get(uid)
        if known is not None and known[0] is obj:
            return known[1]
        printer = self.printer
        cells = zip(printer.columns, printer.cells(obj, now), strict=False)
        text = " ".join(cell for column, cell in cells if not column.live)
        self._texts[uid] = (obj, text)
        return text
