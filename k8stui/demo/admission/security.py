"""Pod Security Standards: what the levels `baseline` and `restricted` forbid, by the labels of a namespace.

Reads the store, writes nothing. The words are those of the PodSecurity plugin; the rules are those of the
page "Pod Security Standards" of the Kubernetes documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.errors import forbidden
from k8stui.demo.resources import NAMESPACES, PODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from k8stui.demo.resources import Resource
    from k8stui.demo.store import Store

Obj = dict[str, Any]
Finding = tuple[str, str]
"""What is wrong, and where."""

__all__ = ["check_security"]

_PREFIX = "pod-security.kubernetes.io/"
_TEMPLATES = ("deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs")
_BASELINE_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_VOLUMES = frozenset(
    (
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"),
        *("projected", "secret", "image"),
    )
)
_SECCOMP = ("RuntimeDefault", "Localhost")


def check_security(store: Store, res: Resource, obj: Obj) -> list[str]:
    """Hold a pod (403), or a workload's template (a warning), to its namespace's level. Returns warnings."""
    name = obj["metadata"].get("namespace") or ""
    namespace = store.get(NAMESPACES, "", name) if res.namespaced else None
    labels = (namespace or {}).get("metadata", {}).get("labels") or {}
    is_pod = res.storage == PODS.storage
    if not any(key.startswith(_PREFIX) for key in labels) or not (is_pod or res.plural in _TEMPLATES):
        return []
    spec = obj.get("spec") or {}
    if not is_pod:
        spec = (spec.get("template") or {}).get("spec") or {}
    if is_pod:
        refused = _violations(labels, "enforce", spec)
        if refused:
            raise forbidden(PODS, obj["metadata"].get("name", ""), refused)
    warned = _violations(labels, "warn", spec)
    if not is_pod and not warned:
        warned = _violations(labels, "enforce", spec)
    return [f"would {warned.replace('violates', 'violate', 1)}"] if warned else []


def _violations(labels: Mapping[str, str], mode: str, spec: Obj) -> str:
    """The plugin's sentence, empty when nothing is wrong."""
    level = labels.get(_PREFIX + mode, "privileged")
    if level not in ("baseline", "restricted"):
        return ""
    checks = _BASELINE
    if level == "restricted":
        # What restricted asks for in the same matter takes the place of the milder check.
        checks = (*(c for c in _BASELINE if c not in (_capabilities, _host_paths)), *_RESTRICTED)
    found = [finding for check in checks for finding in check(spec)]
    if not found:
        return ""
    version = labels.get(f"{_PREFIX}{mode}-version", "latest")
    text = ", ".join(f"{what} ({where})" if where else what for what, where in found)
    return f'violates PodSecurity "{level}:{version}": {text}'


def _containers(spec: Obj) -> list[Obj]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [item for kind in kinds for item in spec.get(kind) or ()]


def _context(item: Obj) -> Obj:
    found: Obj = item.get("securityContext") or {}
    return found


def _named(items: list[Obj]) -> str:
    """`container "a"` or `containers "a", "b"`."""
    names = ", ".join(f'"{item.get("name")}"' for item in items)
    return f"container{'s' if len(items) > 1 else ''} {names}"


def _quoted(values: list[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def _host_namespaces(spec: Obj) -> Iterator[Finding]:
    found = [f"{key}=true" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    if found:
        yield "host namespaces", ", ".join(found)


def _privileged(spec: Obj) -> Iterator[Finding]:
    wrong = [item for item in _containers(spec) if _context(item).get("privileged")]
    if wrong:
        yield "privileged", f"{_named(wrong)} must not set securityContext.privileged=true"


def _capabilities(spec: Obj) -> Iterator[Finding]:
    wrong, names = [], set()
    for item in _containers(spec):
        added = set((_context(item).get("capabilities") or {}).get("add") or ()) - _BASELINE_CAPABILITIES
        if added:
            wrong.append(item)
            names |= added
    if wrong:
        listed = _quoted(sorted(names))
        where = f"{_named(wrong)} must not include {listed} in securityContext.capabilities.add"
        yield "non-default capabilities", where


def _host_paths(spec: Obj) -> Iterator[Finding]:
    names = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    if names:
        yield "hostPath volumes", f"volume{'s' if len(names) > 1 else ''} {_quoted(names)}"


def _host_ports(spec: Obj) -> Iterator[Finding]:
    wrong, ports = [], []
    for item in _containers(spec):
        used = [str(port["hostPort"]) for port in item.get("ports") or () if port.get("hostPort")]
        if used:
            wrong.append(item)
            ports += used
    if wrong:
        uses = "use" if len(wrong) > 1 else "uses"
        plural = "s" if len(ports) > 1 else ""
        yield "hostPort", f"{_named(wrong)} {uses} hostPort{plural} {', '.join(ports)}"


def _restricted_volumes(spec: Obj) -> Iterator[Finding]:
    wrong = []
    for volume in spec.get("volumes") or ():
        wrong += [(volume["name"], key) for key in volume if key != "name" and key not in _VOLUMES]
    if wrong:
        names = _quoted([name for name, _ in wrong])
        kinds = _quoted(sorted({kind for _, kind in wrong}))
        plural = "s" if len(wrong) > 1 else ""
        uses = "use" if plural else "uses"
        yield (
            "restricted volume types",
            f"volume{plural} {names} {uses} restricted volume type{plural} {kinds}",
        )


def _escalation(spec: Obj) -> Iterator[Finding]:
    wrong = [
        item for item in _containers(spec) if _context(item).get("allowPrivilegeEscalation") is not False
    ]
    if wrong:
        where = f"{_named(wrong)} must set securityContext.allowPrivilegeEscalation=false"
        yield "allowPrivilegeEscalation != false", where


def _dropped(spec: Obj) -> Iterator[Finding]:
    undropped, added, names = [], [], set()
    for item in _containers(spec):
        capabilities = _context(item).get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            undropped.append(item)
        more = set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}
        if more:
            added.append(item)
            names |= more
    parts = []
    if undropped:
        parts.append(f'{_named(undropped)} must set securityContext.capabilities.drop=["ALL"]')
    if added:
        listed = _quoted(sorted(names))
        parts.append(f"{_named(added)} must not include {listed} in securityContext.capabilities.add")
    if parts:
        yield "unrestricted capabilities", "; ".join(parts)


def _non_root(spec: Obj) -> Iterator[Finding]:
    pod = _context(spec).get("runAsNonRoot")
    wrong = [item for item in _containers(spec) if _context(item).get("runAsNonRoot", pod) is not True]
    if wrong:
        where = f"pod or {_named(wrong)} must set securityContext.runAsNonRoot=true"
        yield "runAsNonRoot != true", where
    roots = [item for item in _containers(spec) if _context(item).get("runAsUser") == 0]
    if _context(spec).get("runAsUser") == 0 or roots:
        who = ["pod"] if _context(spec).get("runAsUser") == 0 else []
        who += [_named(roots)] if roots else []
        yield "runAsUser=0", f"{' and '.join(who)} must not set runAsUser=0"


def _seccomp(spec: Obj) -> Iterator[Finding]:
    pod = (_context(spec).get("seccompProfile") or {}).get("type")
    wrong = [
        item
        for item in _containers(spec)
        if ((_context(item).get("seccompProfile") or {}).get("type") or pod) not in _SECCOMP
    ]
    if wrong:
        where = (
            f'pod or {_named(wrong)} must set securityContext.seccompProfile.type to "RuntimeDefault" or'
            ' "Localhost"'
        )
        yield "seccompProfile", where


_BASELINE: tuple[Callable[[Obj], Iterator[Finding]], ...] = (
    _host_namespaces,
    _host_ports,
    _privileged,
    _capabilities,
    _host_paths,
)
_RESTRICTED: tuple[Callable[[Obj], Iterator[Finding]], ...] = (
    _escalation,
    _dropped,
    _restricted_volumes,
    _non_root,
    _seccomp,
)
