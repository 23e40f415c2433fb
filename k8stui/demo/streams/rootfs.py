"""The files of a simulated container: a small root folder that looks like its image, and its environment.

Files come from the container's name, image and mounts; nothing is copied from the machine. Everything is
written below the given folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from k8stui.demo.containers import Container

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FOLDERS = ("app", "data", "etc", "home", "mnt", "root", "run", "srv", "tmp", "var/log", "var/run", "var/tmp")
_SHELL_LESS = re.compile(
    r"(^|[/-])(distroless|pause|scratch|static|coredns|etcd|kube-apiserver|kube-controller-manager"
    r"|kube-scheduler|kube-proxy|metrics-server|cloudflared|traefik-scratch)([:/@-]|$)"
)
_SMALL = re.compile(r"(^|/)(busybox|alpine)([:@]|$)|-alpine|alpine")
SHELLS = ("sh", "bash", "ash", "dash", "zsh", "ksh", "fish")


def has_shell(image: str) -> bool:
    """Whether an image of that name would have a shell (and other common programs) in it."""
    return not _SHELL_LESS.search(image)


def has_program(image: str, program: str) -> bool:
    """Whether an image of that name would have the program; the machine must have it as well."""
    if not has_shell(image):
        return False
    return not (_SMALL.search(image) and program.rpartition("/")[2] in ("bash", "zsh", "ksh", "fish"))


def _os_release(image: str) -> str:
    family = "alpine" if _SMALL.search(image) else "debian"
    return (
        f'PRETTY_NAME="Simulated container (k8stui demo, {image})"\n'
        f'NAME="Simulated {family.title()}"\nID={family}\nVERSION_ID="0"\n'
    )


def container_files(container: Container, ip: str) -> dict[str, str]:
    """Path below the root -> text of the files that every container has."""
    return {
        "etc/os-release": _os_release(container.image),
        "etc/hostname": container.pod + "\n",
        "etc/hosts": f"# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{ip}\t{container.pod}\n",
        "etc/resolv.conf": (
            f"search {container.namespace}.svc.cluster.local svc.cluster.local cluster.local\n"
            "nameserver 10.96.0.10\noptions ndots:5\n"
        ),
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
        "etc/group": "root:x:0:\nnogroup:x:65534:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "app/README": (
            f"{container.name} of pod {container.namespace}/{container.pod}, image {container.image}\n"
            "This container is simulated: its programs run on the machine of the demo cluster.\n"
        ),
        "app/config.yaml": f"name: {container.name}\nnamespace: {container.namespace}\nlog:\n  level: info\n",
        "var/log/app.log": f"{container.name} started\n",
    }


def populate(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Make the folders and write the files; a path that ends with a slash is a folder.

    Blocks: call it in a thread.
    """
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for name, content in files.items():
        path = root / name.lstrip("/")
        if ".." in path.parts:
            continue
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def environment(container: Container, *, tty: bool, root: Path | None = None) -> dict[str, str]:
    """What a program gets to see: nothing of the machine's own environment but where programs are.

    root: the folder to live in where there is no wall; None where the container has a root of its own.
    """
    home = "/root" if root is None else str(root / "root")
    env = {
        "PATH": PATH if root is None else PATH + ":/opt/homebrew/bin",
        "HOME": home,
        "HOSTNAME": container.pod,
        "LANG": "C.UTF-8",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "K8STUI_DEMO": "simulated container",
        "PS1": "$PWD # ",
    }
    if root is not None:
        env["TMPDIR"] = str(root / "tmp")
    if tty:
        env["TERM"] = "xterm"
    return env | dict(container.env)


def banner(container: Container, isolation: str) -> bytes:
    """The words that an interactive shell starts with."""
    wall = (
        "Its files are its own; programs are this machine's, read-only."
        if isolation == "namespaces"
        else "There is NO wall around it: what you do in here, you do to this machine."
    )
    return (
        f"\x1b[2m[k8stui demo] A simulated container: {container.namespace}/{container.pod} "
        f"({container.name}).\r\nPrograms really run, on this machine. {wall}\x1b[0m\r\n"
    ).encode()
