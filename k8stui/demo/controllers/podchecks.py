"""What a kubelet finds wrong before it can start a pod or a container. Reads the store, changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from k8stui.demo.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, RUNTIME_CLASSES, SECRETS
from k8stui.demo.world.images import SHELLS, short_name

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["config_problem", "image_problem", "mount_problem", "sandbox_problem"]

_IMAGE = re.compile(r"[a-z0-9]+([._\-/:@][a-z0-9]+|__|-+)*[A-Za-z0-9_.\-:@]*")
_RUNS_AS_ROOT = SHELLS | {"nginx", "httpd", "redis", "postgres", "rabbitmq"}


def _missing(store: Store, res: Resource, kind: str, namespace: str, name: str, keys: list[str]) -> str:
    obj = store.get(res, namespace, name)
    if obj is None:
        return f'{kind.lower()} "{name}" not found'
    have = {**(obj.get("data") or {}), **(obj.get("binaryData") or {})}
    gone = [k for k in keys if k not in have]
    if not gone:
        return ""
    return f"references non-existent {'config' if kind == 'ConfigMap' else 'secret'} key: {gone[0]}"


def mount_problem(store: Store, pod: Obj) -> tuple[str, str]:
    """(volume, message) of the first volume that cannot be mounted, or two empty texts."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        for field, res, kind, name_key in (
            ("configMap", CONFIG_MAPS, "ConfigMap", "name"),
            ("secret", SECRETS, "Secret", "secretName"),
        ):
            source = volume.get(field)
            if not source or source.get("optional"):
                continue
            keys = [item["key"] for item in source.get("items") or ()]
            if text := _missing(store, res, kind, namespace, source[name_key], keys):
                return volume["name"], text
        if claim := volume.get("persistentVolumeClaim"):
            found = store.get(PERSISTENT_VOLUME_CLAIMS, namespace, claim["claimName"])
            if found is None:
                return volume["name"], f'persistentvolumeclaim "{claim["claimName"]}" not found'
        path = volume.get("hostPath") or {}
        if path.get("type") in ("Directory", "File") and path["path"].startswith("/mnt/missing"):
            return (
                volume["name"],
                f"hostPath type check failed: {path['path']} is not a {path['type'].lower()}",
            )
        if (nfs := volume.get("nfs")) and nfs["server"].endswith(".invalid"):
            return volume["name"], _nfs_text(nfs)
    return "", ""


def _nfs_text(nfs: Obj) -> str:
    where = f"{nfs['server']}:{nfs['path']}"
    return (
        f"mount failed: exit status 32\nMounting command: mount\nMounting arguments: -t nfs {where}"
        " /var/lib/kubelet/pods/volumes/kubernetes.io~nfs\nOutput: mount.nfs: Failed to resolve server"
        f" {nfs['server']}: Name or service not known"
    )


def attach_problem(store: Store, pod: Obj, others: list[Obj]) -> tuple[str, str]:
    """(volume name, message) when a ReadWriteOnce volume is in use on another node."""
    namespace, node = pod["metadata"]["namespace"], pod["spec"]["nodeName"]
    for volume in pod["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = store.get(PERSISTENT_VOLUME_CLAIMS, namespace, name) if name else None
        if claim is None or "ReadWriteOnce" not in claim["spec"].get("accessModes", ()):
            continue
        users = [
            o["metadata"]["name"]
            for o in others
            if o["spec"].get("nodeName") not in (None, node)
            and o["status"].get("phase") == "Running"
            and any(
                (v.get("persistentVolumeClaim") or {}).get("claimName") == name
                for v in o["spec"].get("volumes") or ()
            )
        ]
        if users:
            volume_name = claim["spec"].get("volumeName", name)
            return (
                volume_name,
                (
                    f'Multi-Attach error for volume "{volume_name}" Volume is already used by pod(s)'
                    f" {', '.join(users)}"
                ),
            )
    return "", ""


def sandbox_problem(store: Store, pod: Obj) -> str:
    """Why the pod's sandbox cannot be created, or an empty text."""
    cls = pod["spec"].get("runtimeClassName")
    if not cls:
        return ""
    found = store.get(RUNTIME_CLASSES, "", cls)
    handler = cls if found is None else found["handler"]
    if handler == "runc":
        return ""
    return (
        "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: "
        f'no runtime for "{handler}" is configured'
    )


def image_problem(item: Obj, present: bool) -> tuple[str, str]:
    """(waiting reason, message) for images that will never do, without trying to pull them."""
    image = item["image"]
    name = image.partition("@")[0]
    if name != name.lower().replace(" ", "") and re.search(r"[A-Z ]", name.rpartition(":")[0] or name):
        text = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        return "InvalidImageName", text + "invalid reference format: repository name must be lowercase"
    if not _IMAGE.fullmatch(image):
        text = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        return "InvalidImageName", text + "invalid reference format"
    if item.get("imagePullPolicy") == "Never" and not present:
        return "ErrImageNeverPull", f'Container image "{image}" is not present with pull policy of Never'
    return "", ""


def config_problem(store: Store, pod: Obj, item: Obj) -> str:
    """Why the container's environment or security settings cannot be made, or an empty text."""
    namespace = pod["metadata"]["namespace"]
    for source in item.get("envFrom") or ():
        for field, res, kind in (
            ("configMapRef", CONFIG_MAPS, "ConfigMap"),
            ("secretRef", SECRETS, "Secret"),
        ):
            ref = source.get(field)
            if ref and not ref.get("optional") and store.get(res, namespace, ref["name"]) is None:
                return f'{kind.lower()} "{ref["name"]}" not found'
    for entry in item.get("env") or ():
        value = entry.get("valueFrom") or {}
        for field, res, kind in (
            ("configMapKeyRef", CONFIG_MAPS, "ConfigMap"),
            ("secretKeyRef", SECRETS, "Secret"),
        ):
            ref = value.get(field)
            if not ref or ref.get("optional"):
                continue
            obj = store.get(res, namespace, ref["name"])
            if obj is None:
                return f'{kind.lower()} "{ref["name"]}" not found'
            if ref["key"] not in (obj.get("data") or {}):
                return f"couldn't find key {ref['key']} in {kind} {namespace}/{ref['name']}"
    context = {**(pod["spec"].get("securityContext") or {}), **(item.get("securityContext") or {})}
    if (
        context.get("runAsNonRoot")
        and "runAsUser" not in context
        and short_name(item["image"]) in _RUNS_AS_ROOT
    ):
        uid = pod["metadata"]["uid"]
        where = f"{pod['metadata']['name']}_{namespace}({uid})"
        return (
            f'container has runAsNonRoot and image will run as root (pod: "{where}", container:'
            f" {item['name']})"
        )
    return ""
