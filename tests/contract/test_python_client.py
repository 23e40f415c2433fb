"""The official Python client against the simulated cluster: typed models, watches, patches, errors."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

kubernetes = pytest.importorskip("kubernetes")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Target


@pytest.fixture
def api(simulated: Target) -> Iterator[Any]:
    client = kubernetes.config.new_client_from_config(str(simulated.kubeconfig), context="demo")
    yield client
    client.close()


@pytest.fixture
def core(api: Any) -> Any:
    return kubernetes.client.CoreV1Api(api)


@pytest.fixture
def namespace(core: Any) -> Iterator[str]:
    name = f"python-{secrets.token_hex(3)}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)


def test_typed_lists_of_everything_hot(api: Any, core: Any) -> None:
    assert core.list_node().items
    assert core.list_pod_for_all_namespaces(limit=10).items[0].status.phase
    assert core.list_event_for_all_namespaces().items
    assert kubernetes.client.AppsV1Api(api).list_deployment_for_all_namespaces().items
    assert kubernetes.client.VersionApi(api).get_code().minor == "34"


def test_paging(core: Any) -> None:
    whole = {pod.metadata.uid for pod in core.list_pod_for_all_namespaces().items}
    found, token = set(), None
    while True:
        page = core.list_pod_for_all_namespaces(limit=9, _continue=token)
        found |= {pod.metadata.uid for pod in page.items}
        token = page.metadata._continue
        if not token:
            break
    assert found >= whole & found
    assert len(found) >= 9


def test_write_watch_and_delete(core: Any, namespace: str) -> None:
    rv = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    core.patch_namespaced_config_map("a", namespace, {"data": {"k": "2"}})
    made = core.read_namespaced_config_map("a", namespace)
    made.data["k"] = "3"
    core.replace_namespaced_config_map("a", namespace, made)
    core.delete_namespaced_config_map("a", namespace)
    watch = kubernetes.watch.Watch()
    seen = []
    for event in watch.stream(
        core.list_namespaced_config_map, namespace, resource_version=rv, timeout_seconds=10
    ):
        if event["object"].metadata.name == "a":
            seen.append((event["type"], (event["object"].data or {}).get("k")))
        if len(seen) == 4:
            watch.stop()
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("MODIFIED", "3"), ("DELETED", "3")]


def test_errors_carry_the_servers_words(core: Any, namespace: str) -> None:
    with pytest.raises(kubernetes.client.ApiException) as caught:
        core.read_namespaced_pod("none", namespace)
    assert caught.value.status == 404
    assert 'pods \\"none\\" not found' in caught.value.body


def test_custom_objects_and_dynamic_client(api: Any) -> None:
    dynamic = kubernetes.dynamic.DynamicClient(api)
    kind = dynamic.resources.get(api_version="apps/v1", kind="Deployment")
    assert kind.get().items
    review = kubernetes.client.AuthorizationV1Api(api).create_self_subject_access_review(
        {"spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}}
    )
    assert review.status.allowed
