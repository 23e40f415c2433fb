"""What is under an object, who owns it, and which events are about it."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kinds.relations.family import (
    Query,
    children_of,
    concerns,
    kind_of,
    owner_of,
)
from k8stui.kube.objects import (
    STRUCTS,
    CronJob,
    Deployment,
    Event,
    Namespace,
    Node,
    Pod,
    ReplicaSet,
    Service,
    TableRow,
)
from tests.unit.kinds_golden import golden_objects, make


def children(plural: str, obj: Any) -> Query:
    found = children_of(plural, obj)
    assert found is not None
    return found


def recorded(group: str, plural: str, name: str) -> Any:
    return next(each for each in golden_objects(group, plural) if each.metadata.name == name)


def under(query: Query, group: str = "", plural: str = "pods") -> set[str]:
    return {each.metadata.name for each in golden_objects(group, plural) if query.matches(each)}


def test_every_struct_knows_its_kind() -> None:
    assert {kind_of(struct()) for struct in STRUCTS.values()} >= {"Pod", "Node", "CronJob", "EndpointSlice"}
    assert kind_of(TableRow()) == ""


def test_a_node_leads_to_the_pods_on_it() -> None:
    query = children("nodes", recorded("", "nodes", "node-1"))
    assert (query.kind, query.field_selector, query.namespace) == ("pods", "spec.nodeName=node-1", "")
    assert "toobig" not in under(query)
    assert len(under(query)) == 17


def test_a_namespace_leads_to_its_pods() -> None:
    query = children("namespaces", make(Namespace, metadata={"name": "shop"}))
    assert (query.kind, query.namespace, query.label_selector) == ("pods", "shop", "")
    assert all(name.startswith("cart-") for name in under(query))


def test_workloads_lead_to_the_pods_they_select() -> None:
    query = children("deployments.apps", recorded("apps", "deployments", "web"))
    assert (query.namespace, query.label_selector) == ("default", "app=web")
    assert under(query) == {"web-85b8456458-7gs5l", "web-85b8456458-mbjjb", "web-85b8456458-srxfd"}
    query = children("replicasets.apps", recorded("apps", "replicasets", "web-85b8456458"))
    assert query.label_selector == "app=web,pod-template-hash=85b8456458"
    assert len(under(query)) == 3
    assert under(children("statefulsets.apps", recorded("apps", "statefulsets", "db"))) == {"db-0", "db-1"}
    assert under(children("daemonsets.apps", recorded("apps", "daemonsets", "agent"))) == {"agent-tgs85"}
    assert under(children("jobs.batch", golden_objects("batch", "jobs")[0])) == {"tick-29920452-qbx5k"}


def test_a_service_leads_to_its_pods_and_one_without_a_selector_to_none() -> None:
    query = children(
        "services", make(Service, metadata={"namespace": "default"}, spec={"selector": {"app": "web"}})
    )
    assert query.label_selector == "app=web"
    assert len(under(query)) == 3
    assert not query.selects_nothing
    external = children("services", make(Service, spec={"type": "ExternalName"}))
    assert external.selects_nothing
    assert under(external) == set()


def test_selectors_with_expressions_are_sent_and_matched() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}],
    }
    query = children("deployments.apps", make(Deployment, spec={"selector": selector}))
    assert query.label_selector == "app=web,!old"
    assert query.matches(make(Pod, metadata={"labels": {"app": "web"}}))
    assert not query.matches(make(Pod, metadata={"labels": {"app": "web", "old": ""}}))


@pytest.mark.parametrize("spec", [{}, {"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}])
def test_a_workload_without_a_usable_selector_selects_nothing(spec: dict[str, Any]) -> None:
    query = children("replicasets.apps", make(ReplicaSet, spec=spec))
    assert query.selects_nothing
    assert not query.matches(make(Pod, metadata={"labels": {"a": "b"}}))


def test_a_cron_job_leads_to_the_jobs_it_owns() -> None:
    query = children("cronjobs.batch", recorded("batch", "cronjobs", "tick"))
    assert query.kind == "jobs.batch"
    assert len(under(query, "batch", "jobs")) == 3
    assert (
        under(children("cronjobs.batch", make(CronJob, metadata={"uid": "other"})), "batch", "jobs") == set()
    )


def test_kinds_with_nothing_under_them_say_so() -> None:
    assert children_of("configmaps", TableRow()) is None
    assert children_of("pods", make(Pod)) is None
    controller = children("replicationcontrollers", make(TableRow, metadata={"uid": "u", "namespace": "n"}))
    assert (controller.owner_uid, controller.namespace) == ("u", "n")


def test_the_owner_is_the_controller_or_the_only_owner() -> None:
    owner = owner_of(recorded("", "pods", "web-85b8456458-7gs5l"))
    assert owner is not None
    assert (owner.kind, owner.name, owner.namespace, owner.api_version) == (
        "ReplicaSet",
        "web-85b8456458",
        "default",
        "apps/v1",
    )
    owners = [
        {"kind": "A", "name": "a", "uid": "1"},
        {"kind": "B", "name": "b", "uid": "2", "controller": True},
    ]
    found = owner_of(make(Pod, metadata={"ownerReferences": owners}))
    assert found is not None
    assert found.name == "b"
    found = owner_of(make(Pod, metadata={"ownerReferences": owners[:1]}))
    assert found is not None
    assert found.name == "a"
    assert owner_of(make(Pod)) is None


def test_a_static_pod_belongs_to_its_node_which_has_no_namespace() -> None:
    owners = [{"kind": "Node", "name": "n1", "uid": "u", "controller": True}]
    owner = owner_of(make(Pod, metadata={"namespace": "kube-system", "ownerReferences": owners}))
    assert owner is not None
    assert owner.namespace == ""


def test_an_event_leads_to_what_it_is_about() -> None:
    event = make(Event, involvedObject={"kind": "Pod", "name": "web-0", "namespace": "shop"})
    owner = owner_of(event)
    assert owner is not None
    assert (owner.kind, owner.namespace, owner.name) == ("Pod", "shop", "web-0")
    assert owner_of(make(Event)) is None


POD = make(Pod, metadata={"name": "web-0", "namespace": "shop", "uid": "u1"})
NODE = make(Node, metadata={"name": "n1", "uid": "node-uid"})


@pytest.mark.parametrize(
    ("about", "obj", "expected"),
    [
        ({"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "u1"}, POD, True),
        ({"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "an older pod"}, POD, False),
        ({"kind": "Pod", "name": "web-0", "namespace": "shop"}, POD, True),
        ({"kind": "Pod", "name": "web-0", "namespace": "other"}, POD, False),
        ({"kind": "Service", "name": "web-0", "namespace": "shop"}, POD, False),
        ({"kind": "Node", "name": "n1", "uid": "n1"}, NODE, True),
        ({"kind": "Node", "name": "n1", "uid": "node-uid"}, NODE, True),
        ({"kind": "Node", "name": "n1"}, NODE, True),
        ({"kind": "Node", "name": "n1", "uid": "another node of that name"}, NODE, False),
        ({"kind": "Node", "name": "n2", "uid": "n2"}, NODE, False),
        ({"kind": "Pod", "name": "n1"}, NODE, False),
        ({}, POD, False),
    ],
)
def test_events_concern_an_object_by_uid_and_else_by_name(
    about: dict[str, str], obj: Any, expected: bool
) -> None:
    assert concerns(make(Event, involvedObject=about), obj) is expected


def test_events_of_kinds_without_a_struct_are_told_with_the_kind() -> None:
    claim = make(TableRow, metadata={"name": "data", "namespace": "shop", "uid": "u"})
    event = make(Event, involvedObject={"kind": "PersistentVolumeClaim", "name": "data", "namespace": "shop"})
    assert concerns(event, claim, "PersistentVolumeClaim")
    assert not concerns(event, claim, "Secret")


def test_the_recorded_events_find_their_objects() -> None:
    crash = recorded("", "pods", "crash")
    reasons = {each.reason for each in golden_objects("", "events") if concerns(each, crash)}
    assert {"Scheduled", "Pulled", "Created", "Started", "BackOff"} <= reasons
    node = recorded("", "nodes", "node-1")
    assert any(concerns(each, node) for each in golden_objects("", "events"))
