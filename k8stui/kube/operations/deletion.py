"""Deleting and evicting: the options of a deletion, and what each of them means. Pure.

Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ and the API's DeleteOptions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.operations.plans import JSON_PATCH, Change, Plan, Ref, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKGROUND, FOREGROUND, ORPHAN = "Background", "Foreground", "Orphan"
PROPAGATION = {
    BACKGROUND: "goes after it",
    FOREGROUND: "goes first, it stays until then",
    ORPHAN: "stays, without an owner",
}
"""The server's policies, and what becomes of what an object owns."""

TYPED = frozenset({"namespaces", "customresourcedefinitions.apiextensions.k8s.io"})
"""Kinds that take so much with them that their name is to be typed."""
FORCE = (
    "Force: the server forgets the pod at once and asks nobody whether its containers have ended. They may go"
    " on running on a node that is not reachable, beside their replacement."
)
FORCE_STATEFUL = "A StatefulSet may then have two pods of one identity, which can damage data."


class DeleteOptions(msgspec.Struct, frozen=True):
    """How to delete. `grace` in seconds; None: the object's own."""

    propagation: str = BACKGROUND
    grace: int | None = None
    force: bool = False
    """At once, without waiting for the kubelet: grace 0."""

    def body(self, uid: str) -> dict[str, Any]:
        """The DeleteOptions of a request."""
        body: dict[str, Any] = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": self.propagation,
        }
        grace = 0 if self.force else self.grace
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid:
            body["preconditions"] = {"uid": uid}
        return body


PLAIN = DeleteOptions()
"""In the background, with the pods' own grace."""
NO_FORCE = "Force changes nothing for this kind: only pods wait for a kubelet."


def plan_delete(refs: Sequence[Ref], options: DeleteOptions = PLAIN, *, kill: bool = False) -> Plan:
    """Delete these objects. `kill`: as one that says so, pods with grace 0."""
    changes = tuple(
        Change(ref, (Request("DELETE", ref.path(), options.body(ref.uid), gone_is_done=True),))
        for ref in refs
    )
    warnings = []
    if options.force or options.grace == 0:
        pods = any(ref.kind.name == "pods" for ref in refs)
        warnings.append(FORCE if pods else NO_FORCE)
    confirm = ""
    if any(ref.kind.name in TYPED for ref in refs):
        confirm = refs[0].name if len(refs) == 1 else str(len(refs))
    verb, done = ("Kill", "killed") if kill else ("Delete", "deleted")
    return Plan(verb, done, changes, warnings=tuple(warnings), destroys=True, confirm=confirm)


HELD = (
    "A pod that a PodDisruptionBudget does not let go now is asked for again every 5 s,"
    " until it goes or you stop."
)


def plan_evict(refs: Sequence[Ref]) -> Plan:
    """Ask the server to evict pods: it refuses where a disruption budget would be broken."""
    changes = tuple(Change(ref, (_eviction(ref),)) for ref in refs)
    return Plan("Evict", "evicted", changes, notes=(HELD,), destroys=True)


def _eviction(ref: Ref) -> Request:
    """policy/v1 is known from 1.22 on; before that the same is policy/v1beta1."""

    def request(version: str, other: Request | None) -> Request:
        body: dict[str, Any] = {
            "apiVersion": f"policy/{version}",
            "kind": "Eviction",
            "metadata": {"name": ref.name, "namespace": ref.namespace},
        }
        if ref.uid:
            body["deleteOptions"] = {"preconditions": {"uid": ref.uid}}
        return Request("POST", ref.path("eviction"), body, gone_is_done=True, other=other)

    return request("v1", request("v1beta1", None))


def plan_finalize(ref: Ref, finalizers: Sequence[str]) -> Plan:
    """Take finalizers away by hand: those that were read, and no others that came meanwhile."""
    body: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/finalizers", "value": list(finalizers)},
        {"op": "remove", "path": "/metadata/finalizers"},
    ]
    if ref.uid:
        body.insert(0, {"op": "test", "path": "/metadata/uid", "value": ref.uid})
    request = Request("PATCH", ref.path(), body, JSON_PATCH)
    words = f"without {', '.join(finalizers)}"
    warning = (
        "What the finalizer waits for is not done any more: outside of the cluster something may be left"
        " (a volume, a load balancer, a DNS name) that nobody knows of."
    )
    return Plan("Remove", "released", (Change(ref, (request,), words),), warnings=(warning,), destroys=True)
