"""What an editor does to a cluster, without the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.objects import edit_text
from k8stui.kube import editing
from k8stui.kube.schemas import Schemas
from k8stui.ui.editing.items import Base, Item, Mode, edit_items, new_items
from k8stui.ui.editing.pipeline import Pipeline
from k8stui.ui.editing.stages import carry_out

from .conftest import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from k8stui.kube.cluster import Cluster

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "main", "image": "busybox:1.36"}]},
        },
    },
}


async def open_bench(open_cluster: Callable[..., Any], namespace: str) -> Bench:
    """A cluster whose kinds are known, and a namespace to edit in."""
    cluster = await open_cluster()
    await eventually(lambda: cluster.catalog.is_complete and cluster.version, what="discovery")
    return Bench(cluster, namespace)


class Bench:
    """What an editor does, without the screen."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.schemas = Schemas(lambda: cluster.connection)
        self.pipeline = Pipeline(cluster, self.schemas)

    async def base(self, kind: str, name: str, subresource: str = "") -> Base:
        found = self.cluster.catalog.find(kind)
        assert found is not None
        obj = await editing.read(self.cluster.connection, found, self.namespace, name, subresource)
        return Base(found, obj, subresource)

    async def tried(self, base: Base, *changes: tuple[str, str]) -> Item:
        """The edit of an object's text, tried on the server."""
        text = edit_text([base.cleaned], {"text"})
        for old, new in changes:
            assert old in text, text
            text = text.replace(old, new, 1)
        items, problems = edit_items(parse(text).documents, [base])
        assert not problems
        await self.pipeline.dry_run(items, Mode.EDIT)
        return items[0]

    async def ready(self, text: str, mode: Mode = Mode.APPLY) -> list[Item]:
        """A text tried, to be applied."""
        items, _ = new_items(parse(text).documents, self.cluster.catalog, self.namespace, mode)
        await self.pipeline.dry_run(items, mode)
        return items

    async def applied(self, text: str, mode: Mode = Mode.APPLY) -> list[Item]:
        """A text applied as far as it can be."""
        items = await self.ready(text, mode)
        await self.carried_out(items, mode)
        return items

    async def carried_out(self, items: Sequence[Item], mode: Mode) -> None:
        """What was tried, written in its order."""
        await carry_out(self.pipeline, items, mode)
