"""The kubeconfig that `demo-server` writes: its secrets, and what a server that is started again keeps of it.

The path prefixes in it are the only secret, so the file is private, and a file that others could read or that
another program wrote is never taken for ours. Nothing here talks to anybody.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK = "k8stui demo-server"
_NAMES = ("demo", "demo-limited")
_LIFE = "demo.k8stui.dev/life"
_SHORTEST = 32
"""Characters of a secret that is good enough to be kept."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server keeps when it is started again, so that open sessions find it and see what is new."""

    tokens: tuple[str, str]
    """Path prefixes of the administrator and of the limited user."""
    life: int = 0
    """How often it was started before: resourceVersions of a later life are higher than all earlier ones."""


def new_identity() -> Identity:
    """A server that nobody knows yet."""
    return Identity((secrets.token_urlsafe(24), secrets.token_urlsafe(24)))


def identity_for(path: Path | None, port: int) -> Identity:
    """The identity for the next life of the server of that file and port; a new one where there is none."""
    if path is None or not port:
        return new_identity()
    try:
        status = path.stat()
        text = path.read_text("utf-8")
    except (OSError, ValueError):
        return new_identity()
    private = stat.S_ISREG(status.st_mode) and not stat.S_IMODE(status.st_mode) & 0o077
    if not private or status.st_uid != os.getuid() or _MARK not in text.partition("\n")[0]:
        return new_identity()
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        return _identity_in(json.loads(text.partition("\n")[2]), port) or new_identity()
    return new_identity()


def _identity_in(config: dict[str, Any], port: int) -> Identity | None:
    clusters = {entry["name"]: entry["cluster"] for entry in config["clusters"]}
    found = []
    for name in _NAMES:
        address, _, token = str(clusters[name]["server"]).rpartition("/")
        if address != f"http://127.0.0.1:{port}" or len(token) < _SHORTEST:
            return None
        found.append(token)
    extensions = {entry["name"]: entry["extension"] for entry in clusters[_NAMES[0]].get("extensions", ())}
    return Identity((found[0], found[1]), max(0, int(extensions.get(_LIFE, {}).get("number", 0))) + 1)


def default_path(port: int) -> Path:
    """Where the kubeconfig goes when no file was named: the user's run-time folder, or the cache."""
    from platformdirs import user_cache_path, user_runtime_path

    folder = user_runtime_path("k8stui")
    if not folder.parent.is_dir() or not os.access(folder.parent, os.W_OK):
        folder = user_cache_path("k8stui")
    return folder / f"demo-{port}.kubeconfig"


def kubeconfig_text(port: int, identity: Identity, namespace: str) -> str:
    """A kubeconfig with two contexts: `demo` may do everything, `demo-limited` look at one namespace."""
    clusters: list[dict[str, Any]] = [
        {"name": name, "cluster": {"server": f"http://127.0.0.1:{port}/{token}"}}
        for name, token in zip(_NAMES, identity.tokens, strict=True)
    ]
    clusters[0]["cluster"]["extensions"] = [{"name": _LIFE, "extension": {"number": identity.life}}]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": "demo",
        "clusters": clusters,
        "users": [{"name": "demo-admin", "user": {}}, {"name": "viewer", "user": {}}],
        "contexts": [
            {"name": "demo", "context": {"cluster": "demo", "user": "demo-admin", "namespace": "default"}},
            {
                "name": "demo-limited",
                "context": {"cluster": "demo-limited", "user": "viewer", "namespace": namespace},
            },
        ],
    }
    return f"# Written by {_MARK}; of no use once it has ended.\n" + json.dumps(config, indent=2) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.chmod(0o600)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def check_target(path: Path | None) -> str | None:
    """What speaks against writing the kubeconfig there: a file that somebody else wrote is never replaced."""
    if path is None or not path.exists():
        return None
    if not path.is_file():
        return f"{path} is not a file"
    try:
        text = path.read_text("utf-8", errors="replace")[:200]
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if text.strip() and _MARK not in text:
        return f"{path} is a kubeconfig of something else and stays as it is: name another file"
    return None
