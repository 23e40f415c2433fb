"""Exec credential plugins: `client.authentication.k8s.io/v1` and `v1beta1`.

A program prints an ExecCredential; its token or certificate is used until it expires or is refused.
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import base64
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.credentials.base import Certificate, Credential
from k8stui.kube.credentials.child import run_child
from k8stui.kube.credentials.renewing import RenewingSource
from k8stui.kube.credentials.static import CertificateFiles, bearer
from k8stui.kube.errors import CredentialsError, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from k8stui.kube.credentials.child import Finished
    from k8stui.kube.kubeconfig.types import Cluster, Context, ExecPlugin

__all__ = ["ExecSource"]

_GROUP = "client.authentication.k8s.io"
_RUN_IT = "log in again; what it prints can be seen by running its command of the kubeconfig in a shell"
_VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")


class _CredentialStatus(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: datetime | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    kind: str = ""
    api_version: str = ""
    status: _CredentialStatus | None = None


class ExecSource(RenewingSource):
    """The credentials that a plugin prints. `time_limit` (seconds) is for one run of it."""

    def __init__(
        self,
        context: Context,
        plugin: ExecPlugin,
        *,
        on_progress: Callable[[str], None] | None = None,
        time_limit: float = 60.0,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        self._context = context
        self._plugin = plugin
        self._on_progress = on_progress
        self._time_limit = time_limit
        self._env = env
        self._name = plain_text(Path(plugin.command).name, 60)
        self._own_certificate = CertificateFiles(context.user_entry)

    async def fetch(self) -> Credential:
        self._check()
        argv = [self._program(), *self._plugin.args]
        env = {**self._env, **dict(self._plugin.env), "KUBERNETES_EXEC_INFO": self._exec_info()}
        self._say(f"Getting credentials from {self._name}")
        try:
            finished = await run_child(
                argv,
                env,
                time_limit=self._time_limit,
                on_line=lambda line: self._say(f"{self._name}: {line}"),
            )
        except OSError as error:
            raise self._failed(f"could not be started: {error.strerror or error}") from None
        except ValueError as error:
            raise self._failed(f"could not be started: {error}") from None
        credential = self._read(finished)
        if credential.certificate is None and (own := await self._own_certificate.get()) is not None:
            return Credential(credential.authorization, own, credential.expires)
        return credential

    def _say(self, line: str) -> None:
        if self._on_progress is not None:
            self._on_progress(line)

    def _failed(self, how: str, *, hint: str = "", output: str = "") -> CredentialsError:
        user = self._context.user
        return CredentialsError(
            f"The credential plugin {self._name} of user {user} {how}", hint=hint, output=output
        )

    def _check(self) -> None:
        plugin = self._plugin
        if plugin.interactive_mode == "Always":
            raise self._failed(
                "asks on the terminal, which this screen needs",
                hint=f"run `kubectl --context {self._context.name} get --raw /version` in another terminal, "
                "or set another way to log in",
            )
        if plugin.interactive_mode not in ("", "Never", "IfAvailable"):
            raise self._failed(f"has an unknown interactiveMode: {plain_text(plugin.interactive_mode, 60)}")
        if plugin.api_version not in _VERSIONS:
            version = plain_text(plugin.api_version, 80) or "no apiVersion"
            raise self._failed(
                f"uses {version}, which Kubernetes does not support",
                hint=f"get a newer plugin, and write apiVersion: {_VERSIONS[0]} in the kubeconfig",
            )

    def _program(self) -> str:
        command = self._plugin.command
        if os.sep in command:
            path = str((self._plugin.folder or Path()) / command)
            found = path if os.access(path, os.X_OK) else None
        else:
            path = command
            found = shutil.which(command, path=self._env.get("PATH"))
        if found is None:
            hint = plain_text(self._plugin.install_hint, 600)
            raise self._failed(
                f"is not installed: {plain_text(path, 200)} cannot be run",
                hint=hint or "install it, or put its folder into PATH",
            )
        return found

    def _exec_info(self) -> str:
        spec: dict[str, Any] = {"interactive": False}
        if self._plugin.provide_cluster_info:
            spec["cluster"] = _cluster_info(self._context.cluster_entry)
        info = {"kind": "ExecCredential", "apiVersion": self._plugin.api_version, "spec": spec}
        return msgspec.json.encode(info).decode()

    def _read(self, finished: Finished) -> Credential:
        said = finished.errors
        last = said.rpartition("\n")[2]
        if finished.code is None:
            how = f"gave no answer within {self._time_limit:g} s"
            raise self._failed(f"{how}: {last}" if last else how, hint="log in and try again", output=said)
        if finished.code != 0:
            how = f"failed with exit code {finished.code}"
            told = plain_text(said.replace("\n", " "), 500)
            raise self._failed(f"{how}: {told}" if told else how, hint="log in and try again", output=said)
        try:
            found = msgspec.json.decode(finished.output, type=_ExecCredential)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._failed("printed no ExecCredential in JSON", hint=_RUN_IT, output=said) from None
        if found.kind != "ExecCredential" or found.api_version != self._plugin.api_version:
            got = plain_text(f"{found.api_version} {found.kind}", 120)
            raise self._failed(
                f"printed {got} instead of {self._plugin.api_version} ExecCredential",
                hint=_RUN_IT,
                output=said,
            )
        return self._credential(found.status, said)

    def _credential(self, status: _CredentialStatus | None, said: str) -> Credential:
        if status is None or not (status.token or status.client_certificate_data):
            how = "printed an ExecCredential without a token or certificate"
            raise self._failed(how, hint=_RUN_IT, output=said)
        if bool(status.client_certificate_data) != bool(status.client_key_data):
            raise self._failed("printed a certificate without its key", hint=_RUN_IT, output=said)
        certificate = None
        if status.client_certificate_data and status.client_key_data:
            certificate = Certificate(
                status.client_certificate_data.encode(), status.client_key_data.encode()
            )
        return Credential(bearer(status.token or ""), certificate, _seconds(status.expiration_timestamp))


def _seconds(when: datetime | None) -> float | None:
    if when is None:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _cluster_info(cluster: Cluster) -> dict[str, Any]:
    """The `spec.cluster` of an ExecCredential; the authority is always passed as data."""
    authority = cluster.certificate_authority_data
    if not authority and cluster.certificate_authority:
        try:
            authority = cluster.certificate_authority.read_bytes()
        except OSError:
            authority = b""
    info: dict[str, Any] = {"server": cluster.server}
    if cluster.tls_server_name:
        info["tls-server-name"] = cluster.tls_server_name
    if cluster.insecure_skip_tls_verify:
        info["insecure-skip-tls-verify"] = True
    if authority:
        info["certificate-authority-data"] = base64.b64encode(authority).decode()
    if cluster.proxy_url:
        info["proxy-url"] = cluster.proxy_url
    if cluster.disable_compression:
        info["disable-compression"] = True
    # kubectl passes the value of the extension as it stands, and null when there is none.
    info["config"] = cluster.exec_config
    return info
