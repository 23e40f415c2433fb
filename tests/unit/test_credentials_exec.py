"""Exec credential plugins, with real programs: what they are told, what they may do, how they fail."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.credentials import credentials_for
from k8stui.kube.credentials.exec_plugin import ExecSource
from k8stui.kube.errors import ApiError, ConnectionLost, CredentialsError
from k8stui.kube.kubeconfig.reading import Cluster, Context, ExecPlugin, User
from tests.unit.fakes_server import FakeServer, Reply, Request, status_body

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"


class Plugin:
    """A plugin as a Python script in `folder`; `runs` counts how often it was started."""

    def __init__(self, folder: Path, body: str, **fields: Any) -> None:
        self.folder = folder
        self.log = folder / "runs"
        script = folder / "plugin"
        script.write_text(
            f"#!{sys.executable} -S\nimport json, os, sys, time\n"
            f"open({str(self.log)!r}, 'a').write('run\\n')\n"
            "def give(version='client.authentication.k8s.io/v1', kind='ExecCredential', **status):\n"
            "    print(json.dumps({'apiVersion': version, 'kind': kind, 'status': status}))\n"
            f"{body}\n"
        )
        script.chmod(0o755)
        fields = {"command": "./plugin", "api_version": V1, "folder": folder, **fields}
        self.plugin = ExecPlugin(**fields)

    @property
    def runs(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def context(self, server: str = "https://h", **cluster: Any) -> Context:
        return Context("c", Cluster("k", server, **cluster), User("u", exec=self.plugin))

    def source(self, **options: Any) -> ExecSource:
        return ExecSource(self.context(), self.plugin, **options)


async def failure(source: ExecSource) -> CredentialsError:
    with pytest.raises(CredentialsError) as caught:
        await source.get()
    assert "\n" not in caught.value.sentence()
    return caught.value


async def test_the_token_is_taken_and_kept(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(token='abc')")
    source = plugin.source()
    assert (await source.get()).authorization == "Bearer abc"
    assert (await source.get()).authorization == "Bearer abc"
    assert plugin.runs == 1


async def test_v1beta1_works_as_well(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, f"give({V1BETA1!r}, token='abc')", api_version=V1BETA1)
    assert (await plugin.source().get()).authorization == "Bearer abc"


async def test_a_certificate_is_taken(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(clientCertificateData='CERT', clientKeyData='KEY')")
    credential = await plugin.source().get()
    assert credential.authorization == ""
    assert credential.certificate is not None
    assert (credential.certificate.certificate, credential.certificate.key) == (b"CERT", b"KEY")


async def test_what_ends_is_fetched_again_before_it_ends(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(token=os.urandom(4).hex(), expirationTimestamp=os.environ['UNTIL'])")

    def until(seconds: float) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    env = {**os.environ, "UNTIL": until(3600)}
    source = plugin.source(env=env)
    first = await source.get()
    assert await source.get() == first
    assert first.expires is not None
    assert abs(first.expires - time.time() - 3600) < 30
    soon = plugin.source(env={**env, "UNTIL": until(5)})
    old = await soon.get()
    soon._fetched_at -= 60
    assert await soon.get() != old


async def test_a_credential_that_is_born_dead_does_not_start_a_run_for_each_request(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(token='abc', expirationTimestamp='2001-01-01T00:00:00Z')")
    source = plugin.source()
    for _ in range(5):
        await source.get()
    assert plugin.runs == 1


async def test_requests_that_wait_at_once_share_one_run(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "time.sleep(0.2); give(token='abc')")
    source = plugin.source()
    got = await asyncio.gather(*(source.get() for _ in range(20)))
    assert {each.authorization for each in got} == {"Bearer abc"}
    assert plugin.runs == 1


async def test_one_who_goes_away_does_not_end_the_run_for_the_others(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "time.sleep(0.3); give(token='abc')")
    source = plugin.source()
    first, second = asyncio.create_task(source.get()), asyncio.create_task(source.get())
    await asyncio.sleep(0.05)
    first.cancel()
    assert (await second).authorization == "Bearer abc"
    assert plugin.runs == 1


async def test_when_all_go_away_the_program_is_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    plugin = Plugin(tmp_path, f"open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    task = asyncio.create_task(plugin.source().get())
    async with asyncio.timeout(10):
        while not pid_file.exists() or not pid_file.read_text():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def test_it_gets_arguments_environment_and_the_exec_info(tmp_path: Path) -> None:
    body = (
        f"give(token='t')\njson.dump([sys.argv[1:], dict(os.environ)], open({str(tmp_path / 'seen')!r}, 'w'))"
    )
    plugin = Plugin(tmp_path, body, args=("get", "x y"), env=(("A", "1"), ("HOME", "/elsewhere")))
    await plugin.source(env={"PATH": os.environ["PATH"], "HOME": "/home", "KEEP": "yes"}).get()
    args, env = json.loads((tmp_path / "seen").read_text())
    assert args == ["get", "x y"]
    assert (env["A"], env["HOME"], env["KEEP"]) == ("1", "/elsewhere", "yes")
    info = json.loads(env["KUBERNETES_EXEC_INFO"])
    assert info == {"kind": "ExecCredential", "apiVersion": V1, "spec": {"interactive": False}}


async def test_the_cluster_is_told_to_a_plugin_that_asks_for_it(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_bytes(b"PEM")
    seen = tmp_path / "seen"
    body = f"give(token='t'); open({str(seen)!r}, 'w').write(os.environ['KUBERNETES_EXEC_INFO'])"
    plugin = Plugin(tmp_path, body, provide_cluster_info=True)
    context = plugin.context(
        "https://h:1/p",
        certificate_authority=ca,
        tls_server_name="n",
        proxy_url="http://proxy",
        exec_config={"audience": "me"},
    )
    await ExecSource(context, plugin.plugin).get()
    assert json.loads(seen.read_text())["spec"]["cluster"] == {
        "server": "https://h:1/p",
        "tls-server-name": "n",
        "certificate-authority-data": "UEVN",
        "proxy-url": "http://proxy",
        "config": {"audience": "me"},
    }


async def test_it_can_reach_neither_standard_input_nor_the_terminal(tmp_path: Path) -> None:
    body = (
        "read = sys.stdin.read()\n"
        "try:\n    open('/dev/tty')\n    tty = 'yes'\nexcept OSError:\n    tty = 'no'\n"
        "give(token=f'stdin-{len(read)}-tty-{tty}')"
    )
    assert (await Plugin(tmp_path, body).source().get()).authorization == "Bearer stdin-0-tty-no"


async def test_it_is_stopped_at_the_time_limit_with_all_that_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    body = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "print('open https://login.test', file=sys.stderr, flush=True); time.sleep(60)"
    )
    source = Plugin(tmp_path, body).source(time_limit=1.5)
    started = time.monotonic()
    error = await failure(source)
    assert time.monotonic() - started < 10
    assert "no answer within 1.5 s" in error.sentence()
    assert "https://login.test" in error.sentence()
    async with asyncio.timeout(5):
        while _alive(int(pid_file.read_text())):
            await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_something_left_behind_with_the_pipes_open_is_not_waited_for(tmp_path: Path) -> None:
    body = "import subprocess\nsubprocess.Popen(['sleep', '20'])\ngive(token='abc')\nsys.stdout.flush()"
    source = Plugin(tmp_path, body).source(time_limit=15)
    started = time.monotonic()
    assert (await source.get()).authorization == "Bearer abc"
    assert time.monotonic() - started < 8


async def test_what_it_says_is_handed_on_clean_while_it_runs_and_is_in_the_error(tmp_path: Path) -> None:
    told: list[str] = []
    body = "sys.stderr.write('\\x1b[31mopen\\x1b[0m https://x\\x07\\rstep 2\\nlast'); sys.exit(3)"
    error = await failure(Plugin(tmp_path, body).source(on_progress=told.append))
    assert told == [
        "Getting credentials from plugin",
        "plugin: open https://x",
        "plugin: step 2",
        "plugin: last",
    ]
    assert "exit code 3: open https://x step 2 last" in error.sentence()
    assert error.output == "open https://x\nstep 2\nlast"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('hello')", "no ExecCredential in JSON"),
        ("print('[]')", "no ExecCredential in JSON"),
        ("pass", "no ExecCredential in JSON"),
        ("give()", "without a token or certificate"),
        ("print('{}')", "printed"),
        ("give('client.authentication.k8s.io/v1beta1', token='x')", "instead of"),
        ("give(kind='Status', token='x')", "instead of"),
        ("give(clientCertificateData='x')", "certificate without its key"),
        ("give(token='x', expirationTimestamp='tomorrow')", "no ExecCredential in JSON"),
        ("give(token='a\\nb')", "no header can carry"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe')", "no ExecCredential in JSON"),
        ("os.kill(os.getpid(), 9)", "failed with exit code -9"),
    ],
)
async def test_nonsense_is_told(tmp_path: Path, body: str, said: str) -> None:
    assert said in (await failure(Plugin(tmp_path, body).source())).sentence()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"interactive_mode": "Always"}, "asks on the terminal"),
        ({"interactive_mode": "Sometimes"}, "unknown interactiveMode"),
        ({"api_version": "client.authentication.k8s.io/v1alpha1"}, "v1alpha1, which Kubernetes does not"),
        ({"api_version": ""}, "no apiVersion"),
        ({"command": "./missing", "install_hint": "Get it\nfrom x"}, "cannot be run; Get it from x"),
        ({"command": "no-such-command-anywhere"}, "is not installed"),
    ],
)
async def test_what_cannot_be_run_is_not_run(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    plugin = Plugin(tmp_path, "give(token='x')", **fields)
    assert said in (await failure(plugin.source())).sentence()
    assert plugin.runs == 0


async def test_a_file_that_is_no_program_is_told(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "")
    (tmp_path / "plugin").write_text("\x00\x01 no program")
    assert "could not be started" in (await failure(plugin.source())).sentence()
    (tmp_path / "plugin").chmod(0o644)
    assert "is not installed" in (await failure(plugin.source())).sentence()


async def test_a_bare_command_is_found_in_path(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(token='abc')", command="plugin")
    source = plugin.source(env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"})
    assert (await source.get()).authorization == "Bearer abc"


async def test_a_failure_answers_for_a_while_so_that_logins_do_not_pile_up(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "sys.exit(1)")
    source = plugin.source()
    for _ in range(4):
        await failure(source)
    assert plugin.runs == 1
    source._failed_at -= 60
    await failure(source)
    assert plugin.runs == 2


async def test_a_401_runs_it_once_more_and_not_again_and_again(tmp_path: Path) -> None:
    plugin = Plugin(
        tmp_path, "time.sleep(0.1); give(token=f'token-{len(open(sys.argv[0][:-6] + \"runs\").readlines())}')"
    )
    good = "Bearer token-2"

    async def handler(request: Request, reply: Reply) -> None:
        accepted = request.headers["authorization"] == good
        body = b"ok" if accepted else status_body(401, "Unauthorized", "Unauthorized")
        await reply.send(200 if accepted else 401, body)

    async with FakeServer() as server:
        server.on("/x", handler)
        async with Connection(plugin.context(server.url), env={}) as connection:
            assert await asyncio.gather(*(connection.get("/x") for _ in range(10))) == [b"ok"] * 10
            assert plugin.runs == 2
            good = "Bearer nobody"
            for _ in range(3):
                with pytest.raises(ApiError):
                    await connection.get("/x")
            assert plugin.runs == 2


async def test_a_token_in_the_kubeconfig_goes_before_the_plugin(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "give(token='abc')")
    context = Context("c", Cluster("k", "https://h"), User("u", token="own", exec=plugin.plugin))
    assert (await credentials_for(context).get()).authorization == "Bearer own"
    assert plugin.runs == 0


async def test_a_login_does_not_count_against_the_time_of_a_request(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "time.sleep(0.5); give(token='abc')")
    async with FakeServer() as server:
        server.answer("/x", b"ok")
        async with Connection(plugin.context(server.url), env={}) as connection:
            await connection.open()
            assert (await connection.request("GET", "/x", timeout=0.3)).body == b"ok"


async def test_closing_the_connection_ends_a_login(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, "time.sleep(60)")
    connection = Connection(plugin.context("http://127.0.0.1:1"), env={})
    task = asyncio.create_task(connection.get("/x"))
    async with asyncio.timeout(20):
        while not plugin.runs:
            await asyncio.sleep(0.01)
        await connection.close()
        with pytest.raises(ConnectionLost) as caught:
            await task
    assert caught.value.kind == "closed"
