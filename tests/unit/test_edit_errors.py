"""Refusals on their lines, and who else owns what is changed."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kinds.editing.documents import parse
from k8stui.kinds.editing.errors import field_path, owned_fields, refusal_problems
from k8stui.kinds.editing.owners import owner_warnings
from k8stui.kube.errors import ApiError, Cause, StatusDetails

TEXT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: web
spec:
  replicas: x
  template:
    spec:
      containers:
      - name: a
        imag: y
        ports:
        - containerPort: 0
"""
(DOCUMENT,) = parse(TEXT).documents
LINES = TEXT.split("\n")
PORT = "spec.template.spec.containers[0].ports[0].containerPort"
BY_KEYS = '.spec.template.spec.containers[name="a"].imag'
GO = "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("spec.ports[0].nodePort", ("spec", "ports", 0, "nodePort")),
        ("metadata.annotations[a.b/c]", ("metadata", "annotations", "a.b/c")),
        ("[0].x", (0, "x")),
        (".spec.replicas", ("spec", "replicas")),
    ],
)
def test_fields_as_servers_write_them(field: str, path: tuple[str | int, ...]) -> None:
    assert field_path(field) == path


@pytest.mark.parametrize(
    ("message", "causes", "line"),
    [
        (
            "no",
            (
                Cause(
                    "FieldValueInvalid",
                    "Invalid value: 0",
                    PORT,
                ),
            ),
            "- containerPort: 0",
        ),
        ("no", (Cause("", "bad label", "metadata.labels"),), "labels:"),
        ('strict decoding error: unknown field "spec.template.spec.containers[0].imag"', (), "imag: y"),
        (
            f'Deployment in version "v1" cannot be handled as a Deployment: {GO}',
            (),
            "replicas: x",
        ),
        (
            "no",
            (
                Cause(
                    "FieldValueInvalid",
                    f'Invalid value: "{{\\"a\\":{{}}}}": {GO}',
                    "patch",
                ),
            ),
            "replicas: x",
        ),
        ("failed to create typed patch object: .spec.template: element 0: no", (), "template:"),
        (f"failed to create typed patch object (x): {BY_KEYS}: field not declared in schema", (), "imag: y"),
        ("errors:\n  .spec.replicas: expected numeric (int or float), got *value.x", (), "replicas: x"),
        ("errors:\n  .spec.replicas: field not declared in schema\n  .x: more", (), "replicas: x"),
        ('admission webhook "x" denied the request: not on Fridays', (), "apiVersion: apps/v1"),
    ],
)
def test_a_refusal_finds_its_line(message: str, causes: tuple[Cause, ...], line: str) -> None:
    error = ApiError(422, "Invalid", message, details=StatusDetails(causes=causes))
    found = refusal_problems(error, DOCUMENT)
    assert [LINES[each.line].strip() for each in found] == [line]


def obj(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"replicas": 3}}


REPLICAS = [("spec", "replicas")]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (obj(annotations={"meta.helm.sh/release-name": "shop"}), "Helm release shop"),
        (obj(labels={"app.kubernetes.io/managed-by": "Helm"}), "Helm owns"),
        (
            obj(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/y"}),
            "application shop ",
        ),
        (obj(labels={"kustomize.toolkit.fluxcd.io/name": "infra"}), "Flux Kustomization infra"),
        (obj(labels={"helm.toolkit.fluxcd.io/name": "infra"}), "Flux HelmRelease infra"),
        (
            obj(ownerReferences=[{"kind": "ReplicaSet", "name": "web-1", "controller": True}]),
            "ReplicaSet web-1 controls",
        ),
        (
            obj(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
            "kubectl apply made this object",
        ),
        (
            obj(
                managedFields=[
                    {"manager": "keda", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
                ]
            ),
            "keda wrote spec.replicas last",
        ),
    ],
)
def test_who_owns_it_is_told(changed: dict[str, Any], words: str) -> None:
    assert any(words in sentence for sentence in owner_warnings(changed, REPLICAS))


def test_people_are_no_owners_and_autoscalers_are() -> None:
    edited = obj(
        managedFields=[
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
        ]
    )
    assert owner_warnings(edited, REPLICAS) == []
    (sentence,) = owner_warnings(edited, REPLICAS, ["web"])
    assert sentence.startswith("HorizontalPodAutoscaler web sets spec.replicas")
    assert owner_warnings(edited, [], ["web"]) == []


@pytest.mark.parametrize(
    ("field", "line"),
    [
        (".spec.replicas", "  replicas: x"),
        (".metadata.labels.app.kubernetes.io/name", "    app.kubernetes.io/name: web"),
        ('.spec.template.spec.containers[name="a"].imag', "        imag: y"),
        (
            '.spec.template.spec.containers[name="a"].ports[containerPort=0,protocol="TCP"].containerPort',
            "        - containerPort: 0",
        ),
    ],
)
def test_a_field_that_another_manager_owns_is_named_on_its_line(field: str, line: str) -> None:
    cause = Cause("FieldManagerConflict", 'conflict with "hpa" using apps/v1', field)
    error = ApiError(409, "Conflict", "Apply failed with 1 conflict", details=StatusDetails(causes=(cause,)))
    (owned,) = owned_fields(error, DOCUMENT)
    assert owned.manager == "hpa"
    assert LINES[owned.problem.line] == line
    assert owned.problem.message == f"hpa owns {field[1:]}, with another value."


def test_an_item_of_a_set_is_named_by_its_value() -> None:
    (document,) = parse("kind: Pod\nmetadata:\n  finalizers:\n  - a.io/one\n  - a.io/two\n").documents
    cause = Cause("FieldManagerConflict", 'conflict with "x"', '.metadata.finalizers[="a.io/two"]')
    error = ApiError(409, "Conflict", "no", details=StatusDetails(causes=(cause,)))
    assert [owned.problem.line for owned in owned_fields(error, document)] == [4]
