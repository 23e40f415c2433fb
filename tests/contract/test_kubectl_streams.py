"""Unmodified kubectl, old and new, and the official Python client: all that streams, and what goes with it.

kubectl 1.27 speaks SPDY, 1.30 WebSockets for exec, the newest tunnels port-forwards as well.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pty_program import PtyProgram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Target

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("cluster")]
SPACE = "streams-test"


def programs() -> list[Path]:
    """The kubectl beside this Python, and older ones beside the machine's own."""
    found = [Path(sys.executable).with_name("kubectl")]
    machine = shutil.which("kubectl")
    if machine:
        folder = Path(machine).resolve().parent
        found += [folder / f"kubectl.1.{minor}" for minor in (27, 30, 33)]
        found.append(Path(machine))
    usable = [path for path in found if path.is_file()]
    return usable[:-1] if len(usable) > 1 and machine and usable[-1] == Path(machine) else usable


@dataclass(frozen=True)
class Kubectl:
    """One kubectl with one kubeconfig, in one namespace."""

    program: Path
    kubeconfig: Path

    def argv(self, *args: str) -> list[str]:
        return [str(self.program), f"--kubeconfig={self.kubeconfig}", "-n", SPACE, *args]

    def run(
        self, *args: str, stdin: str | None = None, timeout: float = 40
    ) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(
            self.argv(*args), capture_output=True, text=True, timeout=timeout, check=False, **given
        )

    def out(self, *args: str, stdin: str | None = None) -> str:
        done = self.run(*args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextlib.contextmanager
    def started(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            self.argv(*args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def terminal(self, *args: str) -> PtyProgram:
        return PtyProgram(self.argv(*args), columns=101, lines=33)


def pod(name: str, *containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"test": "streams", "name": name}, "annotations": {}},
        "spec": {"containers": list(containers), **spec},
    }


def container(name: str, image: str = "nginx:1.27", **more: Any) -> dict[str, Any]:
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", **more}


def objects() -> list[dict[str, Any]]:
    web = pod("web", container("app", ports=[{"containerPort": 8080}]), container("side"))
    web["spec"]["initContainers"] = [container("init", "busybox:1.36", command=["sh", "-c", "exit 0"])]
    web["metadata"]["annotations"]["demo.k8stui.dev/log-rate"] = "5"
    crash = pod("crash", container("c", "busybox:1.36", command=["sh", "-c", "exit 3"]))
    return [web, crash, pod("distroless", container("c", "registry.k8s.io/pause:3.10"))]


@pytest.fixture(scope="module")
def kubeconfig(simulated: Target) -> Path:
    """A cluster with the pods of this file, all up."""
    kubectl = Kubectl(programs()[0], simulated.kubeconfig)
    kubectl.run("create", "namespace", SPACE)
    listed = {"apiVersion": "v1", "kind": "List", "items": objects()}
    kubectl.out("apply", "-f", "-", stdin=json.dumps(listed))
    kubectl.out("wait", "pod/web", "pod/distroless", "--for=condition=Ready", "--timeout=60s")
    return simulated.kubeconfig


@pytest.fixture(params=programs(), ids=lambda path: path.name)
def kubectl(request: pytest.FixtureRequest, kubeconfig: Path) -> Kubectl:
    """Each kubectl there is."""
    return Kubectl(request.param, kubeconfig)


@pytest.fixture
def newest(kubeconfig: Path) -> Kubectl:
    """The newest kubectl."""
    return Kubectl(programs()[0], kubeconfig)


def say(screen: PtyProgram, line: str, answer: str = "") -> None:
    """Type a line, and wait for an answer that the echo of the line cannot be taken for."""
    start = len(screen.output)
    screen.send(line + "\r")
    if answer:
        screen.wait_for_output(answer.encode(), start=start)


def interrupt(screen: PtyProgram) -> None:
    """Press ctrl-c until the prompt is back: a shell that is just starting a program may miss one."""
    start = len(screen.output)
    for _ in range(20):
        screen.send(b"\x03")
        with contextlib.suppress(TimeoutError):
            screen.wait_for_output(b"# ", timeout=1.0, start=start)
            return
    raise AssertionError("ctrl-c does not reach the program")


def joined(screen: PtyProgram) -> None:
    """Wait until a shell answers in an attached terminal."""
    screen.wait_for_text("If you don't see a command prompt|simulated container")
    say(screen, "echo re''ady", "ready\r\n")


def eventually(check: Any, seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > end:
            assert found
            return found
        time.sleep(0.1)


# -- logs -----------------------------------------------------------------------------------------------


def test_logs(newest: Kubectl) -> None:
    eventually(lambda: len(newest.out("logs", "web", "-c", "app").splitlines()) > 20)
    whole = newest.out("logs", "web", "-c", "app").splitlines()
    assert all("source=web/app" in line for line in whole)
    assert len(newest.out("logs", "web", "-c", "side", "--tail=3").splitlines()) == 3
    assert len(newest.out("logs", "web", "--since=2s").splitlines()) in range(8, 13)
    stamped = newest.out("logs", "web", "--timestamps", "--tail=2").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z level=", line) for line in stamped)
    assert newest.run("logs", "web", "-c", "nope").returncode != 0


def test_logs_of_several_containers_and_pods(newest: Kubectl) -> None:
    lines = newest.out("logs", "web", "--all-containers", "--tail=2", "--prefix").splitlines()
    assert {line.split()[0] for line in lines} >= {"[pod/web/app]", "[pod/web/side]"}
    lines = newest.out("logs", "-l", "test=streams", "--tail=1", "--prefix", "--ignore-errors").splitlines()
    assert any(line.startswith("[pod/web/app]") for line in lines)


def test_logs_follow(kubectl: Kubectl) -> None:
    with kubectl.started("logs", "-f", "web", "-c", "app", "--tail=1") as process:
        assert process.stdout is not None
        numbers = [int(process.stdout.readline().split()[1][4:]) for _ in range(10)]
    assert numbers == list(range(numbers[0], numbers[0] + 10))


def test_logs_of_a_crash_loop(newest: Kubectl) -> None:
    def previous() -> bool:
        return newest.run("logs", "crash", "--previous").returncode == 0

    eventually(previous, 60)
    refused = newest.run("logs", "web", "-c", "app", "--previous")
    assert 'previous terminated container "app" in pod "web" not found' in refused.stderr


# -- exec, cp -------------------------------------------------------------------------------------------


def test_exec_without_a_terminal(kubectl: Kubectl) -> None:
    done = kubectl.run("exec", "web", "-c", "app", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.returncode) == ("out\n", 7)
    assert done.stderr.startswith("err\n")
    assert "command terminated with exit code 7" in done.stderr
    assert kubectl.out("exec", "web", "-c", "app", "--", "echo", "a b", "$HOME") == "a b $HOME\n"


def test_exec_with_input(kubectl: Kubectl) -> None:
    text = "한국어\n" * 20_000
    assert kubectl.out("exec", "-i", "web", "-c", "app", "--", "cat", stdin=text) == text


def test_exec_in_a_terminal(kubectl: Kubectl) -> None:
    with kubectl.terminal("exec", "-it", "web", "-c", "app", "--", "sh") as screen:
        screen.wait_for_text("simulated container")
        say(screen, "stty size; hostname", "33 101\r\nweb\r\n")
        screen.resize(90, 20)
        say(screen, "sleep 0.3; stty size", "20 90\r\n")
        say(screen, "echo wai''t; sleep 600", "wait\r\n")
        interrupt(screen)
        say(screen, "exit 5")
        assert screen.process.wait(20) == 5


def test_exec_refusals(kubectl: Kubectl) -> None:
    missing = kubectl.run("exec", "web", "-c", "app", "--", "no-such-program")
    assert 'exec: "no-such-program": executable file not found in $PATH' in missing.stderr
    assert missing.returncode != 0
    assert 'exec: "sh"' in kubectl.run("exec", "distroless", "--", "sh").stderr
    assert "container nope is not valid" in kubectl.run("exec", "web", "-c", "nope", "--", "sh").stderr


def test_large_output_arrives_whole(kubectl: Kubectl) -> None:
    done = subprocess.run(
        kubectl.argv("exec", "web", "-c", "app", "--", "head", "-c", "20000000", "/dev/zero"),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert len(done.stdout) == 20_000_000


def test_cp_both_ways(kubectl: Kubectl, tmp_path: Path) -> None:
    source = tmp_path / "folder"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "파일.bin").write_bytes(bytes(range(256)) * 4000)
    mark = Path("/tmp") / f"folder-{kubectl.program.name}"
    kubectl.out("cp", str(source), f"web:{mark}", "-c", "app")
    assert not mark.exists(), "the copy left the container"
    kubectl.out("cp", f"web:{mark}", str(tmp_path / "back"), "-c", "app")
    assert (tmp_path / "back" / "inner" / "파일.bin").read_bytes() == bytes(range(256)) * 4000


# -- attach, run, debug ---------------------------------------------------------------------------------


def test_attach_to_a_running_container(kubectl: Kubectl) -> None:
    with kubectl.started("attach", "web", "-c", "app") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if line.startswith("level=info seq="))


def test_run_with_a_terminal(kubectl: Kubectl) -> None:
    name = f"it-{kubectl.program.name.replace('.', '-')}"
    with kubectl.terminal(
        "run", name, "-it", "--rm", "--image=busybox:1.36", "--restart=Never", "--", "sh"
    ) as screen:
        joined(screen)
        say(screen, "echo $((6 * 7)); exit 6", "42\r\n")
        assert screen.process.wait(30) == 6
    eventually(lambda: kubectl.run("get", "pod", name).returncode != 0)


def test_run_with_input_and_without_a_terminal(newest: Kubectl) -> None:
    run = ("--rm", "--image=busybox:1.36", "--restart=Never", "-q")
    assert "in put\n" in newest.out("run", "pipe", "-i", *run, "--", "cat", stdin="in put\n")
    assert newest.out("run", "say", "--image=busybox:1.36", "--restart=Never", "--", "echo", "hi there")
    newest.out("wait", "pod/say", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
    assert newest.out("logs", "say") == "hi there\n"


def test_debug_with_an_ephemeral_container(kubectl: Kubectl) -> None:
    name = f"dbg-{kubectl.program.name.replace('.', '-')}"
    with kubectl.terminal(
        "debug", "-it", "web", "--image=busybox:1.36", f"--container={name}", "--profile=general"
    ) as screen:
        joined(screen)
        say(screen, "exit")
        assert screen.process.wait(30) == 0
    found = json.loads(kubectl.out("get", "pod", "web", "-o", "json"))
    state = next(s for s in found["status"]["ephemeralContainerStatuses"] if s["name"] == name)["state"]
    assert "terminated" in state or "running" in state


def test_debug_a_copy_and_a_node(newest: Kubectl) -> None:
    args = ("--image=busybox:1.36", "--profile=general")
    with newest.terminal("debug", "-it", "web", *args, "--copy-to=web-copy", "--", "sh") as screen:
        joined(screen)
        say(screen, "exit")
        assert screen.process.wait(30) == 0
    node = json.loads(newest.out("get", "pod", "web", "-o", "json"))["spec"]["nodeName"]
    with newest.terminal("debug", "-it", f"node/{node}", *args) as screen:
        joined(screen)
        say(screen, "cat /host/etc/hostname; exit", f"{node}\r\n")
        assert screen.process.wait(30) == 0


# -- port-forward, top ----------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_port_forward(kubectl: Kubectl) -> None:
    port = free_port()
    with kubectl.started("port-forward", "pod/web", f"{port}:8080") as process:
        assert process.stdout is not None
        assert "Forwarding from" in process.stdout.readline()
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                assert answer.read() == b"web\n"


def test_port_forward_to_a_port_that_nobody_listens_on(kubectl: Kubectl) -> None:
    port = free_port()
    with kubectl.started("port-forward", "pod/web", f"{port}:9999") as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10):
            pass
        lines = iter(process.stdout.readline, "")
        assert next(line for line in lines if "connection refused" in line)


def test_top(kubectl: Kubectl) -> None:
    eventually(lambda: "web" in kubectl.run("top", "pods").stdout, 60)
    pods = kubectl.out("top", "pods", "--containers", "-l", "name=web", "--no-headers").splitlines()
    assert {tuple(line.split()[:2]) for line in pods} >= {("web", "app"), ("web", "side")}
    used = [
        int(line.split()[-2][:-1])
        for line in kubectl.out("top", "pods", "-A", "--sort-by=cpu").splitlines()[1:]
    ]
    assert used == sorted(used, reverse=True)
    assert "%" in kubectl.out("top", "nodes")


# -- the official Python client -------------------------------------------------------------------------


@pytest.fixture
def core(kubeconfig: Path) -> Iterator[Any]:
    client = pytest.importorskip("kubernetes.client")
    config = pytest.importorskip("kubernetes.config")
    api_client = config.new_client_from_config(str(kubeconfig))
    yield client.CoreV1Api(api_client)
    api_client.close()


def test_the_python_client_runs_commands(core: Any) -> None:
    stream = pytest.importorskip("kubernetes.stream").stream
    response = stream(
        core.connect_get_namespaced_pod_exec,
        "web",
        SPACE,
        container="app",
        command=["sh", "-c", "read line; echo got $line; exit 4"],
        stdin=True,
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    response.write_stdin("hello\n")
    response.run_forever(timeout=20)
    assert response.read_stdout(timeout=1) == "got hello\n"
    assert response.returncode == 4


def test_the_python_client_forwards_ports(core: Any) -> None:
    portforward = pytest.importorskip("kubernetes.stream").portforward
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", SPACE, ports="8080")
    connection = forward.socket(8080)
    connection.setblocking(True)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
    data = b""
    while chunk := connection.recv(4096):
        data += chunk
    connection.close()
    assert data.endswith(b"web\n")
    assert forward.error(8080) is None


def test_the_python_client_follows_logs(core: Any) -> None:
    response = core.read_namespaced_pod_log(
        "web", SPACE, container="app", follow=True, tail_lines=1, _preload_content=False
    )
    lines = [line for line, _ in zip(response, range(3), strict=False)]
    response.close()
    assert all(b"source=web/app" in line for line in lines)
