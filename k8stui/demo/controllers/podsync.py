"""One step of a pod's life on its node: which containers start, end, wait, and until when nothing happens.

`PodSync` reads the pod as it stands and works out its next container statuses; the kubelet writes them.
All that it knows of the past is in the status itself, so a pod of the populated world, one from before a
restart and one that was just bound are all the same to it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from k8stui.demo.controllers.podchecks import config_problem, image_problem
from k8stui.demo.world import podstatus
from k8stui.demo.world.ids import parse
from k8stui.demo.world.images import behaviour, image_digest, image_of, pull_failure
from k8stui.demo.world.pods import back_off_seconds, duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.demo.controllers.kubelet import Kubelet

Obj = dict[str, Any]

__all__ = ["PodSync"]

FIELD = {"init": "spec.initContainers", "main": "spec.containers", "ephemeral": "spec.ephemeralContainers"}
_INIT_WAIT = "PodInitializing"


class PodSync:
    """The statuses of one pod in the making. `wake`: seconds until it has to be looked at again."""

    def __init__(self, kubelet: Kubelet, pod: Obj) -> None:
        self.kubelet = kubelet
        self.pod = pod
        self.now = kubelet.engine.time()
        self.node: str = pod["spec"]["nodeName"]
        self.wake = math.inf
        status = pod.get("status", {})
        self.known: dict[str, Obj] = {
            s["name"]: s
            for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
            for s in status.get(field) or ()
        }

    # -- the step -------------------------------------------------------------------------------------

    def run(self) -> tuple[list[Obj], list[Obj], list[Obj]]:
        """Init, main and ephemeral statuses after this step."""
        spec = self.pod["spec"]
        inits: list[Obj] = []
        blocked = False
        for item in spec.get("initContainers") or ():
            if blocked:
                inits.append(self._idle(item, _INIT_WAIT))
                continue
            status = self._container(item, "init", self._init_policy(item))
            inits.append(status)
            if podstatus.is_sidecar(item):
                blocked = not status.get("started")
            else:
                blocked = status["state"].get("terminated", {}).get("exitCode") != 0
        policy = spec.get("restartPolicy", "Always")
        if blocked:
            mains = [self._idle(item, _INIT_WAIT) for item in spec["containers"]]
        else:
            mains = [self._container(item, "main", policy) for item in spec["containers"]]
        extra = [
            self._container(item, "ephemeral", "Never") for item in spec.get("ephemeralContainers") or ()
        ]
        return inits, mains, extra

    def _init_policy(self, item: Obj) -> str:
        if podstatus.is_sidecar(item):
            return "Always"
        return "Never" if self.pod["spec"].get("restartPolicy") == "Never" else "OnFailure"

    def _idle(self, item: Obj, reason: str) -> Obj:
        known = self.known.get(item["name"])
        if known is not None and ("running" in known["state"] or known.get("containerID")):
            return known
        return podstatus.container_status(item, podstatus.waiting(reason))

    def later(self, seconds: float) -> None:
        """Look again after that many seconds at the latest."""
        self.wake = min(self.wake, max(0.05, seconds))

    def tell(self, warning: bool, reason: str, message: str, item: Obj, kind: str) -> None:
        """An event about a container."""
        record = self.kubelet.engine.events.warning if warning else self.kubelet.engine.events.normal
        path = f"{FIELD[kind]}{{{item['name']}}}"
        record(self.pod, reason, message, component="kubelet", host=self.node, field_path=path)

    # -- one container --------------------------------------------------------------------------------

    def _container(self, item: Obj, kind: str, policy: str) -> Obj:
        known = self.known.get(item["name"])
        state = known["state"] if known else {}
        if known and "running" in state:
            return self._running(item, kind, policy, known)
        if known and "terminated" in state:
            return self._ended(item, kind, policy, known)
        if known and state.get("waiting", {}).get("reason") in ("CrashLoopBackOff", "RunContainerError"):
            return self._backing_off(item, kind, known)
        return self._start(item, kind, known)

    def _running(self, item: Obj, kind: str, policy: str, known: Obj) -> Obj:
        how = behaviour(item)
        started = parse(known["state"]["running"]["startedAt"]).timestamp()
        exit_ = self.kubelet.exited(known.get("containerID", ""))
        if exit_ is not None:
            return self._terminate(item, kind, policy, known, exit_, "Completed" if exit_ == 0 else "Error")
        if self.kubelet.is_program(known.get("containerID", "")):
            return self._with_readiness(known, True, True)
        age = self.now - started
        if how.exit_code is not None and age >= how.after:
            return self._terminate(item, kind, policy, known, how.exit_code, how.end_reason, how.message)
        if how.exit_code is not None:
            self.later(started + how.after - self.now)
        return self._probes(item, kind, policy, known, age)

    def _probes(self, item: Obj, kind: str, policy: str, known: Obj, age: float) -> Obj:
        how = behaviour(item)
        startup, ready, live = (item.get(f"{p}Probe") for p in ("startup", "readiness", "liveness"))
        started_up = not startup or age >= how.ready_after
        if startup and not started_up:
            self._unhealthy(item, kind, "Startup", how.probe_failure, startup)
            limit = startup.get("failureThreshold", 3) * startup.get("periodSeconds", 10)
            if age >= limit + startup.get("initialDelaySeconds", 0):
                return self._kill(item, kind, policy, known, "startup")
        elif live and age >= how.live_for:
            self._unhealthy(item, kind, "Liveness", how.probe_failure, live)
            if age >= how.live_for + live.get("failureThreshold", 3) * live.get("periodSeconds", 10):
                return self._kill(item, kind, policy, known, "liveness")
        elif live and how.live_for < math.inf:
            self.later(how.live_for - age)
        after = min(how.ready_after, 1e9) + (
            min(2.0, ready.get("initialDelaySeconds", 0) / 5) if ready else 0
        )
        is_ready = started_up and (not ready or (how.ready_after < math.inf and age >= after))
        if kind == "ephemeral" or (kind == "init" and not podstatus.is_sidecar(item)):
            is_ready = False
        if ready and not is_ready and started_up:
            if how.ready_after < math.inf:
                self.later(after - age)
            else:
                self._unhealthy(item, kind, "Readiness", how.probe_failure, ready)
        if startup and not started_up:
            self.later(min(10.0, max(0.1, how.ready_after - age)))
        return self._with_readiness(known, is_ready, started_up)

    def _with_readiness(self, known: Obj, ready: bool, started: bool) -> Obj:
        if known["ready"] == ready and known.get("started") == started:
            return known
        return {**known, "ready": ready, "started": started}

    def _unhealthy(self, item: Obj, kind: str, probe: str, text: str, spec: Obj) -> None:
        ip = self.pod["status"].get("podIP", "")
        period = max(10, spec.get("periodSeconds", 10))
        self.later(period)
        if self.kubelet.due(self.pod, item["name"], probe, period * 0.9):
            message = f"{probe} probe failed: {text.format(ip=ip)}"
            self.tell(True, "Unhealthy", message, item, kind)

    def _kill(self, item: Obj, kind: str, policy: str, known: Obj, probe: str) -> Obj:
        text = f"Container {item['name']} failed {probe} probe, will be restarted"
        self.tell(False, "Killing", text, item, kind)
        return self._terminate(item, kind, policy, known, 137, "Error")

    # -- ends and restarts ----------------------------------------------------------------------------

    def _terminate(
        self, item: Obj, kind: str, policy: str, known: Obj, code: int, reason: str, message: str = ""
    ) -> Obj:
        now = self.kubelet.engine.stamp(self.now)
        cid = known.get("containerID", "")
        started = known["state"]["running"]["startedAt"]
        state = podstatus.terminated(code, reason, started, now, cid, message=message)
        self.kubelet.stopped(self.pod, item["name"], cid, code, self.now)
        done = kind == "init" and code == 0 and not podstatus.is_sidecar(item)
        ended = {**known, "state": state, "ready": done, "started": False}
        self.known[item["name"]] = ended
        return self._ended(item, kind, policy, ended, fresh=True)

    def _ended(self, item: Obj, kind: str, policy: str, known: Obj, *, fresh: bool = False) -> Obj:
        ended = known["state"]["terminated"]
        code = ended["exitCode"]
        again = policy == "Always" or (policy == "OnFailure" and code != 0)
        if not again or kind == "ephemeral":
            return known
        restarts, finished = known["restartCount"], parse(ended["finishedAt"]).timestamp()
        ran = finished - parse(ended["startedAt"]).timestamp()
        pause = 0.0 if restarts == 0 or ran > 600 else float(back_off_seconds(restarts))
        if self.now < finished + min(1.0, pause or 0.6):
            # The end is shown for a moment, as a real kubelet does before it decides.
            self.later(finished + min(1.0, pause or 0.6) - self.now)
            return known
        if pause and self.now < finished + pause:
            return self._back_off(item, kind, known, pause)
        return self._start(item, kind, known)

    def _back_off(self, item: Obj, kind: str, known: Obj, pause: float) -> Obj:
        meta, name = self.pod["metadata"], item["name"]
        where = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
        text = f"back-off {duration(int(pause))} restarting failed container={name} pod={where}"
        self.tell(True, "BackOff", f"Back-off restarting failed container {name} in pod {where}", item, kind)
        last = known["state"] if "terminated" in known["state"] else known["lastState"]
        self.later(min(15.0, parse(last["terminated"]["finishedAt"]).timestamp() + pause - self.now))
        return {
            **known,
            "state": podstatus.waiting("CrashLoopBackOff", text),
            "lastState": last,
            "ready": False,
        }

    def _backing_off(self, item: Obj, kind: str, known: Obj) -> Obj:
        last = known["lastState"].get("terminated")
        if last is None:
            return self._start(item, kind, known)
        pause = float(back_off_seconds(known["restartCount"]))
        left = parse(last["finishedAt"]).timestamp() + pause - self.now
        if left > 0:
            if self.kubelet.due(self.pod, item["name"], "BackOff", 14):
                return self._back_off(item, kind, known, pause)
            self.later(min(15.0, left))
            return known
        return self._start(item, kind, known)

    # -- starting -------------------------------------------------------------------------------------

    def _start(self, item: Obj, kind: str, known: Obj | None) -> Obj:
        kubelet, image = self.kubelet, item["image"]
        present = kubelet.has_image(self.node, image)
        reason, text = image_problem(item, present)
        if reason:
            return self._refused(item, kind, known, reason, text)
        if not present or item.get("imagePullPolicy") == "Always" or kubelet.pull(self.pod, item["name"]):
            waiting = self._pull(item, kind, known, present)
            if waiting is not None:
                return waiting
        elif kubelet.due(self.pod, item["name"], "present", 1.0):
            self.tell(False, "Pulled", f'Container image "{image}" already present on machine', item, kind)
        if problem := config_problem(kubelet.store, self.pod, item):
            return self._refused(item, kind, known, "CreateContainerConfigError", problem)
        return self._launch(item, kind, known)

    def _waiting(self, item: Obj, known: Obj | None, state: Obj) -> Obj:
        if known is None:
            return podstatus.container_status(item, state)
        last = known["state"] if "terminated" in known["state"] else known["lastState"]
        return {**known, "state": state, "lastState": last, "ready": False, "started": False}

    def _refused(self, item: Obj, kind: str, known: Obj | None, reason: str, text: str) -> Obj:
        self.later(20.0)
        if self.kubelet.due(self.pod, item["name"], reason, 12):
            if reason == "ErrImageNeverPull":
                self.tell(True, "ErrImageNeverPull", text, item, kind)
            elif reason == "InvalidImageName":
                self.tell(True, "InspectFailed", text, item, kind)
            message = f"Error: {text}" if reason == "CreateContainerConfigError" else f"Error: {reason}"
            self.tell(True, "Failed", message, item, kind)
        return self._waiting(item, known, podstatus.waiting(reason, text))

    def _pull(self, item: Obj, kind: str, known: Obj | None, present: bool) -> Obj | None:
        """The waiting status while the image is not there yet; None once it is."""
        kubelet, image, name = self.kubelet, item["image"], item["name"]
        was = known["state"].get("waiting", {}).get("reason", "") if known else ""
        pull = kubelet.pull(self.pod, name)
        if pull is None and was in ("ErrImagePull", "ImagePullBackOff") and not self._pull_again(name, was):
            if was == "ErrImagePull" and known is not None:
                self.later(10.0)
                if kubelet.due(self.pod, name, "ErrImagePull", 8):
                    error = known["state"]["waiting"].get("message", "")
                    return self._pull_back_off(item, kind, known, error)
            if kubelet.due(self.pod, name, "pull-back-off", 14) and known is not None:
                return self._pull_back_off(item, kind, known, "")
            self.later(15.0)
            return known
        size = image_of(image).megabytes
        took = 0.3 if present else min(2.0, 0.5 + size / 400)
        if pull is None:
            kubelet.begin_pull(self.pod, name, self.now + took)
            self.tell(False, "Pulling", f'Pulling image "{image}"', item, kind)
            self.later(took)
            reason = (
                _INIT_WAIT
                if self.pod["spec"].get("initContainers") and kind == "main"
                else "ContainerCreating"
            )
            return known if was else self._waiting(item, known, podstatus.waiting(reason))
        if self.now < pull:
            self.later(pull - self.now)
            return known or self._waiting(item, None, podstatus.waiting("ContainerCreating"))
        kubelet.end_pull(self.pod, name)
        if error := pull_failure(image):
            kubelet.due(self.pod, name, "pull-again", 0)
            kubelet.due(self.pod, name, "ErrImagePull", 0)
            self.tell(True, "Failed", f'Failed to pull image "{image}": {error}', item, kind)
            self.tell(True, "Failed", "Error: ErrImagePull", item, kind)
            self.later(10.0)
            return self._waiting(item, known, podstatus.waiting("ErrImagePull", error))
        kubelet.add_image(self.node, image)
        seconds = f"{took:.3f}s"
        text = f'Successfully pulled image "{image}" in {seconds} ({seconds} including waiting). Image size: '
        self.tell(False, "Pulled", f"{text}{size * 1_000_003} bytes.", item, kind)
        return None

    def _pull_again(self, name: str, was: str) -> bool:
        """Whether the next try to pull is due: every two minutes."""
        if was != "ImagePullBackOff" or not self.kubelet.noted(self.pod, name, "pull-again"):
            return False
        return self.kubelet.due(self.pod, name, "pull-again", 120)

    def _pull_back_off(self, item: Obj, kind: str, known: Obj, error: str) -> Obj:
        image = item["image"]
        self.tell(False, "BackOff", f'Back-off pulling image "{image}"', item, kind)
        self.tell(True, "Failed", "Error: ImagePullBackOff", item, kind)
        self.later(15.0)
        text = f'Back-off pulling image "{image}": ErrImagePull: {error}' if error else ""
        if not text:
            text = known["state"]["waiting"].get("message", "")
        return self._waiting(item, known, podstatus.waiting("ImagePullBackOff", text))

    def _launch(self, item: Obj, kind: str, known: Obj | None) -> Obj:
        kubelet, name, how = self.kubelet, item["name"], behaviour(item)
        has_run = known is not None and bool(known.get("containerID"))
        restarts = known["restartCount"] + 1 if known is not None and has_run else 0
        last: Obj = {}
        if known is not None and has_run:
            last = known["state"] if "terminated" in known["state"] else known["lastState"]
        cid = f"containerd://{kubelet.new_container_id()}"
        now = kubelet.engine.stamp(self.now)
        self.tell(False, "Created", f"Created container: {name}", item, kind)
        make: Callable[..., Obj] = podstatus.container_status
        common = {"restarts": restarts, "container_id": cid, "image_id": image_digest(item["image"])}
        if how.reason == "StartError":
            self.tell(True, "Failed", f"Error: {how.message}", item, kind)
            ended = podstatus.terminated(
                128, "StartError", "1970-01-01T00:00:00Z", now, cid, message=how.message
            )
            self.later(back_off_seconds(restarts) if restarts else 1.0)
            return make(item, podstatus.waiting("RunContainerError", how.message), last=ended, **common)
        self.tell(False, "Started", f"Started container {name}", item, kind)
        status = make(item, podstatus.running(now), last=last, started=not item.get("startupProbe"), **common)
        kubelet.started(self.pod, name, cid, self.now)
        self.known[name] = status
        return (
            self._running(item, kind, "Always", status)
            if how.exit_code is None
            else self._short_lived(item, kind, status)
        )

    def _short_lived(self, item: Obj, kind: str, status: Obj) -> Obj:
        how = behaviour(item)
        self.later(max(0.3, how.after))
        ready = kind != "init" and not item.get("readinessProbe")
        return self._with_readiness(status, ready or podstatus.is_sidecar(item), True)
