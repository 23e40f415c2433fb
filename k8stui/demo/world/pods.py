"""Pods with a past: a spec, the node that has them, and how each container stands now.

`make_pod` writes what the API server would hold after scheduler and kubelet did their work; the `How` of
each container says how it stands. Events that tell the story are added by `story`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from k8stui.demo.world import podstatus
from k8stui.demo.world.fields import entry, spec_fields, status_fields
from k8stui.demo.world.images import behaviour, image_digest
from k8stui.demo.world.podspec import admitted_spec, qos_class

if TYPE_CHECKING:
    from k8stui.demo.world.context import World

Obj = dict[str, Any]

__all__ = ["How", "crash_loop", "done", "make_pod", "pull_back_off", "waiting"]

PRIORITIES = {
    "system-node-critical": 2000001000,
    "system-cluster-critical": 2000000000,
    "shop-critical": 100000,
    "batch-low": -10,
}


@dataclass(frozen=True)
class How:
    """How a container stands. Times are seconds before now; None: follows from the pod's age."""

    state: str = "running"
    reason: str = ""
    message: str = ""
    exit_code: int = 0
    signal: int = 0
    ready: bool | None = None
    started: bool | None = None
    restarts: int = 0
    since: float | None = None
    ran: float = 2.0
    last: How | None = None
    pulled: bool = True


def done(
    exit_code: int = 0,
    *,
    reason: str = "",
    since: float | None = None,
    ran: float = 2.0,
    message: str = "",
    restarts: int = 0,
    signal: int = 0,
) -> How:
    """A container that ended `since` seconds ago after it ran for `ran`."""
    reason = reason or ("Error" if exit_code else "Completed")
    return How("terminated", reason, message, exit_code, signal, restarts=restarts, since=since, ran=ran)


def waiting(reason: str, message: str = "", *, pulled: bool = False) -> How:
    """A container that cannot start."""
    return How("waiting", reason, message, pulled=pulled)


def crash_loop(last: How, restarts: int) -> How:
    """A container that waits for its next start after its last end."""
    return How("waiting", "CrashLoopBackOff", restarts=restarts, last=last)


def pull_back_off(image: str, error: str = "ErrImagePull") -> How:
    """A container whose image cannot be pulled."""
    return How("waiting", "ImagePullBackOff", f'Back-off pulling image "{image}": {error}', pulled=False)


def back_off_seconds(restarts: int) -> int:
    """How long the kubelet waits before that many restarts become one more."""
    return int(min(300, 10 * 2 ** max(0, restarts - 1)))


def duration(seconds: int) -> str:
    """Go's duration text: `2m40s`."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


@dataclass
class _Builder:
    world: World
    meta: Obj
    age: float

    def container_id(self, name: str, run: int) -> str:
        return "containerd://" + self.world.ids.hex("container", self.meta["uid"], name, run)

    def ended(self, name: str, how: How, run: int) -> Obj:
        since = how.since if how.since is not None else max(0.0, self.age - 3 - how.ran)
        return podstatus.terminated(
            how.exit_code,
            how.reason,
            self.world.ago(since + how.ran),
            self.world.ago(since),
            self.container_id(name, run),
            message=how.message,
            signal=how.signal,
        )

    def status(self, spec: Obj, how: How, start_delay: float, sidecar: bool, init: bool) -> Obj:
        name = spec["name"]
        last: Obj = {}
        if how.last is not None:
            last = self.ended(name, how.last, how.restarts)
        runs = "running" in how.state or how.state == "terminated"
        if how.state == "running":
            since = how.since if how.since is not None else max(0.0, self.age - start_delay)
            state = podstatus.running(self.world.ago(since))
        elif how.state == "terminated":
            state = self.ended(name, how, how.restarts)
        else:
            message = how.message
            if how.reason == "CrashLoopBackOff" and not message:
                pause = duration(back_off_seconds(how.restarts))
                pod = f"{self.meta['name']}_{self.meta['namespace']}({self.meta['uid']})"
                message = f"back-off {pause} restarting failed container={name} pod={pod}"
            state = podstatus.waiting(how.reason, message)
        has_run = runs or how.last is not None
        cid = state.get("terminated", {}).get("containerID") or last.get("terminated", {}).get("containerID")
        if how.state == "running":
            cid = self.container_id(name, how.restarts + 1 if how.restarts else 0)
        finished = init and not sidecar and how.state == "terminated" and how.exit_code == 0
        ready = how.ready if how.ready is not None else (how.state == "running" and (sidecar or not init))
        started = how.started if how.started is not None else how.state == "running"
        return podstatus.container_status(
            spec,
            state,
            last=last,
            ready=finished or ready,
            restarts=how.restarts,
            started=started and not finished,
            container_id=cid or "" if has_run else "",
            image_id=image_digest(spec["image"]) if has_run else "",
        )


def _default_how(spec: Obj, age: float, init: bool) -> How:
    if not init or podstatus.is_sidecar(spec):
        return How()
    ran = behaviour(spec).after or 1.0
    return done(since=max(0.0, age - 2 - ran), ran=ran)


def make_pod(
    world: World,
    name: str,
    namespace: str,
    spec: Obj,
    *,
    age: float,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    owner: Obj | None = None,
    generate: str = "",
    node: str | None = None,
    how: dict[str, How] | None = None,
    phase: str = "",
    reason: str = "",
    message: str = "",
    unscheduled: str = "",
    gated: bool = False,
    sandbox: bool = True,
    deleting: float | None = None,
    grace: int = 30,
    finalizers: list[str] | None = None,
    settled: float | None = None,
    manager: str = "",
) -> Obj:
    """A pod as it stands `age` seconds after its creation, taken into the world.

    node: "" for none, None for the next in turn. how: by container name, for those that don't just run.
    phase, reason, message: override what follows from the containers. settled: seconds since its readiness
    last changed.
    """
    place = "" if unscheduled or gated else (world.next_node() if node is None else node)
    meta = world.meta(
        "Pod",
        name,
        namespace,
        age=age,
        labels=labels,
        annotations=annotations,
        owner=owner,
        generate=generate,
        generation=1 if deleting is None else 2,
        finalizers=finalizers,
        deleting=deleting,
    )
    if deleting is not None:
        meta["deletionGracePeriodSeconds"] = grace
    priority = PRIORITIES.get(spec.get("priorityClassName", ""), 0)
    suffix = world.ids.suffix("token", namespace, name)
    full = admitted_spec(spec, suffix, priority=priority, node=place)
    pod: Obj = {"kind": "Pod", "apiVersion": "v1", "metadata": meta, "spec": full}
    if gated:
        text = "Scheduling is blocked due to non-empty scheduling gates"
        status = podstatus.unscheduled(text, world.ago(age), reason="SchedulingGated")
    elif not place:
        status = podstatus.unscheduled(unscheduled, world.ago(age))
    else:
        status = _placed_status(world, pod, age, place, how or {}, phase, sandbox, settled)
    if reason:
        status["reason"] = reason
    if message:
        status["message"] = message
    status = {"observedGeneration": meta["generation"]} | status | {"qosClass": qos_class(full)}
    pod["status"] = status
    meta["managedFields"] = _managed(world, pod, spec, owner, manager, age, settled)
    return world.add(pod, "")


def _managed(
    world: World, pod: Obj, asked: Obj, owner: Obj | None, manager: str, age: float, settled: float | None
) -> list[Obj]:
    """Who set what: the creator the spec as asked for, the kubelet (or the scheduler) the status."""
    key = (world.shape, "Pod", repr(sorted(pod["status"])))
    if world.shape and key in world.shapes:
        return world.shapes[key]
    creator = manager or ("kube-controller-manager" if owner else "kubectl-client-side-apply")
    if owner and owner["kind"] == "Node":
        creator = "kubelet"
    status_manager = "kubelet" if pod["spec"].get("nodeName") else "kube-scheduler"
    last = world.ago(age - 3 if settled is None else settled)
    status = {k: v for k, v in pod["status"].items() if k != "qosClass"}
    managed = [
        entry(creator, "v1", world.ago(age), spec_fields(pod | {"spec": asked})),
        entry(status_manager, "v1", last, status_fields({"status": status}), "status"),
    ]
    if world.shape:
        world.shapes[key] = managed
    return managed


def _placed_status(
    world: World,
    pod: Obj,
    age: float,
    node: str,
    how: dict[str, How],
    phase: str,
    sandbox: bool,
    settled: float | None,
) -> Obj:
    spec, builder = pod["spec"], _Builder(world, pod["metadata"], age)
    inits, plain = spec.get("initContainers", []), spec["containers"]
    init_statuses = [
        builder.status(c, how.get(c["name"], _default_how(c, age, True)), 2, podstatus.is_sidecar(c), True)
        for c in inits
    ]
    blocked = not podstatus.initialized(spec, init_statuses)
    fallback = (
        waiting("PodInitializing" if inits else "ContainerCreating") if blocked or not sandbox else How()
    )
    statuses = [builder.status(c, how.get(c["name"], fallback), 3 + len(inits), False, False) for c in plain]
    phase = phase or podstatus.phase(spec, init_statuses, statuses)
    first, ready_at = world.ago(age), world.ago(max(0.0, age - 5) if settled is None else settled)
    since = {
        "PodScheduled=True": first,
        "Initialized=True": world.ago(max(0.0, age - 2)),
        "Initialized=False": first,
    }
    host = world.node_ips.get(node, "10.0.0.10")
    status: Obj = {
        "phase": phase,
        "conditions": podstatus.conditions(
            spec,
            phase,
            init_statuses,
            statuses,
            since=since,
            default_since=ready_at,
            sandbox=sandbox,
            generation=pod["metadata"]["generation"],
        ),
        "hostIP": host,
        "hostIPs": [{"ip": host}],
    }
    if sandbox:
        ip = host if spec.get("hostNetwork") else world.pod_ip(node)
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    status["startTime"] = first
    if init_statuses:
        status["initContainerStatuses"] = init_statuses
    status["containerStatuses"] = statuses
    return status


def still(how: How, **changes: Any) -> How:
    """The same with changes."""
    return replace(how, **changes)
