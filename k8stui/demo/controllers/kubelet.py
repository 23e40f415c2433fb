"""All kubelets of the cluster in one: starts, probes, restarts and stops what is bound to living nodes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from k8stui.demo.controllers.engine import Controller, Engine, Key, Obj, key_of
from k8stui.demo.controllers.podchecks import attach_problem, mount_problem, sandbox_problem
from k8stui.demo.controllers.podsync import PodSync
from k8stui.demo.resources import NODES, PODS, Resource
from k8stui.demo.world import podstatus
from k8stui.demo.world.fields import entry, status_fields
from k8stui.demo.world.images import behaviour
from k8stui.demo.world.podspec import qos_class

if TYPE_CHECKING:
    from k8stui.demo.runtime import ContainerExit, Runtime

__all__ = ["Kubelet"]

STOP_AFTER = 1.2
"""Seconds in which a well-behaved program ends after SIGTERM."""


class Kubelet(Controller):
    """Owns what a status does not tell: running pulls, images on nodes, when an event was last repeated."""

    kinds = (PODS,)

    def __init__(self, engine: Engine, runtime: Runtime | None = None) -> None:
        super().__init__(engine)
        self.runtime = runtime
        self._images: dict[str, set[str]] = {}
        self._pulls: dict[tuple[str, str], float] = {}
        self._last: dict[tuple[str, str, str], float] = {}
        self._touched: dict[str, set[tuple[str, str]]] = {}
        self._programs: set[str] = set()
        self._exits: dict[str, int] = {}
        self._stopping: dict[str, float] = {}
        self._ips: dict[str, set[str]] = {}
        self._sandbox: dict[str, float] = {}
        if runtime is not None:
            runtime.on_exit = self._on_exit

    # -- what PodSync asks and tells ------------------------------------------------------------------

    def due(self, pod: Obj, name: str, what: str, every: float) -> bool:
        """Whether `what` was last done at least `every` seconds ago; it counts as done now."""
        slot, now = (pod["metadata"]["uid"], name, what), self.engine.time()
        if every and now - self._last.get(slot, -math.inf) < every:
            return False
        self._last[slot] = now
        self._touched.setdefault(pod["metadata"]["uid"], set()).add((name, what))
        return True

    def noted(self, pod: Obj, name: str, what: str) -> bool:
        """Whether `what` was ever done; if not, its time begins now (for pods whose past is not known)."""
        if (pod["metadata"]["uid"], name, what) in self._last:
            return True
        self.due(pod, name, what, 0)
        return False

    def has_image(self, node: str, image: str) -> bool:
        """Whether the node has the image."""
        if node not in self._images:
            obj = self.store.get(NODES, "", node) or {}
            names = (n for row in obj.get("status", {}).get("images") or () for n in row["names"])
            self._images[node] = set(names)
        return image in self._images[node]

    def add_image(self, node: str, image: str) -> None:
        """The node has pulled it."""
        self._images.setdefault(node, set()).add(image)

    def pull(self, pod: Obj, name: str) -> float | None:
        """When the running pull for that container ends, None without one."""
        return self._pulls.get((pod["metadata"]["uid"], name))

    def begin_pull(self, pod: Obj, name: str, until: float) -> None:
        """A pull begins."""
        self._pulls[pod["metadata"]["uid"], name] = until
        self._touched.setdefault(pod["metadata"]["uid"], set()).add((name, "pull"))

    def end_pull(self, pod: Obj, name: str) -> None:
        """A pull is over, one way or the other."""
        self._pulls.pop((pod["metadata"]["uid"], name), None)

    def new_container_id(self) -> str:
        """64 hexadecimal digits."""
        return f"{self.store.random.getrandbits(256):064x}"

    def started(self, pod: Obj, name: str, container_id: str, at: float) -> None:
        """A container has started: the runtime may run a real program for it."""
        if self.runtime is not None and self.runtime.container_started(pod, name, container_id, at):
            self._programs.add(container_id)

    def stopped(self, pod: Obj, name: str, container_id: str, code: int, at: float) -> None:
        """A container has ended."""
        self._programs.discard(container_id)
        self._exits.pop(container_id, None)
        if self.runtime is not None:
            self.runtime.container_exited(pod["metadata"]["uid"], name, container_id, code, at)

    def is_program(self, container_id: str) -> bool:
        """Whether a real program is behind the container."""
        return container_id in self._programs

    def exited(self, container_id: str) -> int | None:
        """The exit code of a real program that has ended."""
        return self._exits.get(container_id)

    def _on_exit(self, exit_: ContainerExit) -> None:
        self._exits[f"containerd://{exit_.container_id}"] = exit_.exit_code
        self._exits[exit_.container_id] = exit_.exit_code
        self.poke((exit_.namespace, exit_.pod))

    # -- the controller -------------------------------------------------------------------------------

    def start(self) -> None:
        for pod in self.store.list(PODS):
            self._note_ip(pod)
            if _restless(pod):
                self.poke(key_of(pod), 0.1)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        meta = obj["metadata"]
        if type_ == "DELETED":
            self._forget(obj)
            return
        if not obj["spec"].get("nodeName"):
            return
        status = obj.get("status", {})
        if (
            "deletionTimestamp" in meta
            or meta.get("generation") != status.get("observedGeneration")
            or _restless(obj)
        ):
            self.poke(key_of(obj), 0.1)

    def _forget(self, pod: Obj) -> None:
        uid = pod["metadata"]["uid"]
        self._stopping.pop(uid, None)
        self._sandbox.pop(uid, None)
        for name in self._touched.pop(uid, ()):
            self._last.pop((uid, *name), None)
            self._pulls.pop((uid, name[0]), None)
        ip = pod.get("status", {}).get("podIP")
        if ip:
            self._ips.get(pod["spec"].get("nodeName", ""), set()).discard(ip)
        if self.runtime is not None:
            self.runtime.pod_deleted(uid)

    def reconcile(self, key: Key) -> None:
        pod = self.store.get(PODS, *key)
        if (
            pod is None
            or not pod["spec"].get("nodeName")
            or not self.engine.node_alive(pod["spec"]["nodeName"])
        ):
            return
        if "deletionTimestamp" in pod["metadata"]:
            self._stop(pod)
        elif pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            self._sync(pod)

    def _sync(self, pod: Obj) -> None:
        if not self._sandboxed(pod):
            return
        step = PodSync(self, pod)
        inits, mains, extra = step.run()
        self._write(pod, inits, mains, extra)
        if step.wake < math.inf:
            self.poke(key_of(pod), step.wake)

    # -- sandbox --------------------------------------------------------------------------------------

    def _sandboxed(self, pod: Obj) -> bool:
        """Whether the pod has its network; works towards it when not."""
        status, key, uid = pod.get("status", {}), key_of(pod), pod["metadata"]["uid"]
        if status.get("podIP"):
            return True
        if "startTime" not in status:
            self._write(pod, *self._fresh_statuses(pod), sandbox=False)
        volume, problem = mount_problem(self.store, pod)
        if problem:
            self._complain(pod, "FailedMount", f'MountVolume.SetUp failed for volume "{volume}" : {problem}')
            return False
        others = self.store.list(PODS, key[0]) if pod["spec"].get("volumes") else []
        _, problem = attach_problem(self.store, pod, list(others))
        if problem:
            self._complain(pod, "FailedAttachVolume", problem, component="attachdetach-controller")
            return False
        if problem := sandbox_problem(self.store, pod):
            self._complain(pod, "FailedCreatePodSandBox", problem)
            return False
        ready_at = self._sandbox.setdefault(uid, self.engine.time() + 0.3)
        if self.engine.time() < ready_at:
            self.poke(key, ready_at - self.engine.time())
            return False
        fresh = self.store.get(PODS, *key)
        if fresh is None:
            return False
        ip = fresh["status"]["hostIP"] if fresh["spec"].get("hostNetwork") else self._free_ip(fresh)
        self.engine.write_status(PODS, fresh, {**fresh["status"], "podIP": ip, "podIPs": [{"ip": ip}]})
        self.poke(key, 0.05)
        return False

    def _complain(self, pod: Obj, reason: str, message: str, component: str = "kubelet") -> None:
        host = pod["spec"]["nodeName"] if component == "kubelet" else ""
        if self.due(pod, "", reason, 14):
            self.engine.events.warning(pod, reason, message, component=component, host=host)
        self.poke(key_of(pod), 15.0)

    def _fresh_statuses(self, pod: Obj) -> tuple[list[Obj], list[Obj], list[Obj]]:
        spec = pod["spec"]
        reason = "PodInitializing" if spec.get("initContainers") else "ContainerCreating"
        inits = [
            podstatus.container_status(c, podstatus.waiting(reason)) for c in spec.get("initContainers") or ()
        ]
        mains = [podstatus.container_status(c, podstatus.waiting(reason)) for c in spec["containers"]]
        return inits, mains, []

    def _note_ip(self, pod: Obj) -> None:
        ip = pod.get("status", {}).get("podIP")
        if ip and not pod["spec"].get("hostNetwork"):
            self._ips.setdefault(pod["spec"].get("nodeName", ""), set()).add(ip)

    def _free_ip(self, pod: Obj) -> str:
        name = pod["spec"]["nodeName"]
        node, taken = self.store.get(NODES, "", name) or {}, self._ips.setdefault(name, set())
        prefix = node.get("spec", {}).get("podCIDR", "10.250.0.0/24").rpartition(".")[0]
        for number in range(2, 255):
            ip = f"{prefix}.{number}"
            if ip not in taken:
                break
        taken.add(ip)
        return ip

    # -- writing --------------------------------------------------------------------------------------

    def _write(
        self,
        pod: Obj,
        inits: list[Obj],
        mains: list[Obj],
        extra: list[Obj],
        *,
        sandbox: bool = True,
        phase: str = "",
    ) -> None:
        fresh = self.store.get(PODS, *key_of(pod))
        if fresh is None:
            return
        old, spec, meta, now = fresh.get("status", {}), fresh["spec"], fresh["metadata"], self.engine.stamp()
        phase = phase or podstatus.phase(spec, inits, mains)
        generation = meta.get("generation", 1)
        rows = podstatus.conditions(
            spec,
            phase,
            inits,
            mains,
            since=podstatus.transitions(old.get("conditions") or []),
            default_since=now,
            generation=generation,
            sandbox=sandbox,
        )
        gates = [c for c in old.get("conditions") or () if c["type"] not in {r["type"] for r in rows}]
        status: Obj = {"observedGeneration": generation, "phase": phase, "conditions": [*rows, *gates]}
        host = self._host(spec["nodeName"])
        status |= {"hostIP": host, "hostIPs": [{"ip": host}]}
        status |= {k: old[k] for k in ("message", "reason", "podIP", "podIPs") if k in old}
        status["startTime"] = old.get("startTime") or now
        if inits:
            status["initContainerStatuses"] = inits
        status["containerStatuses"] = mains
        status["qosClass"] = old.get("qosClass") or qos_class(spec)
        if extra:
            status["ephemeralContainerStatuses"] = extra
        if status != old:
            self._store_status(fresh, status)

    def _store_status(self, pod: Obj, status: Obj) -> None:
        managed = [m for m in pod["metadata"].get("managedFields") or () if m.get("manager") != "kubelet"]
        shown = {k: v for k, v in status.items() if k != "qosClass"}
        mine = entry("kubelet", "v1", self.engine.stamp(), status_fields({"status": shown}), "status")
        meta = {**pod["metadata"], "managedFields": [*managed, mine]}
        self.store.update(PODS, {**pod, "metadata": meta, "status": status})

    def _host(self, node: str) -> str:
        obj = self.store.get(NODES, "", node) or {}
        rows = obj.get("status", {}).get("addresses") or ()
        return next((str(a["address"]) for a in rows if a["type"] == "InternalIP"), "10.0.0.1")

    # -- the end --------------------------------------------------------------------------------------

    def _stop(self, pod: Obj) -> None:
        meta, key, uid, now = pod["metadata"], key_of(pod), pod["metadata"]["uid"], self.engine.time()
        status = pod.get("status", {})
        running = [s for f in _STATUS_FIELDS for s in status.get(f) or () if "running" in s["state"]]
        ends = self._stopping.get(uid)
        if ends is None:
            for item in running:
                kind = (
                    "initContainers" if item in (status.get("initContainerStatuses") or ()) else "containers"
                )
                path = f"spec.{kind}{{{item['name']}}}"
                text = f"Stopping container {item['name']}"
                host = pod["spec"]["nodeName"]
                self.engine.events.normal(
                    pod, "Killing", text, component="kubelet", host=host, field_path=path
                )
            grace = meta.get("deletionGracePeriodSeconds", 30)
            ends = self._stopping[uid] = now + (min(grace, STOP_AFTER) if running else 0.1)
        if now < ends:
            self.poke(key, ends - now)
            return
        if running:
            self._write_stopped(pod)
            self.poke(key, 0.1)
            return
        if meta.get("deletionGracePeriodSeconds", 0) == 0 and meta.get("finalizers"):
            return
        self.store.delete(PODS, *key, grace=0)

    def _write_stopped(self, pod: Obj) -> None:
        status = pod["status"]
        lists = [[self._stopped_status(pod, s) for s in status.get(f) or ()] for f in _STATUS_FIELDS]
        codes = [s["state"].get("terminated", {}).get("exitCode", 0) for s in lists[1]]
        phase = "Succeeded" if not any(codes) else "Failed"
        self._write(pod, *lists, sandbox=False, phase=phase)

    def _stopped_status(self, pod: Obj, status: Obj) -> Obj:
        running = status["state"].get("running")
        if not running:
            return status
        cid = status.get("containerID", "")
        self.stopped(pod, status["name"], cid, 0, self.engine.time())
        code = 0 if len(status["name"]) % 3 else 143
        reason = "Error" if code else "Completed"
        now = self.engine.stamp()
        state = podstatus.terminated(code, reason, running["startedAt"], now, cid)
        return {**status, "state": state, "ready": False, "started": False}


_STATUS_FIELDS = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


def _restless(pod: Obj) -> bool:
    """Whether something may happen to the pod by itself: not for one whose containers all run well."""
    spec, status = pod["spec"], pod.get("status", {})
    if "deletionTimestamp" in pod["metadata"]:
        return True
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return False
    states = status.get("containerStatuses") or ()
    if len(states) != len(spec["containers"]) or len(spec.get("ephemeralContainers") or ()) != len(
        status.get("ephemeralContainerStatuses") or ()
    ):
        return True
    if any("running" not in s["state"] or not s["ready"] for s in states):
        return True
    if any("running" in s["state"] for s in status.get("ephemeralContainerStatuses") or ()):
        return True
    for item in [*spec["containers"], *(spec.get("initContainers") or ())]:
        how = behaviour(item)
        if (how.exit_code is not None and item in spec["containers"]) or how.live_for < math.inf:
            return True
    return False
