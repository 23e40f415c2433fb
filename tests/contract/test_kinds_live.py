"""Any kind as a table: one that is installed while the program runs, shown, narrowed, followed, removed.

By keys, on the simulated and on the real cluster.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.settings import Settings
from k8stui.ui.backend import RealBackend
from k8stui.ui.views.jsonpath import JsonPathView
from k8stui.ui.views.table import TableView
from tests.ui.fakes import make_app, screen_text, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot

    from k8stui.ui.app import K8stuiApp
    from tests.contract.conftest import Admin, Target

SIZE = (150, 40)
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ANY = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
PRINTED: list[dict[str, Any]] = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Colour", "type": "string", "jsonPath": ".spec.colour", "priority": 1},
]


DATES = [
    {"name": "Synced", "type": "date", "jsonPath": ".spec.synced"},
    {"name": "Ends", "type": "date", "jsonPath": ".spec.ends"},
    {"name": "Since", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def definition(word: str, printed: list[dict[str, Any]] = PRINTED) -> dict[str, Any]:
    """A custom kind with these columns behind the name."""
    names = {"plural": f"{word}s", "singular": word, "kind": word.capitalize()}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": ANY,
        "additionalPrinterColumns": printed,
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{word}s.{word}.example.com"},
        "spec": {
            "group": f"{word}.example.com",
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
        },
    }


@pytest.fixture
def word() -> str:
    """The name of a kind that no cluster has."""
    return f"gizmo{secrets.token_hex(3)}"


@pytest.fixture
async def pilot(
    cluster_under_test: Target, namespace: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pilot[None]]:
    """The program on the config maps of the namespace, with a column of the settings for the kind."""
    monkeypatch.setattr("k8stui.kube.cluster.DEFINITIONS_AFTER", 0.0)
    monkeypatch.setattr("k8stui.kube.cluster.SETTLE", 0.1)
    settings = Settings(columns={f"{word}s": {"owner": "{.metadata.annotations.owner}"}})
    backend: Any = RealBackend(cluster_under_test.kubeconfig)
    context = cluster_under_test.admin.name
    app = make_app(backend, settings=settings, context=context, kind="configmaps", namespaces=(namespace,))
    async with app.run_test(size=SIZE) as running:
        await until(running, lambda: f"configmaps({namespace})" in screen_text(app), "the first table")
        await until(running, lambda: app.session.catalog.is_complete, "the kinds of the server")
        yield running


def app_of(pilot: Pilot[None]) -> K8stuiApp:
    app: Any = pilot.app
    return app  # type: ignore[no-any-return]


def table(pilot: Pilot[None]) -> TableView:
    view = app_of(pilot).main.place().view
    assert isinstance(view, TableView)
    return view


def found(pilot: Pilot[None]) -> str:
    """What a path found, once there is such a view."""
    view = app_of(pilot).main.place().view
    return view.copy_text() if isinstance(view, JsonPathView) else ""


def lines(pilot: Pilot[None], text: str) -> list[list[str]]:
    """The words of the lines of the screen that hold a text."""
    shown = screen_text(pilot.app).splitlines()
    return [line.replace("▌", " ").replace("✓", " ").split() for line in shown if text in line]


async def test_a_kind_that_is_installed_meanwhile_is_a_table_like_any_other(
    pilot: Pilot[None], admin: Admin, namespace: str, word: str
) -> None:
    app = app_of(pilot)
    await admin.create(DEFINITIONS, definition(word))
    await until(pilot, lambda: app.session.catalog.find(word) is not None, "the new kind")
    await pilot.press(":", *word)
    await until(pilot, lambda: f"{word}s" in screen_text(app).splitlines()[-2], "its completion")
    await pilot.press("tab", "enter")
    await until(pilot, lambda: f"No {word}s in namespace {namespace}" in screen_text(app), "the empty table")

    path = f"/apis/{word}.example.com/v1/namespaces/{namespace}/{word}s"
    for name, size in (("first", 9), ("second", 10), ("other", 1)):
        meta = {"name": name, "labels": {"tier": f"t{size}"}, "annotations": {"owner": f"team-{name}"}}
        body = {"apiVersion": f"{word}.example.com/v1", "kind": word.capitalize(), "metadata": meta}
        await admin.create(path, {**body, "spec": {"size": size, "colour": "red"}})
    await until(pilot, lambda: lines(pilot, "second") == [["second", "10", "team-second"]], "the rows")
    assert lines(pilot, "NAME ") == [["NAME", "SIZE", "OWNER"]]
    await pilot.press("ctrl+w")
    table(pilot).show_labels(("tier",))
    await until(pilot, lambda: lines(pilot, "NAME ") == [["NAME", "SIZE", "COLOUR", "TIER", "OWNER"]])
    table(pilot).sort_by("SIZE")
    await until(
        pilot,
        lambda: [each[0] for each in lines(pilot, "team-")] == ["other", "first", "second"],
        "sorted as numbers",
    )

    await pilot.press("space")
    await pilot.press("/", *"second", "enter")
    await until(pilot, lambda: [each[0] for each in lines(pilot, "team-")] == ["second"], "filtered")
    assert "1/3" in screen_text(app)
    assert "1 marked" in screen_text(app)
    await admin.patch(f"{path}/second", {"spec": {"size": 77}})
    await until(pilot, lambda: lines(pilot, "team-second")[0][1] == "77", "the change")
    await app.navigator.run_line("jp {.items[*].spec.size}")
    await until(pilot, lambda: found(pilot) == "9\n", "what the marked row has")
    await pilot.press("[")
    await until(pilot, lambda: isinstance(app.main.place().view, TableView))

    await admin.delete(f"{DEFINITIONS}/{word}s.{word}.example.com")
    await until(pilot, lambda: f"There are no {word}s to list" in screen_text(app), "the kind is gone")
    await until(pilot, lambda: app.session.catalog.find(word) is None, "and out of completion")


async def test_rows_that_the_server_prints_flash_when_they_change_and_their_ages_count_on(
    pilot: Pilot[None], admin: Admin, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await admin.create(path, {"metadata": {"name": "flashing"}, "data": {"a": "1"}})
    await app_of(pilot).navigator.run_line("configmaps")
    await until(pilot, lambda: lines(pilot, "flashing"), "the row")

    def colour() -> Any:
        """What is behind the number of data in the row."""
        rows = table(pilot).table
        assert rows is not None
        for strip in map(rows.render_line, range(rows.size.height)):
            if count := re.search(r"flashing +(\d)", strip.text):
                return next(s.style.bgcolor for s in strip.crop(count.start(1), count.end(1)) if s.style)
        raise AssertionError(screen_text(pilot.app))

    still = colour()
    first = lines(pilot, "flashing")[0][-1]
    await until(pilot, lambda: lines(pilot, "flashing")[0][-1] != first, "a second later")
    assert colour() == still, "time alone is no change"
    await admin.patch(f"{path}/flashing", {"data": {"b": "2"}})
    await until(pilot, lambda: lines(pilot, "flashing")[0][1] == "2", "the change")
    assert colour() != still
    await until(pilot, lambda: colour() == still, "the end of the flash")


async def test_dates_count_on_while_nothing_changes(
    pilot: Pilot[None], admin: Admin, namespace: str, word: str
) -> None:
    app = app_of(pilot)
    await admin.create(DEFINITIONS, definition(word, DATES))
    await until(pilot, lambda: app.session.catalog.find(word) is not None, "the new kind")
    path = f"/apis/{word}.example.com/v1/namespaces/{namespace}/{word}s"

    async def make(name: str, ago: int) -> None:
        synced = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
        body = {"apiVersion": f"{word}.example.com/v1", "kind": word.capitalize(), "metadata": {"name": name}}
        await admin.create(path, {**body, "spec": {"synced": synced}})

    def dates() -> list[list[str]]:
        """SYNCED and SINCE of the rows; ENDS is empty, and the settings' column is behind them."""
        return [[row[0], *(cell for cell in row[1:-1])] for row in lines(pilot, "<none>")]

    await make("row-b", 30)
    await make("row-a", 60)
    await app.navigator.run_line(f"{word}s")
    await until(pilot, lambda: len(dates()) == 2, "the rows")
    assert lines(pilot, "NAME ") == [["NAME", "SYNCED", "ENDS", "SINCE", "OWNER"]]
    first = dates()
    assert [len(row) for row in first] == [3, 3]
    for _ in range(2):
        before = dates()
        await until(
            pilot,
            lambda: all(
                new != old
                for row, was in zip(dates(), before, strict=True)  # noqa: B023
                for new, old in zip(row[1:], was[1:], strict=True)
            ),
            "a second later",
        )
    table(pilot).sort_by("SYNCED")
    await until(pilot, lambda: [row[0] for row in dates()] == ["row-b", "row-a"], "by their moments")
    await make("row-c", 45)
    await until(pilot, lambda: [row[0] for row in dates()] == ["row-b", "row-c", "row-a"], "a new one")


async def test_kinds_without_lists_or_watches_say_so(pilot: Pilot[None]) -> None:
    app = app_of(pilot)
    await app.navigator.run_line("componentstatuses")
    await until(pilot, lambda: "not watched: read again in" in screen_text(app))
    await app.navigator.run_line("tokenreviews")
    await until(pilot, lambda: "keeps no list of them" in screen_text(app))
