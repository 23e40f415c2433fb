"""Starts one program of a simulated container. Run as a script of its own; imports the standard library only.

    python -I -S sandbox.py ISOLATION STATUS_FD TTY ROOT HOSTNAME PROGRAM ARGUMENTS...

With ISOLATION `namespaces` (Linux) the program sees ROOT as its `/`, with the machine's programs mounted
read-only into it, its own processes only, and its own host name: it cannot write outside of ROOT. With
`folder` there is no wall: it starts in ROOT, and arguments that name paths of ROOT are mapped to them; `tar`
is then an implementation of its own (`tarball.py`) that stays within ROOT.

What goes wrong before the program runs is written to STATUS_FD as one line: `missing` (no such program),
`denied`, or `failed: REASON`. The exit code is the program's, 128 + N after signal N.
It must never run a shell by itself, and never change anything outside of ROOT. It starts once for every
program, hence os.path: pathlib would double the time that this takes.
"""
# ruff: noqa: PTH103, PTH110, PTH112, PTH113, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import errno
import fcntl
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID = 0x10000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
TIOCSCTTY = 0x540E if sys.platform == "linux" else 0x20007461
SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix")
ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "terminfo", "localtime", "ssl")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"))
OWN_FOLDERS = ("etc", "tmp", "app", "var", "root", "home", "run", "data", "srv", "mnt", "host", "proc")
MAX_FILE = 1 << 30
"""Most bytes of one file that a program may write."""


class Failure(Exception):
    """The program cannot be started."""


def _libc() -> Any:
    return ctypes.CDLL(ctypes.util.find_library("c") or None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise Failure(f"{what}: {os.strerror(code)}")


class Namespaces:
    """A container made of Linux namespaces, without any right that the user does not have."""

    def __init__(self, root: str, hostname: str) -> None:
        self.libc = _libc()
        self.root = os.path.realpath(root)
        self.hostname = hostname

    def enter(self) -> None:
        """New user, mount, process, host name and IPC namespaces; the user is root in there only."""
        uid, gid = os.geteuid(), os.getegid()
        flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC
        _check(self.libc.unshare(CLONE_NEWUSER | flags), "unshare")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
        name = self.hostname.encode()[:64]
        self.libc.sethostname(name, len(name))

    def mount(self, source: str | None, target: str, kind: str | None = None, flags: int = 0) -> None:
        """mount(2)."""
        texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
        _check(self.libc.mount(*texts, flags, None), f"mount {target}")

    def bind(self, source: str, name: str, *, read_only: bool = True) -> None:
        """Show a folder or file of the machine under `name`."""
        target = os.path.join(self.root, name)
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "ab"):
                pass
        self.mount(source, target, None, MS_BIND | MS_REC)
        if read_only:
            for point, locked in _mounts_below(target):
                self.mount(None, point, None, MS_BIND | MS_REMOUNT | MS_RDONLY | locked)

    def build(self) -> None:
        """The root folder as `/`. To be called by the first process of the new process namespace."""
        self.mount(None, "/", None, MS_REC | MS_PRIVATE)
        self.mount(self.root, self.root, None, MS_BIND | MS_REC)
        self._system("")
        if os.path.isdir(os.path.join(self.root, "host", "etc")):
            # The root of a simulated node, for `chroot /host`.
            self._system("host/")
        for name in ETC:
            if os.path.exists(f"/etc/{name}"):
                self.bind(f"/etc/{name}", f"etc/{name}")
        for name in DEVICES:
            if os.path.exists(f"/dev/{name}"):
                self.bind(f"/dev/{name}", f"dev/{name}", read_only=False)
        self.bind("/dev/pts", "dev/pts", read_only=False)
        for name, target in LINKS:
            _link(target, os.path.join(self.root, "dev", name))
        self._proc()
        self._pivot()

    def _system(self, base: str) -> None:
        """The machine's programs, read-only, below a folder of the root."""
        for name in SYSTEM:
            source = "/" + name
            if os.path.islink(source):
                _link(os.readlink(source), os.path.join(self.root, base + name))
            elif os.path.isdir(source):
                self.bind(source, base + name)

    def _proc(self) -> None:
        target = os.path.join(self.root, "proc")
        os.makedirs(target, exist_ok=True)
        # A machine that is a container itself may hide parts of /proc and forbid new ones: then none here.
        with contextlib.suppress(Failure):
            self.mount("proc", target, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)

    def _pivot(self) -> None:
        os.chdir(self.root)
        if not hasattr(self.libc, "pivot_root"):
            raise Failure("no pivot_root")
        _check(self.libc.pivot_root(b".", b"."), "pivot_root")
        _check(self.libc.umount2(b".", MNT_DETACH), "umount")
        os.chdir("/")


def _link(target: str, link: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.symlink(target, link)


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error


def _mounts_below(target: str) -> Iterator[tuple[str, int]]:
    """Mount points at and below a folder, with the flags that must be kept when they are mounted again."""
    flags = {
        "nosuid": MS_NOSUID,
        "nodev": MS_NODEV,
        "noexec": MS_NOEXEC,
        "noatime": 1024,
        "relatime": 1 << 21,
    }
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields = line.split()
            point = fields[4].encode().decode("unicode_escape")
            if point == target or point.startswith(target + "/"):
                options = fields[5].split(",")
                yield point, sum(flag for name, flag in flags.items() if name in options)


def mapped(argument: str, root: str) -> str:
    """A path argument as it is meant: below `root`, when it names one of the container's own folders."""
    if not argument.startswith("/"):
        return argument
    argument = os.path.normpath(argument)
    first = argument.lstrip("/").partition("/")[0]
    if first not in OWN_FOLDERS:
        return argument
    inside = os.path.normpath(os.path.join(root, argument.lstrip("/")))
    return inside if inside == root or inside.startswith(root + "/") else root


def _find(program: str, path: str) -> str:
    """The file of a program, by PATH."""
    if "/" in program:
        if not os.path.exists(program):
            raise FileNotFoundError(program)
        return program
    for folder in path.split(":"):
        candidate = os.path.join(folder, program)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise FileNotFoundError(program)


def _become(argv: list[str], tty: bool, status: int) -> NoReturn:
    """Turn into the program; does not return."""
    try:
        os.setsid()
        if tty:
            fcntl.ioctl(0, TIOCSCTTY, 0)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        if hard == resource.RLIM_INFINITY or hard > MAX_FILE:
            resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
        os.set_inheritable(status, False)
        os.execve(_find(argv[0], os.environ.get("PATH", os.defpath)), argv, dict(os.environ))  # noqa: S606
    except FileNotFoundError:
        os.write(status, b"missing\n")
    except OSError as error:
        os.write(status, b"denied\n" if error.errno == errno.EACCES else f"failed: {error}\n".encode())
    os._exit(127)


def _wait(child: int) -> int:
    """Reap until the program ends: its exit code as a shell would tell it."""
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _in_namespaces(root: str, hostname: str, argv: list[str], tty: bool, status: int) -> int:
    space = Namespaces(root, hostname)
    space.enter()
    first = os.fork()
    if first == 0:
        space.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        try:
            space.build()
        except (Failure, OSError) as error:
            os.write(status, f"failed: {error}\n".encode())
            os._exit(126)
        space.libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        child = os.fork()
        if child == 0:
            _become(argv, tty, status)
        _let_go(status)
        os._exit(_wait(child))
    _let_go(status)
    return _wait(first)


def _in_folder(root: str, argv: list[str], tty: bool, status: int) -> int:
    root = os.path.realpath(root)
    os.chdir(root)
    if argv[0].rpartition("/")[2] == "tar":
        os.close(status)
        sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
        import tarball  # type: ignore[import-not-found,unused-ignore]

        return int(tarball.main(argv[1:], root))
    if sys.platform == "linux":
        _libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    argv = [argv[0], *(mapped(argument, root) for argument in argv[1:])]
    child = os.fork()
    if child == 0:
        _become(argv, tty, status)

    def end(_signal: int, _frame: object) -> None:
        # What the program started is in its group; without a wall nothing else ends it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    _let_go(status)
    code = _wait(child)
    _end_orphans()
    return code


def _end_orphans() -> None:
    """End what has left the program's group: as its reaper we are the parent of all that it left behind."""
    for _ in range(100):
        children = _children() if sys.platform == "linux" else []
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, 0 if children else os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _children() -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{int(name)}/stat") as file:
            # pid (name) state parent ...; the name may hold anything.
            if int(file.read().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(name))
    return found


def _let_go(status: int) -> None:
    """Only the program holds its terminal, pipes and status from now on: their end is its end."""
    os.close(status)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    if null > 2:
        os.close(null)


def main(args: Sequence[str]) -> int:
    """Run the program; its exit code, or 126 where it could not be started."""
    isolation, status, tty, root, hostname, *argv = args
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    descriptor = int(status)
    os.set_inheritable(descriptor, True)
    try:
        if isolation == "namespaces":
            return _in_namespaces(root, hostname, argv, tty == "1", descriptor)
        return _in_folder(root, argv, tty == "1", descriptor)
    except (Failure, OSError) as error:
        os.write(descriptor, f"failed: {error}\n".encode())
        return 126


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
