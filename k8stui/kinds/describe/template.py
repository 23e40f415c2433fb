"""Pod templates, and where pods may run: what pods and workloads say alike. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.describe.common import Raw, dig, items, link, pairs, plain, selector_text
from k8stui.kinds.describe.containers import containers
from k8stui.kinds.describe.volumes import volumes

if TYPE_CHECKING:
    from k8stui.kinds.describe.lines import Page


def template(page: Page, found: Raw, namespace: str) -> None:
    """A pod template."""
    page.heading("Pod Template")
    spec = found.get("spec") or {}
    page.fields("Labels", pairs(dig(found, "metadata", "labels")), level=1)
    noted = dig(found, "metadata", "annotations")
    if noted:
        page.fields("Annotations", pairs(noted, ": "), level=1)
    account = spec.get("serviceAccountName")
    if account:
        page.field("Service Account", link(account, "serviceaccounts", account, namespace), level=1)
    containers(page, "Init Containers", items(spec, "initContainers"), None, namespace, level=1)
    containers(page, "Containers", items(spec, "containers"), None, namespace, level=1)
    volumes(page, items(spec, "volumes"), namespace, level=1)
    if spec.get("priorityClassName"):
        name = spec["priorityClassName"]
        page.field("Priority Class Name", link(name, "priorityclasses", name), level=1)
    spread(page, spec, level=1)
    page.fields("Node-Selectors", pairs(spec.get("nodeSelector")), level=1)
    page.fields("Tolerations", tolerations(spec), level=1)


def spread(page: Page, spec: Raw, *, level: int = 0) -> None:
    """Topology spread constraints, where there are any."""
    rules = [
        f"{rule.get('topologyKey')}:{rule.get('whenUnsatisfiable')} when max skew {rule.get('maxSkew')} is "
        f"exceeded for selector {selector_text(rule.get('labelSelector'))}"
        for rule in items(spec, "topologySpreadConstraints")
    ]
    if rules:
        page.fields("Topology Spread Constraints", rules, level=level)


def tolerations(spec: Raw) -> list[str]:
    """Tolerations, one a line, by key."""
    shown = []
    for each in sorted(items(spec, "tolerations"), key=lambda one: str(one.get("key", ""))):
        row = plain(each.get("key"))
        if each.get("value"):
            row += f"={each['value']}"
        if each.get("effect"):
            row += f":{each['effect']}"
        # kubectl names the operator where it is Exists; the other one is told by the value.
        if each.get("operator") == "Exists":
            row += " op=Exists" if row or each.get("effect") else "op=Exists"
        if each.get("tolerationSeconds") is not None:
            row += f" for {each['tolerationSeconds']}s"
        shown.append(row.strip())
    return shown
