"""The read-only gate: every verb, and every way around it that we know of."""

from __future__ import annotations

import pytest

from k8stui.kube.connection.client import Connection
from k8stui.kube.connection.gate import changes_something, subresource
from k8stui.kube.errors import ReadOnlyError
from k8stui.kube.kubeconfig.reading import Cluster, Context, User
from tests.unit.fakes_server import FakeServer

POD = "/api/v1/namespaces/default/pods/web"
AUTHZ = "/apis/authorization.k8s.io/v1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/pods"),
        ("get", "/api/v1/pods?watch=true"),
        ("HEAD", POD),
        ("OPTIONS", POD),
        ("GET", POD + "/log?follow=true"),
        ("GET", "/api/v1/namespaces/default/pods/exec"),  # a pod that is called exec
        ("GET", "/api/v1/namespaces/exec/pods"),
        ("GET", "/api/v1/nodes/n1/proxy/stats/summary"),
        ("GET", "/api/v1/nodes/n1/proxy/logs/"),
        ("GET", "/api/v1/namespaces/default/services/web:80/proxy/healthz"),
        ("GET", "/openapi/v3/api/v1"),
        ("GET", "/version"),
        ("POST", f"{AUTHZ}/selfsubjectaccessreviews"),
        ("POST", f"{AUTHZ}/selfsubjectrulesreviews"),
        ("POST", f"{AUTHZ}/subjectaccessreviews"),
        ("POST", f"{AUTHZ}/namespaces/default/localsubjectaccessreviews"),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"),
        ("POST", "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews"),
    ],
)
def test_what_only_reads_may_pass(method: str, path: str) -> None:
    assert not changes_something(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[(method, POD) for method in ("POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "BREW", "post")],
        ("DELETE", "/api/v1/namespaces/default/pods"),
        ("POST", POD + "/eviction"),
        ("POST", POD + "/binding"),
        ("PATCH", POD + "/ephemeralcontainers"),
        ("PUT", "/api/v1/namespaces/default/finalize"),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale"),
        ("POST", "/api/v1/namespaces/default/serviceaccounts/x/token"),
        ("PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval"),
        ("GET", POD + "/exec?command=ls"),
        ("POST", POD + "/exec"),
        ("HEAD", POD + "/attach"),
        ("OPTIONS", POD + "/portforward"),
        ("GET", POD + "/%65xec"),
        ("GET", POD + "/EXEC"),
        ("GET", "//api//v1/namespaces/default/pods/web//exec"),
        ("GET", "/api/v1/nodes/n1/proxy/exec/default/web/app?command=ls"),
        ("GET", "/api/v1/nodes/n1/proxy/run/default/web/app"),
        ("GET", "/api/v1/nodes/n1/proxy/portForward/default/web"),
        ("POST", "/api/v1/nodes/n1/proxy/logs/"),
        ("PUT", "/api/v1/namespaces/default/services/web/proxy/x"),
        ("DELETE", POD + "/proxy/"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
        ("PUT", f"{AUTHZ}/selfsubjectaccessreviews"),
        ("POST", f"{AUTHZ}/selfsubjectaccessreviews/x"),
        ("POST", f"{AUTHZ}/namespaces/default/selfsubjectaccessreviews"),
        ("POST", "/apis/example.com/v1/selfsubjectaccessreviews"),
        ("POST", "/api/v1/selfsubjectaccessreviews"),
        ("POST", f"{AUTHZ}/../../api/v1/pods/selfsubjectaccessreviews"),
        ("POST", "/logs/x"),
    ],
)
def test_what_changes_runs_or_tunnels_is_refused(method: str, path: str) -> None:
    assert changes_something(method, path)


@pytest.mark.parametrize("kind", ["exec", "attach", "portforward", "proxy"])
def test_no_stream_is_upgraded(kind: str) -> None:
    assert changes_something("GET", f"{POD}/{kind}", upgrade=True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_dry_run_is_refused_like_any_other_change(method: str) -> None:
    """Its verb changes, it runs admission webhooks, and that it stays dry is the server's word alone."""
    assert changes_something(method, "/apis/apps/v1/namespaces/default/deployments/web?dryRun=All")


def test_a_subresource_is_found_where_it_stands() -> None:
    assert subresource(POD + "/log") == "log"
    assert subresource("/api/v1/nodes/n1/proxy/logs/") == "proxy"
    assert subresource("/apis/apps/v1/namespaces/default/deployments/web/scale") == "scale"
    assert subresource("/api/v1/namespaces/default/status") == "status"
    assert subresource(POD) == ""
    assert subresource("/version") == ""
    assert subresource("/") == ""


async def test_nothing_that_is_refused_reaches_the_server() -> None:
    async with FakeServer() as server:
        context = Context("c", Cluster("k", server.url), User("u", token="t"))
        async with Connection(context, readonly=True, env={}) as connection:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                with pytest.raises(ReadOnlyError) as caught:
                    await connection.request(method, POD, body=b"{}")
                assert "Read-only" in caught.value.sentence()
            with pytest.raises(ReadOnlyError):
                await connection.get(POD + "/exec", command="ls")
            with pytest.raises(ReadOnlyError):
                await anext(connection.lines(POD + "/attach"))
            with pytest.raises(ReadOnlyError):
                await connection.request("PATCH", POD, params={"dryRun": "All"}, body=b"{}")
            assert server.requests == []
            server.answer(POD)
            await connection.get(POD)
            server.answer(f"{AUTHZ}/selfsubjectaccessreviews", status=201)
            await connection.request("POST", f"{AUTHZ}/selfsubjectaccessreviews", body=b"{}")
            server.answer("/hop", status=302, headers=[("Location", POD + "/exec?command=ls")])
            with pytest.raises(ReadOnlyError):
                await connection.get("/hop")
            assert server.seen(POD + "/exec") == []
