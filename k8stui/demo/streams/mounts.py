"""What a container's volumes hold: config maps, secrets, its service account, for debugging a node's files.

Only what can be told from objects; volumes with data of their own are empty folders.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from k8stui.demo.containers import Container

Read = Callable[[str, str, str], Mapping[str, Any] | None]
"""Plural, namespace and name -> object of the core group."""
Files = dict[str, str | bytes]
TOKEN = "simulated: this token opens nothing\n"  # noqa: S105
KUBELET_CONFIG = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
"""


def _nothing(plural: str, namespace: str, name: str) -> None:
    return None


def mounted_files(container: Container, read: Read = _nothing) -> Files:
    """Path -> content of all that is mounted; objects come from `read`."""
    files: Files = {}
    for path, volume in container.mounts:
        files.update(_volume(path.rstrip("/"), volume, container, read))
    return files


def _volume(path: str, volume: Mapping[str, Any], container: Container, read: Read) -> Files:
    space = container.namespace
    if (volume.get("hostPath") or {}).get("path") == "/":
        return node_files(path, container.node)
    if "configMap" in volume:
        return _config_map(
            path, volume["configMap"], read("configmaps", space, volume["configMap"].get("name", ""))
        )
    if "secret" in volume:
        return _secret(path, volume["secret"], read("secrets", space, volume["secret"].get("secretName", "")))
    files: Files = {}
    for source in (volume.get("projected") or {}).get("sources") or ():
        if "serviceAccountToken" in source:
            files[f"{path}/{source['serviceAccountToken'].get('path', 'token')}"] = TOKEN
        if "configMap" in source:
            found = read("configmaps", space, source["configMap"].get("name", ""))
            files |= _config_map(path, source["configMap"], found)
        if "secret" in source:
            files |= _secret(path, source["secret"], read("secrets", space, source["secret"].get("name", "")))
        if "downwardAPI" in source:
            files[f"{path}/namespace"] = space
    return files or {f"{path}/": ""}


def _chosen(path: str, source: Mapping[str, Any], data: Mapping[str, str | bytes]) -> Files:
    items = source.get("items")
    if not items:
        return {f"{path}/{key}": value for key, value in data.items()}
    return {f"{path}/{item['path']}": data[item["key"]] for item in items if item.get("key") in data}


def _config_map(path: str, source: Mapping[str, Any], found: Mapping[str, Any] | None) -> Files:
    return _chosen(path, source, (found or {}).get("data") or {})


def _secret(path: str, source: Mapping[str, Any], found: Mapping[str, Any] | None) -> Files:
    data: dict[str, str | bytes] = {}
    for key, value in ((found or {}).get("data") or {}).items():
        try:
            data[key] = base64.b64decode(value)
        except (binascii.Error, ValueError):
            data[key] = value
    return _chosen(path, source, data)


def node_files(path: str, node: str) -> Files:
    """The root of a simulated node below a path."""
    return {
        f"{path}/etc/os-release": f'PRETTY_NAME="Simulated node {node} (k8stui demo)"\nID=debian\n',
        f"{path}/etc/hostname": f"{node}\n",
        f"{path}/etc/kubernetes/kubelet.conf": "# simulated\n",
        f"{path}/etc/kubernetes/manifests/": "",
        f"{path}/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        f"{path}/etc/group": "root:x:0:\n",
        f"{path}/root/": "",
        f"{path}/tmp/": "",  # noqa: S108
        f"{path}/var/lib/kubelet/config.yaml": KUBELET_CONFIG,
        f"{path}/var/log/syslog": f"{node} kubelet[1]: simulated\n",
        f"{path}/var/log/pods/": "",
    }
