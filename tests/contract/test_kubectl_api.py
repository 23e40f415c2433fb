"""Unmodified kubectl against the simulated cluster: the verbs that read and write objects."""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.contract.kubectl import Kubectl, kubectls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.conftest import Target

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: "nginx:1.25", ports: [{containerPort: 80}]}
"""


DESCRIBED = (
    *(
        "pods",
        "nodes",
        "deployments",
        "services",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "ingresses",
    ),
    *("replicasets", "configmaps", "secrets", "pvc", "pv", "hpa", "pdb", "quota", "namespaces", "crds"),
    *("networkpolicies", "serviceaccounts", "storageclasses", "roles", "rolebindings", "endpointslices"),
)


@pytest.fixture(scope="module", params=kubectls())
def kubectl(request: pytest.FixtureRequest, simulated: Target) -> Iterator[Kubectl]:
    """A kubectl with a namespace of its own."""
    namespace = f"kubectl-{secrets.token_hex(3)}"
    tool = Kubectl(request.param, simulated.kubeconfig, namespace)
    tool("create", "namespace", namespace)
    yield tool
    tool("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def web(kubectl: Kubectl, tmp_path: Path) -> Iterator[Path]:
    """The file of a deployment that has been applied."""
    file = tmp_path / "web.yaml"
    file.write_text(WEB, "utf-8")
    kubectl("apply", "-f", str(file))
    yield file
    kubectl("delete", "deployment", "web", "--ignore-not-found", "--wait=false")


def spec_of(kubectl: Kubectl, name: str = "deployment/web") -> dict[str, object]:
    found: dict[str, object] = json.loads(kubectl("get", name, "-o", "json"))["spec"]
    return found


class TestLooking:
    def test_version(self, kubectl: Kubectl) -> None:
        versions = json.loads(kubectl("version", "-o", "json"))
        assert versions["serverVersion"]["gitVersion"].startswith("v1.34")

    def test_api_resources(self, kubectl: Kubectl) -> None:
        names = kubectl("api-resources", "-o", "name").split()
        assert {"pods", "deployments.apps", "events.events.k8s.io", "nodes.metrics.k8s.io"} <= set(names)
        assert "deploy" in kubectl("api-resources", "--api-group=apps")

    def test_every_kind_can_be_listed(self, kubectl: Kubectl) -> None:
        names = kubectl("api-resources", "--verbs=list", "-o", "name").split()
        assert len(names) > 50
        done = kubectl.run("get", ",".join(names), "-A", "--ignore-not-found")
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(
        "field",
        ["pods", "pod.spec.containers.resources", "deployment.spec.strategy", "cronjob.spec", "crd.spec"],
    )
    def test_explain(self, kubectl: Kubectl, field: str) -> None:
        assert "DESCRIPTION:" in kubectl("explain", field)

    def test_explain_recursive(self, kubectl: Kubectl) -> None:
        assert "readinessProbe" in kubectl("explain", "deployment", "--recursive")

    def test_tables_and_their_options(self, kubectl: Kubectl) -> None:
        assert kubectl("get", "pods", "-A").startswith("NAMESPACE")
        assert "NOMINATED NODE" in kubectl("get", "pods", "-A", "-o", "wide")
        assert "LABELS" in kubectl("get", "nodes", "--show-labels")

        def names(*options: str) -> set[str]:
            lines = kubectl("get", "pods", "-A", "--no-headers", *options).splitlines()
            return {line.split()[1] for line in lines}

        before, pages, after = names(), names("--chunk-size=7"), names()
        assert before & after <= pages <= before | after, "pods of jobs come and go meanwhile"

    def test_selectors(self, kubectl: Kubectl) -> None:
        running = kubectl("get", "pods", "-A", "--no-headers", "--field-selector=status.phase=Running")
        assert running
        label = json.loads(kubectl("get", "pods", "-n", "kube-system", "-o", "json"))["items"][0]["metadata"][
            "labels"
        ]
        key, value = next(iter(label.items()))
        assert kubectl("get", "pods", "-A", "-l", f"{key}={value}", "--no-headers")

    def test_yaml_and_jsonpath(self, kubectl: Kubectl) -> None:
        assert "kind: List" in kubectl("get", "nodes", "-o", "yaml")
        assert kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
        assert kubectl("get", "nodes", "-o", "custom-columns=N:.metadata.name").startswith("N")

    def test_watching(self, kubectl: Kubectl) -> None:
        command = [kubectl.program, "-n", kubectl.namespace, "get", "configmaps", "-w", "--no-headers"]
        environment = {"KUBECONFIG": str(kubectl.kubeconfig), "HOME": str(kubectl.kubeconfig.parent)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as watching:
            guard = threading.Timer(30, watching.kill)
            guard.start()
            try:
                kubectl("create", "configmap", "seen", "--from-literal=a=b")
                assert watching.stdout is not None
                assert any(line.startswith("seen ") for line in watching.stdout)
            finally:
                guard.cancel()
                watching.kill()
        kubectl("delete", "configmap", "seen")

    @pytest.mark.parametrize("kind", DESCRIBED)
    def test_describe(self, kubectl: Kubectl, kind: str) -> None:
        found = json.loads(kubectl("get", kind, "-A", "-o", "json"))["items"]
        if not found:
            pytest.skip(f"no {kind} in this world")
        metadata = found[0]["metadata"]
        text = kubectl("describe", kind, metadata["name"], "-n", metadata.get("namespace", "default"))
        assert text.startswith("Name:")
        assert metadata["name"] in text

    def test_a_described_pod_has_its_events(self, kubectl: Kubectl) -> None:
        events = json.loads(kubectl("get", "events", "-A", "-o", "json"))["items"]
        about = next(e["involvedObject"] for e in events if e["involvedObject"]["kind"] == "Pod")
        text = kubectl.run("describe", "pod", about["name"], "-n", about["namespace"]).stdout
        if text:  # it may have gone since
            assert "Events:" in text

    def test_events_and_top(self, kubectl: Kubectl) -> None:
        assert kubectl("events", "-A").startswith("NAMESPACE")
        assert kubectl("get", "events", "-A").startswith("NAMESPACE")
        assert "CPU(cores)" in kubectl("top", "nodes")
        assert "MEMORY(bytes)" in kubectl("top", "pods", "-A")


class TestRights:
    def test_can_i(self, kubectl: Kubectl) -> None:
        assert kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
        assert "*.*" in kubectl("auth", "can-i", "--list")

    def test_the_limited_context(self, kubectl: Kubectl) -> None:
        limited = Kubectl(kubectl.program, kubectl.kubeconfig, "shop", "demo-limited")
        assert limited.run("auth", "can-i", "delete", "pods").stdout.strip() == "no"
        assert "pods" in limited("auth", "can-i", "--list")
        assert limited("get", "pods")
        assert 'User "viewer" cannot list resource "nodes"' in limited.fails("get", "nodes")

    def test_whoami(self, kubectl: Kubectl) -> None:
        assert "demo-admin" in kubectl("auth", "whoami")


class TestMaking:
    @pytest.mark.parametrize(
        "what",
        [
            "deployment made --image=nginx --replicas=0",
            "configmap made --from-literal=a=b",
            "secret generic made --from-literal=a=b",
            "serviceaccount made",
            "job made --image=busybox",
            "cronjob made --image=busybox --schedule=@hourly",
            "role made --verb=get --resource=pods",
            "rolebinding made --role=x --user=bob",
            "quota made --hard=pods=5",
            "poddisruptionbudget made --selector=app=x --min-available=1",
            "ingress made --rule=foo.example/bar=svc:80",
            "service clusterip made --tcp=80:80",
            "service nodeport made-port --tcp=80:80",
        ],
    )
    def test_create(self, kubectl: Kubectl, what: str) -> None:
        arguments = what.split()
        assert "created" in kubectl("create", *arguments, "--dry-run=server")
        assert "created" in kubectl("create", *arguments)
        name = next(word for word in arguments if word.startswith("made"))
        kind = arguments[0]
        assert name in kubectl("get", kind, name)
        assert "already exists" in kubectl.fails("create", *arguments)
        assert "deleted" in kubectl("delete", kind, name, "--wait=false")

    def test_create_strict(self, kubectl: Kubectl) -> None:
        wrong = WEB.replace("replicas", "replcas")
        assert 'unknown field "spec.replcas"' in kubectl.fails("create", "-f", "-", text=wrong)
        assert "created" in kubectl("create", "--validate=ignore", "-f", "-", text=wrong)
        kubectl("delete", "deployment", "web")

    def test_token(self, kubectl: Kubectl) -> None:
        kubectl("create", "serviceaccount", "robot")
        assert kubectl("create", "token", "robot").count(".") == 2

    def test_run_and_expose(self, kubectl: Kubectl) -> None:
        kubectl("run", "one", "--image=busybox:1", "--labels=app=one", "--", "sleep", "1000")
        assert "service/one exposed" in kubectl("expose", "pod", "one", "--port=80")
        kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=60s")
        kubectl("delete", "pod/one", "service/one", "--now")

    def test_custom_kinds(self, kubectl: Kubectl) -> None:
        name = f"things.k{secrets.token_hex(2)}.example"
        group = name.partition(".")[2]
        crd = f"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {name}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: things, kind: Thing, singular: thing}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {{type: object, properties: {{size: {{type: integer, minimum: 1, description: How big.}}}}}}
    additionalPrinterColumns: [{{name: Size, type: integer, jsonPath: .spec.size}}]
"""
        thing = f"apiVersion: {group}/v1\nkind: Thing\nmetadata: {{name: t}}\nspec: {{size: 3}}\n"
        kubectl("apply", "-f", "-", text=crd)
        kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=10s")
        kubectl("apply", "-f", "-", text=thing)
        assert kubectl("get", name, "--no-headers").split() == ["t", "3"]
        assert "How big." in kubectl("explain", "things.spec.size", f"--api-version={group}/v1")
        error = kubectl.fails("apply", "-f", "-", text=thing.replace("size: 3", "size: 0"))
        assert "greater than or equal to 1" in error
        kubectl("patch", name, "t", "--type=merge", "-p", '{"spec":{"size":5}}')
        kubectl("delete", "crd", name)
        assert "the server doesn't have a resource type" in kubectl.fails("get", name)


class TestChanging:
    def test_apply_and_diff(self, kubectl: Kubectl, web: Path) -> None:
        assert "unchanged" in kubectl("apply", "-f", str(web))
        assert kubectl.run("diff", "-f", str(web)).returncode == 0
        web.write_text(WEB.replace("1.25", "1.26"), "utf-8")
        done = kubectl.run("diff", "-f", str(web))
        assert done.returncode == 1
        assert "+      - image: nginx:1.26" in done.stdout
        assert "configured" in kubectl("apply", "-f", str(web))
        web.write_text(WEB.replace("  labels: {app: web}\n", "", 1), "utf-8")
        kubectl("apply", "-f", str(web))
        assert kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.labels}") == ""

    def test_apply_on_the_server(self, kubectl: Kubectl, web: Path) -> None:
        text = WEB.replace("name: web\n", "name: ssa\n", 1)
        kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", text=text)
        other = text.replace("replicas: 2", "replicas: 3")
        error = kubectl.fails("apply", "--server-side", "--field-manager=two", "-f", "-", text=other)
        assert 'conflict with "one": .spec.replicas' in error
        kubectl("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", text=other)
        assert spec_of(kubectl, "deployment/ssa")["replicas"] == 3
        kubectl("delete", "deployment", "ssa", "--wait=false")

    def test_edit(self, kubectl: Kubectl, web: Path) -> None:
        assert "edited" in kubectl("edit", "deployment", "web", EDITOR="sed -i s/nginx:1.25/httpd:2/")
        assert "httpd:2" in json.dumps(spec_of(kubectl))

    def test_patches(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("patch", "deployment", "web", "-p", '{"spec":{"minReadySeconds":1}}')
        kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"replicas":3}}')
        kubectl(
            "patch",
            "deployment",
            "web",
            "--type=json",
            "-p",
            '[{"op":"replace","path":"/spec/replicas","value":4}]',
        )
        assert spec_of(kubectl)["replicas"] == 4
        kubectl(
            "patch",
            "deployment",
            "web",
            "--subresource=scale",
            "--type=merge",
            "-p",
            '{"spec":{"replicas":1}}',
        )
        spec = spec_of(kubectl)
        assert (spec["replicas"], spec["minReadySeconds"]) == (1, 1)

    def test_replace(self, kubectl: Kubectl, web: Path) -> None:
        assert "replaced" in kubectl("replace", "-f", str(web))

    def test_label_and_annotate(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("label", "deployment", "web", "tier=front")
        assert "web" in kubectl("get", "deployments", "-l", "tier=front")
        kubectl("label", "deployment", "web", "tier-")
        kubectl("annotate", "deployment", "web", "note=안녕")
        assert "안녕" in kubectl("get", "deployment", "web", "-o", "yaml")

    def test_scale_and_set(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("scale", "deployment", "web", "--replicas=3", "--current-replicas=2")
        kubectl("set", "image", "deployment/web", "app=nginx:1.27")
        kubectl("set", "env", "deployment/web", "A=B")
        kubectl("set", "resources", "deployment/web", "--limits=cpu=200m,memory=64Mi")
        text = json.dumps(spec_of(kubectl))
        assert all(word in text for word in ('"replicas": 3', "nginx:1.27", '"200m"', '"B"'))

    def test_autoscale(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("autoscale", "deployment", "web", "--min=1", "--max=3", "--cpu-percent=50")
        assert "Deployment/web" in kubectl("get", "hpa", "web")
        kubectl("delete", "hpa", "web")

    def test_rollout(self, kubectl: Kubectl, web: Path) -> None:
        assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        kubectl("set", "image", "deployment/web", "app=nginx:1.27")
        kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        assert len(kubectl("rollout", "history", "deployment/web").strip().splitlines()) == 4
        kubectl("rollout", "undo", "deployment/web")
        kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        assert "nginx:1.25" in json.dumps(spec_of(kubectl))
        kubectl("rollout", "restart", "deployment/web")
        kubectl("rollout", "pause", "deployment/web")
        assert "paused" in kubectl.fails("rollout", "restart", "deployment/web")
        kubectl("rollout", "resume", "deployment/web")

    def test_wait(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=60s")
        kubectl("wait", "--for=jsonpath={.spec.replicas}=2", "deployment/web", "--timeout=5s")
        kubectl("delete", "deployment", "web", "--wait=false")
        kubectl("wait", "--for=delete", "deployment/web", "--timeout=60s")


class TestNodes:
    def test_cordon_taint_drain(self, kubectl: Kubectl) -> None:
        nodes = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
        name = next(
            node["metadata"]["name"]
            for node in reversed(nodes)
            if not node["spec"].get("taints") and not node["spec"].get("unschedulable")
        )
        kubectl("taint", "node", name, "test=x:NoSchedule")
        kubectl("taint", "node", name, "test-")
        assert "cordoned" in kubectl("cordon", name)
        assert "SchedulingDisabled" in kubectl("get", "node", name)
        arguments = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=2s")
        done = kubectl.run("drain", name, *arguments)
        assert "evicting pod" in done.stderr + done.stdout or done.returncode == 0
        assert "uncordoned" in kubectl("uncordon", name)

    def test_a_budget_holds_an_eviction_back(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        kubectl("create", "pdb", "web", "--selector=app=web", "--min-available=2")
        kubectl("wait", "--for=jsonpath={.status.currentHealthy}=2", "pdb/web", "--timeout=30s")
        pods = json.loads(kubectl("get", "pods", "-l", "app=web", "-o", "json"))["items"]
        metas = [pod["metadata"] for pod in pods]
        # those of the test before may still be going, and what goes may be evicted
        pod = next(meta["name"] for meta in metas if "deletionTimestamp" not in meta)
        body = json.dumps(
            {
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": pod, "namespace": kubectl.namespace},
            }
        )
        path = f"/api/v1/namespaces/{kubectl.namespace}/pods/{pod}/eviction"
        if not kubectl.is_old:  # older ones leave the server's path prefix out of raw requests
            assert "disruption budget" in kubectl.fails("create", "--raw", path, "-f", "-", text=body)
        kubectl("delete", "pdb", "web")


class TestDeleting:
    @pytest.mark.parametrize("policy", ["background", "foreground"])
    def test_dependents_go_with_their_owner(self, kubectl: Kubectl, policy: str, web: Path) -> None:
        kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        kubectl("delete", "deployment", "web", f"--cascade={policy}", "--timeout=60s")
        kubectl("wait", "--for=delete", "replicaset", "-l", "app=web", "--timeout=60s")

    def test_orphans_stay(self, kubectl: Kubectl, web: Path) -> None:
        kubectl("rollout", "status", "deployment/web", "--timeout=60s")
        kubectl("delete", "deployment", "web", "--cascade=orphan", "--timeout=60s")
        assert kubectl("get", "replicasets", "-l", "app=web", "-o", "name")
        kubectl("delete", "replicasets", "-l", "app=web")

    def test_a_pod_at_once(self, kubectl: Kubectl) -> None:
        kubectl("run", "quick", "--image=busybox:1", "--", "sleep", "1000")
        kubectl("delete", "pod", "quick", "--force", "--grace-period=0")
        assert "NotFound" in kubectl.fails("get", "pod", "quick")

    def test_a_namespace_with_all_that_is_in_it(self, kubectl: Kubectl) -> None:
        name = f"short-{secrets.token_hex(3)}"
        kubectl("create", "namespace", name)
        kubectl("create", "deployment", "d", "--image=nginx", "-n", name)
        kubectl("delete", "namespace", name, "--timeout=80s")
        assert "NotFound" in kubectl.fails("get", "namespace", name)
