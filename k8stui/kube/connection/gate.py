"""The read-only gate: which requests change nothing. Whatever is not known to be harmless is refused.

`Connection` asks it before anything is sent; nothing else may decide this.
"""

from __future__ import annotations

from urllib.parse import unquote

__all__ = ["changes_something", "subresource"]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Connecting to these runs programs or opens tunnels, whatever the method.
_CONNECTS = frozenset({"exec", "attach", "portforward"})
# What a kubelet would run for us through `nodes/<name>/proxy/...`.
_KUBELET_CONNECTS = frozenset({"exec", "run", "attach", "portforward", "cri"})
_REVIEWS = {
    "authorization.k8s.io": frozenset(
        {
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
            "localsubjectaccessreviews",
        }
    ),
    "authentication.k8s.io": frozenset({"selfsubjectreviews"}),
}


def _segments(path: str) -> list[str] | None:
    """The parts of an API path after `/api/<version>` or `/apis/<group>/<version>`, None for other paths."""
    parts = [unquote(part) for part in path.partition("?")[0].split("/") if part]
    if not parts or ".." in parts or "." in parts:
        return None
    if parts[0] == "api":
        parts = parts[2:]
    elif parts[0] == "apis":
        parts = parts[3:]
    else:
        return None
    return parts[1:] if parts[:1] == ["watch"] else parts


def _object_parts(path: str) -> list[str] | None:
    """`[resource, name, subresource, ...]` with the namespace taken off."""
    parts = _segments(path)
    if parts is None:
        return None
    # `/namespaces/<ns>/<resource>` names a resource in a namespace, but `/namespaces/<ns>/status` does not.
    if len(parts) > 2 and parts[0] == "namespaces" and parts[2] not in ("status", "finalize"):
        return parts[2:]
    return parts


def subresource(path: str) -> str:
    """The subresource that an API path names ("exec" in `.../pods/x/exec`), in lower case; "" if none."""
    parts = _object_parts(path)
    return parts[2].lower() if parts and len(parts) > 2 else ""


def _is_review(path: str) -> bool:
    parts = [unquote(part) for part in path.partition("?")[0].split("/") if part]
    if len(parts) < 4 or parts[0] != "apis":
        return False
    group, rest = parts[1], parts[3:]
    if len(rest) == 3 and rest[0] == "namespaces" and rest[2] == "localsubjectaccessreviews":
        rest = rest[2:]
    return len(rest) == 1 and rest[0] in _REVIEWS.get(group, ())


def changes_something(
    method: str,
    path: str,
    *,
    upgrade: bool = False,
) -> bool:
    """Whether a request may change anything in the cluster or run anything in it.

    Harmless are GET, HEAD and OPTIONS (but not of exec, attach and port-forward, nor an upgrade to a
    WebSocket through a proxy) and reviews of access. A dry run (`dryRun=All`) is not: its verb changes, it
    runs admission webhooks, and whether it stays dry is the server's word alone.
    """
    method = method.upper()
    kind = subresource(path)
    if kind in _CONNECTS or (upgrade and kind == "proxy"):
        return True
    if kind == "proxy" and _reaches_kubelet(path):
        return True
    if method in _SAFE_METHODS:
        return False
    return not (method == "POST" and _is_review(path))


def _reaches_kubelet(path: str) -> bool:
    parts = _object_parts(path) or []
    return parts[0] == "nodes" and len(parts) > 3 and parts[3].lower() in _KUBELET_CONNECTS
