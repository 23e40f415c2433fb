"""Descriptions: what the recordings do not have."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from k8stui.kinds.describe import DESCRIBERS, Ref, Related, describe, needs
from k8stui.kinds.describe.common import amount, amount_text, selector_text
from k8stui.kinds.describe.containers import exit_words
from k8stui.kinds.describe.generic import label_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def said(kind: str, obj: dict[str, Any], related: Related | None = None) -> list[str]:
    return [" ".join(line.text.split()) for line in describe(kind, obj, related or Related(), NOW)]


@pytest.mark.parametrize("kind", [*DESCRIBERS, "widgets.example.com"])
def test_an_object_with_nothing_in_it_is_described(kind: str) -> None:
    assert said(kind, {})
    assert said(kind, {"metadata": {"name": "x"}, "spec": None, "status": None})[0] == "Name: x"
    needs(kind, {})


def test_text_of_the_cluster_is_made_printable() -> None:
    lines = said("pods", {"metadata": {"name": "a\x1b[2J", "labels": {"x": "\u202eevil"}}})
    assert lines[0] == "Name: a\u241b[2J"
    assert not any("\u202e" in line for line in lines)


def test_names_are_links() -> None:
    pod = {
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {
            "nodeName": "w1",
            "containers": [
                {
                    "name": "c",
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "k"}}}],
                    "envFrom": [{"configMapRef": {"name": "settings"}}],
                }
            ],
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
        },
    }
    links = {link.ref for line in describe("pods", pod, Related(), NOW) for link in line.links}
    assert links == {
        Ref("namespaces", "shop"),
        Ref("nodes", "w1"),
        Ref("secrets", "db", "shop"),
        Ref("configmaps", "settings", "shop"),
        Ref("persistentvolumeclaims", "data", "shop"),
    }


def test_links_are_where_their_text_is() -> None:
    line = next(
        line
        for line in describe("pods", {"spec": {"nodeName": "w1"}}, Related(), NOW)
        if line.text.startswith("Node:")
    )
    assert line.text[line.links[0].start : line.links[0].end] == "w1"


def test_a_part_that_may_not_be_read_says_so() -> None:
    related = Related({}, {"pods": "pods is forbidden", "events": "events is forbidden"})
    lines = said("nodes", {"metadata": {"name": "w1"}}, related)
    assert "Non-terminated Pods: pods is forbidden" in lines
    assert "Events: events is forbidden" in lines


def test_secrets_never_show_values() -> None:
    secret = {
        "metadata": {
            "name": "s",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hunter"},
        },
        "data": {"a": "aHVudGVy"},
    }
    text = "\n".join(said("secrets", secret))
    assert "a: 6 bytes" in text
    assert "hunter" not in text
    assert "aHVudGVy" not in text


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, ""), (1, ""), (137, "  (SIGKILL)"), (143, "  (SIGTERM)"), (127, "  (command not found)")],
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert exit_words(code) == words


@pytest.mark.parametrize(
    ("texts", "total", "binary"),
    [(["10m", "1", "0.5"], "1510m", False), (["16Mi", "1Gi"], "1040Mi", True), (["1k"], "1k", False)],
)
def test_amounts_add_up(texts: list[str], total: str, binary: bool) -> None:
    assert amount_text(sum(map(amount, texts), Decimal(0)), binary=binary) == total


def test_selectors() -> None:
    rules = [
        {"key": "tier", "operator": "In", "values": ["b", "a"]},
        {"key": "x", "operator": "Exists"},
        {"key": "y", "operator": "DoesNotExist"},
    ]
    assert (
        selector_text({"matchLabels": {"app": "web"}, "matchExpressions": rules})
        == "app=web,tier in (a,b),x,!y"
    )


def test_field_names_become_words() -> None:
    assert label_of("lastScheduleTime") == "Last Schedule Time"
    assert label_of("uid") == "UID"
    assert label_of("a.b/c") == "a.b/c"


def test_events_lead_to_what_controllers_made() -> None:
    from k8stui.kinds.describe.common import _linked
    from k8stui.kinds.describe.lines import Ref, Text

    refs = {
        "Created pod: web-1-x": Ref("pods", "web-1-x", "shop"),
        "create Pod db-0 in StatefulSet db successful": Ref("pods", "db-0", "shop"),
        "Saw completed job: tick-1, condition: Complete": Ref("jobs.batch", "tick-1", "shop"),
        "Scaled down replica set web-5d9 from 3 to 2": Ref("replicasets.apps", "web-5d9", "shop"),
    }
    for message, ref in refs.items():
        assert _linked(message, "shop") == Text(message, "quiet", ref)
    assert _linked("Job completed", "shop") == "Job completed"
