"""What admission does with objects of users: accounts, limits, quotas, storage classes, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.demo.resources import (
    ADMISSION_POLICIES,
    ADMISSION_POLICY_BINDINGS,
    LIMIT_RANGES,
    NAMESPACES,
    POD_DISRUPTION_BUDGETS,
    PODS,
    PRIORITY_CLASSES,
    RESOURCE_QUOTAS,
    SERVICE_ACCOUNTS,
    STORAGE_CLASSES,
)
from k8stui.demo.store import Store
from tests.unit.demo_recorded import Client, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Obj = dict[str, Any]
TEAM = "/api/v1/namespaces/team"
MERGE = "application/merge-patch+json"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    store = Store()
    store.create(NAMESPACES, {"metadata": {"name": "team"}})
    account = {
        "metadata": {"name": "default", "namespace": "team"},
        "imagePullSecrets": [{"name": "registry"}],
    }
    store.create(SERVICE_ACCOUNTS, account)
    async with served(store) as client:
        yield client


def pod(name: str = "p", resources: Obj | None = None, **spec: Any) -> Obj:
    item: Obj = {"name": "app", "image": "nginx:1.27"}
    if resources:
        item["resources"] = resources
    return {"metadata": {"name": name}, "spec": {"containers": [item], **spec}}


def claim(size: str, **spec: Any) -> Obj:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"metadata": {"name": "data"}, "spec": body}


def limits(client: Client, **rule: Any) -> None:
    meta = {"name": "limits", "namespace": "team"}
    client.store.create(LIMIT_RANGES, {"metadata": meta, "spec": {"limits": [rule]}})


def quota(client: Client, hard: dict[str, str], **spec: Any) -> None:
    meta = {"name": "budget", "namespace": "team"}
    client.store.create(RESOURCE_QUOTAS, {"metadata": meta, "spec": {"hard": hard, **spec}})


class TestPods:
    async def test_the_account_gives_its_pull_secrets_and_its_token(self, client: Client) -> None:
        status, made = await client.request("POST", f"{TEAM}/pods", pod())
        assert status == 201
        spec = made["spec"]
        assert spec["serviceAccountName"] == "default"
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
        assert spec["volumes"][0]["name"].startswith("kube-api-access-")
        assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}

    async def test_an_unknown_account_is_refused(self, client: Client) -> None:
        status, body = await client.request("POST", f"{TEAM}/pods", pod(serviceAccountName="robot"))
        assert (status, body["reason"]) == (403, "Forbidden")
        assert body["message"] == (
            'pods "p" is forbidden: error looking up service account team/robot:'
            ' serviceaccount "robot" not found'
        )

    async def test_the_default_priority_class_counts(self, client: Client) -> None:
        meta = {"name": "usual"}
        client.store.create(PRIORITY_CLASSES, {"metadata": meta, "value": 1000, "globalDefault": True})
        _, made = await client.request("POST", f"{TEAM}/pods", pod())
        assert made["spec"]["priority"] == 1000

    async def test_limits_of_the_namespace_are_filled_in_and_noted(self, client: Client) -> None:
        limits(client, type="Container", default={"memory": "128Mi"}, defaultRequest={"memory": "64Mi"})
        _, made = await client.request("POST", f"{TEAM}/pods", pod())
        assert made["spec"]["containers"][0]["resources"] == {
            "limits": {"memory": "128Mi"},
            "requests": {"memory": "64Mi"},
        }
        assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
            "LimitRanger plugin set: memory request for container app; memory limit for container app"
        )

    @pytest.mark.parametrize(
        ("rule", "resources", "why"),
        [
            (
                {"type": "Container", "max": {"memory": "256Mi"}},
                {"limits": {"memory": "2Gi"}},
                "maximum memory usage per Container is 256Mi, but limit is 2Gi",
            ),
            (
                {"type": "Container", "min": {"cpu": "100m"}},
                {"requests": {"cpu": "10m"}},
                "minimum cpu usage per Container is 100m, but request is 10m",
            ),
            (
                {"type": "Pod", "max": {"cpu": "1"}},
                {"limits": {"cpu": "1500m"}},
                "maximum cpu usage per Pod is 1, but limit is 1500m",
            ),
            (
                {"type": "Container", "maxLimitRequestRatio": {"cpu": "4"}},
                {"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}},
                "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000",
            ),
        ],
    )
    async def test_what_breaks_a_limit_is_refused(
        self, client: Client, rule: Obj, resources: Obj, why: str
    ) -> None:
        limits(client, **rule)
        status, body = await client.request("POST", f"{TEAM}/pods", pod(resources=resources))
        assert (status, body["message"]) == (403, f'pods "p" is forbidden: {why}')

    async def test_a_dry_run_is_admitted_as_well(self, client: Client) -> None:
        quota(client, {"pods": "0"})
        status, body = await client.request("POST", f"{TEAM}/pods?dryRun=All", pod())
        assert status == 403
        assert "exceeded quota" in body["message"]


class TestQuotas:
    async def test_a_pod_too_many(self, client: Client) -> None:
        quota(client, {"pods": "1", "requests.cpu": "500m"})
        small, large = {"requests": {"cpu": "100m"}}, {"requests": {"cpu": "1"}}
        assert (await client.request("POST", f"{TEAM}/pods", pod("first", small)))[0] == 201
        status, body = await client.request("POST", f"{TEAM}/pods", pod("second", large))
        assert (status, body["reason"]) == (403, "Forbidden")
        assert body["message"] == (
            'pods "second" is forbidden: exceeded quota: budget, requested: pods=1,requests.cpu=1,'
            " used: pods=1,requests.cpu=100m, limited: pods=1,requests.cpu=500m"
        )

    async def test_a_pod_must_say_what_is_limited(self, client: Client) -> None:
        quota(client, {"limits.memory": "1Gi", "requests.cpu": "1"})
        _, body = await client.request("POST", f"{TEAM}/pods", pod())
        assert body["message"] == (
            'pods "p" is forbidden: failed quota: budget: must specify limits.memory for: app;'
            " requests.cpu for: app"
        )

    async def test_pods_that_have_ended_cost_nothing(self, client: Client) -> None:
        quota(client, {"pods": "1"})
        meta = {"name": "done", "namespace": "team"}
        ended = {"metadata": meta, "spec": pod()["spec"], "status": {"phase": "Succeeded"}}
        client.store.create(PODS, ended)
        assert (await client.request("POST", f"{TEAM}/pods", pod()))[0] == 201

    async def test_other_kinds_are_counted_too(self, client: Client) -> None:
        quota(client, {"count/deployments.apps": "0", "configmaps": "0", "services.nodeports": "0"})
        status, body = await client.request("POST", f"{TEAM}/configmaps", {"metadata": {"name": "c"}})
        assert status == 403
        assert "requested: configmaps=1, used: configmaps=0, limited: configmaps=0" in body["message"]
        service = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
        status, body = await client.request("POST", f"{TEAM}/services", service)
        assert "requested: services.nodeports=1" in body["message"]

    async def test_a_scope_narrows_it(self, client: Client) -> None:
        quota(client, {"pods": "0"}, scopes=["NotBestEffort"])
        assert (await client.request("POST", f"{TEAM}/pods", pod("free")))[0] == 201
        status, _ = await client.request("POST", f"{TEAM}/pods", pod("paid", {"requests": {"cpu": "1"}}))
        assert status == 403


class TestClaims:
    @pytest.fixture
    def classes(self, client: Client) -> None:
        mark = {"storageclass.kubernetes.io/is-default-class": "true"}
        meta = {"name": "standard", "annotations": mark}
        client.store.create(STORAGE_CLASSES, {"metadata": meta, "provisioner": "x"})

    @pytest.mark.usefixtures("classes")
    async def test_the_default_class_is_filled_in(self, client: Client) -> None:
        _, made = await client.request("POST", f"{TEAM}/persistentvolumeclaims", claim("1Gi"))
        assert made["spec"]["storageClassName"] == "standard"

    @pytest.mark.usefixtures("classes")
    async def test_an_empty_class_asks_for_none(self, client: Client) -> None:
        body = claim("1Gi", storageClassName="")
        _, made = await client.request("POST", f"{TEAM}/persistentvolumeclaims", body)
        assert made["spec"]["storageClassName"] == ""

    @pytest.mark.usefixtures("classes")
    async def test_growing_needs_a_class_that_allows_it(self, client: Client) -> None:
        await client.request("POST", f"{TEAM}/persistentvolumeclaims", claim("1Gi"))
        change = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
        status, body = await client.request(
            "PATCH", f"{TEAM}/persistentvolumeclaims/data", change, Content_Type=MERGE
        )
        assert status in (403, 422), body


class TestBudgets:
    async def test_a_budget_with_nothing_left_refuses_an_eviction(self, client: Client) -> None:
        meta = {"name": "p", "namespace": "team", "labels": {"app": "web"}}
        ready = [{"type": "Ready", "status": "True"}]
        running = {"phase": "Running", "conditions": ready}
        client.store.create(PODS, {"metadata": meta, "spec": pod()["spec"], "status": running})
        budget: Obj = {
            "metadata": {"name": "web", "namespace": "team"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
            "status": {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1},
        }
        client.store.create(POD_DISRUPTION_BUDGETS, budget)
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
        status, body = await client.request("POST", f"{TEAM}/pods/p/eviction", eviction)
        assert (status, body["reason"]) == (429, "TooManyRequests")
        assert body["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
        assert body["details"]["causes"] == [
            {
                "reason": "DisruptionBudget",
                "message": "The disruption budget web needs 1 healthy pods and has 1 currently",
            }
        ]


async def test_a_change_for_another_object_of_that_name_is_refused(client: Client) -> None:
    _, made = await client.request(
        "POST", f"{TEAM}/configmaps", {"metadata": {"name": "c"}, "data": {"a": "1"}}
    )
    other = {**made, "metadata": {**made["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}
    status, body = await client.request("PUT", f"{TEAM}/configmaps/c", other)
    assert (status, body["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition: 00000000" in body["message"]
    change = {"metadata": {"uid": other["metadata"]["uid"]}}
    status, body = await client.request("PATCH", f"{TEAM}/configmaps/c", change, Content_Type=MERGE)
    assert (status, body["reason"]) == (422, "Invalid")
    assert body["details"]["causes"][0]["field"] == "metadata.uid"


async def test_a_watch_from_the_future_is_told_to_begin_anew(client: Client) -> None:
    (event,) = await client.events("/api/v1/pods?watch=1&resourceVersion=4711", 5)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    status, body = await client.request(
        "GET",
        "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=4711",
    )
    assert (status, body["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")


class TestPolicies:
    """ValidatingAdmissionPolicies, in the words of a real server."""

    def _policy(self, client: Client, *, actions: tuple[str, ...] = ("Deny",), **spec: Any) -> None:
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
        body: Obj = {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "request.operation != 'DELETE' && size(object.data) < 2"}],
            **spec,
        }
        client.store.create(ADMISSION_POLICIES, {"metadata": {"name": "small"}, "spec": body})
        binding = {"policyName": "small", "validationActions": list(actions)}
        client.store.create(ADMISSION_POLICY_BINDINGS, {"metadata": {"name": "here"}, "spec": binding})

    async def _create(self, client: Client, **data: str) -> tuple[int, Any]:
        body = {"metadata": {"name": "c"}, "data": data}
        return await client.request("POST", f"{TEAM}/configmaps", body)

    async def test_what_it_denies_is_refused_with_its_name(self, client: Client) -> None:
        self._policy(client)
        assert (await self._create(client, a="1"))[0] == 201
        change = {"data": {"b": "2"}}
        status, body = await client.request("PATCH", f"{TEAM}/configmaps/c", change, Content_Type=MERGE)
        why = (
            "ValidatingAdmissionPolicy 'small' with binding 'here' denied request:"
            " failed expression: request.operation != 'DELETE' && size(object.data) < 2"
        )
        assert (status, body["reason"]) == (422, "Invalid")
        assert body["message"] == f'configmaps "c" is forbidden: {why}'
        assert body["details"]["causes"] == [{"message": why}]
        status, _ = await client.request("DELETE", f"{TEAM}/configmaps/c")
        assert status == 422

    async def test_a_warning_lets_pass(self, client: Client) -> None:
        rules = [{"expression": "false", "message": "not liked"}]
        self._policy(client, actions=("Warn",), validations=rules)
        assert (await self._create(client, a="1"))[0] == 201
        assert "with binding 'here': not liked" in client.headers["Warning"]

    @pytest.mark.parametrize(("failure_policy", "status"), [("Fail", 422), ("Ignore", 201)])
    async def test_an_expression_without_a_value(
        self, client: Client, failure_policy: str, status: int
    ) -> None:
        rules = [{"expression": "object.nothing == 1"}]
        self._policy(client, failurePolicy=failure_policy, validations=rules)
        assert (await self._create(client))[0] == status

    async def test_conditions_and_namespaces_narrow_it(self, client: Client) -> None:
        condition = {"name": "not-us", "expression": "request.userInfo.username != 'demo-admin'"}
        self._policy(client, matchConditions=[condition], validations=[{"expression": "false"}])
        assert (await self._create(client))[0] == 201


async def test_warnings_come_with_the_answer(client: Client) -> None:
    item = {"name": "app", "image": "a:1", "env": [{"name": "A"}, {"name": "A"}]}
    await client.request("POST", f"{TEAM}/pods", pod(containers=[item]))
    assert 'spec.containers[0].env[1]: hides previous definition of \\"A\\"' in client.headers["Warning"]
    await client.get("/api/v1/endpoints")
    assert "v1 Endpoints is deprecated in v1.33+" in client.headers["Warning"]


async def test_nothing_new_holds_back_what_is_on_its_way_out(client: Client) -> None:
    meta = {"name": "held", "finalizers": ["example.com/keep"]}
    await client.request("POST", f"{TEAM}/configmaps", {"metadata": meta})
    await client.request("DELETE", f"{TEAM}/configmaps/held")
    change = {"metadata": {"finalizers": ["example.com/keep", "example.com/new"]}}
    status, body = await client.request("PATCH", f"{TEAM}/configmaps/held", change, Content_Type=MERGE)
    assert status == 422
    assert "no new finalizers can be added if the object is being deleted" in body["message"]
    nothing: Obj = {"metadata": {"finalizers": None}}
    assert (await client.request("PATCH", f"{TEAM}/configmaps/held", nothing, Content_Type=MERGE))[0] == 200
    assert (await client.request("GET", f"{TEAM}/configmaps/held"))[0] == 404


class TestPodSecurity:
    """The Pod Security Standards, in the words of the plugin."""

    def _level(self, client: Client, **modes: str) -> None:
        labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in modes.items()}
        client.store.create(NAMESPACES, {"metadata": {"name": "held", "labels": labels}})
        client.store.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "held"}})

    async def _run(self, client: Client, **context: Any) -> tuple[int, Any]:
        item = {"name": "app", "image": "a:1", "securityContext": context}
        return await client.request("POST", "/api/v1/namespaces/held/pods", pod(containers=[item]))

    async def test_baseline_refuses_what_leaves_the_container(self, client: Client) -> None:
        self._level(client, enforce="baseline")
        assert (await self._run(client))[0] == 201
        status, body = await self._run(client, privileged=True, capabilities={"add": ["SYS_PTRACE", "CHOWN"]})
        assert (status, body["message"]) == (
            403,
            'pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged (container "app"'
            " must not set securityContext.privileged=true), non-default capabilities"
            ' (container "app" must not include "SYS_PTRACE" in securityContext.capabilities.add)',
        )

    async def test_restricted_asks_for_every_precaution(self, client: Client) -> None:
        self._level(client, enforce="restricted")
        _, body = await self._run(client)
        assert body["message"].endswith(
            'allowPrivilegeEscalation != false (container "app" must set'
            ' securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "app"'
            ' must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container'
            ' "app" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "app"'
            ' must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
        )
        careful = {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert (await self._run(client, **careful))[0] == 201

    async def test_a_warning_lets_pass(self, client: Client) -> None:
        self._level(client, warn="baseline")
        assert (await self._run(client, privileged=True))[0] == 201
        assert "would violate PodSecurity" in client.headers["Warning"]

    async def test_a_workload_is_warned_of_what_its_pods_will_meet(self, client: Client) -> None:
        self._level(client, enforce="baseline")
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {**pod()["spec"], "hostNetwork": True}}
        spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
        body = {"metadata": {"name": "d"}, "spec": spec}
        status, _ = await client.request("POST", "/apis/apps/v1/namespaces/held/deployments", body)
        assert status == 201
        assert "host namespaces (hostNetwork=true)" in client.headers["Warning"]

    async def test_a_debug_container_is_held_to_it_as_well(self, client: Client) -> None:
        self._level(client, enforce="baseline")
        await self._run(client)
        debug = {"name": "debug", "image": "a:1", "securityContext": {"privileged": True}}
        change = {"spec": {"ephemeralContainers": [debug]}}
        path = "/api/v1/namespaces/held/pods/p/ephemeralcontainers"
        kind = "application/strategic-merge-patch+json"
        status, body = await client.request("PATCH", path, change, Content_Type=kind)
        assert (status, body["reason"]) == (403, "Forbidden")
