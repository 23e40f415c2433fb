"""Certificate signing requests: what they ask for, and approving or denying them. Pure.

Source: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.operations import der
from k8stui.kube.operations.plans import Change, Plan, PlanError, Ref, Request, dig

if TYPE_CHECKING:
    from collections.abc import Mapping

_PEM = re.compile(rb"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----(.*?)-----END", re.DOTALL)
_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.5": "serialNumber",
}
_CURVES = {"1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521"}
_KEYS = {"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}
_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_EXTENSION_REQUEST, _SAN = "1.2.840.113549.1.9.14", "2.5.29.17"
_ALTERNATIVES = {0x81: "email", 0x82: "DNS", 0x86: "URI", 0x87: "IP"}
DANGEROUS = {
    "system:masters": "no rule of RBAC holds its members: whoever has this certificate may do everything",
    "system:nodes": "it acts as a node: it reads the secrets of that node's pods",
}


class CertificateRequest(msgspec.Struct, frozen=True):
    """What a PKCS #10 request asks for."""

    subject: tuple[tuple[str, str], ...]
    """Parts of the name: `("CN", "ada")`."""
    alternatives: tuple[str, ...]
    """`DNS:web.shop.svc`, `IP:10.0.0.7`."""
    key: str
    """`RSA 2048 bit`, `ECDSA P-256`, `Ed25519`."""

    @property
    def name(self) -> str:
        """The subject on one line."""
        return ", ".join(f"{key}={value}" for key, value in self.subject) or "none"

    @property
    def groups(self) -> tuple[str, ...]:
        """What Kubernetes takes for groups."""
        return tuple(value for key, value in self.subject if key == "O")

    @property
    def weak(self) -> str:
        """Why the key is too weak; empty where it is not."""
        found = re.fullmatch(r"RSA (\d+) bit", self.key)
        return f"{self.key} is too short a key" if found and int(found[1]) < 2048 else ""


def decode_request(encoded: str) -> CertificateRequest:
    """Read `spec.request` (base64 of PEM). Raises PlanError with what is wrong."""
    try:
        pem = base64.b64decode(encoded, validate=True)
        found = _PEM.search(pem)
        if found is None:
            raise PlanError("The request holds no PEM certificate request.")
        return _read(base64.b64decode(b"".join(found[1].split()), validate=True))
    except (binascii.Error, der.DerError, ValueError) as error:
        raise PlanError(f"The request cannot be decoded: {error}.") from None


def _read(data: bytes) -> CertificateRequest:
    info = der.read(data)[0].child(0)
    parts = info.children
    if len(parts) < 3:
        raise der.DerError("a part is missing")
    subject = tuple(_subject(parts[1]))
    alternatives: list[str] = []
    for attributes in parts[3:]:
        for attribute in attributes.children:
            if der.oid(attribute.child(0)) == _EXTENSION_REQUEST:
                for extension in attribute.child(1).child(0).children:
                    if der.oid(extension.child(0)) == _SAN:
                        alternatives += _alternatives(extension.children[-1])
    return CertificateRequest(subject, tuple(alternatives), _key(parts[2]))


def _subject(name: der.Node) -> list[tuple[str, str]]:
    found = []
    for group in name.children:
        for pair in group.children:
            number = der.oid(pair.child(0))
            found.append((_NAMES.get(number, number), der.text(pair.child(1))))
    return found


def _alternatives(value: der.Node) -> list[str]:
    found = []
    for name in der.read(value.body)[0].children:
        kind = _ALTERNATIVES.get(name.tag)
        if kind == "IP":
            found.append(f"IP:{ipaddress.ip_address(name.body)}")
        elif kind:
            found.append(f"{kind}:{name.body.decode('utf-8', 'replace')}")
        else:
            found.append("other name")
    return found


def _key(info: der.Node) -> str:
    algorithm = info.child(0)
    number = der.oid(algorithm.child(0))
    if number == _RSA:
        modulus = der.read(info.child(1).body[1:])[0].child(0)
        return f"RSA {int.from_bytes(modulus.body).bit_length()} bit"
    if number == _EC:
        curve = der.oid(algorithm.child(1))
        return f"ECDSA {_CURVES.get(curve, curve)}"
    return _KEYS.get(number, f"key of type {number}")


def facts(csr: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What a CSR object asks for, as sentences, and what is dangerous about it."""
    spec = csr.get("spec") or {}
    told = [
        f"Signer: {spec.get('signerName', 'none')}",
        f"Asked by: {spec.get('username', '?')} (groups {', '.join(spec.get('groups') or ()) or 'none'})",
        f"Usages: {', '.join(spec.get('usages') or ()) or 'none'}",
    ]
    if spec.get("expirationSeconds"):
        told.append(f"Valid for: {int(spec['expirationSeconds']) // 3600} h at most")
    warnings: list[str] = []
    try:
        request = decode_request(str(spec.get("request") or ""))
    except PlanError as error:
        return told, [str(error)]
    names = ", ".join(request.alternatives) or "none"
    told = [f"Subject: {request.name}", f"Other names: {names}", f"Key: {request.key}", *told]
    warnings += [f"Group {group}: {DANGEROUS[group]}." for group in request.groups if group in DANGEROUS]
    if request.weak:
        warnings.append(f"{request.weak}.")
    return told, warnings


def decided(csr: Mapping[str, Any]) -> str:
    """`Approved`, `Denied` or `Failed` where that was said already; empty while it waits."""
    for condition in dig(dict(csr), "status", "conditions") or ():
        if condition.get("type") in ("Approved", "Denied", "Failed"):
            return str(condition["type"])
    return ""


def plan_decision(csrs: Mapping[Ref, Mapping[str, Any]], *, approve: bool, moment: str) -> Plan:
    """Approve or deny. `moment` as RFC 3339. Raises PlanError."""
    changes, notes, warnings = [], [], []
    for ref, csr in csrs.items():
        if decided(csr):
            continue
        word = "Approved" if approve else "Denied"
        condition = {
            "type": word,
            "status": "True",
            "reason": f"{word}ByUser",
            "message": f"{word} with k8stui",
            "lastUpdateTime": moment,
        }
        status = dict(csr.get("status") or {})
        status["conditions"] = [*(status.get("conditions") or ()), condition]
        meta = csr.get("metadata") or {}
        body = {
            "apiVersion": ref.kind.api_version,
            "kind": "CertificateSigningRequest",
            "metadata": {key: meta[key] for key in ("name", "uid", "resourceVersion") if key in meta},
            "spec": csr.get("spec") or {},
            "status": status,
        }
        changes.append(Change(ref, (Request("PUT", ref.path("approval"), body),), f"pending → {word}"))
        told, hurts = facts(csr)
        notes += told if len(csrs) == 1 else [f"{ref.name}: {each}" for each in told[:4]]
        warnings += hurts if len(csrs) == 1 else [f"{ref.name}: {each}" for each in hurts]
    if not changes:
        raise PlanError("That is decided already; a decision cannot be taken back.")
    verb, done = ("Approve", "approved") if approve else ("Deny", "denied")
    notes.append("A decision cannot be taken back.")
    return Plan(
        verb, done, tuple(changes), tuple(notes), tuple(warnings), destroys=bool(warnings) and approve
    )
