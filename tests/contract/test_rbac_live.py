"""A user of one namespace, and one of none: what is asked, what is said, and what comes when rights come.

The simulated cluster's kubeconfig has such a user in its second context. Elsewhere a user in group
`viewers` is bound to the role `view` in a namespace of the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.backoff import SystemClock
from k8stui.kube.catalog import BUILTIN
from k8stui.kube.cluster import Cluster
from k8stui.kube.health import Status
from k8stui.kube.kubeconfig.reading import load_kubeconfig
from k8stui.kube.live.collection import Phase
from k8stui.kube.live.reflector import Policy
from tests.contract.conftest import Admin, Target, eventually
from tests.contract.simulated import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from k8stui.kube.catalog import Kind
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.live.collection import Subscription

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("cluster")]

POLICY = Policy(watch_seconds=(1.0, 1.0), healthy_seconds=0.3, backoff_seconds=(0.1, 0.5), poll_seconds=0.5)
"""Watches are short: a right that is taken away ends no watch that is open."""
BINDING = "k8stui-viewers"


class Hurried(SystemClock):
    """Nobody waits for half a minute here until rights are looked at again."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.4))


def kind_of(text: str) -> Kind:
    kind = BUILTIN.find(text)
    assert kind is not None
    return kind


PODS, NODES, CONFIGMAPS, SECRETS = map(kind_of, ("pods", "nodes", "configmaps", "secrets"))


def phase(reader: Subscription[Any]) -> Phase:
    return reader.collection.state.phase


def names(reader: Subscription[Any]) -> set[str]:
    return {obj.metadata.name for obj in reader.collection.objects.values()}


async def bind(admin: Admin, namespace: str) -> str:
    """Let the viewers look into a namespace; gives the path of the binding."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
    group = {"kind": "Group", "name": "viewers", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    await admin.create(path, {"metadata": {"name": BINDING}, "subjects": [group], "roleRef": role})
    return f"{path}/{BINDING}"


@pytest.fixture
async def viewer(cluster_under_test: Target) -> AsyncIterator[Cluster]:
    context = cluster_under_test.user("viewer")
    async with Cluster(context, policy=POLICY, clock=Hurried(), grace=0.1) as cluster:
        yield cluster


async def test_one_namespace_is_live_and_all_else_is_denied(
    viewer: Cluster, admin: Admin, namespace: str
) -> None:
    await bind(admin, namespace)
    await admin.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    mine = [viewer.subscribe(kind, namespaces=(namespace,), wake=_nothing) for kind in (PODS, CONFIGMAPS)]
    denied = [viewer.subscribe(kind, wake=_nothing) for kind in (PODS, NODES, CONFIGMAPS)]
    denied.append(viewer.subscribe(SECRETS, namespaces=(namespace,), wake=_nothing))
    await eventually(lambda: all(phase(reader) is Phase.LIVE for reader in mine))
    assert "mine" in names(mine[1])
    await eventually(lambda: all(phase(reader) is Phase.DENIED for reader in denied))
    for reader in denied:
        state, plural = reader.collection.state, reader.collection.kind.plural
        assert f'cannot list resource "{plural}"' in state.reason
        assert state.next_try is not None
    assert f'in the namespace "{namespace}"' in denied[-1].collection.state.reason
    assert viewer.health.status is Status.LIVE, "a refusal says nothing about the server"


async def test_visible_namespaces_are_the_candidates_that_are_allowed(
    viewer: Cluster, admin: Admin, namespace: str
) -> None:
    await bind(admin, namespace)

    async def seen() -> str:
        viewer.access.forget()
        found = await viewer.visible_namespaces([namespace, "kube-system", "no-such"])
        return "" if found.names == (namespace,) else f"{found}"

    await until(seen, 20)
    found = await viewer.visible_namespaces([namespace, "kube-system", "no-such"])
    assert not found.complete
    assert 'cannot list resource "namespaces"' in found.reason
    nowhere = await viewer.visible_namespaces(["kube-system"])
    assert nowhere.names == ()
    assert "name a namespace" in nowhere.reason


async def test_the_administrator_sees_all_namespaces(cluster_under_test: Target, namespace: str) -> None:
    async with Cluster(cluster_under_test.admin) as cluster:
        found = await cluster.visible_namespaces()
    assert {namespace, "default", "kube-system"} <= set(found.names)
    assert (found.complete, found.reason) == (True, "")


async def test_access_reviews_say_what_the_role_says(viewer: Cluster, admin: Admin, namespace: str) -> None:
    await bind(admin, namespace)
    access = viewer.access

    async def bound() -> str:
        access.forget()
        return "" if await access.can("list", PODS, namespace) else "the binding is not known yet"

    await until(bound, 20)
    assert await access.can("get", PODS, namespace, subresource="log")
    assert await access.can("watch", CONFIGMAPS, namespace)
    assert not await access.can("create", PODS, namespace, subresource="exec")
    assert not await access.can("delete", PODS, namespace)
    assert not await access.can("list", SECRETS, namespace)
    assert not await access.can("list", PODS)
    assert not await access.can("list", PODS, "kube-system")
    assert not await access.can("list", NODES)
    rules = await access.rules(namespace)
    assert rules.allows("list", "", "pods")
    assert rules.allows("get", "", "pods/log")
    assert rules.allows("watch", "apps", "deployments")
    assert not rules.allows("list", "", "secrets")
    assert not rules.allows("patch", "apps", "deployments")
    elsewhere = await access.rules("kube-system")
    assert not elsewhere.allows("list", "", "pods")


async def test_rights_that_go_leave_the_rows_and_rights_that_come_bring_them_up_to_date(
    viewer: Cluster, admin: Admin, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    binding = await bind(admin, namespace)
    await admin.create(path, {"metadata": {"name": "before"}})
    reader = viewer.subscribe(CONFIGMAPS, namespaces=(namespace,), wake=_nothing)
    await eventually(lambda: phase(reader) is Phase.LIVE)
    assert "before" in names(reader)
    await admin.delete(binding, None)
    await eventually(lambda: phase(reader) is Phase.DENIED)
    assert "cannot list" in reader.collection.state.reason
    assert "before" in names(reader), "rows that were allowed stay on the screen"
    await admin.delete(f"{path}/before")
    await admin.create(path, {"metadata": {"name": "after"}})
    await bind(admin, namespace)
    await eventually(lambda: phase(reader) is Phase.LIVE and "after" in names(reader))
    assert "before" not in names(reader)


async def test_of_several_namespaces_the_forbidden_ones_are_named(
    viewer: Cluster, admin: Admin, namespace: str
) -> None:
    await bind(admin, namespace)
    await admin.create(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "mine"}})
    both = viewer.subscribe(CONFIGMAPS, namespaces=(namespace, "kube-system"), wake=_nothing)
    await eventually(lambda: both.collection.denied == ("kube-system",) and "mine" in names(both))
    assert phase(both) is Phase.DENIED
    assert both.collection.state.reason.startswith("kube-system: ")


async def test_somebody_without_any_right_is_told_and_asked_for_a_namespace(
    cluster_under_test: Target,
) -> None:
    context = cluster_under_test.user("nobody")
    async with Cluster(context, policy=POLICY, clock=Hurried()) as cluster:
        readers = [cluster.subscribe(kind, wake=_nothing) for kind in (PODS, NODES, CONFIGMAPS)]
        await eventually(lambda: all(phase(reader) is Phase.DENIED for reader in readers))
        assert not any(reader.collection.objects for reader in readers)
        await eventually(lambda: cluster.catalog.is_complete, what="everybody may read the kinds")
        found = await cluster.visible_namespaces(["kube-system"])
        assert (found.names, found.complete) == ((), False)
        assert "name a namespace" in found.reason
        assert not await cluster.access.can("list", PODS, "default")
        rules = await cluster.access.rules("default")
        assert rules.allows("create", "authorization.k8s.io", "selfsubjectaccessreviews")
        assert not rules.allows("list", "", "pods")
        assert cluster.health.status is Status.LIVE


def limited(simulated: Target) -> Context:
    """The second context of the simulated cluster's kubeconfig."""
    config = load_kubeconfig([simulated.kubeconfig])
    assert list(config.contexts) == ["demo", "demo-limited"]
    return config.context("demo-limited")


async def test_the_limited_context_of_the_simulated_cluster_has_one_namespace(simulated: Target) -> None:
    context = limited(simulated)
    async with Cluster(context, policy=POLICY) as cluster:
        found = await cluster.visible_namespaces()
        assert (found.names, found.complete) == ((context.namespace,), False)
        own = cluster.subscribe(PODS, namespaces=(context.namespace,), wake=_nothing)
        everywhere = cluster.subscribe(PODS, wake=_nothing)
        await eventually(lambda: phase(own) is Phase.LIVE and own.collection.objects)
        await eventually(lambda: phase(everywhere) is Phase.DENIED)
        await eventually(lambda: cluster.user == "viewer", what="the server says who we are")
        info = await cluster.access.who_am_i()
        assert info is not None
        assert "viewers" in (info.groups or ())


def _nothing() -> None:
    """These readers look by themselves."""
