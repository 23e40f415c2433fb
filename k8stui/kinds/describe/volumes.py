"""Volumes of pods and templates, as kubectl describes them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.describe.common import Raw, dig, items, link, pairs, plain, text
from k8stui.kinds.describe.lines import NONE, Page, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

_VOLUMES: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "hostPath": ("HostPath", "bare host directory volume", (("Path", "path"), ("HostPathType", "type"))),
    "gcePersistentDisk": (
        "GCEPersistentDisk",
        "a Persistent Disk resource in Google Compute Engine",
        (("PDName", "pdName"), ("FSType", "fsType"), ("Partition", "partition"), ("ReadOnly", "readOnly")),
    ),
    "awsElasticBlockStore": (
        "AWSElasticBlockStore",
        "a Persistent Disk resource in AWS",
        (
            ("VolumeID", "volumeID"),
            ("FSType", "fsType"),
            ("Partition", "partition"),
            ("ReadOnly", "readOnly"),
        ),
    ),
    "nfs": (
        "NFS",
        "an NFS mount that lasts the lifetime of a pod",
        (("Server", "server"), ("Path", "path"), ("ReadOnly", "readOnly")),
    ),
    "iscsi": (
        "ISCSI",
        "an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod",
        (("TargetPortal", "targetPortal"), ("IQN", "iqn"), ("Lun", "lun"), ("ReadOnly", "readOnly")),
    ),
    "local": ("LocalVolume", "a persistent volume backed by local storage on a node", (("Path", "path"),)),
    "ephemeral": (
        "EphemeralVolume",
        "an inline specification for a volume that gets created and deleted with the pod",
        (),
    ),
    "image": (
        "Image",
        "a container image or OCI artifact",
        (("Reference", "reference"), ("PullPolicy", "pullPolicy")),
    ),
}


def volumes(page: Page, found: Sequence[Raw], namespace: str, *, level: int = 0) -> None:
    """Volumes below a heading."""
    if not found:
        page.field("Volumes", NONE, level=level)
        return
    page.heading("Volumes", level=level)
    for volume in found:
        page.heading(plain(volume.get("name")), level=level + 1)
        volume_source(page, volume, namespace, level + 2)


def volume_source(page: Page, volume: Raw, namespace: str, level: int) -> None:
    """Where a volume comes from."""

    def say(label: str, value: Any) -> None:
        page.field(label, value if isinstance(value, Text) else plain(value), level=level)

    if "configMap" in volume:
        ref = volume["configMap"]
        say("Type", "ConfigMap (a volume populated by a ConfigMap)")
        say("Name", link(plain(ref.get("name")), "configmaps", ref.get("name"), namespace))
        say("Optional", bool(ref.get("optional")))
    elif "secret" in volume:
        ref = volume["secret"]
        say("Type", "Secret (a volume populated by a Secret)")
        say("SecretName", link(plain(ref.get("secretName")), "secrets", ref.get("secretName"), namespace))
        say("Optional", bool(ref.get("optional")))
    elif "emptyDir" in volume:
        ref = volume["emptyDir"] or {}
        say("Type", "EmptyDir (a temporary directory that shares a pod's lifetime)")
        say("Medium", ref.get("medium"))
        say("SizeLimit", ref.get("sizeLimit") or "<unset>")
    elif "persistentVolumeClaim" in volume:
        ref = volume["persistentVolumeClaim"]
        claim = ref.get("claimName")
        say("Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)")
        say("ClaimName", link(plain(claim), "persistentvolumeclaims", claim, namespace))
        say("ReadOnly", bool(ref.get("readOnly")))
    elif "projected" in volume:
        say("Type", "Projected (a volume that contains injected data from multiple sources)")
        _projected(page, items(volume, "projected", "sources"), namespace, level)
    elif "downwardAPI" in volume:
        say("Type", "DownwardAPI (a volume populated by information about the pod)")
        page.heading("Items", level=level)
        for each in items(volume, "downwardAPI", "items"):
            page.text(
                f"{dig(each, 'fieldRef', 'fieldPath', default='')} -> {each.get('path')}", level=level + 1
            )
    elif "csi" in volume:
        _csi(page, volume["csi"] or {}, level)
    else:
        _other_volume(page, volume, level)


def _csi(page: Page, csi: Raw, level: int) -> None:
    page.field("Type", "CSI (a Container Storage Interface (CSI) volume source)", level=level)
    page.field("Driver", plain(csi.get("driver")), level=level)
    page.field("FSType", plain(csi.get("fsType")), level=level)
    if "volumeHandle" in csi:
        page.field("VolumeHandle", plain(csi.get("volumeHandle")), level=level)
    page.field("ReadOnly", text(bool(csi.get("readOnly"))), level=level)
    page.fields("VolumeAttributes", pairs(csi.get("volumeAttributes")), level=level)


def _other_volume(page: Page, volume: Raw, level: int) -> None:
    for key, value in volume.items():
        known = _VOLUMES.get(key)
        if known is not None:
            page.field("Type", f"{known[0]} ({known[1]})", level=level)
            for label, name in known[2]:
                page.field(label, plain(dig(value, name)), level=level)
            return
    for key, value in volume.items():
        if key != "name" and isinstance(value, dict):
            page.field("Type", key, level=level)
            for name, each in sorted(value.items()):
                page.field(name, plain(each), level=level)
            return
    page.field("Type", "<unknown>", level=level)


def _projected(page: Page, sources: Sequence[Raw], namespace: str, level: int) -> None:
    for source in sources:
        if "secret" in source:
            name = dig(source, "secret", "name")
            page.field("SecretName", link(plain(name), "secrets", name, namespace), level=level)
            page.field("SecretOptionalName", _optional(dig(source, "secret", "optional")), level=level)
        elif "configMap" in source:
            name = dig(source, "configMap", "name")
            page.field("ConfigMapName", link(plain(name), "configmaps", name, namespace), level=level)
            page.field("ConfigMapOptional", _optional(dig(source, "configMap", "optional")), level=level)
        elif "downwardAPI" in source:
            page.field("DownwardAPI", "true", level=level)
        elif "serviceAccountToken" in source:
            seconds = dig(source, "serviceAccountToken", "expirationSeconds")
            page.field("TokenExpirationSeconds", plain(seconds), level=level)
        elif "clusterTrustBundle" in source:
            page.field("ClusterTrustBundle", plain(dig(source, "clusterTrustBundle", "name")), level=level)


def _optional(value: Any) -> str:
    return "<nil>" if value is None else text(value)
