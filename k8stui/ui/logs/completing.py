"""Completions of `:logs …`: the keys of the query language, and names that live tables hold anyway.

It asks the server for nothing. Pure but for the reading of what the cluster holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from k8stui.kube.logs.query import KEYS, complete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_SEEN = 20_000
"""Objects that are looked at for one completion."""
OBJECTS = ("deploy/", "sts/", "ds/", "job/", "cronjob/", "svc/", "node/", "po/")
_HASH = re.compile(r"-[a-z0-9]{6,10}$")
_MINUTES = re.compile(r"-\d{6,}$")


def completions(
    query: str, names: Callable[[str, str], Iterable[tuple[str, str]]]
) -> list[tuple[str, str, str]]:
    """Ways to go on with a query: the whole query, what to show for it, and what it is.

    `names` gives names for a key of the language ("pod", "label", ...), or for "name" and a kind.
    """
    found = complete(query, len(query))
    lead = query[: found.start]
    terms = KEYS if found.wants == "term" else {}
    words = [(word, terms.get(word.strip("!:>="), "")) for word in found.words]
    if found.wants == "term":
        words += [(kind, "the pods of an object") for kind in OBJECTS if kind.startswith(found.prefix)]
    if found.wants in ("since", "tail", "kind", "level", "log"):
        offered: list[tuple[str, str]] = words
    else:
        wanted = "pod" if found.wants == "term" else found.wants
        live = names(wanted, found.of) if found.prefix or found.wants != "term" else ()
        low = found.prefix.lstrip("!").lower()
        sign = "!" if found.wants == "term" and found.prefix.startswith("!") else ""
        known = sorted({*live}, key=lambda entry: (not entry[0].lower().startswith(low), entry[0]))
        offered = words + [(sign + name, about) for name, about in known if low in name.lower()]
    return [(lead + word, word, about) for word, about in offered]


def live_names(cluster: Any, wants: str, of: str) -> set[tuple[str, str]]:
    """Names that the tables of a cluster hold at this moment."""
    found: set[tuple[str, str]] = set()
    kind = cluster.catalog.find(of) if of else None
    pods = 0
    for collection in getattr(cluster, "collections", ()):
        if kind is not None and collection.kind.name == kind.name:
            found |= {(obj.metadata.name, obj.metadata.namespace) for obj in collection.objects.values()}
        elif collection.kind.name == "namespaces" and wants == "ns":
            found |= {(obj.metadata.name, "namespace") for obj in collection.objects.values()}
        elif collection.kind.name == "nodes" and wants == "node":
            found |= {(obj.metadata.name, "node") for obj in collection.objects.values()}
        if collection.kind.name == "pods" and pods < MOST_SEEN:
            pods += len(collection.objects)
            for pod in collection.objects.values():
                found |= set(_of_pod(pod, wants, kind))
    return found


def _of_pod(pod: Any, wants: str, kind: Any) -> Iterable[tuple[str, str]]:
    """What a pod tells of the names that are wanted."""
    meta, spec = pod.metadata, pod.spec
    if wants == "pod":
        yield meta.name, meta.namespace
    elif wants == "ns":
        yield meta.namespace, "namespace"
    elif wants == "node":
        if name := getattr(spec, "node_name", ""):
            yield name, "node"
    elif wants == "container":
        for containers in (getattr(spec, "init_containers", ()), getattr(spec, "containers", ())):
            for container in containers or ():
                yield container.name, "container"
    elif wants == "label":
        for key, value in (meta.labels or {}).items():
            yield f"{key}={value}", "label"
    elif wants == "name" and kind is not None:
        for owner in meta.owner_references:
            if owner.kind == kind.kind:
                yield owner.name, meta.namespace
            elif owner.kind == "ReplicaSet" and kind.kind == "Deployment":
                yield _HASH.sub("", owner.name), meta.namespace
            elif owner.kind == "Job" and kind.kind == "CronJob" and _MINUTES.search(owner.name):
                yield _MINUTES.sub("", owner.name), meta.namespace
