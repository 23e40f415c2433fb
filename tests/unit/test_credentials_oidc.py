"""The oidc auth-provider: when a token is refreshed, how its issuer is asked, and what is written back."""

from __future__ import annotations

import base64
import json
import stat
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.credentials import credentials_for
from k8stui.kube.credentials.oidc import token_expiry
from k8stui.kube.errors import ApiError, CredentialsError
from k8stui.kube.kubeconfig.reading import Context, load_kubeconfig
from k8stui.kube.kubeconfig.update import update_auth_provider
from tests.unit.fakes_server import FakeServer, Reply, Request, make_certificates

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# made by hand: keep this line
clusters:
- name: k
  cluster: {{server: "{server}"}}
contexts:
- name: c
  context: {{cluster: k, user: u}}
users:
- name: other
  user: {{token: untouched}}
- name: u
  user:
    auth-provider:
      name: oidc
      config:
        # the issuer
        idp-issuer-url: {issuer}
        client-id: kube
{more}
        refresh-token: r1   # one use
current-context: c
"""

BLOCK = "users:\n- name: u\n  user:\n    auth-provider:\n      config:\n"


def token(seconds: float, name: str = "t") -> str:
    """An unsigned JSON Web Token that ends in `seconds`."""

    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part({'exp': int(time.time() + seconds), 'sub': name})}.sig"


def kubeconfig(
    folder: Path, issuer: str, *, server: str = "https://h", **fields: str
) -> tuple[Path, Context]:
    file = folder / "config"
    more = "\n".join(f"        {key.replace('_', '-')}: {value}" for key, value in fields.items())
    file.write_text(CONFIG.format(server=server, issuer=issuer, more=more))
    return file, load_kubeconfig([file]).context("c")


class Issuer:
    """An issuer on `server` that gives `fresh` for a refresh token."""

    def __init__(self, server: FakeServer, fresh: str, *, basic_only: bool = False, rotate: str = "") -> None:
        self.forms: list[dict[str, str]] = []
        self.basic: list[str] = []
        self._fresh, self._rotate, self._form_only = fresh, rotate, not basic_only
        endpoint = json.dumps({"token_endpoint": f"{server.url}/token"}).encode()
        server.answer("/.well-known/openid-configuration", endpoint)
        server.on("/token", self._token)

    async def _token(self, request: Request, reply: Reply) -> None:
        self.forms.append(dict(parse_qsl(request.body.decode())))
        self.basic.append(request.headers.get("authorization", ""))
        if self._form_only and "authorization" in request.headers:
            await reply.send(401, b'{"error":"invalid_client"}')
            return
        answer = {"id_token": self._fresh}
        if self._rotate:
            answer["refresh_token"] = self._rotate
        await reply.send(200, json.dumps(answer).encode())


async def failure(context: Context) -> str:
    with pytest.raises(CredentialsError) as caught:
        await credentials_for(context).get()
    assert "\n" not in caught.value.sentence()
    return caught.value.sentence()


async def test_a_valid_token_is_used_as_it_is(tmp_path: Path) -> None:
    standing = token(3600)
    _, context = kubeconfig(tmp_path, "https://issuer.test", id_token=standing)
    credential = await credentials_for(context).get()
    assert credential.authorization == f"Bearer {standing}"
    assert credential.expires == token_expiry(standing)


async def test_an_expired_token_is_refreshed_and_written_back(tmp_path: Path) -> None:
    fresh = token(3600, "fresh")
    async with FakeServer() as server:
        issuer = Issuer(server, fresh, rotate="r2")
        file, context = kubeconfig(tmp_path, server.url, id_token=token(-5))
        before = file.read_text()
        credential = await credentials_for(context).get()
        assert credential.authorization == f"Bearer {fresh}"
        assert issuer.forms == [{"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "kube"}]
    provider = load_kubeconfig([file]).context("c").user_entry.auth_provider
    assert provider is not None
    assert (provider.config["id-token"], provider.config["refresh-token"]) == (fresh, "r2")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["config"]
    changed = [
        (old, new)
        for old, new in zip(before.split("\n"), file.read_text().split("\n"), strict=True)
        if old != new
    ]
    assert len(changed) == 2  # The two tokens, and neither a comment nor anything else.


@pytest.mark.parametrize("basic_only", [True, False])
async def test_the_client_secret_goes_in_a_header_or_in_the_form(tmp_path: Path, basic_only: bool) -> None:
    async with FakeServer() as server:
        issuer = Issuer(server, token(60), basic_only=basic_only)
        _, context = kubeconfig(tmp_path, server.url, client_secret="s3:cret")
        await credentials_for(context).get()
        expected = "Basic " + base64.b64encode(b"kube:s3%3Acret").decode()
        assert issuer.basic == ([expected] if basic_only else [expected, ""])
        assert ("client_secret" in issuer.forms[-1]) is not basic_only


async def test_a_refused_token_is_refreshed_though_it_has_not_ended(tmp_path: Path) -> None:
    fresh = token(3600, "fresh")

    async def api(request: Request, reply: Reply) -> None:
        good = request.headers["authorization"] == f"Bearer {fresh}"
        await reply.send(200 if good else 401, b"ok" if good else b"Unauthorized")

    async with FakeServer() as server:
        issuer = Issuer(server, fresh)
        server.on("/version", api)
        _, context = kubeconfig(tmp_path, server.url, server=server.url, id_token=token(3600, "stale"))
        async with Connection(context, env={}) as connection:
            assert await connection.get("/version") == b"ok"
            assert await connection.get("/version") == b"ok"
            assert len(issuer.forms) == 1


async def test_the_issuer_is_verified_by_its_own_authority(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    data = base64.b64encode(certificates.ca.read_bytes()).decode()
    async with FakeServer(certificates.server_context()) as server:
        Issuer(server, token(60))
        _, context = kubeconfig(tmp_path, server.url)
        assert "authority that is not trusted" in await failure(context)
        for field, value in (
            ("idp_certificate_authority_data", data),
            ("idp_certificate_authority", str(certificates.ca)),
        ):
            _, context = kubeconfig(tmp_path, server.url, **{field: value})
            assert (await credentials_for(context).get()).authorization


async def test_what_the_issuer_says_is_told(tmp_path: Path) -> None:
    async with FakeServer() as server:
        endpoint = json.dumps({"token_endpoint": f"{server.url}/token"}).encode()
        _, context = kubeconfig(tmp_path, server.url)
        for status, body, said in (
            (404, b"not here", "HTTP 404"),
            (200, b"<html>", "no JSON object"),
            (200, b"{}", "token_endpoint of the issuer is empty"),
            (200, b'{"token_endpoint":"http://evil.test/x"}', "not an https:// URL"),
        ):
            server.answer("/.well-known/openid-configuration", body, status=status)
            server._handlers["/.well-known/openid-configuration"] = server._handlers[
                "/.well-known/openid-configuration"
            ][-1:]
            assert said in await failure(context)
        server._handlers.clear()
        server.answer("/.well-known/openid-configuration", endpoint)
        server.answer(
            "/token", b'{"error":"invalid_grant","error_description":"Token\\nexpired"}', status=400
        )
        server.answer("/token", b"{}")
        assert "Token expired; log in again" in await failure(context)
        assert "no id_token" in await failure(context)


async def test_without_a_way_to_refresh_one_is_told_to_log_in(tmp_path: Path) -> None:
    file, _ = kubeconfig(tmp_path, "https://issuer.test", id_token=token(-5))
    file.write_text(file.read_text().replace("refresh-token: r1", "x: y"))
    assert "no refresh-token" in await failure(load_kubeconfig([file]).context("c"))
    _, context = kubeconfig(tmp_path, "http://issuer.test")
    assert "not an https:// URL" in await failure(context)


@pytest.mark.parametrize(
    "text",
    [
        'users: [{name: u, user: {auth-provider: {name: oidc, config: {"id-token": old, a: b}}}}]',
        'users: [{name: u, user: {auth-provider: {name: oidc, config: {a: "ü", "c": d}}}}]',
        BLOCK + "        a: b\n        id-token: 'o''ld'\n",
        "\ufeff" + (BLOCK + "        ü: ö\n        c: d\n").replace("\n", "\r\n"),
        BLOCK + "        id-token: >-\n          folded\n          text\n        a: b\n",
        BLOCK + "        id-token: # empty\n        a: b\n",
        BLOCK + "        id-token:\n        a: b\nlast: &x [1, 2]\n",
    ],
)
def test_values_are_put_into_any_shape_of_yaml(tmp_path: Path, text: str) -> None:
    import yaml

    file = tmp_path / "config"
    file.write_bytes(text.encode())
    before = yaml.safe_load(text.removeprefix("\ufeff"))
    assert update_auth_provider(file, "u", {"id-token": "new.token", "refresh-token": "r: 2"})
    after = yaml.safe_load(file.read_bytes().decode("utf-8-sig"))
    expected = before["users"][0]["user"]["auth-provider"]["config"]
    expected.update({"id-token": "new.token", "refresh-token": "r: 2"})
    assert after == before


def test_a_file_that_may_not_be_changed_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config"
    text = "users: [{name: u, user: {auth-provider: {config: {a: b}}}}]"
    file.write_text(text)
    lock = tmp_path / "config.lock"
    lock.touch()
    assert not update_auth_provider(file, "u", {"id-token": "x"})
    lock.unlink()
    assert not update_auth_provider(file, "nobody", {"id-token": "x"})
    assert not update_auth_provider(tmp_path / "missing", "u", {"id-token": "x"})
    assert file.read_text() == text
    link = tmp_path / "link"
    link.symlink_to(file)
    assert update_auth_provider(link, "u", {"id-token": "x"})
    assert link.is_symlink()
    assert "id-token" in file.read_text()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config", "link"]


def test_the_end_of_a_token_is_read_without_trust() -> None:
    assert token_expiry("nonsense") is None
    assert token_expiry("a.b.c") is None
    assert token_expiry("a." + base64.urlsafe_b64encode(b'{"exp":"x"}').decode() + ".c") is None
    assert token_expiry("a." + base64.urlsafe_b64encode(b"[]").decode() + ".c") is None
    assert token_expiry(token(60)) is not None


async def test_an_api_error_stays_one_when_the_refresh_gives_nothing_new(tmp_path: Path) -> None:
    same = token(3600)
    async with FakeServer() as server:
        Issuer(server, same)
        server.answer("/version", b"Unauthorized", status=401)
        _, context = kubeconfig(tmp_path, server.url, server=server.url, id_token=same)
        async with Connection(context, env={}) as connection:
            with pytest.raises(ApiError):
                await connection.get("/version")
