"""What the schema of a CRD makes of an object: defaults and complaints, in a real server's words."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.demo.custom_rules import custom_causes, defaulted

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["harbour"],
    "properties": {
        "harbour": {"type": "string", "enum": ["busan", "incheon"]},
        "sails": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3},
        "crew": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 4}},
        "port": {"x-kubernetes-int-or-string": True},
        "lamp": {
            "type": "object",
            "default": {},
            "properties": {"colour": {"type": "string", "default": "red"}},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "flags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
    },
}


@pytest.mark.parametrize(
    ("value", "field", "words"),
    [
        ({}, "spec.harbour", "Required value"),
        (
            {"harbour": "seoul"},
            "spec.harbour",
            'Unsupported value: "seoul": supported values: "busan", "incheon"',
        ),
        (
            {"harbour": "busan", "sails": "x"},
            "spec.sails",
            'Invalid value: "string": spec.sails in body must be of type integer: "string"',
        ),
        (
            {"harbour": "busan", "sails": 10},
            "spec.sails",
            "Invalid value: 10: spec.sails in body should be less than or equal to 9",
        ),
        (
            {"harbour": "busan", "crew": ["a", "b", "c"]},
            "spec.crew",
            "Too many: 3: must have at most 2 items",
        ),
        ({"harbour": "busan", "crew": ["longer"]}, "spec.crew[0]", "Too long: may not be more than 4 bytes"),
        (
            {"harbour": "busan", "labels": {"a": 1}},
            "spec.labels.a",
            'Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
        ),
        ({"harbour": "busan", "flags": ["a", "a"]}, "spec.flags[1]", 'Duplicate value: "a"'),
    ],
)
def test_complaints(value: Any, field: str, words: str) -> None:
    (cause,) = custom_causes(value, SPEC, "spec")
    assert (cause.field, cause.message) == (field, words)


def test_all_complaints_come_at_once() -> None:
    causes = custom_causes({"harbour": "seoul", "crew": ["a", "b", "c"], "sails": -1}, SPEC, "spec")
    assert sorted(cause.field for cause in causes) == ["spec.crew", "spec.harbour", "spec.sails"]


@pytest.mark.parametrize("port", [80, "http"])
def test_numbers_and_names_of_ports_both_fit(port: int | str) -> None:
    assert not custom_causes({"harbour": "busan", "port": port}, SPEC, "spec")


def test_defaults_are_filled_in_at_every_depth() -> None:
    found = defaulted({"harbour": "busan"}, SPEC)
    assert found == {"harbour": "busan", "sails": 3, "lamp": {"colour": "red"}}
    assert defaulted({"sails": 0, "lamp": {"colour": "green"}}, SPEC) == {
        "sails": 0,
        "lamp": {"colour": "green"},
    }


def test_defaults_are_copies() -> None:
    first = defaulted({}, SPEC)
    first["lamp"]["colour"] = "blue"
    assert defaulted({}, SPEC)["lamp"] == {"colour": "red"}


RULED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "min": {"type": "integer"},
        "max": {"type": "integer"},
        "name": {
            "type": "string",
            "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "name is immutable"}],
        },
    },
    "x-kubernetes-validations": [
        {"rule": "self.min <= self.max", "messageExpression": "'min is above ' + string(self.max)"}
    ],
}


def test_rules_are_asked_when_the_schema_is_content() -> None:
    (cause,) = custom_causes({"min": 3, "max": 1}, RULED, "spec")
    assert (cause.field, cause.message) == ("spec", 'Invalid value: "object": min is above 1')
    (cause,) = custom_causes({"min": "3", "max": 1}, RULED, "spec")
    assert cause.field == "spec.min"


def test_rules_about_changes_need_something_that_changed() -> None:
    value = {"min": 1, "max": 1, "name": "b"}
    assert not custom_causes(value, RULED, "spec")
    (cause,) = custom_causes(value, RULED, "spec", {"min": 1, "max": 1, "name": "a"})
    assert (cause.field, cause.message) == ("spec.name", 'Invalid value: "b": name is immutable')


def test_a_rule_without_a_value_refuses() -> None:
    (cause,) = custom_causes({"min": 3}, RULED, "spec")
    assert "rule evaluation error: no such key: max" in cause.message
