"""Which proxy leads to a server: `proxy-url` of the cluster, else the environment as Go reads it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from k8stui.kube.errors import KubeconfigError, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["proxy_for", "without_password"]


def proxy_for(server: str, proxy_url: str, env: Mapping[str, str]) -> str:
    """The URL of the proxy to use for `server`, "" for none. Raises KubeconfigError for an unusable one.

    `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count in capitals first, then in small letters; servers on
    this machine are never reached through a proxy of the environment (golang.org/x/net/http/httpproxy).
    """
    if proxy_url:
        return _checked(proxy_url, "proxy-url", server)
    target = urlsplit(server)
    name = "HTTPS_PROXY" if target.scheme == "https" else "HTTP_PROXY"
    value = env.get(name) or env.get(name.lower()) or ""
    if not value or (name == "HTTP_PROXY" and env.get("REQUEST_METHOD")):
        return ""
    port = target.port or (443 if target.scheme == "https" else 80)
    if _is_exempt(target.hostname or "", port, env.get("NO_PROXY") or env.get("no_proxy") or ""):
        return ""
    return _checked(value if "://" in value else f"http://{value}", name, server)


def without_password(url: str) -> str:
    """`url` as it may be shown."""
    parts = urlsplit(url)
    return url if "@" not in parts.netloc else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _checked(url: str, setting: str, server: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    shown = plain_text(without_password(url) if host else url, 100)
    if parts.scheme not in ("http", "https", "socks5", "socks5h") or not host:
        raise KubeconfigError(
            f"{setting} is no URL of a proxy: {shown}",
            hint="write it as http://host:port, https://host:port or socks5://host:port",
        )
    if parts.scheme.startswith("socks") and not server.startswith("https:"):
        raise KubeconfigError(
            f"{setting} names a SOCKS proxy ({shown}), which can be used for https:// servers only",
            hint="use an http:// proxy, or an https:// server",
        )
    return url


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_exempt(host: str, port: int, no_proxy: str) -> bool:
    host = host.lower().rstrip(".")
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    return any(_matches(entry, host, address, port) for entry in entries if entry)


def _matches(
    entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int
) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    named, wanted_port = _split_port(entry)
    if wanted_port is not None and wanted_port != str(port):
        return False
    if (named_address := _address(named)) is not None:
        return named_address == address
    if address is not None:
        return False
    named = named.removeprefix("*")
    if named.startswith("."):
        return host.endswith(named)
    return host == named or host.endswith("." + named)


def _split_port(entry: str) -> tuple[str, str | None]:
    if entry.startswith("["):
        inner, _, rest = entry[1:].partition("]")
        return inner, rest.removeprefix(":") or None
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, None
