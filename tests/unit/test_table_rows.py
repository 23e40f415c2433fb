"""Rows of a table that are read in another form once the kind's definition is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from k8stui.kube.catalog import Kind
from k8stui.kube.definitions import PrinterColumn
from k8stui.kube.live.collection import Collection, Phase
from k8stui.kube.objects import ColumnDefinition, TableRow
from k8stui.kube.objects.meta import ObjectMeta
from k8stui.ui.views.table_rows import TableRows

THINGS = Kind("example.com", "v1", "Thing", "things")
COLUMNS = (ColumnDefinition("Name", "string", "name"), ColumnDefinition("Synced", "date"))
DATED = (PrinterColumn("Synced", "date", ".status.synced"),)


class Definitions:
    """A definition that is known once it was asked for."""

    def __init__(self, printed: tuple[PrinterColumn, ...]) -> None:
        self._printed = printed
        self._known: tuple[PrinterColumn, ...] | None = None

    def known(self, kind: Kind) -> tuple[PrinterColumn, ...] | None:
        return self._known

    async def learn(self, kind: Kind) -> tuple[PrinterColumn, ...]:
        self._known = self._printed
        return self._printed


class World:
    """A cluster whose collections are filled by the test."""

    def __init__(self, printed: tuple[PrinterColumn, ...] = DATED) -> None:
        self.definitions = Definitions(printed)
        self.collections: list[Collection[Any]] = []
        self.woken = self.changed = 0
        self.taken: list[Any] = []

    def subscribe(self, kind: Kind, *, wake: Any, form: Any = None, **scope: Any) -> Any:
        self.collections.append(Collection(kind, form=form))
        return self.collections[-1].subscribe(wake)

    def rows(self) -> TableRows:
        def wake() -> None:
            self.woken += 1

        def changed() -> None:
            self.changed += 1

        session: Any = SimpleNamespace(cluster=self, settings=SimpleNamespace(columns={}), catalog=None)
        return TableRows(session, THINGS, {}, wake=wake, took=self.taken.append, changed=changed)

    def fill(self, at: int, text: str) -> None:
        (part,) = self.collections[at].parts.values()
        part.begin()
        part.columns(COLUMNS)
        part.page([TableRow(ObjectMeta(name="one", uid="u", resource_version="1"), ("one", text))])
        part.finish()
        part.status(Phase.LIVE)


async def test_rows_stay_until_those_with_dates_have_come() -> None:
    world = World()
    rows = world.rows()
    assert not rows.wants_definition, "nobody knows the columns yet"
    world.fill(0, "5m")
    assert rows.take().reset
    assert rows.wants_definition
    await rows.learn()
    assert not rows.wants_definition
    assert world.collections[1].form.dates.columns == ((1, ".status.synced"),)
    (part,) = world.collections[1].parts.values()
    part.status(Phase.STALE, "broken")
    assert rows.collection is world.collections[0], "half a list takes nothing away"
    world.fill(1, "5m1s")
    assert rows.collection is world.collections[1]
    assert world.changed == 1
    assert not world.collections[0].subscribers
    assert rows.take().reset, "all rows are others"
    assert not rows.take().reset
    before = world.woken
    part.status(Phase.STALE, "broken again")
    assert world.woken == before + 1
    rows.close()
    assert not world.collections[1].subscribers


async def test_without_dates_in_the_definition_nothing_is_read_again() -> None:
    world = World(())
    rows = world.rows()
    world.fill(0, "5m")
    rows.take()
    await rows.learn()
    assert len(world.collections) == 1
    assert not rows.wants_definition


async def test_what_is_closed_meanwhile_asks_for_nothing() -> None:
    world = World()
    rows = world.rows()
    world.fill(0, "5m")
    rows.take()
    rows.close()
    await rows.learn()
    assert len(world.collections) == 1
