"""Credentials that stand in the kubeconfig or in files: what is sent, and what follows a rotation."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.headers import impersonation
from k8stui.kube.credentials import Credential, credentials_for
from k8stui.kube.credentials.expiry import why_refused
from k8stui.kube.credentials.watched import WatchedFiles
from k8stui.kube.errors import ApiError, CredentialsError, KubeconfigError
from k8stui.kube.kubeconfig.reading import AuthProvider, Cluster, Context, User, load_kubeconfig
from tests.unit.fakes_server import FakeServer, Reply, Request, status_body

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Monotonic seconds that go when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def context(server: str = "https://h", **user: Any) -> Context:
    return Context("c", Cluster("k", server), User("u", **user))


async def authorization(**user: Any) -> str:
    return (await credentials_for(context(**user)).get()).authorization


async def test_token_password_and_nothing() -> None:
    assert await authorization(token="abc") == "Bearer abc"
    assert await authorization(username="joe", password="pässword:x") == (
        "Basic " + base64.b64encode("joe:pässword:x".encode()).decode()
    )
    assert await authorization() == ""
    assert await authorization(token="t", username="joe") == "Bearer t"


async def test_a_token_that_no_header_can_carry_is_refused() -> None:
    for token in ("two\nlines", "nul\0", "Ünicode"):
        with pytest.raises(CredentialsError, match="no header can carry"):
            await authorization(token=token)


async def test_a_token_file_is_stripped_and_wins_over_the_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("  from-file \n\n")
    assert await authorization(token="inline", token_file=file) == "Bearer from-file"
    file.unlink()
    assert await authorization(token="inline", token_file=file) == "Bearer inline"
    with pytest.raises(CredentialsError, match="does not exist"):
        await authorization(token_file=file)


async def test_files_are_looked_at_now_and_then_and_read_when_they_changed(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    file.write_text("one")
    watched = WatchedFiles([file], ["The token file"], clock=clock)
    assert await watched.contents() == (b"one",)
    file.write_text("three")
    clock.now += 1
    assert await watched.contents() == (b"one",)
    assert await watched.contents(look_now=True) == (b"three",)
    file.write_text("two")
    clock.now += 5
    assert await watched.contents() == (b"two",)
    file.unlink()
    clock.now += 5
    assert await watched.contents() == (b"two",)  # Gone for a moment, as while being replaced.


async def test_a_file_that_cannot_be_read_to_its_end_is_said_in_time_and_read_once_it_can(
    tmp_path: Path,
) -> None:
    pipe, clock = tmp_path / "token", Clock()
    os.mkfifo(pipe)  # whoever opens it waits until somebody writes, as on a mount that hangs
    watched = WatchedFiles([pipe], ["The token file"], clock=clock, limit=0.1)
    began = time.monotonic()
    failures = await asyncio.gather(*(watched.contents() for _ in range(20)), return_exceptions=True)
    assert time.monotonic() - began < 1, "all who ask at once wait once"
    assert {str(error) for error in failures} == {f"The token file {pipe} could not be read within 0.1 s"}
    with pipe.open("wb") as writer:
        writer.write(b"late")
    pipe.unlink()
    pipe.write_bytes(b"token")
    clock.now += 1
    assert await watched.contents() == (b"token",)
    pipe.unlink()
    os.mkfifo(pipe)
    clock.now += 5
    assert await watched.contents() == (b"token",), "what was read goes on"
    clock.now += 5
    began = time.monotonic()
    assert await watched.contents() == (b"token",)
    assert time.monotonic() - began < 0.1, "and nobody waits again for what hangs"
    pipe.open("wb").close()


async def test_files_are_read_again_each_minute_even_if_they_look_the_same(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    file.write_text("one")
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    watched = WatchedFiles([file], ["The token file"], clock=clock)
    await watched.contents()
    file.write_text("two")
    os.utime(file, ns=times)
    clock.now += 5
    assert await watched.contents() == (b"one",)
    clock.now += 60
    assert await watched.contents() == (b"two",)


async def test_a_rotated_token_reaches_a_running_session_on_a_401(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")

    async def handler(request: Request, reply: Reply) -> None:
        good = request.headers["authorization"] == "Bearer new"
        await reply.send(
            200 if good else 401, b"ok" if good else status_body(401, "Unauthorized", "Unauthorized")
        )

    async with FakeServer() as server:
        server.on("/x", handler)
        async with Connection(context(server.url, token_file=file), env={}) as connection:
            with pytest.raises(ApiError):
                await connection.get("/x")
            assert len(server.requests) == 1  # Nothing new to try with.
            file.write_text("new\n")
            assert await connection.get("/x") == b"ok"
            assert len(server.requests) == 3


async def test_a_changed_kubeconfig_reaches_a_running_session(tmp_path: Path) -> None:
    async with FakeServer() as server:
        config = {
            "clusters": [{"name": "k", "cluster": {"server": server.url}}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "old"}}],
        }
        file = tmp_path / "config"
        file.write_text(json.dumps(config))

        async def handler(request: Request, reply: Reply) -> None:
            good = request.headers["authorization"] == "Bearer newer"
            await reply.send(200 if good else 401, b"Unauthorized")

        server.on("/x", handler)
        told: list[str] = []
        loaded = load_kubeconfig([file]).context("c")
        async with Connection(loaded, env={}, on_progress=told.append) as connection:
            file.write_text("half writ: [")
            with pytest.raises(ApiError):
                await connection.get("/x")
            config["users"][0]["user"] = {"token": "newer"}
            file.write_text(json.dumps(config))
            assert await connection.get("/x") == b"Unauthorized"
            assert connection.context.user_entry.token == "newer"

            config["users"][0]["user"] = {"token": "for another server"}
            config["clusters"][0]["cluster"] = {"server": "https://elsewhere.test"}
            file.write_text(json.dumps(config))
            refused = await connection._identity.get()
            await connection._identity.renew(refused)
            await connection.get("/x")
            assert connection.server == server.url
            assert len(told) == 1
            assert "another server" in told[0]


async def test_many_requests_that_are_refused_at_once_all_go_on(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")

    async def handler(request: Request, reply: Reply) -> None:
        file.write_text("new")
        good = request.headers["authorization"] == "Bearer new"
        await reply.send(200 if good else 401, b"ok")

    async with FakeServer() as server:
        server.on("/x", handler)
        async with Connection(context(server.url, token_file=file), env={}) as connection:
            assert await asyncio.gather(*(connection.get("/x") for _ in range(20))) == [b"ok"] * 20


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": 1_700_000_000}, "the token of user ann expired on 2023-11-14 at 22:13 UTC: log in again"),
        ({"exp": 1_900_000_000}, ""),
        ({"sub": "ann"}, ""),
        ({"exp": "soon"}, ""),
        ({"exp": -1e300}, "the token of user ann expired on a day far away: log in again"),
    ],
)
def test_a_refused_token_that_has_run_out_is_told(claims: dict[str, object], said: str) -> None:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert why_refused(Credential(f"Bearer head.{middle}.sign"), "ann", now=1_800_000_000) == said


@pytest.mark.parametrize(
    "header", ["", "Bearer opaque", "Bearer a.b.c", "Bearer a.é.c", "Basic dXNlcjpwdw=="]
)
def test_a_token_that_does_not_tell_is_not_guessed_at(header: str) -> None:
    assert why_refused(Credential(header), "ann") == ""


def test_impersonation_has_all_its_headers() -> None:
    user = User(
        "u",
        impersonate="ann@example.test",
        impersonate_uid="42",
        impersonate_groups=("a", "b c"),
        impersonate_extra={"scopes": ("x", "y"), "acme.com/Ünit%": ("z",)},
    )
    assert impersonation(user) == [
        ("Impersonate-User", "ann@example.test"),
        ("Impersonate-Uid", "42"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b c"),
        ("Impersonate-Extra-scopes", "x"),
        ("Impersonate-Extra-scopes", "y"),
        ("Impersonate-Extra-acme.com%2F%C3%9Cnit%25", "z"),
    ]
    with pytest.raises(KubeconfigError, match="but no user"):
        impersonation(User("u", impersonate_groups=("a",)))
    with pytest.raises(KubeconfigError, match="control characters"):
        impersonation(User("u", impersonate="a\r\nX-Evil: 1"))


async def test_impersonation_goes_with_every_request() -> None:
    async with FakeServer() as server:
        server.answer("/x")
        user = {"token": "t", "impersonate": "ann", "impersonate_groups": ("a", "b")}
        async with Connection(context(server.url, **user), env={}) as connection:
            await connection.get("/x")
        sent = [value for name, value in server.requests[0].raw_headers if name == "Impersonate-Group"]
        assert sent == ["a", "b"]
        assert server.requests[0].headers["impersonate-user"] == "ann"
        assert server.requests[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(("name", "advice"), [("gcp", "gke-gcloud-auth-plugin"), ("azure", "kubelogin")])
def test_providers_that_were_removed_say_what_to_use_instead(name: str, advice: str) -> None:
    with pytest.raises(KubeconfigError) as caught:
        credentials_for(context(auth_provider=AuthProvider(name)))
    assert advice in caught.value.sentence()


async def test_half_a_client_certificate_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="no client key"):
        await credentials_for(context(client_certificate_data=b"PEM")).get()
    with pytest.raises(CredentialsError, match="no client certificate"):
        await credentials_for(context(client_key_data=b"PEM")).get()
    both = tmp_path / "both.pem"
    both.write_bytes(b"-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n")
    got = await credentials_for(context(client_certificate=both)).get()
    assert got.certificate is not None
    assert got.certificate.key == both.read_bytes()
    assert "PRIVATE" not in repr(got)


def test_a_credential_is_fresh_until_it_ends() -> None:
    assert Credential("x").fresh(1e9)
    assert Credential("x", expires=100.0).fresh(5, now=94)
    assert not Credential("x", expires=100.0).fresh(5, now=96)
