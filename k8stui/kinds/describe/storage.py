"""Volumes, claims and storage classes, described. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.describe import common
from k8stui.kinds.describe.common import Raw, Related, dig, items, link, pairs, plain, text
from k8stui.kinds.describe.lines import NONE, UNSET, Page, Text
from k8stui.kinds.describe.volumes import volume_source

if TYPE_CHECKING:
    from datetime import datetime

PODS = "pods"
_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _modes(obj: Raw, *path: str) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in items(obj, *path))


def _finalizers(page: Page, obj: Raw) -> None:
    page.field("Finalizers", "[" + " ".join(items(obj, "metadata", "finalizers")) + "]")


def volume(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A PersistentVolume."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    common.metadata(page, obj, "Name", "Labels", "Annotations")
    _finalizers(page, obj)
    class_name = spec.get("storageClassName")
    page.field("StorageClass", link(plain(class_name), "storageclasses", class_name))
    if not common.deletion(page, obj, now, grace=False):
        page.field("Status", plain(status.get("phase")))
    claim = spec.get("claimRef")
    if claim:
        namespace, name = plain(claim.get("namespace")), plain(claim.get("name"))
        page.field("Claim", link(f"{namespace}/{name}", "persistentvolumeclaims", name, namespace))
    else:
        page.field("Claim", "")
    page.field("Reclaim Policy", plain(spec.get("persistentVolumeReclaimPolicy")))
    page.field("Access Modes", _modes(spec, "accessModes"))
    if spec.get("volumeMode"):
        page.field("VolumeMode", plain(spec["volumeMode"]))
    page.field("Capacity", plain(dig(spec, "capacity", "storage")))
    _affinity(page, spec)
    page.field("Message", plain(status.get("message")))
    page.heading("Source")
    volume_source(page, {key: value for key, value in spec.items() if key in _SOURCES}, "", 2)
    common.events(page, related, now)


_SOURCES = frozenset(
    {
        *("hostPath", "csi", "nfs", "local", "iscsi", "fc", "gcePersistentDisk", "awsElasticBlockStore"),
        *("azureDisk", "azureFile", "cephfs", "cinder", "flexVolume", "glusterfs", "portworxVolume"),
        *("quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
    }
)


def _affinity(page: Page, spec: Raw) -> None:
    terms = items(spec, "nodeAffinity", "required", "nodeSelectorTerms")
    if not terms:
        page.field("Node Affinity", NONE)
        return
    page.heading("Node Affinity")
    page.heading("Required Terms", level=1)
    for index, term in enumerate(terms):
        rules = [
            f"{rule.get('key')} {str(rule.get('operator')).lower()} [{', '.join(items(rule, 'values'))}]"
            for rule in items(term, "matchExpressions")
        ]
        page.fields(f"Term {index}", rules, level=2)


def claim(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A PersistentVolumeClaim and the pods that use it."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    namespace = dig(obj, "metadata", "namespace", default="")
    common.metadata(page, obj, "Name", "Namespace")
    class_name = spec.get("storageClassName")
    page.field("StorageClass", link(plain(class_name), "storageclasses", class_name))
    if not common.deletion(page, obj, now, grace=False):
        phase = plain(status.get("phase"))
        page.field("Status", Text(phase, "warning" if phase in ("Pending", "Lost") else ""))
    name = spec.get("volumeName")
    page.field("Volume", link(plain(name), "persistentvolumes", name))
    common.metadata(page, obj, "Labels", "Annotations")
    _finalizers(page, obj)
    bound = bool(name)
    page.field("Capacity", plain(dig(status, "capacity", "storage")) if bound else "")
    page.field("Access Modes", _modes(status, "accessModes") if bound else "")
    if spec.get("volumeMode"):
        page.field("VolumeMode", plain(spec["volumeMode"]))
    wanted = plain(dig(spec, "resources", "requests", "storage"))
    if wanted and wanted != plain(dig(status, "capacity", "storage")):
        page.field("Requested", wanted)
    source = spec.get("dataSource") or spec.get("dataSourceRef")
    if source:
        page.heading("DataSource")
        for label, key in (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")):
            page.field(label, plain(source.get(key)), level=1)
    if not common.problem(page, related, PODS, "Used By"):
        mine = plain(dig(obj, "metadata", "name"))
        pods = [plain(dig(pod, "metadata", "name")) for pod in related.get(PODS) if _uses(pod, mine)]
        page.fields("Used By", [link(pod, "pods", pod, namespace) for pod in pods])
    common.conditions(page, items(status, "conditions"), ("Reason", "Message"))
    common.events(page, related, now)


def _uses(pod: Raw, claim_name: str) -> bool:
    return any(
        dig(volume, "persistentVolumeClaim", "claimName") == claim_name
        or ("ephemeral" in volume and f"{dig(pod, 'metadata', 'name')}-{volume.get('name')}" == claim_name)
        for volume in items(pod, "spec", "volumes")
    )


DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def storage_class(page: Page, obj: Raw, related: Related, now: datetime) -> None:
    """A StorageClass."""
    noted = dig(obj, "metadata", "annotations", default={})
    common.metadata(page, obj, "Name")
    is_default = any(noted.get(key) == "true" for key in DEFAULT_CLASS)
    page.field("IsDefaultClass", "Yes" if is_default else "No")
    shown = {key: value for key, value in noted.items() if key not in common.HIDDEN_ANNOTATIONS}
    page.field("Annotations", ",".join(pairs(shown)) or NONE)
    page.field("Provisioner", plain(obj.get("provisioner")))
    page.field("Parameters", ",".join(pairs(obj.get("parameters"))) or NONE)
    expansion = obj.get("allowVolumeExpansion")
    page.field("AllowVolumeExpansion", UNSET if expansion is None else str(expansion))
    options = items(obj, "mountOptions")
    if not options:
        page.field("MountOptions", NONE)
    else:
        page.heading("MountOptions")
        for option in options:
            page.text(str(option), level=1)
    page.field("ReclaimPolicy", text(obj.get("reclaimPolicy")))
    page.field("VolumeBindingMode", text(obj.get("volumeBindingMode"), UNSET))
    common.events(page, related, now)
