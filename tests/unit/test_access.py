"""What the user may do and who it is, as the server answers; and which namespaces are open."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k8stui.kube.access import Access, Permission
from k8stui.kube.catalog import BUILTIN, Catalog, Kind
from k8stui.kube.certificates import common_name, validity
from k8stui.kube.errors import ApiError, ConnectionLost
from k8stui.kube.namespaces import visible_namespaces
from tests.unit.fakes_connection import Answer, FakeClock

GOLDEN = Path(__file__).parent.parent / "golden" / "exchanges"
PODS = BUILTIN.get("", "pods")
assert PODS is not None
FORBIDDEN = ApiError(403, "Forbidden", 'namespaces is forbidden: User "viewer" cannot list')


def recorded(name: str) -> bytes:
    return json.dumps(json.loads((GOLDEN / name).read_bytes())["response"]["body"]).encode()


class Server:
    def __init__(self, *answers: bytes | Exception, **paths: bytes | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Any]] = []
        self.gate: asyncio.Event | None = None

    async def request(self, method: str, path: str, *, body: bytes | None = None, **_: Any) -> Any:
        self.asked.append((path, msgspec.json.decode(body) if body else None))
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)


def allowed(yes: bool) -> bytes:
    return json.dumps({"status": {"allowed": yes}}).encode()


async def test_one_question_is_one_review() -> None:
    server = Server(recorded("access-review-viewer-denied.json"))
    access = Access(server)
    assert PODS is not None
    answer = await access.can("create", PODS, "shop", subresource="exec")
    assert not answer
    path, body = server.asked[0]
    assert path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert body["spec"]["resourceAttributes"] == {
        "verb": "create",
        "version": "v1",
        "resource": "pods",
        "subresource": "exec",
        "namespace": "shop",
    }
    await access.close()


async def test_answers_are_remembered_for_a_while() -> None:
    server = Server(allowed(True), allowed(False), allowed(True))
    clock = FakeClock()
    access = Access(server, keep_seconds=60, clock=clock)
    assert PODS is not None
    assert access.known("list", PODS, "shop") is None
    assert await access.can("list", PODS, "shop")
    clock.now += 59
    assert await access.can("list", PODS, "shop")
    assert access.known("list", PODS, "shop") == Permission(allowed=True)
    clock.now += 2
    assert not await access.can("list", PODS, "shop")
    access.forget()
    assert await access.can("list", PODS, "shop")
    assert len(server.asked) == 3


async def test_callers_at_once_share_a_request_and_one_may_leave() -> None:
    server = Server(allowed(True))
    server.gate = asyncio.Event()
    access = Access(server)
    assert PODS is not None
    callers = [asyncio.create_task(access.can("list", PODS)) for _ in range(5)]
    await asyncio.sleep(0.01)
    callers[0].cancel()
    server.gate.set()
    answers = await asyncio.gather(*callers[1:])
    assert all(answers)
    assert len(server.asked) == 1


async def test_a_failed_question_is_asked_again() -> None:
    server = Server(ConnectionLost("broke"), allowed(True))
    access = Access(server)
    assert PODS is not None
    with pytest.raises(ConnectionLost):
        await access.can("list", PODS)
    assert await access.can("list", PODS)


async def test_closing_ends_questions_under_way() -> None:
    server = Server(allowed(True))
    server.gate = asyncio.Event()
    access = Access(server)
    assert PODS is not None
    before = asyncio.all_tasks()
    asking = asyncio.create_task(access.can("list", PODS))
    await asyncio.sleep(0.01)
    await access.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert asyncio.all_tasks() == before


async def test_all_rules_of_a_namespace() -> None:
    access = Access(Server(recorded("access-rules-review-viewer.json")))
    rules = await access.rules("default")
    assert rules.allows("list", "", "pods")
    assert rules.allows("get", "", "pods/log")
    assert not rules.allows("delete", "", "pods")
    assert rules.allows("create", "authorization.k8s.io", "selfsubjectaccessreviews")


async def test_who_am_i() -> None:
    info = await Access(Server(recorded("self-subject-review.json"))).who_am_i()
    assert info is not None
    assert (info.username, info.groups) == ("viewer", ("viewers", "system:authenticated"))


async def test_older_servers_cannot_say_who_we_are() -> None:
    missing = ApiError(404, "NotFound", "the server could not find the requested resource")
    server = Server(missing, missing, missing)
    assert await Access(server).who_am_i() is None
    assert len(server.asked) == 3


async def open_namespaces(server: Server, *candidates: str, catalog: Catalog = BUILTIN) -> Any:
    assert PODS is not None
    access = Access(server)
    try:
        return await visible_namespaces(server, access, catalog, candidates, PODS)
    finally:
        await access.close()


async def test_who_may_list_namespaces_sees_all() -> None:
    pages: list[bytes] = [
        b'{"metadata":{"continue":"more"},"items":[{"metadata":{"name":"b"}}]}',
        b'{"metadata":{},"items":[{"metadata":{"name":"a"}}]}',
    ]
    found = await open_namespaces(Server(*pages))
    assert (found.names, found.complete) == (("a", "b"), True)


async def test_others_get_the_candidates_that_are_allowed() -> None:
    found = await open_namespaces(
        Server(FORBIDDEN, allowed(True), allowed(False), allowed(True)),
        "shop",
        "secret",
        "",
        "shop",
        "default",
    )
    assert (found.names, found.complete) == (("shop", "default"), False)
    assert "cannot list" in found.reason


async def test_with_nothing_allowed_a_namespace_is_asked_for() -> None:
    found = await open_namespaces(Server(FORBIDDEN, allowed(False)), "default")
    assert found.names == ()
    assert "name a namespace that you may see" in found.reason


async def test_projects_stand_in_for_namespaces_where_there_are_any() -> None:
    catalog = Catalog([Kind("project.openshift.io", "v1", "Project", "projects", namespaced=False)])
    answer = b'{"metadata":{},"items":[{"metadata":{"name":"mine"}}]}'
    found = await open_namespaces(Server(FORBIDDEN, answer), "default", catalog=catalog)
    assert (found.names, found.complete) == (("mine",), True)


CERTIFICATE = b"""-----BEGIN CERTIFICATE-----
%s
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize("text", [b"", b"nonsense", CERTIFICATE % b"AAAA", CERTIFICATE % b"%%%", b"\x30\x82"])
def test_a_certificate_that_cannot_be_read_names_nobody(text: bytes) -> None:
    assert common_name(text) == ""
    assert validity(text) is None


def test_the_name_in_a_certificate(tmp_path: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    key, cert = tmp_path / "key", tmp_path / "cert"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subject = ["-subj", "/O=system:masters/CN=jane", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    assert common_name(cert.read_bytes()) == "jane"
    begins, ends = validity(cert.read_bytes()) or (0, 0)
    assert (round(begins - time.time(), -2), ends - begins) == (0, 30 * 86400)
