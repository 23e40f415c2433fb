"""An edit while the API server goes away: nothing is lost, and it is applied when the server is back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kinds.edit_objects import edit_text
from k8stui.kinds.yaml_edit import parse
from k8stui.kube import editing
from k8stui.kube.cluster import Cluster
from k8stui.kube.drafts import Draft, DraftStore, DraftTarget
from k8stui.kube.errors import ConnectionLost
from k8stui.kube.schemas import Schemas
from k8stui.ui.editing.items import Base, Mode, edit_items
from k8stui.ui.editing.pipeline import Pipeline

from .conftest import eventually, simulated_cluster

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_draft_outlives_the_server(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    kubeconfig = tmp_path / "kubeconfig"
    with simulated_cluster(kubeconfig) as target:
        async with Cluster(target.admin) as cluster:
            await eventually(lambda: cluster.catalog.is_complete and cluster.version)
            kind = cluster.catalog.find("configmaps")
            assert kind is not None
            obj = {"metadata": {"name": "kept"}, "data": {"a": "1"}}
            await editing.create(cluster.connection, kind, "default", obj)
            base = Base(kind, await editing.read(cluster.connection, kind, "default", "kept"))
            text = edit_text([base.cleaned]).replace('a: "1"', 'a: "2"')
            targets = [DraftTarget("configmaps", "kept", "default")]
            store.write(Draft("d1", "demo", targets=targets, bases=[base.obj], text=text, saved="1"))
            pipeline = Pipeline(cluster, Schemas(lambda: cluster.connection))
            items, _ = edit_items(parse(text).documents, [base])
            await pipeline.dry_run(items, Mode.EDIT)
            assert items[0].ready
    # the server is gone, between the try and the save
    async with Cluster(target.admin) as cluster:
        pipeline = Pipeline(cluster, Schemas(lambda: cluster.connection))
        with pytest.raises(ConnectionLost):
            await pipeline.carry_out(items, Mode.EDIT)
    assert not items[0].done
    # another one begins, with the object as somebody else has left it
    with simulated_cluster(kubeconfig) as target:
        async with Cluster(target.admin) as cluster:
            await eventually(lambda: cluster.catalog.is_complete and cluster.version)
            other: dict[str, Any] = {"metadata": {"name": "kept"}, "data": {"a": "1", "theirs": "x"}}
            await editing.create(cluster.connection, kind, "default", other)
            draft = DraftStore(tmp_path / "drafts").find("demo", targets)
            assert draft is not None
            items, _ = edit_items(parse(draft.text).documents, [Base(kind, draft.bases[0])])
            pipeline = Pipeline(cluster, Schemas(lambda: cluster.connection))
            assert await pipeline.dry_run(items, Mode.EDIT) == []
            assert await pipeline.carry_out(items, Mode.EDIT) == []
            found = json.loads(await cluster.connection.get(kind.path("default", "kept")))
            assert found["data"] == {"a": "2", "theirs": "x"}
