"""Relations, the user's own columns and kinds that appear, on the simulated and on the real cluster."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from k8stui.kinds.anatomy.env import Sources
from k8stui.kinds.anatomy.page import anatomy, parts_of
from k8stui.kinds.relations.links import relations
from k8stui.kinds.relations.page import rows
from k8stui.kinds.tables.custom_columns import ColumnReader
from k8stui.kube.live.collection import Phase
from k8stui.kube.objects.related import Form
from k8stui.kube.relations import Reader
from tests.contract.conftest import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.cluster import Cluster
    from tests.contract.conftest import Admin, Target

LABELS = {"app": "web"}


def deployment(replicas: int = 2) -> dict[str, Any]:
    container = {
        "name": "web",
        "image": "busybox:1.36",
        "command": ["sleep", "3600"],
        "envFrom": [{"configMapRef": {"name": "conf"}}],
    }
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    template = {"metadata": {"labels": LABELS}, "spec": spec}
    return {
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template},
    }


class Look:
    """The relations of one object as text, as they are at this moment."""

    def __init__(self, cluster: Cluster, kind: str, raw: dict[str, Any]) -> None:
        found = cluster.catalog.find(kind)
        assert found is not None
        self.kind = found
        self.raw = {"apiVersion": found.api_version, "kind": found.kind, **raw}
        self.reader = Reader(cluster, lambda: None)

    def text(self) -> str:
        self.reader.begin()
        found = list(rows(filter(None, relations(self.reader, self.kind, self.raw, datetime.now(UTC)))))
        self.reader.end()
        return "\n".join(row.line.text for row in found)

    async def until(self, *texts: str, gone: str = "") -> str:
        def there() -> bool:
            shown = self.text()
            return all(text in shown for text in texts) and not (gone and gone in shown)

        await eventually(there, what=f"{texts} in the relations of {self.kind.name}")
        return self.text()


async def ready(cluster: Cluster) -> Cluster:
    await eventually(lambda: cluster.catalog.is_complete, what="the kinds of the server")
    return cluster


async def test_relations_are_followed_and_stay_live(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    cluster = await ready(await open_cluster())
    base = f"/api/v1/namespaces/{namespace}"
    conf = await admin.create(f"{base}/configmaps", {"metadata": {"name": "conf"}, "data": {"k": "v"}})
    made = await admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", deployment())
    service = {"metadata": {"name": "web"}, "spec": {"selector": LABELS, "ports": [{"port": 80}]}}
    service = await admin.create(f"{base}/services", service)

    look = Look(cluster, "deployments.apps", made)
    text = await look.until("replicaset web-", "pod web-", "service web", "configmap conf")
    assert "all keys as env in web" in text
    pods = (await admin.get(f"{base}/pods"))["items"]
    assert all(f"pod {pod['metadata']['name']}" in text for pod in pods)

    of_conf = Look(cluster, "configmaps", conf)
    await of_conf.until("deployment web", "template: env", f"pod {pods[0]['metadata']['name']}")
    of_pod = Look(cluster, "pods", pods[0])
    await of_pod.until("deployment web", "replicaset web-", "service web", "serviceaccount default", "◀")
    of_service = Look(cluster, "services", service)
    await of_service.until("endpointslice web-", f"pod {pods[0]['metadata']['name']}")

    await admin.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web", {"spec": {"replicas": 3}})
    await eventually(lambda: look.text().count(" pod web-") == 3, what="the third pod")
    await admin.delete(f"{base}/configmaps/conf")
    await of_pod.until("✗ configmap conf", "does not exist")
    for each in (look, of_conf, of_pod, of_service):
        each.reader.close()


async def test_who_may_see_little_is_told_what_is_not_seen(
    cluster_under_test: Target, admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    base = f"/api/v1/namespaces/{namespace}"
    spec = {"containers": [{"name": "c", "image": "busybox:1.36"}], "terminationGracePeriodSeconds": 0}
    pod = await admin.create(f"{base}/pods", {"metadata": {"name": "one", "labels": LABELS}, "spec": spec})
    cluster = await ready(await open_cluster(cluster_under_test.user("nobody")))
    look = Look(cluster, "pods", pod)
    text = await look.until("services are not seen", "serviceaccount default")
    assert "forbidden" in text
    look.reader.close()


async def test_a_kind_that_is_installed_meanwhile_is_found_and_its_family_too(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    cluster = await ready(await open_cluster())
    word = f"gizmo{secrets.token_hex(3)}"
    group = f"{word}.example.com"
    names = {
        "plural": f"{word}s",
        "singular": word,
        "kind": word.capitalize(),
        "shortNames": [f"g{word[-6:]}"],
    }
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{word}s.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    await eventually(lambda: cluster.catalog.find(word) is not None, what="the new kind")
    assert f"{word}s" in cluster.catalog.complete(word)
    kind = cluster.catalog.find(f"{word}s.{group}")
    assert kind is not None and kind.can("watch")

    path = kind.path(namespace)
    body = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": "first"},
        "spec": {"size": 3},
    }
    owner = await admin.create(path, body)
    reference = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": "first",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    owned = {"metadata": {"name": "made", "ownerReferences": [reference]}}
    child = await admin.create(f"/api/v1/namespaces/{namespace}/configmaps", owned)
    look = Look(cluster, kind.name, owner)
    await look.until(f"{word} first", "configmap made")
    up = Look(cluster, "configmaps", child)
    await up.until(f"{word} first", "└─ ● configmap made")

    form = Form(columns=ColumnReader(("{.spec.size}", "{.spec.nope}")))
    subscription = cluster.subscribe(kind, namespaces=(namespace,), form=form, wake=lambda: None)
    held = subscription.collection
    await eventually(
        lambda: [row.extra for row in held.objects.values()] == [(3, "<none>")], what="the cells"
    )
    await admin.patch(f"{path}/first", {"spec": {"size": 4}})
    await eventually(lambda: [row.extra[0] for row in held.objects.values()] == [4], what="the changed cell")
    subscription.close()
    for each in (look, up):
        each.reader.close()


async def test_columns_of_pods_are_live(
    admin: Admin, namespace: str, open_cluster: Callable[..., Any]
) -> None:
    cluster = await ready(await open_cluster())
    spec = {"containers": [{"name": "c", "image": "busybox:1.36"}], "terminationGracePeriodSeconds": 0}
    path = f"/api/v1/namespaces/{namespace}/pods"
    await admin.create(path, {"metadata": {"name": "one", "annotations": {"note": "a"}}, "spec": spec})
    kind = cluster.catalog.find("pods")
    assert kind is not None
    form = Form(columns=ColumnReader(("{.metadata.annotations.note}", "{.spec.containers[*].image}")))
    subscription = cluster.subscribe(kind, namespaces=(namespace,), form=form, wake=lambda: None)
    held = subscription.collection
    await eventually(lambda: held.state.phase is Phase.LIVE, what="the list")
    (pod,) = held.objects.values()
    assert pod.extra == ("a", "busybox:1.36")
    await admin.patch(f"{path}/one", {"metadata": {"annotations": {"note": "b"}}})
    await eventually(lambda: [each.extra[0] for each in held.objects.values()] == ["b"], what="the change")
    subscription.close()


async def test_pods_of_a_live_cluster_can_be_taken_apart(admin: Admin, namespace: str) -> None:
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": "busybox:1.36", "command": ["sh", "-c", "exit 3"]}],
    }
    path = f"/api/v1/namespaces/{namespace}/pods"
    await admin.create(path, {"metadata": {"name": "one"}, "spec": spec})
    for item in (await admin.get("/api/v1/pods"))["items"]:
        found = anatomy({"kind": "Pod", **item}, [], Sources(), datetime.now(UTC))
        assert [row.container for row in found if row.is_head] == [part.name for part in parts_of(item)]
