"""From a row to other things: into it, to its owner, to its logs. What opens, opens in the focused pane.

Functions of a place; they open views and never change the cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.spec import Link, Target, ViewSpec, ViewType

if TYPE_CHECKING:
    from k8stui.kube.catalog import Kind
    from k8stui.ui.actions import Place


def target_of(place: Place) -> Target:
    """The object under the cursor, as something to point at."""
    obj, kind = place.objects[0], place.kind
    assert kind is not None
    meta = obj.metadata
    return Target(kind.name, meta.name, meta.namespace, meta.uid, (kind.singular or kind.kind).lower())


def can_drill_down(place: Place) -> bool:
    """Whether Enter leads somewhere."""
    if place.view_type == ViewType.CONTEXTS or (place.kind and place.kind.name in ("pods", "namespaces")):
        return True
    return len(place.objects) == 1 and place.kind is not None


def _children(place: Place) -> Any:
    from k8stui.kinds.relations.family import children_of

    assert place.kind is not None
    return children_of(place.kind, place.objects[0])


async def drill_down(place: Place) -> None:
    """Go into the row: to what is below it; what has nothing below it is described."""
    names = tuple(obj.metadata.name for obj in place.objects)
    if place.view_type == ViewType.CONTEXTS:
        await place.app.navigator.switch_context(names[0])
    elif place.kind is None:
        return
    elif place.kind.name == "namespaces":
        await _use_namespaces(place, names)
    elif place.kind.name == "pods":
        await logs(place, previous=False)
    elif place.kind.name.startswith("events") and place.objects[0].involved_object.name:
        await go_to_reference(place, place.objects[0].involved_object)
    else:
        await _into(place)


async def _use_namespaces(place: Place, names: tuple[str, ...]) -> None:
    """Go back to what the pane showed before it was asked to choose, and use them, also for that."""
    if place.pane is not None and not await place.pane.back():
        await place.app.navigator.open(ViewSpec(kind="pods"))
    await place.app.navigator.use_namespaces(names)


async def _into(place: Place) -> None:
    assert place.kind is not None
    query = _children(place)
    if query is None:
        spec = ViewSpec(view=ViewType.DESCRIBE, kind=place.kind.name, target=target_of(place))
        await place.app.navigator.open(spec)
        return
    if query.selects_nothing:
        place.app.say(f"{place.kind.kind} {place.objects[0].metadata.name} selects no pods by itself.")
        return
    if place.kind.name == "nodes" and _focus_follower(place, Link.NODES):
        return
    await place.app.navigator.open(
        ViewSpec(
            kind=query.kind,
            namespaces=(query.namespace,) if query.namespace else (),
            label_selector=query.label_selector,
            field_selector=query.field_selector,
            owner=query.owner_uid,
            target=target_of(place),
        )
    )


def _focus_follower(place: Place, link: Link) -> bool:
    """Go to the pane that follows this selection, where there is one on the screen."""
    pane = place.workspace.follower(link)
    if pane is None or place.workspace.zoomed:
        return False
    target = target_of(place)
    pane.follow(target)
    if place.view is not None:
        place.workspace.point_at(place.view, target)
    place.workspace.focus_pane(pane.key)
    return True


async def owner(place: Place) -> None:
    """Go to what owns the object."""
    from k8stui.kinds.relations.family import owner_of

    reference = owner_of(place.objects[0])
    if reference is None:
        place.app.say("Nothing owns this object.")
    else:
        await go_to_reference(place, reference)


async def node(place: Place) -> None:
    """Go to the node that the pod is on."""
    name = place.objects[0].spec.node_name
    if not name:
        place.app.say(f"{place.objects[0].metadata.name} is on no node yet.")
    else:
        await place.app.navigator.open(ViewSpec(kind="nodes", field_selector=f"metadata.name={name}"))


async def go_to_reference(place: Place, reference: Any) -> None:
    """Show an object that another one names, alone."""
    kind = place.app.session.catalog.for_object(reference.api_version or "v1", reference.kind)
    if kind is None:
        place.app.say(f"This server has no kind {reference.kind} ({reference.api_version}).")
        return
    await place.app.navigator.open(
        ViewSpec(
            kind=kind.name,
            namespaces=(reference.namespace,) if reference.namespace else (),
            field_selector=f"metadata.name={reference.name}",
        )
    )


async def logs(place: Place, *, previous: bool) -> None:
    """Read a pod's logs: in the pane that follows pods, else in this one; those of many in this one."""
    if place.kind is not None and (place.kind.name != "pods" or len(place.objects) > 1):
        query = _query_of(place.kind, place.objects)
        spec = ViewSpec(view=ViewType.LOGS, query=query, previous=previous)
    elif not previous and _focus_follower(place, Link.PODS):
        return
    else:
        spec = ViewSpec(view=ViewType.LOGS, target=target_of(place), previous=previous)
    await place.app.navigator.open(spec)


def _query_of(kind: Kind, objects: tuple[Any, ...]) -> str:
    """The log query of these objects."""
    names = [f"{kind.name}/{obj.metadata.name}" for obj in objects]
    spaces = ",".join(dict.fromkeys(obj.metadata.namespace for obj in objects if obj.metadata.namespace))
    return " ".join([*names, f"ns:{spaces or '*'}"])
