"""Unmodified kubectl against the simulated cluster: the rules that a real API server holds its users to."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.kubectl import Kubectl, kubectls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Target

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
"""


@pytest.fixture(scope="module", params=kubectls())
def kubectl(request: pytest.FixtureRequest, simulated: Target) -> Iterator[Kubectl]:
    """A kubectl with a namespace of its own."""
    namespace = f"rules-{secrets.token_hex(3)}"
    tool = Kubectl(request.param, simulated.kubeconfig, namespace)
    tool("create", "namespace", namespace)
    yield tool
    tool("delete", "namespace", namespace, "--wait=false")


@pytest.fixture(scope="module")
def newest(simulated: Target) -> Iterator[Kubectl]:
    """The newest kubectl, for what does not depend on the client."""
    program = str(Path(sys.executable).with_name("kubectl"))
    tool = Kubectl(program, simulated.kubeconfig, f"rules-{secrets.token_hex(3)}")
    tool("create", "namespace", tool.namespace)
    yield tool
    tool("delete", "namespace", tool.namespace, "--wait=false")


@pytest.fixture
def web(kubectl: Kubectl) -> Iterator[None]:
    """A deployment, made by server-side apply of the manager `team`."""
    kubectl("apply", "--server-side", "--field-manager=team", "-f", "-", text=WEB)
    yield
    kubectl("delete", "deployment", "web", "--ignore-not-found", "--wait=false")


def read(kubectl: Kubectl, *what: str) -> Any:
    return json.loads(kubectl("get", *what, "-o", "json"))


@pytest.mark.usefixtures("web")
class TestDryRuns:
    WORDS = (
        "scale deployment web --replicas=7",
        "set image deployment/web app=nginx:9",
        "label deployment web a=b",
        'patch deployment web -p {"spec":{"paused":true}}',
        "autoscale deployment web --max=3",
        "expose deployment web --port=80",
        "create configmap settings --from-literal=a=1",
        "run one --image=busybox:1.36",
        "delete deployment web",
    )

    def test_nothing_is_stored(self, kubectl: Kubectl) -> None:
        kinds = "deployments,configmaps,hpa,services"
        kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")
        before = read(kubectl, kinds)["items"]
        for words in self.WORDS:
            kubectl(*words.split(), "--dry-run=server")
        assert read(kubectl, kinds)["items"] == before
        assert "NotFound" in kubectl.fails("get", "pod", "one")

    def test_defaults_are_shown(self, kubectl: Kubectl) -> None:
        text = WEB.replace("name: web", "name: other", 1)
        shown = json.loads(kubectl("apply", "--dry-run=server", "-o", "json", "-f", "-", text=text))
        assert shown["spec"]["strategy"]["type"] == "RollingUpdate"
        assert shown["metadata"]["uid"]


@pytest.mark.usefixtures("web")
class TestFields:
    def test_unknown_ones_are_refused_when_strict(self, kubectl: Kubectl) -> None:
        wrong = WEB.replace("replicas: 2", "replicaz: 2")
        said = kubectl.fails(
            "create", "--validate=strict", "-f", "-", text=wrong.replace("name: web", "name: x", 1)
        )
        assert 'strict decoding error: unknown field "spec.replicaz"' in said
        done = kubectl.run("patch", "deployment", "web", "-p", '{"spec":{"replicaz":2}}')
        assert 'Warning: unknown field "spec.replicaz"' in done.stderr

    def test_warnings_of_what_is_suspicious(self, kubectl: Kubectl) -> None:
        spec = {"template": {"spec": {"nodeSelector": {"beta.kubernetes.io/os": "linux"}}}}
        done = kubectl.run("patch", "deployment", "web", "-p", json.dumps({"spec": spec}))
        assert 'deprecated since v1.14; use "kubernetes.io/os" instead' in done.stderr
        done = kubectl.run("get", "endpoints")
        assert "Warning: v1 Endpoints is deprecated in v1.33+" in done.stderr

    def test_an_applied_field_of_somebody_else_is_a_conflict(self, kubectl: Kubectl) -> None:
        text = WEB.replace("replicas: 2", "replicas: 5")
        arguments = ("apply", "--server-side", "--field-manager=other", "-f", "-")
        said = kubectl.fails(*arguments, text=text)
        assert 'Apply failed with 1 conflict: conflict with "team": .spec.replicas' in said
        kubectl(*arguments, "--force-conflicts", text=text)
        fields = read(kubectl, "deployment", "web", "--show-managed-fields")["metadata"]["managedFields"]
        owners = [entry["manager"] for entry in fields if "f:replicas" in entry["fieldsV1"].get("f:spec", {})]
        assert owners == ["other"]

    def test_directives_of_strategic_patches(self, kubectl: Kubectl) -> None:
        side = {"name": "side", "image": "busybox:1.36"}
        changes: list[Any] = [
            {"containers": [side], "$setElementOrder/containers": [{"name": "side"}, {"name": "app"}]},
            {"containers": [{"name": "app", "$patch": "delete"}]},
            {"containers": [{"$patch": "replace"}, {"name": "only", "image": "nginx:1.27"}]},
        ]
        names = []
        for change in changes:
            body = {"spec": {"template": {"spec": change}}}
            kubectl("patch", "deployment", "web", "-p", json.dumps(body))
            spec = read(kubectl, "deployment", "web")["spec"]["template"]["spec"]
            names.append([item["name"] for item in spec["containers"]])
        assert names == [["side", "app"], ["side"], ["only"]]
        kubectl(
            "patch", "deployment", "web", "-p", '{"metadata":{"finalizers":["a.example/x","a.example/y"]}}'
        )
        gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.example/x"]}}
        kubectl("patch", "deployment", "web", "-p", json.dumps(gone))
        assert read(kubectl, "deployment", "web")["metadata"]["finalizers"] == ["a.example/y"]
        kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')

    def test_json_patches_test_before_they_change(self, kubectl: Kubectl) -> None:
        steps = [
            {"op": "test", "path": "/spec/replicas", "value": 3},
            {"op": "replace", "path": "/spec/replicas", "value": 4},
        ]
        patch = ("patch", "deployment", "web", "--type=json", "-p")
        assert "the server rejected our request" in kubectl.fails(*patch, json.dumps(steps)).lower()
        steps[0]["value"] = 2
        kubectl(*patch, json.dumps(steps))
        assert read(kubectl, "deployment", "web")["spec"]["replicas"] == 4

    def test_a_change_of_an_older_version_is_a_conflict(self, kubectl: Kubectl) -> None:
        old = kubectl("get", "deployment", "web", "-o", "json")
        kubectl("annotate", "deployment", "web", f"at={secrets.token_hex(3)}")
        assert "the object has been modified" in kubectl.fails("replace", "-f", "-", text=old)

    def test_status_and_spec_keep_apart(self, kubectl: Kubectl) -> None:
        change = json.dumps({"spec": {"replicas": 9}, "status": {"collisionCount": 3}})
        kubectl("patch", "deployment", "web", "--subresource=status", "--type=merge", "-p", change)
        found = read(kubectl, "deployment", "web")
        assert (found["spec"]["replicas"], found["status"]["collisionCount"]) == (2, 3)


class TestCustomKinds:
    def _crd(self, group: str) -> str:
        spec: dict[str, Any] = {
            "type": "object",
            "required": ["harbour"],
            "properties": {
                "sails": {"type": "integer", "maximum": 9, "default": 3},
                "harbour": {"type": "string", "enum": ["busan", "incheon"]},
            },
            "x-kubernetes-validations": [
                {"rule": "self.harbour != 'incheon' || self.sails > 1", "message": "incheon is windy"}
            ],
        }
        status = {"type": "object", "properties": {"sails": {"type": "integer"}}}
        columns = [
            {"name": "Sails", "type": "integer", "jsonPath": ".spec.sails"},
            {"name": "Harbour", "type": "string", "jsonPath": ".spec.harbour", "priority": 1},
        ]
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
            "additionalPrinterColumns": columns,
            "subresources": {
                "status": {},
                "scale": {"specReplicasPath": ".spec.sails", "statusReplicasPath": ".status.sails"},
            },
        }
        names = {"plural": "boats", "kind": "Boat", "shortNames": ["bo"]}
        body = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
        kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
        return json.dumps({**kind, "metadata": {"name": f"boats.{group}"}, "spec": body})

    def test_one_that_comes_while_the_server_runs(self, kubectl: Kubectl) -> None:
        group = f"k{secrets.token_hex(2)}.example"
        kind = f"boats.{group}"
        kubectl("apply", "-f", "-", text=self._crd(group))
        boat = f"apiVersion: {group}/v1\nkind: Boat\nmetadata: {{name: ara}}\nspec: {{harbour: busan}}\n"
        kubectl("apply", "-f", "-", text=boat)
        assert kubectl("get", kind, "--no-headers").split() == ["ara", "3"]
        assert kubectl("get", kind, "-o", "wide", "--no-headers").split() == ["ara", "3", "busan"]
        kubectl("scale", kind, "ara", "--replicas=5")
        assert read(kubectl, kind, "ara")["spec"]["sails"] == 5
        assert "should be less than or equal to 9" in kubectl.fails("scale", kind, "ara", "--replicas=10")
        patch = ("patch", kind, "ara", "--type=merge", "-p")
        said = kubectl.fails(*patch, '{"spec":{"sails":"many"}}')
        assert 'spec.sails in body must be of type integer: "string"' in said
        said = kubectl.fails(*patch, '{"spec":{"harbour":"incheon","sails":1}}')
        assert 'spec: Invalid value: "object": incheon is windy' in said
        kubectl("patch", kind, "ara", "--subresource=status", "--type=merge", "-p", '{"status":{"sails":2}}')
        assert read(kubectl, kind, "ara")["status"] == {"sails": 2}
        assert "strict decoding error" in kubectl.fails(
            "apply", "-f", "-", text=boat.replace("}\n", ", x: 1}\n")
        )
        assert "harbour" in kubectl("explain", "boats.spec.harbour", f"--api-version={group}/v1")
        kubectl("delete", "crd", kind)


class TestRevisions:
    SETS = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: app, image: "postgres:16"}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: app, image: "nginx:1.26"}]}}
"""

    def test_daemonsets_and_statefulsets_remember_and_go_back(self, kubectl: Kubectl) -> None:
        kubectl("create", "-f", "-", text=self.SETS)
        for name, image in (("statefulset/db", "postgres:16"), ("daemonset/agent", "nginx:1.26")):
            kubectl("wait", "--for=jsonpath={.status.observedGeneration}=1", name, "--timeout=20s")
            kubectl("set", "image", name, "app=busybox:1.36")
            kubectl("wait", "--for=jsonpath={.status.observedGeneration}=2", name, "--timeout=20s")
            history = kubectl("rollout", "history", name).split("CHANGE-CAUSE")[1].split()
            assert history[::2] == ["1", "2"]
            assert image in kubectl("rollout", "history", name, "--revision=1")
            kubectl("rollout", "undo", name)
            assert image in json.dumps(read(kubectl, name)["spec"])
        assert len(kubectl("get", "controllerrevisions", "-o", "name").split()) == 4
        kubectl("scale", "statefulset/db", "--replicas=0")
        kubectl("delete", "statefulset/db", "daemonset/agent", "--wait=false")


class TestLives:
    def test_a_finalizer_holds_an_object_back(self, newest: Kubectl) -> None:
        newest("create", "configmap", "held")
        patch = ("patch", "configmap", "held", "--type=merge", "-p")
        newest(*patch, '{"metadata":{"finalizers":["example.com/keep"]}}')
        newest("delete", "configmap", "held", "--wait=false")
        assert read(newest, "configmap", "held")["metadata"]["deletionTimestamp"]
        said = newest.fails(*patch, '{"metadata":{"finalizers":["example.com/keep","example.com/new"]}}')
        assert "no new finalizers can be added if the object is being deleted" in said
        newest(*patch, '{"metadata":{"finalizers":null}}')
        assert "NotFound" in newest.fails("get", "configmap", "held")

    def test_a_cron_job_is_triggered_by_hand(self, newest: Kubectl) -> None:
        newest(
            "create", "cronjob", "nightly", "--image=busybox:1.36", "--schedule=0 3 * * *", "--", "echo", "hi"
        )
        newest("create", "job", "now", "--from=cronjob/nightly")
        meta = read(newest, "job", "now")["metadata"]
        assert meta["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
        assert meta["ownerReferences"][0]["kind"] == "CronJob"
        newest("wait", "--for=condition=Complete", "job/now", "--timeout=30s")
        newest("delete", "cronjob", "nightly")

    def test_a_collection_goes_by_selector(self, newest: Kubectl) -> None:
        for name in ("one", "two", "three"):
            newest("create", "configmap", name)
        newest("label", "configmap", "one", "two", "batch=yes")
        newest("delete", "configmap", "-l", "batch=yes")
        names = newest("get", "configmaps", "-o", "name").split()
        assert "configmap/three" in names
        assert not {"configmap/one", "configmap/two"} & set(names)

    def test_a_claim_grows_with_the_pod_that_uses_it(self, newest: Kubectl) -> None:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data"},
            "spec": spec,
        }
        volume = {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}
        mounts = [{"name": "d", "mountPath": "/data"}]
        item = {"name": "app", "image": "nginx:1.27", "volumeMounts": mounts}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user"}}
        pod |= {"spec": {"volumes": [volume], "containers": [item]}}
        items = {"apiVersion": "v1", "kind": "List", "items": [claim, pod]}
        newest("create", "-f", "-", text=json.dumps(items))
        assert read(newest, "pvc", "data")["spec"]["storageClassName"] == "moa-ssd"
        newest("wait", "--for=condition=Ready", "pod/user", "--timeout=30s")
        newest("patch", "pvc", "data", "-p", '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}')
        newest("wait", "--for=jsonpath={.status.capacity.storage}=2Gi", "pvc/data", "--timeout=30s")
        reasons = newest("get", "events", "-o", "jsonpath={.items[*].reason}").split()
        assert {"Resizing", "FileSystemResizeRequired", "FileSystemResizeSuccessful"} <= set(reasons)
        said = newest.fails(
            "patch", "pvc", "data", "-p", '{"spec":{"resources":{"requests":{"storage":"1Gi"}}}}'
        )
        assert "field can not be less than status.capacity" in said
        newest("delete", "pod/user", "pvc/data", "--now", "--wait=false")

    def test_an_autoscaler_keeps_its_minimum(self, newest: Kubectl) -> None:
        newest("create", "deployment", "busy", "--image=nginx:1.27")
        newest("set", "resources", "deployment", "busy", "--requests=cpu=50m")
        newest("autoscale", "deployment", "busy", "--min=2", "--max=3")
        newest("wait", "--for=jsonpath={.spec.replicas}=2", "deployment/busy", "--timeout=40s")
        newest("delete", "deployment/busy", "hpa/busy", "--wait=false")

    def test_a_certificate_is_asked_for_and_approved(self, newest: Kubectl) -> None:
        name = f"jane-{secrets.token_hex(3)}"
        spec = {"request": "LS0t", "signerName": "example.com/own", "usages": ["client auth"]}
        kind = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest"}
        newest("create", "-f", "-", text=json.dumps({**kind, "metadata": {"name": name}, "spec": spec}))
        assert newest("get", "csr", name, "--no-headers").split()[3:] == ["demo-admin", "<none>", "Pending"]
        newest("certificate", "approve", name)
        assert "Approved" in newest("get", "csr", name)
        newest("delete", "csr", name)

    def test_a_node_is_given_more_of_something(self, newest: Kubectl) -> None:
        node = newest("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
        step = [{"op": "add", "path": "/status/capacity/example.com~1dongle", "value": "4"}]
        patch = ("patch", "node", node, "--subresource=status", "--type=json", "-p")
        newest(*patch, json.dumps(step))
        path = r"jsonpath={.status.allocatable.example\.com/dongle}=4"
        newest("wait", f"--for={path}", f"node/{node}", "--timeout=20s")
        newest(*patch, json.dumps([{"op": "remove", "path": "/status/capacity/example.com~1dongle"}]))


def test_kubelets_are_reached_through_the_server(newest: Kubectl) -> None:
    node = newest("get", "nodes", "-o", "jsonpath={.items[1].metadata.name}")
    proxy = f"/api/v1/nodes/{node}/proxy"
    summary = json.loads(newest("get", "--raw", f"{proxy}/stats/summary"))
    assert summary["node"]["nodeName"] == node
    assert "<pre>" in newest("get", "--raw", f"{proxy}/logs/")
    assert "kubelet" in newest("get", "--raw", f"{proxy}/logs/?query=kubelet&tailLines=3")
    assert "kubeletconfig" in json.loads(newest("get", "--raw", f"{proxy}/configz"))


class TestAdmission:
    def test_a_quota(self, newest: Kubectl) -> None:
        newest("create", "quota", "tight", "--hard=count/secrets=0")
        said = newest.fails("create", "secret", "generic", "more")
        assert "exceeded quota: tight, requested: count/secrets=1, used: count/secrets=0" in said
        newest("delete", "quota", "tight")

    @pytest.mark.parametrize("image", ["nginx", "nginx:latest"])
    def test_a_policy_of_the_cluster(self, newest: Kubectl, image: str) -> None:
        said = newest.fails("run", "careless", f"--image={image}", "-n", "guarded")
        assert (
            "ValidatingAdmissionPolicy 'images-are-pinned' with binding 'images-are-pinned' denied request:"
            f" images need a tag other than latest: {image}"
        ) in said
        said = newest.fails("create", "deployment", "careless", f"--image={image}", "-n", "guarded")
        assert "denied request" in said
        newest("run", "careful", "--image=nginx:1.27", "-n", "guarded", "--dry-run=server")

    def test_a_namespace_that_is_going(self, newest: Kubectl) -> None:
        name = f"going-{secrets.token_hex(3)}"
        newest("create", "namespace", name)
        newest("create", "configmap", "held", "-n", name)
        patch = '{"metadata":{"finalizers":["example.com/keep"]}}'
        newest("patch", "configmap", "held", "-n", name, "--type=merge", "-p", patch)
        newest("delete", "namespace", name, "--wait=false")
        said = newest.fails("create", "configmap", "late", "-n", name)
        assert f"unable to create new content in namespace {name} because it is being terminated" in said
        path = "jsonpath={.status.conditions[?(@.type=='NamespaceFinalizersRemaining')].status}=True"
        newest("wait", f"--for={path}", f"namespace/{name}", "--timeout=20s")
        patch = '{"metadata":{"finalizers":null}}'
        newest("patch", "configmap", "held", "-n", name, "--type=merge", "-p", patch)
        newest("wait", "--for=delete", f"namespace/{name}", "--timeout=30s")
