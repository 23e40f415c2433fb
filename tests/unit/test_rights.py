"""What a user may not do: said before it is tried, by read-only mode or by the server's own answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.access import Permission, ResourceRule, Rules
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.errors import ConnectionLost
from k8stui.ui.actions import Action, Danger, Place, Registry, Right
from k8stui.ui.rights import READ_ONLY, Rights

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind

LOGS = Action(
    "row.logs",
    "logs",
    "",
    lambda place: None,
    needs_object=True,
    many=True,
    right=Right("get", "pods", "log"),
)
SHELL = Action(
    "row.shell", "shell", "", lambda place: None, needs_object=True, right=Right("create", "pods", "exec")
)
SCALE = Action("row.scale", "scale", "", lambda place: None, danger=Danger.CHANGES)
WIDE = Action("table.wide", "wide", "", lambda place: None)


class FakeAccess:
    """Allows what it is told to."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed
        self.asked: list[str] = []
        self.answers: dict[str, Permission] = {}
        self.broken = False
        self.by_name = Rules()

    @staticmethod
    def _key(verb: str, kind: Kind, namespace: str, subresource: str) -> str:
        return f"{verb} {kind.plural}/{subresource} {namespace}"

    def known(
        self, verb: str, kind: Kind, namespace: str = "", *, subresource: str = ""
    ) -> Permission | None:
        return self.answers.get(self._key(verb, kind, namespace, subresource))

    async def can(self, verb: str, kind: Kind, namespace: str = "", *, subresource: str = "") -> Permission:
        key = self._key(verb, kind, namespace, subresource)
        self.asked.append(key)
        if self.broken:
            raise ConnectionLost("no route to host")
        answer = self.answers[key] = Permission(allowed=key in self.allowed)
        return answer

    async def rules(self, namespace: str) -> Rules:
        return self.by_name


def at(*namespaces: str, name: str = "web") -> Place:
    objects = tuple(SimpleNamespace(metadata=SimpleNamespace(namespace=ns, name=name)) for ns in namespaces)
    none: Any = None
    return Place(none, none, view_type="table", kind=BUILTIN.get("", "pods"), objects=objects)


def rights(access: FakeAccess, *, readonly: bool = False) -> Rights:
    session: Any = SimpleNamespace(readonly=readonly, cluster=SimpleNamespace(access=access), catalog=BUILTIN)
    return Rights(session, Registry([LOGS, SHELL, SCALE, WIDE]))


async def test_a_refusal_names_the_missing_verb_resource_and_namespace() -> None:
    access = FakeAccess("get pods/log shop")
    known = rights(access)
    place = at("shop")
    assert known.refusal(SHELL, place) == "", "not known is not forbidden"
    told: list[bool] = []
    await known.ask(known.unknown(place), lambda: told.append(True))
    assert told
    assert known.refusal(LOGS, place) == ""
    assert known.refusal(SHELL, place) == "You may not create pods/exec in namespace shop."
    assert known.unknown(place) == [], "asked once"


async def test_one_namespace_of_many_is_enough_to_refuse() -> None:
    access = FakeAccess("get pods/log shop")
    known, place = rights(access), at("shop", "bank")
    await known.ask(known.unknown(place), lambda: None)
    assert known.refusal(LOGS, place) == "You may not get pods/log in namespace bank."


async def test_what_is_allowed_for_one_object_by_its_name_is_not_refused_for_it() -> None:
    access = FakeAccess("get pods/log shop")
    access.by_name = Rules((ResourceRule(("create",), ("",), ("pods/exec",), ("web",)),))
    known = rights(access)
    await known.ask(known.unknown(at("shop")), lambda: None)
    assert known.refusal(SHELL, at("shop", name="web")) == ""
    assert known.refusal(SHELL, at("shop", name="db")) == "You may not create pods/exec in namespace shop."


async def test_a_server_that_cannot_be_asked_forbids_nothing_and_is_left_alone() -> None:
    access = FakeAccess()
    access.broken = True
    known, place = rights(access), at("shop")
    await known.ask(known.unknown(place), lambda: None)
    assert known.refusal(SHELL, place) == ""
    assert known.unknown(place) == []


@pytest.mark.parametrize(
    ("action", "sentence"), [(LOGS, ""), (WIDE, ""), (SHELL, READ_ONLY), (SCALE, READ_ONLY)]
)
def test_read_only_mode_refuses_what_changes(action: Action, sentence: str) -> None:
    assert rights(FakeAccess(), readonly=True).refusal(action, at("shop")) == sentence
