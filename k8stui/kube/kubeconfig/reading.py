"""The kubeconfig, as kubectl reads it: several files merged into one, or the service account of a pod.

Only reads. A broken entry is reported when it is used, so that it does not stand in the way of the others.
Fields that are not known are ignored. Nothing here touches the network or keeps a file open.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from k8stui.kube.apart import HANGS, LIMIT, Apart
from k8stui.kube.errors import KubeconfigError
from k8stui.kube.kubeconfig.types import (
    AuthProvider,
    Cluster,
    Context,
    ContextEntry,
    ExecPlugin,
    Source,
    User,
)
from k8stui.kube.kubeconfig.yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.kubeconfig.yaml import Node

__all__ = [
    "AuthProvider",
    "Cluster",
    "Context",
    "ContextEntry",
    "ExecPlugin",
    "Kubeconfig",
    "Source",
    "User",
    "load_kubeconfig",
    "read_kubeconfig",
    "reload_context",
]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds its token, its CA and its namespace."""
IN_CLUSTER = "in-cluster"
"""The name of the context that is made of a service account."""
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"
_NO_CONFIG = "pass --kubeconfig FILE, set KUBECONFIG, or start with --demo"


class Kubeconfig:
    """The merged kubeconfig. `contexts` by name in the order of the files; `current_context` may be ""."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.current_context = ""
        self.contexts: dict[str, ContextEntry] = {}
        self._context_nodes: dict[str, Node] = {}
        self._clusters: dict[str, Node] = {}
        self._users: dict[str, Node] = {}
        self._ready: dict[str, Context] = {}

    def context(self, name: str | None = None) -> Context:
        """The context called `name`, or the current one. Raises KubeconfigError with the names there are."""
        name = name or self.current_context
        if name in self._ready:
            return self._ready[name]
        if not name:
            raise KubeconfigError(
                "The kubeconfig has no current context", file=self._any_file(), hint=self._choose()
            )
        entry = self.contexts.get(name)
        if entry is None:
            raise KubeconfigError(
                f"There is no context {name} in the kubeconfig", file=self._any_file(), hint=self._choose()
            )
        node = self._context_nodes[name]
        if not entry.cluster:
            raise node.fail(f"Context {name} names no cluster")
        cluster = self._clusters.get(entry.cluster)
        if cluster is None:
            raise node.fail(f"Context {name} names cluster {entry.cluster}, which is not in the kubeconfig")
        user = self._users.get(entry.user)
        if entry.user and user is None:
            raise node.fail(f"Context {name} names user {entry.user}, which is not in the kubeconfig")
        return Context(
            name,
            _cluster(entry.cluster, cluster),
            _user(entry.user, user) if user is not None else User(),
            entry.namespace,
            self.source,
        )

    def _any_file(self) -> Path | None:
        return self.source.files[0] if len(self.source.files) == 1 else None

    def _choose(self) -> str:
        names = sorted(self.contexts)
        if not names:
            return _NO_CONFIG
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        return f"choose one with --context: {shown}"

    def _add(self, top: Node) -> None:
        """Merge one file: what an earlier file has set stays, entry by entry."""
        fields = top.mapping()
        kind = fields["kind"].text() if "kind" in fields else ""
        if kind and kind != "Config":
            raise fields["kind"].fail(f"The file is no kubeconfig: its kind is {kind}")
        if not self.current_context and "current-context" in fields:
            self.current_context = fields["current-context"].text()
        for name, node in _named(fields.get("contexts"), "context"):
            if name not in self.contexts:
                values = node.mapping()
                self.contexts[name] = ContextEntry(
                    name, _text(values, "cluster"), _text(values, "user"), _text(values, "namespace")
                )
                self._context_nodes[name] = node
        for name, node in _named(fields.get("clusters"), "cluster"):
            self._clusters.setdefault(name, node)
        for name, node in _named(fields.get("users"), "user"):
            self._users.setdefault(name, node)

    def _add_ready(self, context: Context) -> None:
        self._ready[context.name] = context
        self.contexts[context.name] = ContextEntry(
            context.name, context.cluster, context.user, context.namespace
        )
        self.current_context = context.name


def load_kubeconfig(
    paths: Sequence[Path] | None = None,
    env: Mapping[str, str] = os.environ,
    *,
    service_account: Path = SERVICE_ACCOUNT,
) -> Kubeconfig:
    """Read the kubeconfig: `paths` if given (each must exist), else KUBECONFIG, else `~/.kube/config`.

    Files of KUBECONFIG that do not exist are skipped; the first file that sets a value wins. Without any
    kubeconfig, a pod's service account is used. Raises KubeconfigError. Blocks for some milliseconds.
    """
    explicit = bool(paths)
    files = [_absolute(path) for path in paths] if paths else _files_of(env)
    config = Kubeconfig(Source(tuple(files), explicit))
    found: list[Path] = []
    for file in files:
        try:
            top = read_yaml(file)
        except FileNotFoundError:
            if explicit:
                raise KubeconfigError(f"There is no kubeconfig {file}", hint="check --kubeconfig") from None
            continue
        found.append(file)
        if top is not None:
            config._add(top)
    if config.contexts or config._clusters:
        return config
    if not explicit and (context := _in_cluster(env, service_account)) is not None:
        config.source = Source()
        config._add_ready(context)
        return config
    if found:
        raise KubeconfigError("The kubeconfig has no contexts", file=found[0], hint=_NO_CONFIG)
    names = " and ".join(str(file) for file in files)
    raise KubeconfigError(f"There is no kubeconfig: {names} does not exist", hint=_NO_CONFIG)


async def read_kubeconfig(paths: Sequence[Path] | None = None) -> Kubeconfig:
    """`load_kubeconfig` beside the event loop. KubeconfigError tells of files that hang as well."""
    try:
        return await Apart().run(lambda: load_kubeconfig(paths))
    except TimeoutError:
        names = " and ".join(str(file) for file in paths or _files_of(os.environ))
        said = f"The kubeconfig {names} could not be read within {LIMIT:g} s"
        raise KubeconfigError(said, hint=HANGS) from None


def reload_context(context: Context) -> Context:
    """`context` as its files have it now. Raises KubeconfigError when it is gone or broken."""
    source = context.source
    if not source.files:
        return context
    if source.explicit:
        return load_kubeconfig(source.files).context(context.name)
    present = os.pathsep.join(str(file) for file in source.files)
    return load_kubeconfig(env={"KUBECONFIG": present}).context(context.name)


def _files_of(env: Mapping[str, str]) -> list[Path]:
    listed = [part for part in env.get("KUBECONFIG", "").split(os.pathsep) if part]
    if listed:
        return list(dict.fromkeys(_absolute(Path(part)) for part in listed))
    home = env.get("HOME") or env.get("USERPROFILE") or str(Path.home())
    return [_absolute(Path(home) / ".kube" / "config")]


def _absolute(path: Path) -> Path:
    # Not resolve(): paths in a kubeconfig that is a link are relative to the link, as for kubectl.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _in_cluster(env: Mapping[str, str], folder: Path) -> Context | None:
    host, port = env.get("KUBERNETES_SERVICE_HOST", ""), env.get("KUBERNETES_SERVICE_PORT", "")
    token = folder / "token"
    if not host or not port or not token.exists():
        return None
    ca = folder / "ca.crt"
    host = f"[{host}]" if ":" in host else host
    cluster = Cluster(IN_CLUSTER, f"https://{host}:{port}", ca if ca.exists() else None)
    try:
        namespace = (folder / "namespace").read_text().strip()
    except OSError:
        namespace = ""
    return Context(IN_CLUSTER, cluster, User("service account", token_file=token), namespace)


def _named(node: Node | None, kind: str) -> list[tuple[str, Node]]:
    """The entries of `contexts`, `clusters` or `users` by name; each holds its fields under `kind`."""
    found: dict[str, Node] = {}
    for entry in node.sequence() if node is not None else []:
        fields = entry.mapping()
        name = _text(fields, "name")
        if name in found:
            raise entry.fail(f"The kubeconfig has two {kind}s with the name {name}")
        found[name] = fields.get(kind, entry)
    return list(found.items())


def _text(fields: Mapping[str, Node], key: str) -> str:
    return fields[key].text() if key in fields else ""


def _flag(fields: Mapping[str, Node], key: str) -> bool:
    return fields[key].flag() if key in fields else False


def _data(fields: Mapping[str, Node], key: str) -> bytes:
    return fields[key].data() if key in fields else b""


def _path(fields: Mapping[str, Node], key: str) -> Path | None:
    text = _text(fields, key)
    return fields[key].file.parent / text if text else None


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(each.text() for each in node.sequence()) if node is not None else ()


def _cluster(name: str, node: Node) -> Cluster:
    fields = node.mapping()
    if not _text(fields, "server"):
        raise node.fail(f"Cluster {name} has no server")
    exec_config: object = None
    for extension in fields["extensions"].sequence() if "extensions" in fields else []:
        values = extension.mapping()
        if _text(values, "name") == _EXEC_EXTENSION and "extension" in values:
            exec_config = values["extension"].plain()
    cluster = Cluster(
        name=name,
        server=_text(fields, "server"),
        certificate_authority=_path(fields, "certificate-authority"),
        certificate_authority_data=_data(fields, "certificate-authority-data"),
        insecure_skip_tls_verify=_flag(fields, "insecure-skip-tls-verify"),
        tls_server_name=_text(fields, "tls-server-name"),
        proxy_url=_text(fields, "proxy-url"),
        disable_compression=_flag(fields, "disable-compression"),
        exec_config=exec_config,
    )
    return _with_scheme(cluster)


def _with_scheme(cluster: Cluster) -> Cluster:
    """A server without a scheme is https where anything about TLS is set, else http, as for client-go."""
    from dataclasses import replace

    if "://" in cluster.server:
        return cluster
    tls = (
        cluster.certificate_authority
        or cluster.certificate_authority_data
        or cluster.insecure_skip_tls_verify
    )
    return replace(cluster, server=f"{'https' if tls else 'http'}://{cluster.server}")


def _user(name: str, node: Node) -> User:
    fields = node.mapping()
    extra = fields["as-user-extra"].mapping() if "as-user-extra" in fields else {}
    return User(
        name=name,
        client_certificate=_path(fields, "client-certificate"),
        client_certificate_data=_data(fields, "client-certificate-data"),
        client_key=_path(fields, "client-key"),
        client_key_data=_data(fields, "client-key-data"),
        token=_text(fields, "token").strip(),
        token_file=_path(fields, "tokenFile"),
        username=_text(fields, "username"),
        password=_text(fields, "password"),
        impersonate=_text(fields, "as"),
        impersonate_uid=_text(fields, "as-uid"),
        impersonate_groups=_texts(fields.get("as-groups")),
        impersonate_extra={key: _texts(value) for key, value in extra.items()},
        exec=_exec(name, fields["exec"]) if "exec" in fields and not fields["exec"].is_null else None,
        auth_provider=_auth_provider(name, fields.get("auth-provider")),
    )


def _exec(user: str, node: Node) -> ExecPlugin:
    fields = node.mapping()
    command = _text(fields, "command")
    if not command:
        raise node.fail(f"The exec plugin of user {user} has no command")
    env: list[tuple[str, str]] = []
    for each in fields["env"].sequence() if "env" in fields else []:
        values = each.mapping()
        env.append((_text(values, "name"), _text(values, "value")))
    return ExecPlugin(
        command=command,
        api_version=_text(fields, "apiVersion"),
        args=_texts(fields.get("args")),
        env=tuple(env),
        install_hint=_text(fields, "installHint").strip(),
        interactive_mode=_text(fields, "interactiveMode"),
        provide_cluster_info=_flag(fields, "provideClusterInfo"),
        folder=node.file.parent,
    )


def _auth_provider(user: str, node: Node | None) -> AuthProvider | None:
    if node is None or node.is_null:
        return None
    fields = node.mapping()
    name = _text(fields, "name")
    if not name:
        raise node.fail(f"The auth-provider of user {user} has no name")
    config = fields["config"].mapping() if "config" in fields else {}
    return AuthProvider(name, {key: value.text() for key, value in config.items()}, node.file)
