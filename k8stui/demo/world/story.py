"""The events that scheduler, kubelet and controllers leave behind when pods start, crash or wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.world.ids import parse
from k8stui.demo.world.images import behaviour, image_of, pull_failure

if TYPE_CHECKING:
    from datetime import datetime

    from k8stui.demo.world.context import World

Obj = dict[str, Any]

__all__ = ["back_off_events", "mount_failure", "pull_events", "start_events", "warn"]


def seconds_ago(world: World, text: str) -> float:
    """How long before now a stamp lies."""
    moment: datetime = parse(text)
    return (world.now - moment).total_seconds()


def field_path(name: str, *, init: bool = False) -> str:
    """The involvedObject.fieldPath of a container."""
    return f"spec.{'initContainers' if init else 'containers'}{{{name}}}"


def _human(seconds: float) -> str:
    return f"{seconds:.3f}s"


def start_events(world: World, pod: Obj, *, cached: bool = False) -> None:
    """Scheduled, Pulling, Pulled, Created, Started of a pod whose containers all started."""
    meta, spec = pod["metadata"], pod["spec"]
    node, age = spec.get("nodeName", ""), seconds_ago(world, meta["creationTimestamp"])
    text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
    world.scheduling_event(pod, text, ago=age, bound=True)
    at = age - 0.6
    for init, items in ((True, spec.get("initContainers", [])), (False, spec["containers"])):
        for item in items:
            at = _container_start(world, pod, item, node, at, init, cached)


def _container_start(
    world: World, pod: Obj, item: Obj, node: str, at: float, init: bool, cached: bool
) -> float:
    path, image = field_path(item["name"], init=init), item["image"]
    megabytes = image_of(image).megabytes
    if cached:
        world.event(
            pod,
            "Pulled",
            f'Container image "{image}" already present on machine',
            ago=at,
            host=node,
            field_path=path,
        )
    else:
        took = 0.4 + megabytes / 60
        world.event(pod, "Pulling", f'Pulling image "{image}"', ago=at, host=node, field_path=path)
        at -= took
        text = (
            f'Successfully pulled image "{image}" in {_human(took)} ({_human(took)} including waiting). '
            f"Image size: {megabytes * 1_000_003} bytes."
        )
        world.event(pod, "Pulled", text, ago=at, host=node, field_path=path)
    world.event(
        pod, "Created", f"Created container: {item['name']}", ago=at - 0.1, host=node, field_path=path
    )
    world.event(pod, "Started", f"Started container {item['name']}", ago=at - 0.2, host=node, field_path=path)
    ended = behaviour(item)
    return at - (ended.after + 0.5 if init and ended.exit_code is not None else 0.3)


def pull_events(world: World, pod: Obj, container: str, *, init: bool = False) -> None:
    """The events of an image that cannot be pulled, from the pod's start until now."""
    item = next(c for c in pod["spec"]["initContainers" if init else "containers"] if c["name"] == container)
    age, node, image = (
        seconds_ago(world, pod["metadata"]["creationTimestamp"]),
        pod["spec"]["nodeName"],
        item["image"],
    )
    text = f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to {node}"
    world.scheduling_event(pod, text, ago=age, bound=True)
    tries, path = max(1, min(6, int(age / 60))), field_path(container, init=init)
    more: Obj = {"host": node, "field_path": path, "first": age - 1}
    last = min(age - 1, 95)
    world.event(pod, "Pulling", f'Pulling image "{image}"', ago=last, count=tries, **more)
    message = f'Failed to pull image "{image}": {pull_failure(image)}'
    world.event(pod, "Failed", message, ago=last - 1, count=tries, warning=True, **more)
    world.event(pod, "Failed", "Error: ErrImagePull", ago=last - 1, count=tries, warning=True, **more)
    backs = max(1, int(age / 14))
    world.event(pod, "BackOff", f'Back-off pulling image "{image}"', ago=8, count=backs, **more)
    world.event(pod, "Failed", "Error: ImagePullBackOff", ago=8, count=backs, warning=True, **more)


def back_off_events(world: World, pod: Obj, container: str, *, restarts: int, init: bool = False) -> None:
    """The events of a container that starts, ends and is started again."""
    meta, node = pod["metadata"], pod["spec"]["nodeName"]
    item = next(c for c in pod["spec"]["initContainers" if init else "containers"] if c["name"] == container)
    age, path, image = (
        seconds_ago(world, meta["creationTimestamp"]),
        field_path(container, init=init),
        item["image"],
    )
    text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
    if age < 3600:
        world.scheduling_event(pod, text, ago=age, bound=True)
    first, last = min(age - 1, 3500.0), 60.0 if age > 120 else max(1.0, age - 30)
    more: Obj = {"host": node, "field_path": path, "first": first, "ago": min(last, first)}
    tries = max(1, min(restarts + 1, 13))
    world.event(pod, "Pulled", f'Container image "{image}" already present on machine', count=tries, **more)
    world.event(pod, "Created", f"Created container: {container}", count=tries, **more)
    world.event(pod, "Started", f"Started container {container}", count=tries, **more)
    name = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
    world.event(
        pod,
        "BackOff",
        f"Back-off restarting failed container {container} in pod {name}",
        host=node,
        field_path=path,
        first=first - 3,
        ago=9.0,
        count=max(1, int(first / 13)),
        warning=True,
    )


def warn(
    world: World,
    pod: Obj,
    reason: str,
    message: str,
    *,
    container: str = "",
    count: int = 1,
    ago: float = 15,
    first: float | None = None,
    component: str = "kubelet",
) -> None:
    """A warning about a pod (or another object)."""
    host = pod["spec"].get("nodeName", "") if component == "kubelet" else ""
    age = seconds_ago(world, pod["metadata"]["creationTimestamp"])
    first = min(age, 3400.0) if first is None else first
    world.event(
        pod,
        reason,
        message,
        ago=min(ago, first),
        first=first,
        count=count,
        warning=True,
        component=component,
        host=host,
        field_path=field_path(container) if container else "",
    )


def mount_failure(world: World, pod: Obj, volume: str, why: str) -> None:
    """FailedMount as the kubelet repeats it."""
    warn(
        world, pod, "FailedMount", f'MountVolume.SetUp failed for volume "{volume}" : {why}', count=14, ago=70
    )
