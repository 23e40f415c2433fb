"""`k8stui logs` as a user runs it: what it prints, when it ends, with which exit code."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.conftest import Admin, Target, eventually
from tests.contract.simulated import SimulatedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent)) or "kubectl"

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("cluster")]


def pod(name: str, script: str, *, app: str = "web", policy: str = "Always", **spec: Any) -> dict[str, Any]:
    """A pod that runs a shell script for real, on both clusters."""
    container = {
        "name": "app",
        "image": "busybox:1.36",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
    }
    return {
        "metadata": {
            "name": name,
            "labels": {"app": app},
            "annotations": {"demo.k8stui.dev/program": "true"},
        },
        "spec": {
            "containers": [container],
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": policy,
            **spec,
        },
    }


def counting(word: str, lines: int, pause: str = "0") -> str:
    return f'i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo "{word} $i"; sleep {pause}; done; sleep 3600'


@dataclasses.dataclass
class Result:
    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.decode().splitlines()


class Command:
    """`k8stui logs`, started; its output is gathered while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out = bytearray()
        self.err = bytearray()
        assert process.stdout is not None
        assert process.stderr is not None
        self._reading = [
            asyncio.create_task(self._gather(process.stdout, self.out)),
            asyncio.create_task(self._gather(process.stderr, self.err)),
        ]

    @staticmethod
    async def _gather(stream: asyncio.StreamReader, into: bytearray) -> None:
        while chunk := await stream.read(65536):
            into += chunk

    async def sees(self, text: str, seconds: float = 30) -> None:
        await eventually(lambda: text.encode() in self.out, seconds, f"{text} in the output")

    async def end(self, number: signal.Signals | None = None) -> Result:
        if number is not None:
            self.process.send_signal(number)
        await asyncio.wait_for(asyncio.gather(*self._reading), 60)
        return Result(await self.process.wait(), bytes(self.out), self.err.decode())

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self.process.wait()


class Logs:
    """Runs the command against a cluster, in a namespace."""

    def __init__(self, target: Target, namespace: str) -> None:
        self.argv = [sys.executable, "-m", "k8stui", "logs", "--kubeconfig", str(target.kubeconfig)]
        self.namespace = namespace
        self.started: list[Command] = []

    async def start(self, *words: str, scope: bool = True) -> Command:
        argv = [*self.argv, *(("-n", self.namespace) if scope else ()), *words]
        pipe = asyncio.subprocess.PIPE
        command = Command(await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe))
        self.started.append(command)
        return command

    async def run(self, *words: str, scope: bool = True) -> Result:
        return await (await self.start(*words, scope=scope)).end()


@pytest.fixture
async def logs(cluster_under_test: Target, namespace: str) -> AsyncIterator[Logs]:
    logs = Logs(cluster_under_test, namespace)
    yield logs
    for command in logs.started:
        await command.kill()


@pytest.fixture
async def pods(admin: Admin, namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


async def has_written(admin: Admin, path: str, text: str, seconds: float = 60) -> None:
    """Wait until a pod's log holds a text."""

    async def look() -> bool:
        with contextlib.suppress(Exception):
            return text.encode() in await admin.connection.get(f"{path}/log")
        return False

    deadline = time.monotonic() + seconds
    while not await look():
        assert time.monotonic() < deadline, f"{path} never wrote {text}"
        await asyncio.sleep(0.1)


async def test_all_pods_are_read_to_the_end_each_line_once_in_the_order_of_time(
    logs: Logs, admin: Admin, pods: str
) -> None:
    for name in ("web-1", "web-2"):
        await admin.create(pods, pod(name, counting(name, 30, "0.02")))
    for name in ("web-1", "web-2"):
        await has_written(admin, f"{pods}/{name}", f"{name} 30\n")
    result = await logs.run("--timestamps")
    assert result.code == 0, result.err
    assert len(result.lines) == 60
    stamps = [line.split()[0] for line in result.lines]
    assert stamps == sorted(stamps)
    for name in ("web-1", "web-2"):
        mine = [line.split(" ", 1)[1] for line in result.lines if f" {name} " in line]
        assert mine == [f"{name} app {name} {i}" for i in range(1, 31)]


async def test_the_lines_are_those_of_kubectl(
    logs: Logs, admin: Admin, pods: str, cluster_under_test: Target
) -> None:
    script = r"printf 'a\tb\r\n  한국어 \033[31mred\033[0m\n\n\377\376 bytes\nlast'; sleep 3600"
    await admin.create(pods, pod("odd", script.replace("'last'", "'") + "; echo end"))
    await admin.create(pods, pod("plain", "echo hello; sleep 3600"))
    await has_written(admin, f"{pods}/plain", "hello")
    await has_written(admin, f"{pods}/odd", "bytes")
    argv = [KUBECTL, "--kubeconfig", str(cluster_under_test.kubeconfig), "-n", logs.namespace]
    theirs = await asyncio.to_thread(subprocess.check_output, [*argv, "logs", "odd"])
    ours = await logs.run("--output", "raw", "pod:^odd$")
    assert ours.out.rstrip(b"\n") == theirs.rstrip(b"\n")
    assert ours.code == 0


async def test_terms_narrow_pods_containers_and_lines(logs: Logs, admin: Admin, pods: str) -> None:
    script = "echo 'level=info msg=fine'; echo 'level=error msg=broken'; echo '  at main'; sleep 3600"
    made = pod("two", script)
    made["spec"]["containers"].append({**made["spec"]["containers"][0], "name": "side"})
    await admin.create(pods, made)
    await admin.create(pods, pod("other", "echo 'level=error msg=other'; sleep 3600", app="other"))
    await has_written(admin, f"{pods}/other", "other")
    for container in ("app", "side"):
        await eventually_written(admin, f"{pods}/two/log?container={container}", "at main")
    assert (await logs.run("app=web", "container:app", "level>=warn")).lines == [
        "two app level=error msg=broken",
        "two app   at main",
    ]
    assert (await logs.run("pod:two", "!container:side", "tail:1")).lines == ["two app   at main"]
    assert (await logs.run("!pod:two", "log:OTHER|other")).lines == ["other app level=error msg=other"]
    found = await logs.run("--output", "json", "pods/other")
    record = json.loads(found.out)
    assert record.pop("time")
    assert record.pop("containerID")
    assert record == {
        "namespace": logs.namespace,
        "pod": "other",
        "container": "app",
        "level": "error",
        "message": "level=error msg=other",
    }


async def eventually_written(admin: Admin, path: str, text: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if text.encode() in await admin.connection.get(path):
                return
        await asyncio.sleep(0.1)
    pytest.fail(f"{path} never wrote {text}")


async def test_replicas_that_come_join_and_those_that_go_leave(logs: Logs, admin: Admin, pods: str) -> None:
    await admin.create(pods, pod("web-1", counting("first", 100_000, "0.05")))
    command = await logs.start("-f", "app=web")
    await command.sees("first 3")
    await admin.create(pods, pod("web-2", counting("second", 20, "0.05")))
    await command.sees("second 20")
    await admin.delete(f"{pods}/web-2")
    await eventually(lambda: b"web-2 left" in command.err, 60, "a remark that web-2 left")
    at = bytes(command.out).count(b"first")
    await eventually(lambda: bytes(command.out).count(b"first") > at + 3, 30)
    result = await command.end(signal.SIGINT)
    assert result.code == -signal.SIGINT
    assert f"pod {logs.namespace}/web-2 joined" in result.err
    for word in ("first", "second"):
        numbers = [int(line.rsplit(" ", 1)[1]) for line in result.lines if f" {word} " in line]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_a_deployment_is_followed_through_its_selector(
    logs: Logs, admin: Admin, namespace: str, pods: str
) -> None:
    template = pod("x", counting("here", 3))
    del template["metadata"]["name"]
    made = {
        "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
    }
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await admin.create(path, made)
    await admin.create(pods, pod("stranger", counting("stranger", 3), app="stranger"))
    command = await logs.start("-f", "deploy/web")
    await command.sees("here 3", 60)
    await admin.patch(f"{path}/web", {"spec": {"replicas": 3}})
    await eventually(lambda: bytes(command.out).count(b"here 3\n") == 3, 60, "lines of three replicas")
    result = await command.end(signal.SIGTERM)
    assert result.code == -signal.SIGTERM
    assert "stranger" not in result.out.decode()
    assert len(result.lines) == 9


async def test_a_crash_loop_is_read_from_its_previous_run_on(logs: Logs, admin: Admin, pods: str) -> None:
    await admin.create(pods, pod("crash", "echo run; sleep 1; echo dying; exit 3"))

    async def restarted() -> bool:
        status = (await admin.get(f"{pods}/crash"))["status"].get("containerStatuses", [{}])[0]
        return int(status.get("restartCount", 0)) >= 1

    deadline = time.monotonic() + 90
    while not await restarted():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    command = await logs.start("-f", "pod:crash")
    await eventually(lambda: bytes(command.out).count(b"dying") >= 2, 90, "two runs")
    result = await command.end(signal.SIGINT)
    assert [line.rsplit(" ", 1)[1] for line in result.lines[:4]] == ["run", "dying", "run", "dying"]
    assert "restarted (exit code 3, Error)" in result.err


async def test_what_cannot_be_read_is_one_sentence_and_an_exit_code(logs: Logs, tmp_path: Any) -> None:
    gone = await logs.run("deploy/nope")
    assert (gone.code, gone.out) == (1, b"")
    assert 'deployments.apps "nope" not found' in gone.err
    unknown = await logs.run("unheardof/x")
    assert (unknown.code, "no kind" in unknown.err) == (1, True)
    wrong = await logs.run("pod:(")
    assert (wrong.code, "at character 1" in wrong.err) == (2, True)
    nobody = await logs.run("pod:nobody")
    assert (nobody.code, nobody.out) == (0, b"")
    assert "no pods" in nobody.err
    dead = tmp_path / "dead"
    dead.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
        "contexts: [{name: x, context: {cluster: x, user: x}}]\n"
        "clusters: [{name: x, cluster: {server: 'http://127.0.0.1:9'}}]\nusers: [{name: x, user: {}}]\n"
    )
    logs.argv[-1] = str(dead)
    refused = await logs.run("pod:x")
    assert (refused.code, refused.out) == (1, b"")
    for result in (gone, unknown, wrong, nobody, refused):
        assert "Traceback" not in result.err
        assert len(result.err.strip().splitlines()) == 1


async def test_a_reader_that_goes_ends_it_cleanly(logs: Logs, admin: Admin, pods: str) -> None:
    await admin.create(pods, pod("web", counting("line", 100_000, "0.05")))
    await has_written(admin, f"{pods}/web", "line 2\n")
    reading, writing = os.pipe()
    argv = [*logs.argv, "-n", logs.namespace, "-f"]
    program = subprocess.Popen(argv, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert await asyncio.to_thread(os.read, reading, 10)
    os.close(reading)
    _, errors = await asyncio.to_thread(program.communicate, None, 20)
    assert (program.returncode, errors.count("Traceback"), "Broken" in errors) == (-signal.SIGPIPE, 0, False)


async def test_a_slow_reader_is_waited_for_without_taking_memory(
    logs: Logs, admin: Admin, pods: str, cluster_under_test: Target
) -> None:
    if cluster_under_test.is_real:
        pytest.skip("the simulated cluster writes as fast as is wanted")
    import psutil

    made = pod("flood", "sleep 3600")
    made["metadata"]["annotations"] = {"demo.k8stui.dev/log-rate": "100000"}
    await admin.create(pods, made)
    await has_written(admin, f"{pods}/flood", "seq=")
    argv = [*logs.argv, "-n", logs.namespace, "-f", "tail:1"]
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert program.stdout is not None
    try:
        first = await asyncio.to_thread(program.stdout.readline)
        process = psutil.Process(program.pid)
        await asyncio.sleep(0.5)
        before = process.memory_info().rss
        await asyncio.sleep(1.5)  # nobody reads meanwhile
        assert process.memory_info().rss - before < 20 << 20
        last = int(re.findall(rb"seq=(\d+)", first)[0])
        for _ in range(60_000):
            number = int(re.findall(rb"seq=(\d+)", program.stdout.readline())[0])
            assert number == last + 1
            last = number
        program.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(program.wait, 20) == -signal.SIGINT
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


async def test_who_reads_the_output_late_gets_all_of_it_and_terms_may_come_behind_options(
    logs: Logs, admin: Admin, pods: str
) -> None:
    """All has been read long before the pipe takes the last lines."""
    await admin.create(pods, pod("web", f"seq 9000 | sed 's/.*/line & {'x' * 300}/'; sleep 3600"))
    await eventually_written(admin, f"{pods}/web/log", "line 9000 ")
    argv = [*logs.argv, "-n", logs.namespace, "-o", "raw", "pod:web", "-q", "container:app"]
    late = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    try:
        assert late.stdout is not None
        await asyncio.sleep(2)
        out = await asyncio.wait_for(late.stdout.read(), 30)
        assert [int(line.split()[1]) for line in out.splitlines()] == list(range(1, 9_001))
        assert await late.wait() == 0
    finally:
        if late.returncode is None:
            late.kill()


async def test_the_run_before_can_be_asked_for_alone(logs: Logs, admin: Admin, pods: str) -> None:
    await admin.create(pods, pod("crash", "echo $HOSTNAME; echo dying; sleep 1; exit 3"))
    async with asyncio.timeout(60):
        while not (result := await logs.run("pod:crash", "--previous")).out:
            await asyncio.sleep(0.3)
    assert result.lines[-1].endswith("dying")
    assert "ended (exit code 3, Error)" in result.err
    assert (await logs.run("pod:crash", "--previous", "-f")).code == 2


async def test_more_streams_than_may_be_open_take_turns_and_lose_nothing(
    logs: Logs, admin: Admin, pods: str
) -> None:
    for number in range(4):
        await admin.create(pods, pod(f"web-{number}", counting(f"pod{number}", 1000, "0.1")))
    for number in range(4):
        await has_written(admin, f"{pods}/web-{number}", f"pod{number} 2\n")
    command = await logs.start("-f", "--max-streams", "2", "--turn", "0.5")
    for number in range(4):
        await command.sees(f"pod{number} 25\n", 120)
    result = await command.end(signal.SIGINT)
    for number in range(4):
        numbers = [int(line.rsplit(" ", 1)[1]) for line in result.lines if f" pod{number} " in line]
        assert numbers == list(range(1, len(numbers) + 1))


async def test_on_a_terminal_pods_have_colours_and_lines_cannot_move_the_cursor(
    logs: Logs, admin: Admin, pods: str
) -> None:
    script = r"printf '\033[31mred\033[0m \033[2J\033]0;title\007 10%%\r20%%\n'; sleep 3600"
    await admin.create(pods, pod("odd", script))
    await has_written(admin, f"{pods}/odd", "20%")
    ours, theirs = pty.openpty()
    argv = [*logs.argv, "-n", logs.namespace]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"}
    program = subprocess.Popen(argv, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    assert await asyncio.to_thread(program.wait, 30) == 0
    shown = os.read(ours, 65536)
    os.close(ours)
    assert re.match(rb"\x1b\[\d+modd\x1b\[0m", shown)
    assert b"\x1b[31mred" in shown
    assert b"\x1b[2J" not in shown
    assert b"\x1b]0" not in shown
    assert b"\r20" not in shown


async def test_a_user_without_rights_is_told_the_servers_words(
    cluster_under_test: Target, namespace: str, tmp_path: Any
) -> None:
    import yaml

    if cluster_under_test.is_real:
        path = os.environ.get("K8STUI_TEST_KUBECONFIG_NOBODY")
        if not path:
            pytest.skip("K8STUI_TEST_KUBECONFIG_NOBODY names no kubeconfig")
    else:
        config = yaml.safe_load(cluster_under_test.kubeconfig.read_text())
        config["users"].append({"name": "n", "user": {"as": "n", "as-groups": ["system:authenticated"]}})
        config["contexts"].append(
            {"name": "n", "context": {"cluster": config["clusters"][0]["name"], "user": "n"}}
        )
        config["current-context"] = "n"
        path = str(tmp_path / "config")
        (tmp_path / "config").write_text(yaml.safe_dump(config))
    logs = Logs(Target("other", tmp_path), namespace)
    logs.argv[-1] = path
    result = await logs.run()
    assert (result.code, result.out) == (1, b"")
    assert "forbidden" in result.err.lower()


async def test_each_line_comes_once_while_connections_break(tmp_path: Any) -> None:
    with SimulatedServer(tmp_path) as server:
        path = "/api/v1/namespaces/default/pods"
        for number in range(3):
            rate = {"demo.k8stui.dev/log-rate": "50"}
            made = pod(f"flow-{number}", "sleep 3600", app="flow")
            await server.ask("POST", path, {**made, "metadata": {**made["metadata"], "annotations": rate}})
        await server.faults("drop:after=400ms@follow=")
        logs = Logs(Target("simulated", server.kubeconfig), "default")
        command = await logs.start("-f", "app=flow")
        try:
            await eventually(lambda: bytes(command.out).count(b"seq=") > 400, 60)
            assert sum((await server.struck()).values()) > 3
            await server.faults("")
            result = await command.end(signal.SIGINT)
        finally:
            await command.kill()
    for number in range(3):
        found = re.findall(rf"seq=(\d+) source=flow-{number}/", result.out.decode())
        numbers = list(map(int, found))
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
