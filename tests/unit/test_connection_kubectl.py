"""The same kubeconfig given to kubectl and to us: the server and the plugin must see the same."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.kubeconfig.reading import load_kubeconfig
from tests.unit.fakes_server import FakeServer, make_certificates

KUBECTL = shutil.which(
    "kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
)

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="needs kubectl")


async def kubectl(file: Path, **env: str) -> None:
    assert KUBECTL is not None
    process = await asyncio.create_subprocess_exec(
        *(KUBECTL, "--kubeconfig", str(file), "get", "--raw", "/version"),
        env={**os.environ, "HOME": str(file.parent), **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(60):
        await process.wait()


async def ours(file: Path) -> None:
    async with Connection(load_kubeconfig([file]).context(), env={}) as connection:
        await connection.get("/version")


def write(folder: Path, server: str, user: object, **cluster: object) -> Path:
    file = folder / "config"
    config = {
        "current-context": "c",
        "clusters": [
            {"name": "k", "cluster": {"server": server, "certificate-authority": "ca.crt", **cluster}}
        ],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "users": [{"name": "u", "user": user}],
    }
    file.write_text(json.dumps(config))
    return file


@pytest.mark.parametrize(
    "user",
    [
        {"token": "abc"},
        {"username": "jö", "password": "a:b c"},
        {"tokenFile": "token", "token": "other"},
        {"client-certificate": "ann.crt", "client-key": "ann.key"},
        {
            "token": "abc",
            "as": "ann@example.test",
            "as-uid": "42",
            "as-groups": ["devs", "ops team"],
            "as-user-extra": {"scopes": ["x", "y"], "acme.com/project": ["p q"], "Ü%": ["z"]},
        },
    ],
    ids=["token", "basic", "token-file", "certificate", "impersonation"],
)
async def test_the_server_sees_the_same_user(tmp_path: Path, user: dict[str, object]) -> None:
    certificates = make_certificates(tmp_path)
    certificates.sign("ann")
    (tmp_path / "token").write_text("from-file\n")
    async with FakeServer(certificates.server_context(ask_client=True)) as server:
        server.answer("/pre/version", b'{"major":"1"}')
        file = write(tmp_path, server.url + "/pre", user)
        await kubectl(file)
        await ours(file)
        theirs, our = server.requests
        for request in (theirs, our):
            wanted = [
                (name.lower(), value)
                for name, value in request.raw_headers
                if name.lower().startswith(("authorization", "impersonate-"))
            ]
            request.raw_headers = sorted(wanted)
        assert our.raw_headers == theirs.raw_headers
        assert our.peer_certificate == theirs.peer_certificate
        assert (our.method, our.path) == (theirs.method, theirs.path)


@pytest.mark.parametrize("extension", [None, {"audience": "me", "n5": 5, "list": [1, None, "x"]}])
async def test_a_plugin_is_told_the_same(tmp_path: Path, extension: object) -> None:
    certificates = make_certificates(tmp_path)
    told = tmp_path / "told"
    plugin = tmp_path / "plugin"
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "abc"},
    }
    plugin.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$KUBERNETES_EXEC_INFO\" >> {told}\nprintf '%s' '{json.dumps(answer)}'\n"
    )
    plugin.chmod(0o755)
    extensions = [{"name": "client.authentication.k8s.io/exec", "extension": extension}] if extension else []
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "./plugin",
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": True,
        }
    }
    async with FakeServer(certificates.server_context()) as server:
        server.answer("/version", b"{}")
        names = {"tls-server-name": "api.example.test", "extensions": extensions}
        file = write(tmp_path, server.url, user, **names)
        await kubectl(file)
        await ours(file)
        assert [request.headers["authorization"] for request in server.requests] == ["Bearer abc"] * 2
    theirs, our = (json.loads(line) for line in told.read_text().splitlines() if line)
    assert our == theirs
