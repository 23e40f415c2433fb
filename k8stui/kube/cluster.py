"""One context: its connection, kinds, version, user, health and live collections, and all their tasks.

A `Cluster` opens at once, also for a server that is dead or a kubeconfig that is broken: that is
a state (`health`), and it is tried again without end. Closing it ends everything it started. It
must never raise for a server's sake except where a caller asks for an answer and waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.access import Access
from k8stui.kube.backoff import Backoff, Clock, SystemClock, nap
from k8stui.kube.catalog import BUILTIN, Catalog
from k8stui.kube.certificates import user_name
from k8stui.kube.codecs import codec_for
from k8stui.kube.definitions import Definitions
from k8stui.kube.discovery import discover
from k8stui.kube.errors import OTHER_SERVER, ApiError, ConnectionLost, KubeError
from k8stui.kube.health import Health, HealthMonitor, Status
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.pool import Pool, Scope
from k8stui.kube.live.reflector import Policy, Reflector
from k8stui.kube.namespaces import VisibleNamespaces, visible_namespaces
from k8stui.kube.observers import Observers
from k8stui.kube.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from types import TracebackType

    from k8stui.kube.catalog import Kind
    from k8stui.kube.connection.client import Connection
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.live.collection import Collection, Part, Subscription
    from k8stui.kube.objects.related import Form

GRACE = 30.0
"""Seconds that a collection is held after its last reader left."""
REDISCOVER = 300.0
"""Seconds between two looks at the server's kinds."""
SETTLE = 1.0
"""Seconds after a change of a CRD until the kinds are read again: changes come in swarms."""
DEFINITIONS_AFTER = 5.0
"""Seconds after discovery until changes of kinds are watched: rows on the screen come first."""
PROBE_TIMEOUT = 5.0
QUIET = 20.0
"""When another request lost its connection, watches that were silent this many seconds are opened anew."""


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class Cluster:
    """Everything about one context, and the owner of its tasks.

    `on_progress` gets one short line for each step that takes time (credentials, discovery).
    """

    def __init__(
        self,
        context: Context,
        *,
        readonly: bool = False,
        on_progress: Callable[[str], None] | None = None,
        connect: Callable[[], Any] | None = None,
        policy: Policy | None = None,
        grace: float = GRACE,
        clock: Clock | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.context = context
        self.readonly = readonly
        self._on_progress = on_progress
        self._connect = connect or self._make_connection
        self._policy = policy or Policy()
        self._clock: Clock = clock or SystemClock()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, no secret
        self._observers = Observers()
        self._tasks = Tasks(f"cluster {context.name}")
        self._connection: Any = None
        self._access: Access | None = None
        self._rediscover = asyncio.Event()
        self.catalog: Catalog = BUILTIN
        """The server's kinds; the builtin ones until discovery is done (`catalog.is_complete`)."""
        self.discovery_error = ""
        """Why the kinds could not be read, in one sentence; "" when they could."""
        self.version = ""
        """The server's version as it says it ("v1.34.2"); "" until known."""
        self.user = context.user_entry.impersonate or context.user
        """Who the server takes us for; until it has said, the name in the certificate or kubeconfig."""
        self._monitor = HealthMonitor(
            self._probe,
            clock=self._clock,
            rng=self._rng,
            on_change=self._changed,
            on_down=lambda: self._check_watches(0.0),
            on_up=self._up,
            quiet=self._quiet_for,
        )
        self.definitions = Definitions(self._connected, lambda: self.catalog)
        """The definitions of custom kinds: what they say beyond discovery."""
        self._pool = Pool(
            self._tasks, self._reflector, self._supervise, grace=grace, now=self._clock.monotonic
        )

    async def __aenter__(self) -> Cluster:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Start; returns at once, and sends nothing by itself before that."""
        # a broken kubeconfig is a state as well: the monitor says so and tries again
        with contextlib.suppress(KubeError):
            self._connected()
        self._tasks.start(self._kept_up(self._monitor.run, self._monitor.broke), "health")
        self._tasks.start(self._kept_up(self._discovery, self._undiscovered), "discovery")

    async def close(self) -> None:
        """End all tasks, collections and connections. Nothing is left running."""
        self.definitions.close()
        self._pool.close()
        await self._tasks.close()
        if self._access is not None:
            await self._access.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        self._observers.clear()

    @property
    def connection(self) -> Connection:
        """The connection for everybody's requests. Raises KubeError when the kubeconfig is unusable."""
        connection: Connection = self._connected()
        return connection

    @property
    def access(self) -> Access:
        """What the user may do. Raises KubeError when the kubeconfig is unusable."""
        if self._access is None:
            self._access = Access(self._connected(), clock=self._clock)
        return self._access

    @property
    def health(self) -> Health:
        """How the server stands."""
        return self._monitor.health

    def observe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when health, catalog, version or user change. Gives a function that ends it."""
        return self._observers.add(callback)

    def subscribe(
        self,
        kind: Kind,
        *,
        namespaces: tuple[str, ...] = (),
        label_selector: str = "",
        field_selector: str = "",
        form: Form | None = None,
        wake: Callable[[], None],
    ) -> Subscription[Any]:
        """Read a kind live. No namespaces means all. The collection is shared with other readers.

        `form` asks for objects in another form than the kind's own (see `codec_for`).

        Raises ConnectionLost when the cluster was closed.
        """
        if self._tasks.closed:
            raise ConnectionLost(f"The cluster {self.context.name} was closed", kind="closed")
        scope = Scope(
            kind.group,
            kind.version,
            kind.plural,
            tuple(sorted(set(namespaces))) if kind.namespaced else (),
            label_selector,
            field_selector,
            form,
        )
        return self._pool.subscribe(kind, scope, wake)

    @property
    def collections(self) -> list[Collection[Any]]:
        """All collections that are held now."""
        return self._pool.collections()

    async def visible_namespaces(self, candidates: Iterable[str] = ()) -> VisibleNamespaces:
        """The namespaces the user may look into: all, or those of the candidates that are allowed.

        The context's own namespace and "default" are always candidates. Raises KubeError.
        """
        wanted = (self.context.namespace, *candidates, "default")
        pods = self.catalog.get("", "pods") or BUILTIN.get("", "pods")
        assert pods is not None
        return await visible_namespaces(self._connected(), self.access, self.catalog, wanted, pods)

    def report(self, error: KubeError) -> None:
        """Tell of a request (of any room) that failed: it may be that the server is gone."""
        self._trouble(error)

    def retry_now(self) -> None:
        """End all waits: somebody wants it tried at once."""
        self._monitor.retry_now()
        self._rediscover.set()
        for reflector in self._pool.reflectors():
            reflector.retry_now()

    async def rediscover(self) -> Catalog:
        """Read the server's kinds now. Raises KubeError; what was known stays known."""
        catalog = await discover(self._connected())
        self.discovery_error = ""
        if catalog != self.catalog:
            self.catalog = catalog
            self._pool.check_kinds(catalog)
        self._changed()
        return catalog

    def _connected(self) -> Any:
        if self._tasks.closed:
            raise ConnectionLost(f"The cluster {self.context.name} was closed", kind="closed")
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _make_connection(self) -> Connection:
        from k8stui.kube.connection.client import Connection

        return Connection(self.context, readonly=self.readonly, on_progress=self._on_progress)

    def _progress(self, text: str) -> None:
        if self._on_progress is not None:
            self._on_progress(text)

    def _changed(self) -> None:
        self._observers.tell()

    def _quiet_for(self) -> float:
        """Seconds since the server was last heard, on any request or stream; 0 where nobody counts."""
        heard = getattr(self._connection, "last_heard", None)
        return 0.0 if heard is None else self._clock.monotonic() - heard

    async def _probe(self) -> None:
        """The lightest request there is; it brings the version as well. Raises KubeError."""
        response = await self._connected().request("GET", "/version", timeout=PROBE_TIMEOUT)
        try:
            version = msgspec.json.decode(response.body, type=_Version).git_version
        except msgspec.DecodeError as error:
            said = "/version was answered with something else than a version"
            raise ApiError(0, "BadAnswer", said, hint=OTHER_SERVER) from error
        if version and version != self.version:
            self.version = version
            self._changed()

    def _up(self) -> None:
        """The server answers (again): nobody needs to wait out a back-off."""
        for reflector in self._pool.reflectors():
            reflector.retry_now()
        if not self.catalog.is_complete and self.discovery_error:
            self._rediscover.set()

    def _check_watches(self, quiet_for: float) -> None:
        for reflector in self._pool.reflectors():
            reflector.check(quiet_for)

    def _trouble(self, error: KubeError) -> None:
        self._monitor.trouble(error)
        if isinstance(error, ConnectionLost):
            self._check_watches(QUIET)

    def _reflector(self, collection: Collection[Any], part: Part[Any]) -> Reflector[Any]:
        kind = collection.kind
        return Reflector(
            _Late(self._connected),
            kind.path(part.namespace),
            codec_for(kind.group, kind.plural, collection.form),
            part,
            label_selector=collection.label_selector,
            field_selector=collection.field_selector,
            watchable=kind.can("watch") or not kind.verbs,
            policy=self._policy,
            clock=self._clock,
            rng=self._rng,
            on_trouble=self._trouble,
            on_answer=self._monitor.answered,
        )

    async def _supervise(self, reflector: Reflector[Any], part: Part[Any]) -> None:
        """Run a reflector, whatever defects of ours it meets."""

        def broke(error: KubeError, delay: float) -> None:
            part.status(Phase.STALE, error.message, next_try=self._clock.monotonic() + delay)
            reflector.start_over()

        await self._kept_up(reflector.run, broke)

    async def _kept_up(
        self, run: Callable[[], Awaitable[None]], broke: Callable[[KubeError, float], None]
    ) -> None:
        """Run it without end: a defect of ours becomes a visible state, and it starts again after a while."""
        backoff = Backoff(self._rng, first=1.0)
        while True:
            began = self._clock.monotonic()
            try:
                await run()
            except Exception as error:
                if self._clock.monotonic() - began > 60:
                    backoff.reset()
                delay = backoff.next()
                said = f"internal error, started again: {type(error).__name__}: {error}"
                broke(KubeError(said), delay)
                await self._clock.sleep(delay)

    def _undiscovered(self, error: KubeError, delay: float) -> None:
        self.discovery_error = error.sentence()
        self._changed()

    async def _discovery(self) -> None:
        """Who we are and which kinds there are; then again when kinds change, and from time to time."""
        backoff = Backoff(self._rng)
        knows_user = False
        while True:
            self._rediscover.clear()
            try:
                if not self.catalog.is_complete:
                    self._progress("Reading the kinds of the server")
                await self.rediscover()
                if not knows_user:
                    await self._learn_user()
                    knows_user = True
                backoff.reset()
                pause = REDISCOVER
            except KubeError as error:
                pause = backoff.next()
                self._undiscovered(error, pause)
                self._trouble(error)
            if not self.definitions.watched and self.catalog.is_complete:
                await self._clock.sleep(DEFINITIONS_AFTER)
                # custom kinds come and go: a change of a definition lets the kinds be read again
                self.definitions.watch(self.subscribe, self._rediscover.set)
            if await nap(self._clock, pause, self._rediscover) and self.catalog.is_complete:
                await self._clock.sleep(SETTLE)

    async def _learn_user(self) -> None:
        name = await user_name(self.access, self.context.user_entry)
        if name and name != self.user:
            self.user = name
            self._changed()


class _Late:
    """A connection that is made when it is first used, so that a broken kubeconfig is a failed request."""

    def __init__(self, connection: Callable[[], Any]) -> None:
        self._connection = connection

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """As `Connection.request`."""
        return await self._connection().request(method, path, **options)

    async def lines(self, path: str, **options: Any) -> Any:
        """As `Connection.lines`."""
        async with contextlib.aclosing(self._connection().lines(path, **options)) as batches:
            async for batch in batches:
                yield batch


__all__ = ["Cluster", "Health", "Status", "VisibleNamespaces"]
