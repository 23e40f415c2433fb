"""Requests that are refused: with the codes, reasons and words of a real API server.

Each was asked of a real server as well; where versions word it differently, the newest counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.demo.store import Store
from tests.unit.demo_recorded import Client, fill, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAPS = "/api/v1/namespaces/shop/configmaps"
PODS = "/api/v1/namespaces/shop/pods"
CART = "/apis/apps/v1/namespaces/shop/deployments/cart"
JSON, MERGE, STRATEGIC = (
    f"application/{kind}json" for kind in ("", "merge-patch+", "strategic-merge-patch+")
)
JSON_PATCH = "application/json-patch+json"
GENERIC = "the server rejected our request due to an error in our request"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    store = Store()
    fill(store)
    async with served(store) as client:
        yield client


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "x"}], **spec}}


def container(**fields: Any) -> dict[str, Any]:
    return pod(containers=[{"name": "c", "image": "x", **fields}])


CASES: list[tuple[str, str, Any, str, int, str, str]] = [
    (
        "GET",
        "/api/v1/pods?limit=x",
        None,
        JSON,
        400,
        "BadRequest",
        'strconv.ParseInt: parsing "x": invalid syntax',
    ),
    (
        "GET",
        "/api/v1/pods?fieldSelector=foo%3Dx",
        None,
        JSON,
        400,
        "BadRequest",
        "field label not supported: foo",
    ),
    (
        *("GET", "/api/v1/pods?resourceVersionMatch=Exact", None, JSON, 422, "Invalid"),
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is'
        " forbidden unless resourceVersion is provided",
    ),
    (
        "GET",
        "/api/v1/pods?resourceVersion=99999999",
        None,
        JSON,
        504,
        "Timeout",
        "Timeout: Too large resource",
    ),
    (
        "GET",
        "/api/v1/pods?continue=abc",
        None,
        JSON,
        400,
        "BadRequest",
        "invalid continue token: continue key",
    ),
    ("GET", f"{MAPS}/cart-config/status", None, JSON, 404, "NotFound", "the server could not find"),
    ("PUT", MAPS, {}, JSON, 405, "MethodNotAllowed", "the server does not allow this method"),
    (
        "DELETE",
        "/api/v1/namespaces",
        None,
        JSON,
        405,
        "MethodNotAllowed",
        "the server does not allow this method",
    ),
    (
        "POST",
        MAPS,
        "{bad",
        JSON,
        400,
        "BadRequest",
        "the object provided is unrecognized (must be of type ConfigMap)",
    ),
    (
        *("POST", MAPS, {"kind": "ConfigMap", "metadata": {}}, JSON, 422, "Invalid"),
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ),
    (
        *("POST", MAPS, {"metadata": {"name": "a", "namespace": "b"}}, JSON, 400, "BadRequest"),
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
    (
        *("POST", f"{MAPS}?dryRun=Some", {"metadata": {"name": "a"}}, JSON, 422, "Invalid"),
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value',
    ),
    (
        *("POST", MAPS, {"metadata": {"name": "a", "labels": {"-x": "y"}}}, JSON, 422, "Invalid"),
        'ConfigMap "a" is invalid: metadata.labels: Invalid value: "-x": name part must consist of',
    ),
    (
        "PUT",
        f"{MAPS}/z",
        {"metadata": {"name": "y"}},
        JSON,
        400,
        "BadRequest",
        "the name of the object (y) does not",
    ),
    ("PATCH", f"{MAPS}/none", {}, MERGE, 404, "NotFound", 'configmaps "none" not found'),
    (
        "PATCH",
        f"{MAPS}/cart-config",
        {},
        JSON,
        415,
        "UnsupportedMediaType",
        "the body of the request was in an",
    ),
    (
        "PATCH",
        f"{MAPS}/cart-config",
        [{"op": "remove", "path": "/data/z"}],
        JSON_PATCH,
        422,
        "Invalid",
        GENERIC,
    ),
    (
        *(
            "PATCH",
            CART,
            {"spec": {"template": {"spec": {"containers": [{"image": "z"}]}}}},
            STRATEGIC,
            500,
            "",
        ),
        "map: map[image:z] does not contain declared merge key: name",
    ),
    (
        *(
            "PATCH",
            CART,
            {"spec": {"template": {"spec": {"restartPolicy": "Never"}}}},
            STRATEGIC,
            422,
            "Invalid",
        ),
        'Deployment.apps "cart" is invalid: spec.template.spec.restartPolicy: Unsupported value: "Never":'
        ' supported values: "Always"',
    ),
    (
        "POST",
        PODS,
        {"metadata": {"name": "p"}},
        JSON,
        422,
        "Invalid",
        'Pod "p" is invalid: spec.containers: Required',
    ),
    (
        *("POST", PODS, container(ports=[{"containerPort": 99999}]), JSON, 422, "Invalid"),
        'Pod "p" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 99999',
    ),
    (
        *("POST", PODS, container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), JSON, 422, "Invalid"),
        'Pod "p" is invalid: spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ),
    (
        *(
            "POST",
            PODS,
            container(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "1500m"}}),
            JSON,
            422,
        ),
        *(
            "Invalid",
            'Pod "p" is invalid: spec.containers[0].resources.requests: Invalid value: "1500m": must be',
        ),
    ),
    (
        *("POST", PODS, container(resources={"limits": {"cpu": "much"}}), JSON, 400, "BadRequest"),
        'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression',
    ),
    (
        *("POST", PODS, pod(serviceAccountName="none"), JSON, 403, "Forbidden"),
        'pods "p" is forbidden: error looking up service account shop/none: serviceaccount "none" not found',
    ),
    (
        *("POST", PODS, pod(priorityClassName="none"), JSON, 403, "Forbidden"),
        'pods "p" is forbidden: no PriorityClass with name none was found',
    ),
    (
        *("POST", "/api/v1/namespaces/shop/services", {"metadata": {"name": "1"}}, JSON, 422, "Invalid"),
        'Service "1" is invalid: [metadata.name: Invalid value: "1": a DNS-1035 label must consist of',
    ),
    (
        *(
            "POST",
            "/api/v1/namespaces/shop/serviceaccounts/default/token",
            {"spec": {"expirationSeconds": 60}},
            JSON,
        ),
        *(
            422,
            "Invalid",
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value',
        ),
    ),
    (
        *("DELETE", f"{MAPS}/cart-config?propagationPolicy=Maybe", None, JSON, 422, "Invalid"),
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Maybe"',
    ),
    (
        *("DELETE", "/api/v1/namespaces/kube-system", None, JSON, 403, "Forbidden"),
        'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    ),
    (
        *(
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            {"spec": {}},
            JSON,
            400,
            "BadRequest",
        ),
        "no namespace on request",
    ),
]


NAMES = [f"{case[0]} {case[4]} {number}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_refused(client: Client, case: tuple[str, str, Any, str, int, str, str]) -> None:
    method, path, body, media, code, reason, words = case
    headers = {"Content_Type": media} if body is not None else {}
    status, answer = await client.request(method, path, body, **headers)
    assert (status, answer.get("reason", "")) == (code, reason), answer
    assert answer["message"].startswith(words)
    assert answer["code"] == code


async def test_a_group_that_nobody_serves_is_a_plain_page(client: Client) -> None:
    assert await client.request("GET", "/apis/none.example/v1/things") == (404, "404 page not found\n")
