"""Label selectors and field selectors, as lists and watches take them, made into predicates on objects.

The syntax errors and the refusal of unknown fields carry the API server's words. Objects are only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import bad_request

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource

Predicate = Callable[[dict[str, Any]], bool]
LabelTest = Callable[[Mapping[str, str]], bool]

_TERM = re.compile(
    r"""\s*(?:
        (?P<set>[^\s,!=()<>]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)
      | (?P<absent>!\s*[^\s,!=()<>]+)
      | (?P<key>[^\s,!=()<>]+)\s*(?P<eq>==|!=|=)\s*(?P<value>[^\s,!=()<>]*)
      | (?P<than>[^\s,!=()<>]+)\s*(?P<cmp>[<>])\s*(?P<number>-?\d+)
      | (?P<exists>[^\s,!=()<>]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)


def _label_term(match: re.Match[str]) -> LabelTest:
    groups = match.groupdict()
    if groups["set"]:
        key = groups["set"]
        values = frozenset(value.strip() for value in groups["values"].split(","))
        if groups["op"] == "in":
            return lambda labels: key in labels and labels[key] in values
        return lambda labels: labels.get(key) not in values
    if groups["absent"]:
        key = groups["absent"][1:].strip()
        return lambda labels: key not in labels
    if groups["key"]:
        key, value = groups["key"], groups["value"]
        if groups["eq"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if groups["than"]:
        return _comparison(groups["than"], groups["cmp"], int(groups["number"]))
    key = groups["exists"]
    return lambda labels: key in labels


def _comparison(key: str, sign: str, number: int) -> LabelTest:
    def test(labels: Mapping[str, str]) -> bool:
        text = labels.get(key, "")
        if not re.fullmatch(r"-?\d+", text):
            return False
        return int(text) > number if sign == ">" else int(text) < number

    return test


def label_test(text: str) -> LabelTest | None:
    """The predicate of a label selector such as `app=web,tier in (a,b),!old`; None for an empty one.

    Raises 400 when it cannot be parsed.
    """
    if not text.strip():
        return None
    tests = []
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None or match.end() == position:
            raise bad_request(
                f"unable to parse requirement: found '{text[position:].strip()}', expected: ',' or end"
            )
        tests.append(_label_term(match))
        position = match.end()
    return lambda labels: all(test(labels) for test in tests)


def object_selector(selector: Mapping[str, Any] | None) -> LabelTest:
    """The predicate of a `metav1.LabelSelector` (an empty one fits everything, None nothing)."""
    if selector is None:
        return lambda _labels: False
    wanted = dict(selector.get("matchLabels") or {})
    rules = [
        (rule["key"], rule["operator"], frozenset(rule.get("values") or ()))
        for rule in selector.get("matchExpressions") or ()
    ]

    def test(labels: Mapping[str, str]) -> bool:
        if any(labels.get(key) != value for key, value in wanted.items()):
            return False
        for key, operator, values in rules:
            fits = {
                "In": labels.get(key) in values,
                "NotIn": labels.get(key) not in values,
                "Exists": key in labels,
                "DoesNotExist": key not in labels,
            }.get(operator, False)
            if not fits:
                return False
        return True

    return test


def selector_matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Whether a `metav1.LabelSelector` takes these labels."""
    return object_selector(selector)(labels or {})


def format_selector(selector: Mapping[str, Any] | None) -> str:
    """A `metav1.LabelSelector` in the short syntax, empty when it selects everything or nothing."""
    if not selector:
        return ""
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or ():
        key, values = rule["key"], ",".join(sorted(rule.get("values") or ()))
        text = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }.get(rule["operator"], "<error>")
        terms.append((key, text))
    return ",".join(text for _, text in sorted(terms))


# Fields a real server lets a list select by, beside metadata.name and metadata.namespace.
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicationcontrollers": ("status.replicas",),
    "replicasets.apps": ("status.replicas",),
    "jobs.batch": ("status.successful",),
    "certificatesigningrequests.certificates.k8s.io": ("spec.signerName",),
}


def _field_value(obj: Mapping[str, Any], path: str) -> str:
    if path == "source":
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    if path == "status.successful":
        path = "status.succeeded"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        if path in ("spec.unschedulable", "spec.hostNetwork"):
            return "false"
        return "0" if path in ("status.replicas", "status.succeeded") else ""
    return str(value)


def field_test(res: Resource, text: str) -> Predicate | None:
    """The predicate of a field selector such as `spec.nodeName=a,status.phase!=Running`.

    Raises 400 for a field by which a real server cannot select this kind.
    """
    if not text.strip():
        return None
    known = {"metadata.name", "metadata.namespace", *_FIELDS.get(res.storage, ())}
    terms: list[tuple[str, str, bool]] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([^=!\s]+)\s*(==|!=|=)\s*(.*?)\s*", part)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        path, operator, value = match.groups()
        if res.group == "events.k8s.io":
            path = path.replace("regarding.", "involvedObject.").replace(
                "reportingController", "reportingComponent"
            )
        if path not in known:
            if not res.group or res.custom or res.storage == "events":
                raise bad_request(f"field label not supported: {path}")
            names = 'only "metadata.name", "metadata.namespace"'
            raise bad_request(f'"{path}" is not a known field selector: {names}')
        terms.append((path, value, operator != "!="))
    return lambda obj: all((_field_value(obj, path) == value) is equal for path, value, equal in terms)


def combined(res: Resource, label_selector: str, field_selector: str) -> Predicate | None:
    """Both selectors of a request as one predicate on objects; None when everything fits."""
    labels, fields = label_test(label_selector), field_test(res, field_selector)
    if labels is None:
        return fields
    tested = labels

    def by_labels(obj: dict[str, Any]) -> bool:
        return tested(obj["metadata"].get("labels") or {})

    if fields is None:
        return by_labels
    also = fields
    return lambda obj: by_labels(obj) and also(obj)
