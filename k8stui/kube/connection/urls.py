"""From a context and a path of the API to the URL that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from k8stui.kube.connection.gate import subresource
from k8stui.kube.connection.proxy import without_password
from k8stui.kube.errors import KubeconfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from k8stui.kube.kubeconfig.types import Context

    Scalar = str | int | bool | None
    Params = Mapping[str, Scalar | Sequence[str]]
    """A query: None is left out, True is "true", a sequence repeats its key."""

__all__ = ["checked_server", "is_web_page", "join_url", "pairs"]

_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._%"


def pairs(params: Params | None) -> list[tuple[str, str]]:
    """The query as pairs of texts."""
    found: list[tuple[str, str]] = []
    for key, value in (params or {}).items():
        if value is None:
            continue
        values: Sequence[Any] = [value] if isinstance(value, (str, int, bool)) else value
        found += [(key, _text(each)) for each in values]
    return found


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def join_url(base: str, path: str, params: Params | None) -> str:
    """`path` (which may have a query of its own) below `base`, whose own path is kept. Ready to be sent."""
    if not path.startswith("/"):
        raise ValueError(f"not an absolute path: {path}")
    path, _, query = path.partition("?")
    query = "&".join(part for part in (query, urlencode(pairs(params))) if part)
    return f"{base}{quote(path, safe=_SAFE_IN_PATH)}" + (f"?{query}" if query else "")


def is_web_page(path: str, content_type: str) -> bool:
    """Whether a page for people came back from a `path` where the API never has one: a portal or a login."""
    api = path.startswith(("/api/", "/apis/", "/version", "/openapi/")) or path in ("/api", "/apis")
    return api and content_type.startswith("text/html") and subresource(path) not in ("proxy", "log")


def checked_server(context: Context) -> str:
    """The server's URL. Raises KubeconfigError when it is none that can be asked."""
    server = context.server
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise KubeconfigError(
            f"The server of cluster {context.cluster} is no URL: {without_password(server)}",
            hint="write it as https://host:port",
        )
    if "@" in parts.netloc:
        raise KubeconfigError(
            f"The server of cluster {context.cluster} has a user in its URL: {without_password(server)}",
            hint="put username and password into the user's entry of the kubeconfig",
        )
    return server
