"""What the header counts: true for the namespaces in use, and honest about what nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN
from k8stui.kube.live.collection import Collection, Phase
from k8stui.kube.objects import Event, ObjectMeta, Pod, PodStatus
from k8stui.ui import warnings
from k8stui.ui.header import Warnings, warning_words
from k8stui.ui.warnings import WarningCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Kind


def pod(name: str, namespace: str, phase: str) -> Pod:
    meta = ObjectMeta(name=name, namespace=namespace, uid=f"{namespace}/{name}")
    return Pod(metadata=meta, status=PodStatus(phase=phase, reason="Evicted" if phase == "Failed" else ""))


def warning(name: str, namespace: str) -> Event:
    return Event(
        metadata=ObjectMeta(name=name, namespace=namespace, uid=f"e/{namespace}/{name}"), type="Warning"
    )


def collection(plural: str, objects: list[Any], *namespaces: str, labels: str = "") -> Collection[Any]:
    kind = BUILTIN.get("", plural)
    assert kind is not None
    made: Collection[Any] = Collection(kind, namespaces, label_selector=labels)
    for name, part in made.parts.items():
        part.begin()
        part.page([each for each in objects if name in ("", each.metadata.namespace)])
        part.finish()
    return made


PODS = [pod("a", "shop", "Failed"), pod("b", "shop", "Succeeded"), pod("c", "bank", "Failed")]


class Held:
    """A cluster's collections, each with a view that reads it."""

    def __init__(self, *collections: Collection[Any]) -> None:
        self.collections = list(collections)
        self.views = [each.subscribe(lambda: None) for each in collections]

    def subscribe(self, kind: Kind, *, namespaces: tuple[str, ...], wake: Callable[[], None]) -> Any:
        found = next(c for c in self.collections if c.kind == kind and c.namespaces == namespaces)
        return found.subscribe(wake)


def counted(*collections: Collection[Any], namespaces: tuple[str, ...] = ()) -> Warnings:
    counts, held = WarningCounts(), Held(*collections)
    more = True
    while more:
        found, more = counts.step(held, namespaces)
    return found


def test_only_the_namespaces_in_use_count() -> None:
    everywhere = collection("pods", PODS)
    assert counted(everywhere).pods == 2
    assert counted(everywhere, namespaces=("shop",)).pods == 1
    assert counted(everywhere, namespaces=("empty",)).pods == 0


def test_a_collection_of_too_little_is_not_taken_for_all() -> None:
    shop = collection("pods", PODS, "shop")
    assert counted(shop, namespaces=("shop",)).pods == 1
    assert counted(shop).pods is None, "all namespaces are in use, one is watched"
    assert counted(collection("pods", PODS, labels="app=web")).pods is None


def test_what_is_refused_is_not_known() -> None:
    pods = collection("pods", PODS)
    next(iter(pods.parts.values())).status(Phase.DENIED, "forbidden")
    assert counted(pods).pods is None


def test_another_choice_of_namespaces_counts_anew() -> None:
    held = Held(collection("events", [warning("x", "shop"), warning("y", "bank")]))
    counts = WarningCounts()
    assert counts.step(held, ())[0].events == 2
    assert counts.step(held, ("bank",))[0].events == 1
    assert counts.step(held, ())[0].events == 2


def test_a_large_collection_is_not_held_for_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    held, counts = Held(collection("pods", PODS)), WarningCounts()
    assert counts.step(held)[0].pods == 2
    held.views[0].close()
    assert counts.step(held)[0].pods == 2, "small: it is held, and the count goes on"
    monkeypatch.setattr(warnings, "HELD", 2)
    assert counts.step(held)[0].pods is None
    assert held.collections[0].subscribers == 0


@pytest.mark.parametrize(
    ("found", "long", "short"),
    [
        (Warnings(0, 0, 0), "", ""),
        (Warnings(1, 2, 0), "⚠ 1 node not ready · 2 pods failing", "⚠ 1N 2P"),
        (Warnings(0, None, 3), "⚠ 3 warning events", "⚠ 3E"),
        (Warnings(), "", ""),
    ],
)
def test_words(found: Warnings, long: str, short: str) -> None:
    assert warning_words(found, short=False) == long
    assert warning_words(found, short=True) == short
