"""Who asks and whom it trusts, for each request: headers and TLS, kept current while files change on disk.

Owns the credential source, the certificate authority and the TLS context of one context, and looks at the
kubeconfig itself now and then. A changed kubeconfig changes credentials and trust, never the server: new
credentials must not go to the old server, nor may a running session move to another cluster unasked.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from k8stui.kube.apart import Apart
from k8stui.kube.connection.headers import impersonation
from k8stui.kube.connection.tls import Trust, build_context
from k8stui.kube.credentials import Credential, credentials_for
from k8stui.kube.credentials.watched import CHECK_EVERY, WatchedFiles, stamp
from k8stui.kube.errors import KubeconfigError, KubeError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from k8stui.kube.credentials import Certificate
    from k8stui.kube.kubeconfig.types import Context

__all__ = ["Identity", "IdentityKeeper", "is_loopback"]


def is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


@dataclass(frozen=True, slots=True)
class Identity:
    """What to send with one request. `tls` is None for plain http."""

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)
    credential: Credential = field(repr=False)


class IdentityKeeper:
    """Gives the identity for the next request, and another one after the server refused it."""

    def __init__(
        self,
        context: Context,
        *,
        reload: Callable[[Context], Context] | None = None,
        on_progress: Callable[[str], None] | None = None,
        time_limit: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_progress = on_progress
        self._time_limit = time_limit
        self._clock = clock
        self._reload = reload
        self._tls_lock = asyncio.Lock()
        self._reload_lock = asyncio.Lock()
        self._apart = Apart()
        self._tls: ssl.SSLContext | None = None
        self._tls_made_of: tuple[Trust, Certificate | None] | None = None
        self._stamps = [stamp(file) for file in context.source.files]
        self._looked = clock()
        self._moved = False
        self._use(context)

    @property
    def context(self) -> Context:
        """The context as last read."""
        return self._context

    def _use(self, context: Context) -> None:
        cluster = context.cluster_entry
        has_ca = bool(cluster.certificate_authority_data or cluster.certificate_authority)
        if has_ca and cluster.insecure_skip_tls_verify:
            raise KubeconfigError(
                f"Cluster {cluster.name} has a certificate authority and insecure-skip-tls-verify",
                hint="remove one of them from the kubeconfig",
            )
        impersonated = tuple(impersonation(context.user_entry))
        source = credentials_for(context, on_progress=self._on_progress, time_limit=self._time_limit)
        authority: WatchedFiles | None = None
        if cluster.certificate_authority and not cluster.certificate_authority_data:
            authority = WatchedFiles([cluster.certificate_authority], ["The certificate authority"])
        self._context, self._impersonation = context, impersonated
        self._source, self._authority = source, authority

    async def get(self, *, look_now: bool = False) -> Identity:
        """Raises CredentialsError or KubeconfigError when there is no way to ask as this user."""
        await self._follow_kubeconfig(look_now=look_now)
        if not self._context.server.startswith("https:"):
            return await self._plain()
        credential = await self._source.get()
        tls = await self._tls_for(credential.certificate, look_now=look_now)
        return Identity(self._headers(credential), tls, credential)

    async def _plain(self) -> Identity:
        # kubectl sends no credentials over plain http. Ours go no further than this machine.
        if not is_loopback(self._context.server):
            return Identity((), None, Credential())
        credential = await self._source.get()
        return Identity(self._headers(credential), None, credential)

    def _headers(self, credential: Credential) -> tuple[tuple[str, str], ...]:
        if not credential.authorization:
            return self._impersonation
        return (("Authorization", credential.authorization), *self._impersonation)

    async def renew(self, refused: Identity) -> bool:
        """Whether asking again may help after the server refused `refused`.

        Raises CredentialsError when new credentials should be had but cannot.
        """
        await self._follow_kubeconfig(look_now=True)
        return await self._source.renew(refused.credential) or await self.reread(refused)

    async def reread(self, failed: Identity) -> bool:
        """Whether the files on disk now give another TLS than `failed` had; fetches no credentials anew."""
        return (await self.get(look_now=True)).tls is not failed.tls

    async def _tls_for(self, certificate: Certificate | None, *, look_now: bool) -> ssl.SSLContext:
        cluster = self._context.cluster_entry
        authorities, name = cluster.certificate_authority_data, ""
        if self._authority is not None:
            (authorities,) = await self._authority.contents(look_now=look_now)
            name = str(cluster.certificate_authority)
            if not authorities.strip():
                raise KubeconfigError(f"The certificate authority {name} is an empty file")
        wanted = (Trust(authorities, cluster.insecure_skip_tls_verify, name), certificate)
        async with self._tls_lock:
            if self._tls is None or self._tls_made_of != wanted:
                try:
                    self._tls = await asyncio.to_thread(build_context, *wanted)
                except KubeError:
                    # Files are replaced one after the other: a certificate may not fit its key for a moment.
                    if self._tls is None or not self._from_files(certificate):
                        raise
                    return self._tls
                self._tls_made_of = wanted
            return self._tls

    def _from_files(self, certificate: Certificate | None) -> bool:
        return self._authority is not None or (certificate is not None and bool(certificate.names))

    async def _follow_kubeconfig(self, *, look_now: bool) -> None:
        files, reload = self._context.source.files, self._reload
        if reload is None or not files:
            return
        if self._apart.hangs or (not look_now and self._clock() - self._looked < CHECK_EVERY):
            return
        async with self._reload_lock:
            self._looked = self._clock()
            try:
                stamps = await self._apart.run(lambda: [stamp(file) for file in files])
                if stamps == self._stamps:
                    return
                fresh = await self._apart.run(lambda: reload(self._context))
            except (KubeError, TimeoutError):
                return  # Half written, out of reach, or the context is gone: what was read before goes on.
            self._stamps = stamps
            self._take(fresh)

    def _take(self, fresh: Context) -> None:
        old = self._context
        if fresh.server != old.server or fresh.cluster_entry.proxy_url != old.cluster_entry.proxy_url:
            if self._on_progress and not self._moved:
                self._on_progress(
                    f"The kubeconfig now gives context {old.name} another server: open it again"
                )
            self._moved = True
            return
        self._moved = False
        if fresh.user_entry != old.user_entry or fresh.cluster_entry != old.cluster_entry:
            try:
                self._use(fresh)
            except KubeError as error:
                self._say(f"The changed kubeconfig is not used: {error.sentence()}")

    def _say(self, line: str) -> None:
        if self._on_progress is not None:
            self._on_progress(line)
