"""A namespace whose owners have set rules: a policy refuses images without a version of their
own, and pods are held to the baseline of the Pod Security Standards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, World
from k8stui.demo.world.podspec import container
from k8stui.demo.world.scenarios.ward import NOTE, image, patient

if TYPE_CHECKING:
    from collections.abc import Callable

GUARDED = "guarded"
_LABEL = "moa.example/images"
_API = "admissionregistration.k8s.io/v1"
_WORKLOADS = ("deployments", "statefulsets", "daemonsets", "replicasets")


def guarded(world: World) -> None:
    """The namespace, the policy, its binding, and a pod that keeps to the rule."""
    note = "images need a tag other than latest in here: try kubectl run"
    level = {"pod-security.kubernetes.io/enforce": "baseline"}
    labels = {"moa.example/team": "platform", _LABEL: "pinned", **level}
    plain.namespace(world, GUARDED, age=20 * DAY, labels=labels, annotations={NOTE: note})
    rules = [
        {
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": list(names),
        }
        for group, names in (("", ("pods",)), ("apps", _WORKLOADS), ("batch", ("jobs",)))
    ]
    name = "images-are-pinned"
    pinned = "(i.contains('@') || i.matches('^.+:[^/]+$') && !i.endsWith(':latest'))"
    words = "images need a tag other than latest"
    plain.simple(
        world,
        _API,
        "ValidatingAdmissionPolicy",
        name,
        age=20 * DAY,
        generation=1,
        spec={
            "failurePolicy": "Fail",
            "matchConstraints": {"matchPolicy": "Equivalent", "resourceRules": rules},
            "variables": [
                {
                    "name": "pod",
                    "expression": "request.kind.kind == 'Pod' ? object.spec : object.spec.template.spec",
                },
                {
                    "name": "images",
                    "expression": (
                        "variables.pod.containers.map(c, c.image) + (has(variables.pod.initContainers)"
                        " ? variables.pod.initContainers.map(c, c.image) : [])"
                    ),
                },
            ],
            "validations": [
                {
                    "expression": f"variables.images.all(i, {pinned})",
                    "message": words,
                    "messageExpression": (f"'{words}: ' + variables.images.filter(i, !{pinned}).join(', ')"),
                }
            ],
        },
        status={"observedGeneration": 1, "typeChecking": {}},
    )
    plain.simple(
        world,
        _API,
        "ValidatingAdmissionPolicyBinding",
        name,
        age=20 * DAY,
        generation=1,
        spec={
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {
                "matchPolicy": "Equivalent",
                "namespaceSelector": {"matchLabels": {_LABEL: "pinned"}},
            },
        },
    )
    item = container("app", image("steady", "1.4"), cpu="10m", memory="32Mi")
    patient(world, "well-behaved", [item], "keeps to the rule", age=6 * DAY, namespace=GUARDED)


SCENARIOS: tuple[Callable[[World], None], ...] = (guarded,)
