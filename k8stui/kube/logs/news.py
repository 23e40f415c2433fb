"""What a reader of logs is told from outside: its pod changed, the server went, the server is back.

It listens to what is there anyway (a live table of pods, the cluster's health) and asks for nothing by
itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Reader(Protocol):
    """Who wants to know: a `LogGroup`."""

    def pod_changed(self) -> None:
        """Its pod is another now."""
        ...

    def retry_now(self) -> None:
        """The server answers again: nobody needs to wait."""
        ...

    def check(self) -> None:
        """The server may be gone: streams that look open may not be."""
        ...


class LogNews:
    """Listens for one reader, as soon as there is one. Close it."""

    def __init__(self, cluster: Any, uid: str, reader: Callable[[], Reader | None]) -> None:
        """`uid` is the pod's; without it only the server's health is told."""
        self._cluster = cluster
        self._uid = uid
        self._reader = reader
        self._pod: Any = None
        self._subscription: Any = None
        self._was_live = self._is_live
        observe = getattr(cluster, "observe", None)
        self._stop = None if observe is None else observe(self._cluster_changed)
        self._listen()

    def _listen(self) -> None:
        """To an open table that holds the pod; without one, the reader asks for the pod now and then."""
        for collection in getattr(self._cluster, "collections", ()) if self._uid else ():
            held = collection.kind.name == "pods" and collection.subscribers
            if held and self._uid in collection.objects:
                self._pod = collection.objects[self._uid]
                self._subscription = self._cluster.subscribe(
                    collection.kind,
                    namespaces=collection.namespaces,
                    label_selector=collection.label_selector,
                    field_selector=collection.field_selector,
                    wake=self._pods_changed,
                )
                return

    def _pods_changed(self) -> None:
        """Something happened to pods: perhaps to ours. Costs one look into a dict."""
        if self._subscription is None:
            return
        self._subscription.take()
        pod = self._subscription.collection.objects.get(self._uid)
        if pod is not self._pod:
            self._pod = pod
            if (reader := self._reader()) is not None:
                reader.pod_changed()

    @property
    def _is_live(self) -> bool:
        return str(self._cluster.health.status.value) == "live"

    def _cluster_changed(self) -> None:
        live = self._is_live
        if live != self._was_live:
            self._was_live = live
            if (reader := self._reader()) is not None:
                (reader.retry_now if live else reader.check)()

    def close(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
        if self._stop is not None:
            self._stop()
            self._stop = None
