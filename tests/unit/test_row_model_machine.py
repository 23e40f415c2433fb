"""Anything may happen to rows in any order: the model is the same as a list that is built anew each time."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from k8stui.ui.widgets.table.row_model import RowModel
from tests.unit.rows import NOW, Row, RowPrinter, World, make_row

NUMBERS = st.integers(0, 40)
STATUSES = st.sampled_from(["Running", "Pending", "CrashLoopBackOff"])


class Rows(RuleBasedStateMachine):
    """A world that changes, a model of it, and the plainest reference there is."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.model = RowModel(RowPrinter(), now=lambda: NOW)
        self.column: int | None = None
        self.reverse = False
        self.filter = ""
        self.faults = False
        self.narrow: Any = None
        self.pointed: Row | None = None
        self.neighbours: tuple[list[str], list[str]] = ([], [])

    # What happens in the cluster

    @rule(number=NUMBERS, status=STATUSES, value=st.integers(0, 3), namespace=st.sampled_from(["a", "b"]))
    def put(self, number: int, status: str, value: int, namespace: str) -> None:
        known = self.world.objects.get(f"u{number}")
        where = known.metadata.namespace if known is not None else namespace
        self.world.put(make_row(number, namespace=where, status=status, number=value))

    @rule(first=NUMBERS, count=st.integers(1, 12))
    def put_many(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            known = self.world.objects.get(f"u{number}")
            where = known.metadata.namespace if known is not None else "a"
            self.world.put(make_row(number, namespace=where, number=number % 3))

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        if f"u{number}" in self.world.objects:
            self.world.remove(f"u{number}")

    @rule(keep=st.integers(1, 4))
    def relist(self, keep: int) -> None:
        kept = {uid: obj for index, (uid, obj) in enumerate(self.world.objects.items()) if index % keep == 0}
        self.world.objects = kept
        self.world.reset = True
        self.world.changed, self.world.removed = set(), set()

    # What the reader asks for

    @rule(column=st.sampled_from([None, 1, 2, 3]), reverse=st.booleans())
    def sort(self, column: int | None, reverse: bool) -> None:
        self.column, self.reverse = column, reverse
        self.model.sort_by(column, reverse=reverse)

    @rule(text=st.sampled_from(["", "crash", "!crash", "-l app=app-1", "pod-0001"]))
    def search(self, text: str) -> None:
        self.filter = text
        self.model.set_filter(text)

    @rule(on=st.booleans())
    def faults_only(self, on: bool) -> None:
        self.faults = on
        self.model.set_faults_only(on)

    @rule(on=st.booleans())
    def narrowed(self, on: bool) -> None:
        self.narrow = (lambda obj: obj.number != 1) if on else None
        self.model.narrow(self.narrow)

    @rule(rows=st.integers(-5, 5))
    def move(self, rows: int) -> None:
        self.model.cursor_by(rows)

    @rule()
    def mark(self) -> None:
        self.model.mark_cursor()

    # Time passes, in slices of any size

    @rule()
    def take(self) -> None:
        self.model.apply(self.world.objects, self.world.take())

    @rule()
    def step(self) -> None:
        self.model.step(0.0)

    @rule()
    def settle(self) -> None:
        before = self.model.cursor_uid
        index = self.model.cursor_index
        shown = self.model.slice(0, len(self.model))
        plain = not self.model._job
        self.model.apply(self.world.objects, self.world.take())
        self.model.settle()
        after = self.model.cursor_uid
        expected = self.expected()
        assert self.model.slice(0, len(self.model)) == expected
        assert self.model.total == len(self.world.objects)
        assert set(self.model.marked()) <= set(self.world.objects)
        if before in expected:
            assert after == before
        elif expected:
            assert after in expected
            # Sort and filter as they were, nothing else moved: the next row that is left, else the last.
            if plain and before is not None and index is not None and self.same_order(shown, expected):
                following = [uid for uid in shown[index + 1 :] if uid in expected]
                if following and not set(expected) - set(shown):
                    assert after == following[0]

    def same_order(self, shown: list[str], expected: list[str]) -> bool:
        left = [uid for uid in shown if uid in expected]
        return left == [uid for uid in expected if uid in shown]

    def expected(self) -> list[str]:
        printer = RowPrinter()
        rows = [row for row in self.world.objects.values() if self.shown(row, printer)]
        rows.sort(key=lambda row: (row.metadata.namespace, row.metadata.name))
        if self.column is not None:
            column = self.column
            rows.sort(key=lambda row: printer.sort_key(row, column, NOW), reverse=self.reverse)
        elif self.reverse:
            # Without a key all rows are equal, and equal rows are by name in both directions.
            pass
        return [row.metadata.uid for row in rows]

    def shown(self, row: Row, printer: RowPrinter) -> bool:
        if self.faults and not printer.is_fault(row):
            return False
        if self.narrow is not None and not self.narrow(row):
            return False
        crashed = row.status == "CrashLoopBackOff"
        return {
            "": True,
            "crash": crashed,
            "!crash": not crashed,
            "-l app=app-1": row.metadata.labels["app"] == "app-1",
            "pod-0001": "pod-0001" in row.metadata.name,
        }[self.filter]

    @invariant()
    def the_cursor_is_an_object_that_is_shown(self) -> None:
        uid = self.model.cursor_uid
        if uid is not None:
            assert uid in self.model
            assert self.model.uid_at(self.model.cursor_index or 0) == uid

    @precondition(lambda self: len(self.model) > 0)
    @invariant()
    def every_row_has_an_object(self) -> None:
        assert all(self.model.object(uid) is not None for uid in self.model.slice(0, len(self.model)))


Rows.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestRows = Rows.TestCase
