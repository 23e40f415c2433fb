"""A pod's status as its kubelet would compute it: container states, phase, conditions.

Pure functions, used by the world (pods that have a past) and by the simulated kubelet (pods that live).
"""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]


def running(started_at: str) -> Obj:
    """The state of a container that runs."""
    return {"running": {"startedAt": started_at}}


def waiting(reason: str, message: str = "") -> Obj:
    """The state of a container that does not run yet, or not now."""
    return {"waiting": {"reason": reason} | ({"message": message} if message else {})}


def terminated(
    exit_code: int,
    reason: str,
    started_at: str,
    finished_at: str,
    container_id: str,
    *,
    message: str = "",
    signal: int = 0,
) -> Obj:
    """The state of a container that ended."""
    out: Obj = {"exitCode": exit_code}
    if signal:
        out["signal"] = signal
    out["reason"] = reason
    if message:
        out["message"] = message
    out |= {"startedAt": started_at, "finishedAt": finished_at, "containerID": container_id}
    return {"terminated": out}


def full_image(image: str) -> str:
    """The image's name as the container runtime reports it."""
    if "@" in image:
        return image
    first, _, rest = image.partition("/")
    if not rest:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    return image if ":" in image.rpartition("/")[2] else image + ":latest"


def container_status(
    spec: Obj,
    state: Obj,
    *,
    last: Obj | None = None,
    ready: bool = False,
    restarts: int = 0,
    started: bool = False,
    container_id: str = "",
    image_id: str = "",
) -> Obj:
    """One entry of containerStatuses. A container that never ran has no id, and its image as written."""
    out: Obj = {
        "name": spec["name"],
        "state": state,
        "lastState": last or {},
        "ready": ready,
        "restartCount": restarts,
        "image": full_image(spec["image"]) if image_id else spec["image"],
        "imageID": image_id,
    }
    if container_id:
        out["containerID"] = container_id
    out["started"] = started
    if container_id and (resources := spec.get("resources")):
        if requests := resources.get("requests"):
            out["allocatedResources"] = requests
        out["resources"] = resources
    elif container_id:
        out["resources"] = {}
    if mounts := spec.get("volumeMounts"):
        out["volumeMounts"] = [_mount_status(m) for m in mounts]
    return out


def _mount_status(mount: Obj) -> Obj:
    out: Obj = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        out |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
    return out


def is_sidecar(container: Obj) -> bool:
    """Whether an init container is a native sidecar."""
    return container.get("restartPolicy") == "Always"


def _by_name(statuses: list[Obj]) -> dict[str, Obj]:
    return {s["name"]: s for s in statuses}


def initialized(spec: Obj, init_statuses: list[Obj]) -> bool:
    """Whether all init containers are done and all sidecars started."""
    known = _by_name(init_statuses)
    for item in spec.get("initContainers", []):
        status = known.get(item["name"], {})
        if is_sidecar(item):
            if not status.get("started"):
                return False
        elif status.get("state", {}).get("terminated", {}).get("exitCode") != 0:
            return False
    return True


def phase(spec: Obj, init_statuses: list[Obj], statuses: list[Obj]) -> str:
    """The pod's phase (pkg/kubelet getPhase, told shortly)."""
    policy = spec.get("restartPolicy", "Always")
    if not initialized(spec, init_statuses):
        for item, status in zip(spec.get("initContainers", []), init_statuses, strict=False):
            ended = status.get("state", {}).get("terminated")
            if ended and ended["exitCode"] and policy == "Never" and not is_sidecar(item):
                return "Failed"
        return "Pending"
    states = [s["state"] for s in statuses]
    never_ran = [s for s in statuses if "waiting" in s["state"] and not s["lastState"]]
    if not states or never_ran:
        return "Pending"
    if any("running" in s for s in states) or any("waiting" in s for s in states):
        return "Running"
    codes = [s["terminated"]["exitCode"] for s in states]
    if policy == "Always":
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _condition(kind: str, ok: bool, since: str, generation: int, reason: str = "", message: str = "") -> Obj:
    out: Obj = {
        "type": kind,
        "observedGeneration": generation,
        "status": "True" if ok else "False",
        "lastProbeTime": None,
        "lastTransitionTime": since,
    }
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def conditions(
    spec: Obj,
    phase_: str,
    init_statuses: list[Obj],
    statuses: list[Obj],
    *,
    since: dict[str, str],
    default_since: str,
    generation: int = 1,
    sandbox: bool = True,
) -> list[Obj]:
    """The five conditions of a scheduled pod. `since`: transition times of those that did not change."""
    done = phase_ == "Succeeded"
    init_ok = done or initialized(spec, init_statuses)
    incomplete = [
        item["name"]
        for item in spec.get("initContainers", [])
        if not _init_done(item, _by_name(init_statuses).get(item["name"], {}))
    ]
    sidecars = {i["name"] for i in spec.get("initContainers", []) if is_sidecar(i)}
    known = _by_name(statuses)
    unready = [c["name"] for c in spec["containers"] if not known.get(c["name"], {}).get("ready")]
    unready = [s["name"] for s in init_statuses if s["name"] in sidecars and not s["ready"]] + unready
    if done:
        ready, reason, message = False, "PodCompleted", ""
    elif phase_ == "Failed":
        ready, reason, message = False, "PodFailed", ""
    elif unready:
        ready, reason = False, "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
    else:
        ready, reason, message = True, "", ""
    init_reason, init_message = "", ""
    if done:
        init_reason = "PodCompleted"
    elif not init_ok:
        init_reason = "ContainersNotInitialized"
        init_message = f"containers with incomplete status: [{' '.join(incomplete)}]"
    rows = [
        ("PodReadyToStartContainers", sandbox and phase_ in ("Pending", "Running"), "", ""),
        ("Initialized", init_ok, init_reason, init_message),
        ("Ready", ready, reason, message),
        ("ContainersReady", ready, reason, message),
        ("PodScheduled", True, "", ""),
    ]
    return [
        _condition(kind, ok, since.get(f"{kind}={ok}", default_since), generation, why, text)
        for kind, ok, why, text in rows
    ]


def _init_done(item: Obj, status: Obj) -> bool:
    if is_sidecar(item):
        return bool(status.get("started"))
    ended: Obj = status.get("state", {}).get("terminated", {})
    return ended.get("exitCode") == 0


def transitions(old: list[Obj]) -> dict[str, str]:
    """`Type=True` -> since when, from the conditions that a pod has: the argument `since` of `conditions`."""
    return {f"{c['type']}={c['status'] == 'True'}": c["lastTransitionTime"] for c in old}


def unscheduled(message: str, since: str, *, reason: str = "Unschedulable", generation: int = 1) -> Obj:
    """The status of a pod that no node takes."""
    return {
        "phase": "Pending",
        "conditions": [_condition("PodScheduled", False, since, generation, reason, message)],
    }
