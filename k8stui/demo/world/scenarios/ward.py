"""The namespace `clinic` and the short makers that its cases share."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.pods import make_pod
from k8stui.demo.world.podspec import container, pod_spec

Obj = dict[str, Any]

CLINIC = "clinic"
NOTE = "moa.example/note"


def make_ward(world: World) -> None:
    """The namespace itself."""
    text = "쿠버네티스 장애 사례 모음: every failure of the troubleshooting guides, one pod each"
    plain.namespace(
        world, CLINIC, age=30 * DAY, labels={"moa.example/team": "platform"}, annotations={NOTE: text}
    )


def image(name: str, tag: str = "1.0") -> str:
    """An image of the clinic."""
    return f"{REGISTRY}/clinic/{name}:{tag}"


def case_labels(name: str) -> dict[str, str]:
    """The labels of a case."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": CLINIC}


def patient(
    world: World,
    name: str,
    containers: list[Obj] | str,
    note: str,
    *,
    age: float,
    spec: Obj | None = None,
    namespace: str = CLINIC,
    **more: Any,
) -> Obj:
    """A bare pod named after its illness. `containers` may be an image; `more` goes to `make_pod`."""
    items = [container("app", containers)] if isinstance(containers, str) else containers
    return make_pod(
        world,
        name,
        namespace,
        pod_spec(items, **(spec or {})),
        age=age,
        labels=case_labels(name),
        annotations={NOTE: note},
        **more,
    )
