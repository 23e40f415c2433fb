"""What of many objects must be there before others can be: namespaces, and the definitions of kinds. Pure.

A definition is in use when the server says Established of it, not when it is stored
(https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kube.catalog import ALL_VERBS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
NAMESPACES = "namespaces"


def comes_first(kind: Kind) -> bool:
    """Whether other objects may need one of this kind to be there."""
    return kind.name in (DEFINITIONS, NAMESPACES)


def kinds_defined(value: Any) -> Iterator[Kind]:
    """The kinds that a custom resource definition makes, one for each version; none for another object."""
    if not isinstance(value, dict) or value.get("kind") != "CustomResourceDefinition":
        return
    spec = _dict(value.get("spec"))
    names = _dict(spec.get("names"))
    group, kind, plural = (
        str(each or "") for each in (spec.get("group"), names.get("kind"), names.get("plural"))
    )
    versions = [_dict(each) for each in spec.get("versions") or () if isinstance(spec["versions"], list)]
    if not versions and spec.get("version"):  # v1beta1 could name one alone
        versions = [{"name": spec["version"], "served": True}]
    if not (group and kind and plural):
        return
    for version in versions:
        if version.get("name") and version.get("served") is not False:
            parts = _dict(version.get("subresources") or spec.get("subresources"))
            yield Kind(
                group,
                str(version["name"]),
                kind,
                plural,
                str(names.get("singular") or kind.lower()),
                namespaced=spec.get("scope") != "Cluster",
                verbs=ALL_VERBS,
                subresources=tuple(sorted(map(str, parts))),
            )


def in_use(definition: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the server serves the kinds of a definition; why it never will, where it says so."""
    told = {
        each.get("type"): each
        for each in _dict(definition.get("status")).get("conditions") or ()
        if isinstance(each, dict)
    }
    refused = told.get("NamesAccepted", {})
    if refused.get("status") == "False":
        return False, str(refused.get("message") or refused.get("reason") or "its names are taken")
    return told.get("Established", {}).get("status") == "True", ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
