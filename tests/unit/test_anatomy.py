"""A pod taken apart: rows of containers, why they ended, what their probes did, what their variables are."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from k8stui.kinds.anatomy.env import MASK, Sources, environment, sources_of
from k8stui.kinds.anatomy.page import anatomy, parts_of
from k8stui.kinds.exit_codes import why_ended
from tests.unit.kinds_golden import NOW, ago, golden_list

KILLED = "killed from outside: after its grace period, by a failed probe, or by the kernel"
GAVE_UP = "it gave up by itself (abort: a failed assertion, a runtime's fatal error)"


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ((0, 0, "Completed"), "exit code 0: it completed"),
        ((1, 0, "Error"), "exit code 1: the program reported an error"),
        ((126, 0, "Error"), "exit code 126: the command is not executable"),
        ((127, 0, "Error"), "exit code 127: the command was not found"),
        (
            (137, 0, "OOMKilled", "64Mi"),
            "exit code 137: SIGKILL (OOMKilled: out of memory, its limit is 64Mi)",
        ),
        (
            (137, 0, "OOMKilled"),
            "exit code 137: SIGKILL (OOMKilled: out of memory, the node's memory was used up)",
        ),
        (
            (137, 0, "Error"),
            f"exit code 137: SIGKILL ({KILLED})",
        ),
        ((139, 0, "Error"), "exit code 139: SIGSEGV (it touched memory that is not its own)"),
        ((143, 0, "Error"), "exit code 143: SIGTERM (asked to stop, and it did)"),
        (
            (134, 0, ""),
            f"exit code 134: SIGABRT ({GAVE_UP})",
        ),
        (
            (0, 9, ""),
            f"exit code 0: SIGKILL ({KILLED})",
        ),
        ((128, 0, "StartError"), "exit code 128: StartError: the runtime could not start it"),
        ((191, 0, "Error"), "exit code 191: signal 63"),
        ((42, 0, "Error"), "exit code 42: the program reported an error"),
    ],
)
def test_exit_codes_and_signals_are_said_in_words(ended: tuple[Any, ...], words: str) -> None:
    assert why_ended(*ended) == words


def container(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": f"shop/{name}:1", **more}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def pod() -> dict[str, Any]:
    """A pod with a container of every role, in many states."""
    env = [
        {"name": "PLAIN", "value": "a value"},
        {"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "host"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "URL", "value": "pg://$(HOST)/$(NOBODY)/$$(HOST)"},
        {"name": "SECRET_URL", "value": "pg://:$(PASSWORD)@$(HOST)"},
        {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "nope"}}},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
    ]
    return {
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {
            "nodeName": "worker-1",
            "restartPolicy": "Always",
            "initContainers": [container("migrate"), container("proxy", restartPolicy="Always")],
            "containers": [
                container(
                    "web",
                    env=env,
                    envFrom=[
                        {"configMapRef": {"name": "conf"}, "prefix": "C_"},
                        {"secretRef": {"name": "all"}},
                        {"configMapRef": {"name": "missing", "optional": True}},
                    ],
                    resources={"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
                    readinessProbe={"httpGet": {"path": "/ready", "port": 8080}},
                    livenessProbe={"exec": {"command": ["true"]}},
                    volumeMounts=[
                        {"name": "conf", "mountPath": "/etc/conf", "readOnly": True},
                        {"name": "data", "mountPath": "/data", "subPath": "web"},
                    ],
                )
            ],
            "ephemeralContainers": [container("debugger")],
            "volumes": [
                {"name": "conf", "configMap": {"name": "conf"}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "data-0"}},
            ],
        },
        "status": {
            "phase": "Running",
            "startTime": ago(hours=1),
            "qosClass": "Burstable",
            "initContainerStatuses": [
                {
                    "name": "migrate",
                    "state": {
                        "terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(minutes=59)}
                    },
                },
                {
                    "name": "proxy",
                    "ready": True,
                    "started": True,
                    "state": {"running": {"startedAt": ago(minutes=58)}},
                },
            ],
            "containerStatuses": [
                {
                    "name": "web",
                    "ready": False,
                    "restartCount": 3,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
                    "lastState": {
                        "terminated": {
                            "exitCode": 137,
                            "reason": "OOMKilled",
                            "message": "the last words\n",
                            "startedAt": ago(seconds=80),
                            "finishedAt": ago(seconds=50),
                        }
                    },
                }
            ],
            "ephemeralContainerStatuses": [
                {"name": "debugger", "state": {"running": {"startedAt": ago(minutes=1)}}}
            ],
        },
    }


def sources(*, secrets: bool = False) -> Sources:
    found = Sources({("configmaps", "conf"): {"data": {"host": "db.shop", "mode": "fast"}}})
    found.problems["configmaps", "missing"] = "configmap missing does not exist"
    if secrets:
        found.objects["secrets", "db"] = {"data": {"password": encoded("hunter2")}}
        found.objects["secrets", "all"] = {"data": {"TOKEN": encoded("t0k3n")}}
    return found


def event(reason: str, message: str, seconds: float, count: int = 1, kind: str = "Warning") -> dict[str, Any]:
    return {
        "type": kind,
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": ago(seconds=seconds),
        "involvedObject": {"fieldPath": "spec.containers{web}"},
    }


EVENTS = [
    event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 55, 12),
    event("BackOff", "Back-off restarting failed container web", 10, 4),
]


def text(**options: Any) -> str:
    rows = anatomy(pod(), EVENTS, sources(secrets=options.get("reveal", False)), NOW, **options)
    return "\n".join(row.line.text for row in rows)


def test_each_container_is_a_row_with_its_role_state_and_last_end() -> None:
    rows = anatomy(pod(), EVENTS, sources(), NOW)
    heads = {row.container: row.line.text.split() for row in rows if row.is_head}
    assert list(heads) == ["migrate", "proxy", "web", "debugger"]
    assert heads["migrate"][:6] == ["✓", "migrate", "init", "Completed", "59m", "ago"]
    assert heads["proxy"][:6] == ["●", "proxy", "sidecar", "Running", "58m", "yes"]
    assert heads["web"][:10] == [
        "✗",
        "web",
        "main",
        "CrashLoopBackOff",
        "no",
        "3",
        "137",
        "OOMKilled",
        "50s",
        "ago",
    ]
    assert heads["debugger"][:5] == ["●", "debugger", "ephemeral", "Running", "60s"]
    assert [row.container for row in rows if row.troubled] == ["web"]


def test_below_it_stands_why_it_ended_and_what_its_probes_did() -> None:
    shown = text()
    assert (
        "Before:     ended 50s ago after 30s, exit code 137: SIGKILL (OOMKilled: out of memory, its limit is"
        in shown
    )
    assert "Message:    the last words" in shown
    assert "Restarts:   3, the last 50s ago" in shown
    assert (
        "Readiness:  fails: last failed: HTTP probe failed with statuscode: 503 (55s ago, 12 times)" in shown
    )
    assert "http-get http://:8080/ready, every 10s" in shown
    assert "Liveness:   not running" in shown
    assert "Resources:  cpu 100m requested, no limit; memory nothing requested, limit 64Mi" in shown
    assert "10s ago  BackOff (x4)  Back-off restarting failed container web" in shown
    assert "/etc/conf  config map conf  read only" in shown
    assert "/data      claim data-0     only web" in shown


def test_a_probe_that_passes_says_so_with_its_last_failure() -> None:
    well = pod()
    status = well["status"]["containerStatuses"][0]
    status.update(ready=True, state={"running": {"startedAt": ago(minutes=9)}})
    shown = "\n".join(row.line.text for row in anatomy(well, EVENTS, sources(), NOW))
    assert "Readiness:  passes; last failed: HTTP probe failed" in shown
    assert "Liveness:   no failure is told" in shown


def variables(*, reveal: bool) -> dict[str, tuple[str, str]]:
    of = pod()
    found = environment(of, of["spec"]["containers"][0], sources(secrets=reveal), reveal=reveal)
    return {each.name: (each.missing or each.value, each.origin) for each in found}


def test_variables_are_resolved_and_secrets_masked() -> None:
    found = variables(reveal=False)
    assert found["PLAIN"] == ("a value", "")
    assert found["HOST"] == ("db.shop", "config map conf, key host")
    assert found["PASSWORD"] == (MASK, "secret db, key password")
    assert found["URL"] == ("pg://db.shop/$(NOBODY)/$(HOST)", "from pg://$(HOST)/$(NOBODY)/$$(HOST)")
    assert found["SECRET_URL"][0] == f"pg://:{MASK}@db.shop"
    assert found["GONE"] == ("the config map has no key nope", "config map conf, key nope")
    assert found["NODE"][0] == "worker-1"
    assert found["APP"][0] == "web"
    assert found["MEMORY"] == ("64Mi", "limits.memory")
    assert found["C_mode"] == ("fast", "config map conf")
    assert found["*"] == ("configmap missing does not exist (optional)", "all keys of config map missing")
    assert "hunter2" not in text()


def test_secrets_are_shown_when_they_were_asked_for() -> None:
    found = variables(reveal=True)
    assert found["PASSWORD"][0] == "hunter2"
    assert found["SECRET_URL"][0] == "pg://:hunter2@db.shop"
    assert found["TOKEN"] == ("t0k3n", "secret all")
    assert "t0k3n" in text(reveal=True)


def test_what_must_be_read_is_told() -> None:
    assert set(sources_of(pod())) == {
        ("configmaps", "conf"),
        ("configmaps", "missing"),
        ("secrets", "db"),
        ("secrets", "all"),
    }


def test_recorded_pods_can_all_be_taken_apart() -> None:
    for item in json.loads(golden_list("", "pods"))["items"]:
        rows = anatomy({"kind": "Pod", **item}, [], Sources(), NOW)
        assert [row.container for row in rows if row.is_head] == [part.name for part in parts_of(item)]


def test_lines_name_objects_as_links() -> None:
    rows = anatomy(pod(), EVENTS, sources(), NOW)
    refs = {(link.ref.kind, link.ref.name) for row in rows for link in row.line.links}
    assert refs >= {
        ("nodes", "worker-1"),
        ("configmaps", "conf"),
        ("secrets", "db"),
        ("persistentvolumeclaims", "data-0"),
    }
