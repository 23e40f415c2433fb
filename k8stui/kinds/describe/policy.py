"""Configuration, access and limits, described: configmaps to certificate requests. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import Raw, Related, amount, dig, items, link, plain, when
from k8stui.kinds.describe.lines import Page, Text
from k8stui.kinds.yaml_noise import decoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def priority_class(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A priority class."""
    page.field("Name", plain(dig(obj, "metadata", "name")))
    page.field("Value", plain(obj.get("value")))
    page.field("GlobalDefault", "true" if obj.get("globalDefault") else "false")
    page.field("PreemptionPolicy", plain(obj.get("preemptionPolicy")) or "PreemptLowerPriority")
    page.field("Description", plain(obj.get("description")))
    common.metadata(page, obj, "Labels", "Annotations")
    common.events(page, related, now)


def config_map(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A ConfigMap with its texts."""
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    if obj.get("immutable"):
        page.field("Immutable", "true")
    page.title("")
    page.title("Data")
    page.title("====")
    for key, value in sorted((obj.get("data") or {}).items()):
        page.heading(str(key))
        page.title("----")
        page.text(str(value).rstrip("\n"))
        page.title("")
    page.title("")
    page.title("BinaryData")
    page.title("====")
    for key, value in sorted((obj.get("binaryData") or {}).items()):
        page.field(str(key), f"{len(decoded(str(value)) or b'')} bytes")
    page.title("")
    common.events(page, related, now)


def secret(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A secret: which keys it has, never what is in them."""
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    page.title("")
    page.field("Type", plain(obj.get("type")))
    page.title("")
    page.title("Data")
    page.title("====")
    for key, value in sorted((obj.get("data") or {}).items()):
        page.field(str(key), f"{len(decoded(str(value)) or b'')} bytes")
    common.events(page, related, now)


def service_account(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A service account and the secrets it names."""
    namespace = dig(obj, "metadata", "namespace", default="")
    common.metadata(page, obj, "Name", "Namespace", "Labels", "Annotations")
    for label, key in (("Image pull secrets", "imagePullSecrets"), ("Mountable secrets", "secrets")):
        names = [plain(ref.get("name")) for ref in items(obj, key)]
        page.fields(label, [link(name, "secrets", name, namespace) for name in names])
    mine = (dig(obj, "metadata", "name"), dig(obj, "metadata", "uid"))
    if not common.problem(page, related, "secrets", "Tokens"):
        tokens = [
            plain(dig(one, "metadata", "name"))
            for one in related.get("secrets")
            if _token_of(one) in (mine, (mine[0], None))
        ]
        page.fields("Tokens", [link(name, "secrets", name, namespace) for name in tokens])
    common.events(page, related, now)


def _token_of(found: Raw) -> tuple[Any, Any]:
    noted = dig(found, "metadata", "annotations", default={})
    return noted.get("kubernetes.io/service-account.name"), noted.get("kubernetes.io/service-account.uid")


# Access


def role(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A role or cluster role with its rules."""
    common.metadata(page, obj, "Name", "Labels", "Annotations")
    page.heading("PolicyRule")
    head = ("Resources", "Non-Resource URLs", "Resource Names", "Verbs")
    page.table(head, _rules(items(obj, "rules")))
    common.events(page, related, now)


def _listed(values: Sequence[Any]) -> str:
    return "[" + " ".join(map(str, values)) + "]"


def _rules(rules: Sequence[Raw]) -> list[tuple[str, str, str, str]]:
    """One row for each resource, as kubectl splits and joins rules."""
    merged: dict[tuple[str, str, str, str], list[str]] = {}
    for rule in rules:
        names, verbs = [str(name) for name in items(rule, "resourceNames")], items(rule, "verbs")
        for url in items(rule, "nonResourceURLs"):
            merged.setdefault(("", "", str(url), ""), []).extend(map(str, verbs))
        for group in items(rule, "apiGroups"):
            for resource in items(rule, "resources"):
                for name in names or [""]:
                    merged.setdefault((str(group), str(resource), "", name), []).extend(map(str, verbs))
    rows = []
    for (group, resource, url, name), verbs in merged.items():
        unique = list(dict.fromkeys(verbs))
        base, slash, sub = resource.partition("/")
        shown = f"{base}.{group}{slash}{sub}" if group else resource
        rows.append((group, shown, _listed([url] if url else []), _listed([name] if name else []), unique))
    rows.sort(key=lambda row: (row[0], row[1].replace("/", "\x00"), row[2]))
    return [(shown, urls, names, _listed(verbs)) for _, shown, urls, names, verbs in rows]


def role_binding(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A binding: which role, for whom."""
    common.metadata(page, obj, "Name", "Labels", "Annotations")
    reference = obj.get("roleRef") or {}
    kind, name = plain(reference.get("kind")), plain(reference.get("name"))
    namespace = dig(obj, "metadata", "namespace", default="")
    page.heading("Role")
    page.field("Kind", kind, level=1)
    page.field("Name", link(name, f"{kind.lower()}s.rbac.authorization.k8s.io", name, namespace), level=1)
    page.heading("Subjects")
    rows: list[tuple[str | Text, ...]] = []
    for subject in items(obj, "subjects"):
        who, place = plain(subject.get("name")), plain(subject.get("namespace"))
        what = plain(subject.get("kind"))
        shown = link(who, "serviceaccounts", who, place) if what == "ServiceAccount" else Text(who)
        rows.append((what, shown, place))
    page.table(("Kind", "Name", "Namespace"), rows)
    common.events(page, related, now)


# Limits


def quota(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A resource quota: used and hard."""
    common.metadata(page, obj, "Name", "Namespace")
    scopes = items(obj, "spec", "scopes")
    if scopes:
        page.field("Scopes", ", ".join(sorted(scopes)))
    page.table(("Resource", "Used", "Hard"), _used(obj), level=0)
    common.events(page, related, now)


def _used(obj: Raw) -> list[tuple[str | Text, ...]]:
    used = dig(obj, "status", "used", default={})
    rows: list[tuple[str | Text, ...]] = []
    for name, hard in sorted(dig(obj, "status", "hard", default={}).items()):
        have = plain(used.get(name))
        full = bool(have) and amount(have) >= amount(hard)
        rows.append((name, Text(have, "warning" if full else ""), plain(hard)))
    return rows


_LIMITS = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")
LIMIT_HEAD = ("Type", "Resource", "Min", "Max", "Default Request", "Default Limit", "Max Limit/Request Ratio")


def limit_range(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A limit range."""
    common.metadata(page, obj, "Name", "Namespace")
    page.table(LIMIT_HEAD, _limits(obj), level=0)
    common.events(page, related, now)


def _limits(obj: Raw) -> list[tuple[str, ...]]:
    rows = []
    for limit in items(obj, "spec", "limits"):
        resources = sorted({name for key in _LIMITS for name in (limit.get(key) or {})})
        for name in resources:
            values = [plain(dig(limit, key, name)) or "-" for key in _LIMITS]
            rows.append((plain(limit.get("type")), name, *values))
    return rows


def namespace(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A namespace with its quotas and limits."""
    common.metadata(page, obj, "Name", "Labels", "Annotations")
    page.field("Status", plain(dig(obj, "status", "phase")))
    common.conditions(page, items(obj, "status", "conditions"), ("LastTransitionTime", "Reason", "Message"))
    page.title("")
    if not common.problem(page, related, "resourcequotas", "Resource Quotas"):
        quotas = related.get("resourcequotas")
        page.title("Resource Quotas" if quotas else "No resource quota.")
        for each in quotas:
            name = dig(each, "metadata", "name")
            place = dig(each, "metadata", "namespace", default="")
            page.field("Name", link(plain(name), "resourcequotas", name, place), level=1)
            page.table(("Resource", "Used", "Hard"), _used(each))
    page.title("")
    if not common.problem(page, related, "limitranges", "Resource Limits"):
        ranges = related.get("limitranges")
        page.title("Resource Limits" if ranges else "No LimitRange resource.")
        if ranges:
            page.table(LIMIT_HEAD, [row for each in ranges for row in _limits(each)])
    common.events(page, related, now)


# Certificates


def certificate_request(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A certificate signing request and whom its certificate would name."""
    spec = obj.get("spec") or {}
    common.metadata(page, obj, "Name", "Labels", "Annotations", "CreationTimestamp")
    page.field("Requesting User", plain(spec.get("username")))
    if spec.get("signerName"):
        page.field("Signer", plain(spec["signerName"]))
    if spec.get("expirationSeconds") is not None:
        page.field("Requested Duration", f"{spec['expirationSeconds']}s")
    states = [plain(each.get("type")) for each in items(obj, "status", "conditions")]
    if not dig(obj, "status", "certificate") and "Approved" in states:
        states = states or ["Pending"]
    shown = ",".join(states) or "Pending"
    page.field("Status", f"{shown},Issued" if dig(obj, "status", "certificate") else shown)
    if items(spec, "usages"):
        page.field("Usages", ", ".join(items(spec, "usages")))
    from k8stui.kinds.describe.certificates import subject_of

    page.heading("Subject")
    subject = subject_of(decoded(plain(spec.get("request"))) or b"")
    if subject is None:
        page.text("(the request cannot be read)", level=1)
    for label in (
        "Common Name",
        "Serial Number",
        "Organization",
        "Organizational Unit",
        "Country",
        "Locality",
    ):
        values = (subject or {}).get(label, [])
        if values or (subject is not None and label in ("Common Name", "Serial Number")):
            page.field(label, ", ".join(values), level=1)
    for each in items(obj, "status", "conditions"):
        why = ": ".join(plain(each[key]) for key in ("reason", "message") if each.get(key))
        page.field(plain(each.get("type")), f"{when(each.get('lastUpdateTime'))} {why}".strip())
    common.events(page, related, now)
