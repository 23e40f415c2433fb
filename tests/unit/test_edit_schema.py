"""What schemas of real servers say: 1.34 by OpenAPI v3, 1.20 by OpenAPI v2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from k8stui.kinds.editing.documents import context_at, parse
from k8stui.kinds.editing.schema import check, describe, suggestions
from k8stui.kinds.editing.templates import template
from k8stui.kube.catalog import BUILTIN, Kind
from k8stui.kube.errors import ApiError
from k8stui.kube.openapi import Schema, SchemaDocument
from k8stui.kube.schemas import Schemas

GOLDEN = Path(__file__).parents[1] / "golden" / "openapi"
V3 = SchemaDocument((GOLDEN / "openapi_v3_apis_apps_v1.json").read_bytes())
V2 = SchemaDocument((GOLDEN / "openapi_v2.json").read_bytes())
CRD = SchemaDocument((GOLDEN / "openapi_v3_apis_example.com_v1.json").read_bytes())
GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  strategy:
    rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: main
        image: nginx
        imagePullPolicy: Always
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 1, memory: 64Mi}}
"""


def deployment(document: SchemaDocument) -> Schema:
    found = document.kind("apps", "v1", "Deployment")
    assert found is not None
    return found


@pytest.fixture(params=[V3, V2], ids=["1.34", "1.20"])
def schema(request: pytest.FixtureRequest) -> Schema:
    return deployment(request.param)


def messages(text: str, schema: Schema) -> list[str]:
    lines = text.split("\n")
    return [
        f"{lines[each.line].strip()} <- {each.message}" for each in check(parse(text).documents[0], schema)
    ]


def test_a_good_object_has_no_problems(schema: Schema) -> None:
    assert messages(GOOD, schema) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("replicas: 2", "replicas: two", "replicas: two <- replicas must be a whole number, not 'two'."),
        ("replicas: 2", "replica: 2", "replica: 2 <- There is no field replica here. Did you mean replicas?"),
        ("image: nginx", "image: 1.5", 'image: 1.5 <- image must be text, not 1.5. Quote it: "1.5".'),
        ("Always", "Allways", "Always, IfNotPresent, Never, not Allways"),
        ("memory: 64Mi", "memory: 64MB", "is no quantity"),
        ("      - name: main\n        image", "      - image", "name is required of containers."),
        ("[{containerPort: 80}]", "80", "ports must be a list, not 80."),
    ],
)
def test_mistakes_are_told_on_their_line(schema: Schema, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = messages(GOOD.replace(old, new), schema)
    assert any(said in each for each in found), found


def offered(text: str, schema: Schema) -> list[str]:
    """Completions at the `|` in a text."""
    before = text[: text.index("|")]
    lines = text.replace("|", "").split("\n")
    row = before.count("\n")
    return [each.text for each in suggestions(context_at(lines, row, len(before.split("\n")[row])), schema)]


HEAD = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n"


def test_fields_are_completed_the_required_ones_first(schema: Schema) -> None:
    assert offered(HEAD + "      |", schema)[0] == "containers"
    assert offered(HEAD + "      dnsP|", schema) == ["dnsPolicy"]
    found = offered(HEAD + "      containers:\n      - name: a\n        |", schema)
    assert "image" in found
    assert "name" not in found, "it is there already"


def test_values_are_completed(schema: Schema) -> None:
    inner = HEAD + "      containers:\n      - name: a\n        imagePullPolicy: "
    assert offered(inner + "|", schema) == ["Always", "IfNotPresent", "Never"]
    assert offered(inner + "If|", schema) == ["IfNotPresent"]
    assert offered("spec:\n  paused: |", schema) == ["true", "false"]


def test_what_follows_a_field_fits_its_type(schema: Schema) -> None:
    lines = (HEAD + "      cont").split("\n")
    found = suggestions(context_at(lines, 5, 10), schema)[0]
    assert found.after == ":\n      - "


def test_a_field_has_its_documentation(schema: Schema) -> None:
    doc = describe(("spec", "template", "spec", "containers", 0, "image"), schema)
    assert doc is not None
    assert doc.label == "spec.template.spec.containers[].image"
    assert "image name" in doc.text
    assert doc.type == "string"
    assert describe(("spec", "nothing"), schema) is None


def test_a_custom_kind_is_as_good_as_any() -> None:
    schema = CRD.kind("example.com", "v1", "Gadget")
    assert schema is not None
    text = "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {color: pink, size: 0, x: 1}"
    said = " ".join(messages(text, schema))
    assert "red, green, blue" in said
    assert "size must be at least 1." in said
    assert "There is no field x here." in said
    kind = Kind("example.com", "v1", "Gadget", "gadgets")
    made = parse(template(kind, schema, "shop")).documents[0].value
    assert made["spec"] == {"size": 1}
    assert made["metadata"] == {"name": "example", "namespace": "shop"}


@pytest.mark.parametrize("document", [V3, V2], ids=["1.34", "1.20"])
def test_a_template_fits_its_own_schema(document: SchemaDocument) -> None:
    kind = BUILTIN.get("apps", "deployments")
    assert kind is not None
    schema = deployment(document)
    text = template(kind, schema)
    assert check(parse(text).documents[0], schema) == []


def test_what_is_no_openapi_is_an_error_in_words() -> None:
    with pytest.raises(ValueError, match="not understood"):
        SchemaDocument(b"<html>")


# Asked of a server


class Served:
    """Answers for OpenAPI, and counts."""

    def __init__(self, *, v3: bool) -> None:
        self.v3 = v3
        self.asked: list[str] = []

    async def request(self, method: str, path: str, **options: Any) -> Any:
        self.asked.append(path)
        name = path.strip("/").replace("/", "_")
        if (name.startswith("openapi_v3") and not self.v3) or not (GOLDEN / f"{name}.json").exists():
            raise ApiError(404, "NotFound", "not found")
        return type("Answer", (), {"body": (GOLDEN / f"{name}.json").read_bytes()})()


@pytest.mark.parametrize("v3", [True, False])
async def test_documents_are_fetched_once(v3: bool) -> None:
    served = Served(v3=v3)
    schemas = Schemas(lambda: served)
    for _ in range(3):
        assert await schemas.of("apps", "v1", "Deployment") is not None
    assert served.asked == (
        ["/openapi/v3", "/openapi/v3/apis/apps/v1"] if v3 else ["/openapi/v3", "/openapi/v2"]
    )
    assert await schemas.of("nobody.example", "v1", "Thing") is None
