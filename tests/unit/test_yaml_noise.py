"""What is hidden until it is asked for, and who set a field."""

from __future__ import annotations

from typing import Any

from k8stui.kinds.editing.field_owners import owners_of
from k8stui.kinds.yaml_noise import LAST_APPLIED, Reveal, readable

SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "db",
        "managedFields": [{"manager": "x"}],
        "annotations": {LAST_APPLIED: '{"data":{"a":"aHVudGVy"}}', "note": "kept"},
    },
    "data": {"a": "aHVudGVy", "bin": "//4A", "odd": "not base64!"},
}


def test_noise_is_hidden_and_the_object_stays_as_it_is() -> None:
    shown = readable(SECRET)
    assert shown["metadata"] == {"name": "db", "annotations": {"note": "kept"}}
    assert "managedFields" in SECRET["metadata"]


def test_values_of_secrets_are_masked_key_by_key() -> None:
    assert readable(SECRET)["data"] == {
        "a": "(masked: 6 bytes)",
        "bin": "(masked: 3 bytes)",
        "odd": "(masked: not base64)",
    }
    shown = readable(SECRET, reveal={"a": Reveal.DECODED, "bin": Reveal.DECODED})["data"]
    assert shown["a"] == "hunter"
    assert shown["bin"] == "(binary: 3 bytes)"
    assert readable(SECRET, reveal={"bin": Reveal.ENCODED})["data"]["bin"] == "//4A"


def test_the_copy_in_an_annotation_gives_no_value_away() -> None:
    shown = readable(SECRET, noise=True)
    assert "aHVudGVy" not in str(shown)
    assert shown["metadata"]["managedFields"]


def test_a_custom_kind_called_secret_is_not_masked() -> None:
    assert readable({**SECRET, "apiVersion": "vault.example.com/v1"})["data"]["a"] == "aHVudGVy"


DEPLOYMENT: dict[str, Any] = {
    "metadata": {
        "managedFields": [
            {
                "manager": "helm",
                "operation": "Apply",
                "time": "2026-01-01T00:00:00Z",
                "fieldsV1": {
                    "f:spec": {
                        "f:replicas": {},
                        "f:containers": {'k:{"name":"app"}': {".": {}, "f:image": {}, "f:resources": {}}},
                    }
                },
            },
            {
                "manager": "hpa",
                "operation": "Update",
                "subresource": "scale",
                "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
        ]
    },
    "spec": {"replicas": 2, "containers": [{"name": "side"}, {"name": "app", "resources": {"limits": {}}}]},
}


def test_fields_know_their_managers() -> None:
    assert [owner.manager for owner in owners_of(DEPLOYMENT, ("spec", "replicas"))] == ["helm", "hpa"]
    assert owners_of(DEPLOYMENT, ("spec", "replicas"))[1].subresource == "scale"
    assert [owner.manager for owner in owners_of(DEPLOYMENT, ("spec", "containers", 1, "image"))] == ["helm"]
    assert owners_of(DEPLOYMENT, ("spec", "containers", 0, "image")) == []
    assert owners_of(DEPLOYMENT, ("spec", "containers", 1, "resources", "limits"))[0].exact
    assert not owners_of(DEPLOYMENT, ("spec",))[0].exact
