"""What a kubeconfig says, as data: contexts, clusters, users. No reading of files, no network in here.

Secrets are left out of every repr, so that none can reach a log, a traceback or the screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["AuthProvider", "Cluster", "Context", "ContextEntry", "ExecPlugin", "Source", "User"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One `clusters` entry: where the server is and how to know that it is the right one.

    Paths are absolute; `*_data` is decoded from base64 and wins over the file, as in kubectl. `exec_config`
    is the JSON value that is handed to credential plugins which ask for it with `provideClusterInfo`.
    """

    name: str = ""
    server: str = ""
    certificate_authority: Path | None = None
    certificate_authority_data: bytes = field(default=b"", repr=False)
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = field(default="", repr=False)
    disable_compression: bool = False
    exec_config: object = None


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """`users[].user.exec`: a program that prints credentials. `folder` is that of the kubeconfig's file."""

    command: str
    api_version: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    install_hint: str = ""
    interactive_mode: str = ""
    provide_cluster_info: bool = False
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """`users[].user.auth-provider`: the old way of credentials. `file` is the kubeconfig that holds it."""

    name: str
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One `users` entry. Paths are absolute; `*_data` is decoded from base64 and wins over the file."""

    name: str = ""
    client_certificate: Path | None = None
    client_certificate_data: bytes = field(default=b"", repr=False)
    client_key: Path | None = None
    client_key_data: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    impersonate: str = ""
    impersonate_uid: str = ""
    impersonate_groups: tuple[str, ...] = ()
    impersonate_extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exec: ExecPlugin | None = None
    auth_provider: AuthProvider | None = None


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One line of a list of contexts: names only."""

    name: str
    cluster: str = ""
    user: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a context was read from: the files in order, and whether they were named one by one."""

    files: tuple[Path, ...] = ()
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is needed to talk to one cluster as one user.

    `cluster` and `user` are names for the eye; `cluster_entry` and `user_entry` are what they name.
    `namespace` is "" when the context has none ("default" is then meant).
    """

    name: str
    cluster_entry: Cluster
    user_entry: User = User()
    namespace: str = ""
    source: Source = Source()

    @property
    def cluster(self) -> str:
        return self.cluster_entry.name

    @property
    def user(self) -> str:
        return self.user_entry.name

    @property
    def server(self) -> str:
        """The URL of the API server, with a path prefix if it has one, without a slash at its end."""
        return self.cluster_entry.server.rstrip("/")
