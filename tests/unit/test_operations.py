"""Plans: what they request, for which object, and what they say; and how they are carried out."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.catalog import BUILTIN, Kind
from k8stui.kube.errors import ApiError, ConnectionLost, StatusDetails, api_error
from k8stui.kube.operations import running
from k8stui.kube.operations.certificates import decode_request, facts, plan_decision
from k8stui.kube.operations.deletion import DeleteOptions, plan_delete, plan_evict
from k8stui.kube.operations.jobs import job_name, plan_rerun, plan_trigger
from k8stui.kube.operations.metadata import parse_changes, plan_metadata
from k8stui.kube.operations.nodes import parse_taints, plan_cordon, plan_taint, taints_after
from k8stui.kube.operations.plans import Plan, PlanError, Ref, subject
from k8stui.kube.operations.reading import read_all
from k8stui.kube.operations.rollout import (
    plan_images,
    plan_resources,
    plan_restart,
    plan_undo_deployment,
)
from k8stui.kube.operations.running import AT_ONCE, Run, State, explain
from k8stui.kube.operations.scaling import plan_scale, wanted_of
from k8stui.kube.operations.storage import plan_default_class, plan_expand, plan_reclaim, size_of

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent.parent / "golden"
ADA = (
    "MIIBEzCBuQIBADAnMRcwFQYDVQQKDA5zeXN0ZW06bWFzdGVyczEMMAoGA1UEAwwD"
    "YWRhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiMZAcYiEdo3J7lITED0+9VzD"
    "aAKs1Wb4Q8AtBWnd35PEKsNxRtY7/zRUxsunSV0h4XRcLEAJ3/DO4VYpbxdbKKAw"
    "MC4GCSqGSIb3DQEJDjEhMB8wHQYDVR0RBBYwFIIMd2ViLnNob3Auc3ZjhwQKAAAH"
    "MAoGCCqGSM49BAMCA0kAMEYCIQD6lc/iaZPUxPUnTneUK8lVf+leHWgQo6+V1h8f"
    "U2cUpgIhAKi55p4ztASl6A2CELFG43itdq8sISF/Id7Yn9f+AQxa"
)
WEB = (
    "MIIBazCB1QIBADAsMQswCQYDVQQGEwJLUjEPMA0GA1UECgwG66y07JWEMQwwCgYD"
    "VQQDDAN3ZWIwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAM/PiZE3bx3iBaZx"
    "/ebaBF6x2jxb35RW3f+oYknMbtnI4UUooqkeMbTLBpFMDxT2lT3sMirOVYACrjdr"
    "L4kVb3qK73nW8Ju3o/d1AHzmvi+0RJgoxGHddz0hnscAo/A8zZI+PZg23YV5lSFB"
    "LjqxUuI2WlXc4R4Y2CEiws90VCoJAgMBAAGgADANBgkqhkiG9w0BAQsFAAOBgQAA"
    "Ppgq8K2TsqtGa9L86qxW1o/OkjyOtCkh1O+nbxpH0XwuvNIpK8t8MQPeJaQjpDXj"
    "YrFuE65vbxO5dtZjgA2+czUbK807oWwweNM+rdZLmhAni0jYH8rufVSS1BxkTgRx"
    "7M4f5KTD58Rt22uH9SmpmEMk28Y6LQhiOmubzGaHug=="
)


def kind(name: str) -> Kind:
    found = BUILTIN.find(name)
    assert found is not None
    return found


PODS, DEPLOYMENTS, NODES = kind("pods"), kind("deployments"), kind("nodes")
CRON = Kind("batch", "v1beta1", "CronJob", "cronjobs", "cronjob")


def ref(of: Kind = PODS, name: str = "web", namespace: str = "shop", uid: str = "u1") -> Ref:
    return Ref(of, name, namespace if of.namespaced else "", uid)


def only(plan: Plan) -> Any:
    """The one request of a plan."""
    ((request,),) = (change.requests for change in plan.changes)
    return request


def encoded(body: str) -> str:
    pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
    return base64.b64encode(pem.encode()).decode()


# Plans


def test_a_deletion_means_the_object_and_not_its_name() -> None:
    request = only(plan_delete([ref()], DeleteOptions("Foreground", 5)))
    assert (request.method, request.path) == ("DELETE", "/api/v1/namespaces/shop/pods/web")
    assert request.body["preconditions"] == {"uid": "u1"}
    assert request.body["propagationPolicy"] == "Foreground"
    assert request.body["gracePeriodSeconds"] == 5
    assert "gracePeriodSeconds" not in only(plan_delete([ref()])).body


def test_force_says_what_it_means_and_namespaces_are_typed() -> None:
    plan = plan_delete([ref()], DeleteOptions(force=True), kill=True)
    assert only(plan).body["gracePeriodSeconds"] == 0
    assert "on running on a node" in plan.warnings[0]
    assert (plan.verb, plan.destroys, plan.confirm) == ("Kill", True, "")
    assert plan_delete([ref(kind("namespaces"), "shop")]).confirm == "shop"


def test_an_eviction_has_the_way_of_old_servers_behind_it() -> None:
    request = only(plan_evict([ref()]))
    assert request.body["apiVersion"] == "policy/v1"
    assert request.other.body["apiVersion"] == "policy/v1beta1"
    assert request.body["deleteOptions"]["preconditions"] == {"uid": "u1"}


def test_scaling_takes_numbers_and_differences() -> None:
    of = ref(DEPLOYMENTS)
    plan = plan_scale({of: {"spec": {"replicas": 3}}}, "+2")
    assert only(plan).path.endswith("/deployments/web/scale")
    assert only(plan).body == {"spec": {"replicas": 5}, "metadata": {"uid": "u1"}}
    with pytest.raises(PlanError, match="Nothing changes"):
        plan_scale({of: {"spec": {}}}, "0")
    for text in ("", "x", "-1", "1.5"):
        with pytest.raises(PlanError):
            wanted_of(text, 0)


def test_nodes_are_cordoned_and_tainted() -> None:
    of = ref(NODES, "n1")
    assert only(plan_cordon([of], on=True)).body == {
        "spec": {"unschedulable": True},
        "metadata": {"uid": "u1"},
    }
    node = {"metadata": {"resourceVersion": "7"}, "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}
    plan = plan_taint({of: node}, "gpu=yes:NoExecute a-")
    assert only(plan).body["spec"]["taints"] == [{"key": "gpu", "effect": "NoExecute", "value": "yes"}]
    assert only(plan).body["metadata"]["resourceVersion"] == "7"
    assert plan.destroys
    assert parse_taints("k:NoSchedule- x/y-")[1] == [("k", "NoSchedule"), ("x/y", "")]
    both = [{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoExecute"}]
    assert taints_after(both, [], [("a", "NoExecute")]) == both[:1]
    for text in ("a", "a=b:Never", "=b:NoSchedule", "a b:NoSchedule"):
        with pytest.raises(PlanError):
            parse_taints(text)


def deployment(**spec: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "web:2", "resources": {"requests": {"cpu": "100m"}}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    return {"metadata": {"annotations": {"note": "x"}}, "spec": {"template": template, **spec}}


def test_images_and_resources_change_their_container_alone() -> None:
    of = ref(DEPLOYMENTS)
    body = only(plan_images(of, deployment(), {"app": "web:3"})).body
    assert body["spec"]["template"]["spec"] == {"containers": [{"name": "app", "image": "web:3"}]}
    values = {("requests", "cpu"): "", ("limits", "memory"): "1Gi"}
    body = only(plan_resources(of, deployment(), "app", values)).body
    (container,) = body["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": None}, "limits": {"memory": "1Gi"}}
    cron = {"spec": {"jobTemplate": {"spec": {"template": deployment()["spec"]["template"]}}}}
    body = only(plan_images(ref(CRON), cron, {"app": "web:3"})).body
    assert "jobTemplate" in body["spec"]
    with pytest.raises(PlanError, match="needs an image"):
        plan_images(of, deployment(), {"app": " "})


def test_a_restart_leaves_paused_deployments_alone() -> None:
    of, paused = ref(DEPLOYMENTS), ref(DEPLOYMENTS, "held", uid="u2")
    plan = plan_restart([of, paused], "2025-01-01T00:00:00Z", frozenset({paused}))
    assert plan.refs == (of,)
    assert "shop/held" in plan.notes[1]
    with pytest.raises(PlanError, match="resume it first"):
        plan_restart([paused], "x", frozenset({paused}))


def test_an_undo_takes_the_template_of_the_revision_without_its_hash() -> None:
    old = deployment()["spec"]["template"]
    old["spec"]["containers"][0]["image"] = "web:1"
    old["metadata"]["labels"]["pod-template-hash"] = "abc"
    source = {
        "metadata": {"annotations": {"deployment.kubernetes.io/revision": "4", "note": "y"}},
        "spec": {"template": old},
    }
    request = only(plan_undo_deployment(ref(DEPLOYMENTS), deployment(), source))
    test, template, annotations = request.body
    assert test == {"op": "test", "path": "/metadata/uid", "value": "u1"}
    assert template["value"]["metadata"]["labels"] == {"app": "web"}
    assert template["value"]["spec"]["containers"][0]["image"] == "web:1"
    assert annotations["value"] == {"note": "y"}
    with pytest.raises(PlanError, match="paused"):
        plan_undo_deployment(ref(DEPLOYMENTS), deployment(paused=True), source)
    same = {**source, "spec": {"template": deployment()["spec"]["template"]}}
    with pytest.raises(PlanError, match="revision 4 already"):
        plan_undo_deployment(ref(DEPLOYMENTS), deployment(), same)


def test_jobs_are_made_from_cron_jobs_and_from_jobs() -> None:
    jobs = kind("jobs")
    cron = {
        "metadata": {"uid": "u9"},
        "spec": {"jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {"spec": {}}}}},
    }
    body = only(plan_trigger({ref(CRON, "nightly"): cron}, jobs, "x1y2z")).body
    assert body["metadata"]["name"] == "nightly-manual-x1y2z"
    assert body["metadata"]["ownerReferences"][0]["apiVersion"] == "batch/v1beta1"
    assert body["metadata"]["annotations"] == {"cronjob.kubernetes.io/instantiate": "manual"}
    labels = {"controller-uid": "1", "job-name": "j", "mine": "yes"}
    job = {
        "metadata": {"labels": labels},
        "spec": {"selector": {}, "template": {"metadata": {"labels": labels}}},
    }
    body = only(plan_rerun({ref(jobs, "j"): job}, "abcde")).body
    assert body["spec"] == {"template": {"metadata": {"labels": {"mine": "yes"}}}}
    assert len(job_name("n" * 80, "abcde")) == 63


def test_labels_are_checked() -> None:
    of = ref()
    plan = plan_metadata({of: {"metadata": {"labels": {"a": "1", "b": "2"}}}}, "labels", "a=3 b- c=")
    assert only(plan).body["metadata"]["labels"] == {"a": "3", "b": None, "c": ""}
    assert parse_changes("note='two words, fine'", "annotations") == {"note": "two words, fine"}
    for text in ("a", "a='x y'", "-a=b", "'a", "A/b=c"):
        with pytest.raises(PlanError):
            parse_changes(text, "labels")


def test_claims_only_grow_and_there_is_one_default_class() -> None:
    claims, classes = (
        kind("pvc"),
        Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False),
    )
    claim = {"spec": {"resources": {"requests": {"storage": "10Gi"}}}, "status": {"phase": "Bound"}}
    request = only(plan_expand(ref(claims), claim, "20Gi", {"allowVolumeExpansion": True}))
    assert request.body["spec"] == {"resources": {"requests": {"storage": "20Gi"}}}
    for size, words, allowed in (
        ("5Gi", "smaller", True),
        ("20Gi", "does not allow", False),
        ("x", "no size", True),
    ):
        with pytest.raises(PlanError, match=words):
            plan_expand(ref(claims), claim, size, {"allowVolumeExpansion": allowed})
    assert size_of("1Gi") == 2**30
    assert size_of("1.5k") == 1500
    fast, slow = ref(classes, "fast"), ref(classes, "slow", uid="u2")
    is_default = "storageclass.kubernetes.io/is-default-class"
    found: dict[Ref, dict[str, Any]] = {
        fast: {"metadata": {}},
        slow: {"metadata": {"annotations": {is_default: "true"}}},
    }
    values = [
        change.requests[0].body["metadata"]["annotations"][is_default]
        for change in plan_default_class(fast, found).changes
    ]
    assert values == ["false", "true"]
    volume = {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}
    assert plan_reclaim({ref(kind("pv")): volume}, "Delete").warnings


def test_a_certificate_request_is_read_before_it_is_approved() -> None:
    ada = decode_request(encoded("\n".join(ADA)))
    assert ada.name == "O=system:masters, CN=ada"
    assert ada.alternatives == ("DNS:web.shop.svc", "IP:10.0.0.7")
    assert ada.key == "ECDSA P-256"
    web = decode_request(encoded("\n".join(WEB)))
    assert web.subject == (("C", "KR"), ("O", "무아"), ("CN", "web"))
    assert "RSA 1024 bit is too short" in web.weak
    csr = {"spec": {"request": encoded("\n".join(ADA)), "signerName": "kubernetes.io/kube-apiserver-client"}}
    told, warnings = facts(csr)
    assert "Subject: O=system:masters, CN=ada" in told
    assert "may do everything" in warnings[0]
    of = ref(Kind("certificates.k8s.io", "v1", "CertificateSigningRequest", "csrs", namespaced=False))
    plan = plan_decision({of: csr}, approve=True, moment="2025-01-01T00:00:00Z")
    assert plan.destroys
    assert only(plan).body["status"]["conditions"][0]["type"] == "Approved"
    with pytest.raises(PlanError, match="decided already"):
        plan_decision({of: {"status": {"conditions": [{"type": "Denied"}]}}}, approve=True, moment="")


@pytest.mark.parametrize(
    "text", ["", "!!", base64.b64encode(b"no pem").decode(), encoded("MAA="), encoded("MIIB")]
)
def test_garbage_is_no_certificate_request(text: str) -> None:
    with pytest.raises(PlanError):
        decode_request(text)


def test_recorded_requests_can_be_read() -> None:
    path = GOLDEN / "lists" / "certificatesigningrequests.certificates.k8s.io.json"
    items = json.loads(path.read_text())["items"]
    assert items
    for item in items:
        told, _ = facts(item)
        assert told[0].startswith("Subject: ")


def test_many_objects_are_told_in_a_few_words() -> None:
    refs = [ref(name=f"web-{n}", namespace=space) for n, space in enumerate(["a", "a", "b"])]
    assert subject(refs) == "3 pods in 2 namespaces"
    assert subject(refs[:2]) == "2 pods in a"
    assert subject(refs[:1]) == "pod a/web-0"


# Carrying out


class Server:
    """Answers requests as a test says, and counts how many are under way."""

    def __init__(self, answer: Callable[[str, str, Any], Any]) -> None:
        self._answer = answer
        self.most = self.now = 0
        self.sent: list[tuple[str, str, Any]] = []

    async def request(self, method: str, path: str, *, body: bytes | None = None, **options: Any) -> Any:
        content = json.loads(body) if body else None
        self.sent.append((method, path, content))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            found = self._answer(method, path, content)
            if isinstance(found, Exception):
                raise found
            body = json.dumps(found or {}).encode()
            return type("Answer", (), {"body": body, "headers": {}, "warnings": ()})()
        finally:
            self.now -= 1


def pods(count: int) -> list[Ref]:
    return [ref(name=f"web-{n}", uid=f"u{n}") for n in range(count)]


async def test_at_most_ten_objects_at_once() -> None:
    server = Server(lambda *_: None)
    run = Run(server, plan_delete(pods(100)))
    await run.run()
    assert run.count(State.DONE) == 100
    assert server.most == AT_ONCE


async def test_what_failed_is_told_and_retried_alone() -> None:
    broken = {"/api/v1/namespaces/shop/pods/web-3"}
    server = Server(lambda _m, path, _b: ConnectionLost("gone away") if path in broken else None)
    run = Run(server, plan_delete(pods(5)))
    await run.run()
    assert [result.change.ref.name for result in run.failed] == ["web-3"]
    assert "gone away" in run.failed[0].text
    broken.clear()
    server.sent.clear()
    await run.retry()
    assert len(server.sent) == 1
    assert run.count(State.DONE) == 5


async def test_stopping_begins_nothing_more_and_knows_what_was_done() -> None:
    run: Run

    def answer(_m: str, path: str, _b: Any) -> None:
        if path.endswith("web-20"):
            run.stop()

    server = Server(answer)
    run = Run(server, plan_delete(pods(100)))
    await run.run()
    done, left = run.count(State.DONE), run.count(State.STOPPED)
    assert done == len(server.sent)
    assert done < 40
    assert done + left == 100
    await run.retry()
    assert run.count(State.DONE) == 100


async def test_what_is_gone_already_is_done_but_an_unknown_kind_is_not() -> None:
    server = Server(lambda *_: ApiError(404, "NotFound", 'pods "web" not found'))
    run = Run(server, plan_delete([ref()]))
    await run.run()
    assert run.results[0].state is State.DONE
    assert run.results[0].text == "was gone already"
    run = Run(server, plan_cordon([ref(NODES, "n")], on=True))
    await run.run()
    assert run.results[0].text == "the node is gone"
    none = Server(lambda *_: ApiError(404, "NotFound", "the server could not find the requested resource"))
    run = Run(none, plan_delete([ref()]))
    await run.run()
    assert run.results[0].state is State.FAILED


async def test_a_busy_server_is_asked_again() -> None:
    answers: list[Any] = [ApiError(429, "TooManyRequests", "slow down", retry_after=0.001), None]
    server = Server(lambda *_: answers.pop(0))
    run = Run(server, plan_cordon([ref(NODES, "n")], on=True))
    await run.run()
    assert run.results[0].state is State.DONE


def refused_by_a_budget() -> ApiError:
    recorded = json.loads((GOLDEN / "exchanges" / "error-429-eviction-pdb.json").read_text())["response"]
    return api_error(recorded["status"], recorded["headers"], json.dumps(recorded["body"]).encode())


async def test_what_a_budget_holds_is_asked_for_again_and_keeps_nothing_else_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "HELD_PAUSE", 0.01)
    held = {ref.name: 2 for ref in pods(AT_ONCE)}
    order = []

    def answer(_method: str, path: str, _body: Any) -> Any:
        name = path.split("/")[-2]
        order.append(name)
        held[name] = held.get(name, 0) - 1
        return refused_by_a_budget() if held[name] >= 0 else None

    run = Run(Server(answer), plan_evict(pods(AT_ONCE + 1)))
    await run.run()
    assert run.count(State.DONE) == AT_ONCE + 1
    assert order.index(f"web-{AT_ONCE}") == AT_ONCE, "after the first refusals, not after the last"
    assert len(order) == 3 * AT_ONCE + 1
    assert not any(result.text for result in run.results), "a refusal that is over is not told"


async def test_a_run_that_a_budget_holds_ends_at_once_when_it_is_stopped() -> None:
    server = Server(lambda *_: refused_by_a_budget())
    run = Run(server, plan_evict([ref()]))
    working = asyncio.create_task(run.run())
    while not run.again_in:
        await asyncio.sleep(0)
    (result,) = run.results
    assert not run.finished
    assert result.state is State.HELD
    assert "The disruption budget cart needs 4 healthy pods" in result.text
    run.stop()
    async with asyncio.timeout(1):
        await working
    assert len(server.sent) == 1
    assert result.state is State.FAILED
    assert "a PodDisruptionBudget keeps it" in result.text
    assert "delete it instead" in result.text


async def test_an_old_server_gets_the_older_eviction() -> None:
    def answer(_m: str, _p: str, body: Any) -> Any:
        if body["apiVersion"] == "policy/v1":
            return ApiError(400, "BadRequest", 'no kind "Eviction" is registered for version "policy/v1"')
        return None

    server = Server(answer)
    run = Run(server, plan_evict([ref()]))
    await run.run()
    assert run.results[0].state is State.DONE
    assert [body["apiVersion"] for _, _, body in server.sent] == ["policy/v1", "policy/v1beta1"]


def test_another_object_of_that_name_is_told_from_the_one_that_was_meant() -> None:
    said = "Operation cannot be fulfilled: Precondition failed: UID in precondition: a, UID in object meta: b"
    assert "another one has its name now" in explain(ApiError(409, "Conflict", said), ref())
    details = StatusDetails(causes=())
    assert "changed meanwhile" in explain(
        ApiError(409, "Conflict", "please apply your changes to the latest version", details=details), ref()
    )


async def test_what_is_read_must_be_what_was_meant() -> None:
    server = Server(lambda _m, path, _b: {"metadata": {"uid": "u0" if path.endswith("0") else "other"}})
    found = await read_all(server, pods(2))
    assert [each.name for each in found.objects] == ["web-0"]
    assert "another one has its name now" in next(iter(found.problems.values()))
