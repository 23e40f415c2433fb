"""Share what is equal between objects, so that 20,000 pods fit in little memory.

Pods of one ReplicaSet repeat labels, owners, specs and conditions. `intern_object` replaces such parts
by the first equal one seen. A changed object repeats most of what it was before: `share_with_previous`
keeps those parts, so that a cluster that has changed for hours takes no more memory than one just listed.
Both run once for a freshly decoded object, before anybody else holds it, and change no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import force_setattr

from k8stui.kube.objects.core import ContainerState, ContainerStatus, Event, Pod, StateRunning
from k8stui.kube.objects.decoding import TableRow
from k8stui.kube.objects.meta import KubeStruct
from k8stui.kube.objects.podrefs import NamingPodSpec

if TYPE_CHECKING:
    from k8stui.kube.objects.meta import Condition, ObjectMeta

T = TypeVar("T")

POOL_LIMIT = 50_000
"""Entries after which a pool is emptied: old values are then shared no further, and nothing else."""

_SHORT = 24
"""Characters up to which a cell of a Table is likely to occur again."""

_NO_STATE = ContainerState()
_RUNNING = ContainerState(running=StateRunning())


def intern_object(obj: T, pool: dict[Any, Any]) -> T:
    """Replace the repeated parts of a fresh object by shared ones from `pool`; gives back `obj`.

    Call it for each object of a page or a watch event, with one pool per collection.
    """
    if len(pool) > POOL_LIMIT:
        pool.clear()
    _intern_meta(obj.metadata, pool)  # type: ignore[attr-defined]
    if isinstance(obj, Pod):
        _intern_pod(obj, pool)
    elif isinstance(obj, Event):
        _intern_event(obj, pool)
    elif isinstance(obj, TableRow):
        _intern_row(obj, pool)
    return obj


def share_with_previous(obj: KubeStruct, before: KubeStruct) -> None:
    """Replace all parts of a fresh object that are as they were `before` by the ones held already.

    Without this, each object that changes once leaves the sharing of its list for good: a uid of its own,
    a spec of its own, and so on.
    """
    if type(obj) is not type(before):
        return
    for name in obj.__struct_fields__:
        new, old = getattr(obj, name), getattr(before, name)
        if new is old:
            continue
        if new == old:
            force_setattr(obj, name, old)
        elif isinstance(new, KubeStruct):
            share_with_previous(new, old)
        elif type(new) is tuple and type(old) is tuple:
            for each, was in zip(new, old, strict=False):
                if isinstance(each, KubeStruct):
                    share_with_previous(each, was)


def _intern_meta(meta: ObjectMeta, pool: dict[Any, Any]) -> None:
    shared = pool.setdefault
    if meta.namespace:
        force_setattr(meta, "namespace", shared(meta.namespace, meta.namespace))
    labels = meta.labels
    if labels:
        force_setattr(meta, "labels", shared(("labels", *labels.items()), labels))
    owners = meta.owner_references
    if owners:
        force_setattr(meta, "owner_references", shared(owners, owners))
    if meta.finalizers:
        force_setattr(meta, "finalizers", shared(meta.finalizers, meta.finalizers))


def _intern_pod(pod: Pod, pool: dict[Any, Any]) -> None:
    shared = pool.setdefault
    spec, status = pod.spec, pod.status
    force_setattr(spec, "containers", shared(spec.containers, spec.containers))
    if spec.init_containers:
        force_setattr(spec, "init_containers", shared(spec.init_containers, spec.init_containers))
    if isinstance(spec, NamingPodSpec):
        for name in ("volumes", "image_pull_secrets", "priority_class_name"):
            value = getattr(spec, name)
            force_setattr(spec, name, shared(value, value))
    if spec.node_name:
        force_setattr(spec, "node_name", shared(spec.node_name, spec.node_name))
    force_setattr(spec, "service_account_name", shared(spec.service_account_name, spec.service_account_name))
    force_setattr(status, "phase", shared(status.phase, status.phase))
    if status.conditions:
        force_setattr(status, "conditions", _conditions(status.conditions, pool))
    if status.container_statuses:
        _intern_statuses(status.container_statuses, pool)
    if status.init_container_statuses:
        _intern_statuses(status.init_container_statuses, pool)


def _conditions(conditions: tuple[Condition, ...], pool: dict[Any, Any]) -> tuple[Condition, ...]:
    """The shared tuple of equal conditions; a new one is made of conditions that are shared."""
    known = pool.get(conditions)
    if known is None:
        known = tuple(pool.setdefault(each, each) for each in conditions)
        pool[known] = known
    return known


def _intern_statuses(statuses: tuple[ContainerStatus, ...], pool: dict[Any, Any]) -> None:
    for status in statuses:
        force_setattr(status, "name", pool.setdefault(status.name, status.name))
        if status.state == _RUNNING:
            force_setattr(status, "state", _RUNNING)
        else:
            _intern_state(status.state, pool)
        if status.last_state == _NO_STATE:
            force_setattr(status, "last_state", _NO_STATE)
        else:
            _intern_state(status.last_state, pool)


def _intern_state(state: ContainerState, pool: dict[Any, Any]) -> None:
    """Reasons occur again; messages and times are each container's own."""
    for each in (state.waiting, state.terminated):
        if each is not None and each.reason:
            force_setattr(each, "reason", pool.setdefault(each.reason, each.reason))


def _intern_event(event: Event, pool: dict[Any, Any]) -> None:
    shared = pool.setdefault
    for name in ("reason", "type", "source", "reporting_component", "reporting_instance"):
        value = getattr(event, name)
        if value:
            force_setattr(event, name, shared(value, value))
    force_setattr(event, "involved_object", shared(event.involved_object, event.involved_object))


def _intern_row(row: TableRow, pool: dict[Any, Any]) -> None:
    name, shared = row.metadata.name, pool.setdefault
    cells = [
        (name if cell == name else shared(cell, cell) if len(cell) <= _SHORT else cell)
        if type(cell) is str
        else cell
        for cell in row.cells
    ]
    force_setattr(row, "cells", tuple(cells))
