"""Programs of simulated containers: what they see, what they cannot reach, and that nothing of them is left.

Both kinds of isolation: Linux namespaces, and a mere folder for machines that have none.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from k8stui.demo.containers import Container
from k8stui.demo.streams.mains import PREFIX, Hosts, make_scratch
from k8stui.demo.streams.process import StartError
from k8stui.demo.streams.rootfs import has_program
from k8stui.demo.streams.sandbox import mapped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONTAINER = Container("default", "web-1", "uid-1", "app", "id-1", "debian:12", (), 0.0)


@pytest.fixture(params=["namespaces", "folder"])
async def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hosts]:
    found = Hosts(tmp_path / "scratch", time.time)
    if request.param == "namespaces":
        process, _ = await found.run(CONTAINER, ["true"], tty=False)
        await found.release(CONTAINER, process)
        if found.isolation != "namespaces":
            pytest.skip("this machine allows no namespaces")
    else:
        found.isolation = "folder"
    yield found
    await found.close()


async def run(hosts: Hosts, *argv: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    process, _ = await hosts.run(CONTAINER, argv, tty=False)
    try:
        await process.write(stdin)
        process.close_stdin()
        async with asyncio.timeout(20):
            out, err = await asyncio.gather(*(drain(process, channel) for channel in process.channels))
            return await process.wait(), out, err
    finally:
        await hosts.release(CONTAINER, process)


async def drain(process: object, channel: int) -> bytes:
    data = b""
    while chunk := await process.read(channel):  # type: ignore[attr-defined]
        data += chunk
    return data


def archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


async def test_exit_codes_and_signals(hosts: Hosts) -> None:
    assert (await run(hosts, "sh", "-c", "exit 7"))[0] == 7
    assert (await run(hosts, "sh", "-c", "kill -9 $$"))[0] == 137


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
async def test_programs_must_exist(hosts: Hosts, program: str) -> None:
    with pytest.raises(StartError) as caught:
        await run(hosts, program)
    assert caught.value.kind == "missing"


async def test_paths_of_the_container_are_the_containers(hosts: Hosts) -> None:
    assert b"Simulated" in (await run(hosts, "cat", "/etc/os-release"))[1]
    assert (await run(hosts, "cat", "/etc/hostname"))[1] == b"web-1\n"


async def test_tar_copies_in_and_out_and_stays_inside(hosts: Hosts) -> None:
    name = f"k8stui-{os.getpid()}"
    assert (await run(hosts, "tar", "xmf", "-", "-C", "/tmp", stdin=archive(name, b"hello")))[0] == 0
    assert not (Path("/tmp") / name).exists()
    code, out, _ = await run(hosts, "tar", "cf", "-", f"/tmp/{name}")
    assert code == 0
    with tarfile.open(fileobj=io.BytesIO(out)) as tar:
        member = tar.extractfile(f"tmp/{name}")
        assert member is not None
        assert member.read() == b"hello"
    assert (await run(hosts, "tar", "cf", "-", "/tmp/ghost"))[0] != 0


async def test_an_archive_cannot_write_outside(hosts: Hosts, tmp_path: Path) -> None:
    for name in ("../../../escaped", f"{tmp_path}/escaped", "a/../../../../../escaped"):
        await run(hosts, "tar", "xf", "-", "-C", "/tmp", stdin=archive(name, b"x"))
    assert not Path("/escaped").exists()
    assert not list(tmp_path.glob("escaped"))


async def test_climbing_out_of_the_root_ends_in_it(hosts: Hosts) -> None:
    assert b"Simulated" in (await run(hosts, "cat", "/../../etc/os-release"))[1]


@pytest.mark.skipif(sys.platform != "linux", reason="ends orphans on Linux only")
async def test_nothing_is_left_of_a_program_that_is_stopped(hosts: Hosts) -> None:
    number = f"97{os.getpid()}"
    process, _ = await hosts.run(
        CONTAINER, ["sh", "-c", f"setsid sleep {number} & sleep {number}"], tty=False
    )

    def alive() -> list[int]:
        return [
            found.pid for found in psutil.process_iter(["cmdline"]) if number in (found.info["cmdline"] or [])
        ]

    async with asyncio.timeout(20):
        while len(alive()) < 2:
            await asyncio.sleep(0.02)
        await hosts.release(CONTAINER, process)
        while alive():
            await asyncio.sleep(0.02)


async def test_a_container_that_is_gone_leaves_no_files(hosts: Hosts) -> None:
    await run(hosts, "touch", "/tmp/x")
    assert hosts.scratch is not None
    (root,) = hosts.scratch.iterdir()
    hosts.forget_pod("uid-1")
    async with asyncio.timeout(5):
        while root.exists():
            await asyncio.sleep(0.01)


def test_folders_of_killed_servers_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stale, living = tmp_path / f"{PREFIX}{gone.pid}-x", tmp_path / f"{PREFIX}{os.getppid()}-x"
    stale.mkdir()
    living.mkdir()
    made = make_scratch()
    assert sorted(tmp_path.iterdir()) == sorted([living, made])


async def test_closing_without_time_leaves_nothing(tmp_path: Path) -> None:
    hosts = Hosts(None, time.time)
    process, _ = await hosts.run(CONTAINER, ["sleep", "1000"], tty=False)
    scratch = hosts.scratch
    assert scratch is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await hosts.close()
    assert not scratch.exists()
    await process.kill()


async def test_the_machine_is_read_only_behind_namespaces(hosts: Hosts) -> None:
    if hosts.isolation != "namespaces":
        pytest.skip("a folder is no wall")
    code, _, err = await run(hosts, "touch", "/usr/k8stui-was-here")
    assert code != 0
    assert b"ead-only" in err
    assert (await run(hosts, "hostname"))[1] == b"web-1\n"
    assert int((await run(hosts, "sh", "-c", "echo $$"))[1]) < 20


@pytest.mark.parametrize(
    ("image", "program", "there"),
    [
        ("debian:12", "bash", True),
        ("busybox:1.36", "sh", True),
        ("busybox:1.36", "bash", False),
        ("nginx:1.27-alpine", "bash", False),
        ("registry.k8s.io/pause:3.10", "sh", False),
        ("gcr.io/distroless/static-debian12", "sh", False),
        ("registry.k8s.io/coredns/coredns:v1.12.1", "sh", False),
        ("shop/checkout:1.0", "sh", True),
    ],
)
def test_images_have_the_shells_that_such_images_have(image: str, program: str, there: bool) -> None:
    assert has_program(image, program) is there


@pytest.mark.parametrize(
    ("argument", "meant"),
    [
        ("/etc/hosts", "/root/etc/hosts"),
        ("/tmp", "/root/tmp"),
        ("/usr/bin/env", "/usr/bin/env"),
        ("relative", "relative"),
        ("-la", "-la"),
        ("/../../etc/passwd", "/root/etc/passwd"),
        ("/tmp/../../../x", "/x"),
    ],
)
def test_arguments_that_name_paths_are_mapped(argument: str, meant: str) -> None:
    assert mapped(argument, "/root") == meant
