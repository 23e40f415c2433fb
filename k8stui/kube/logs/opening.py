"""The two ways to read logs live: of whatever a query selects, and of one pod that is known by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Unpack

from k8stui.kube.logs.group import LogGroup, Options
from k8stui.kube.logs.group_lists import ListedPods, OnePod
from k8stui.kube.logs.query import LogQuery, Pattern

if TYPE_CHECKING:
    from datetime import timedelta

    from k8stui.kube.cluster import Cluster
    from k8stui.kube.connection.protocols import Streams


def logs_of_query(
    cluster: Cluster,
    query: LogQuery,
    *,
    namespaces: tuple[str, ...] = (),
    patient: bool = True,
    **options: Unpack[Options],
) -> LogGroup:
    """The logs of the pods that a query selects; `namespaces` and `patient` as in `ListedPods`."""
    pods = ListedPods(cluster, query, namespaces=namespaces, patient=patient)
    return LogGroup(cluster.connection, pods, query, **options)


def logs_of_pod(
    connection: Streams,
    namespace: str,
    name: str,
    uid: str = "",
    *,
    containers: tuple[str, ...] = (),
    since: timedelta | None = None,
    **options: Unpack[Options],
) -> LogGroup:
    """The logs of one pod (with a uid: of no other of that name), of all its containers or those named."""
    query = LogQuery(
        containers=tuple(Pattern(f"^{re.escape(container)}$") for container in containers), since=since
    )
    return LogGroup(connection, OnePod(namespace, name, uid), query, **options)
