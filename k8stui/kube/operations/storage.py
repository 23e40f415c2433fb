"""Storage: larger claims, the default StorageClass, reclaim policies. Pure.

Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ and .../storage-classes/
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from k8stui.kube.operations.plans import Change, Plan, PlanError, Ref, dig, patch, was

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "storageclass.kubernetes.io/is-default-class"
OLD_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class"
POLICIES = {
    "Retain": "the volume and its data stay when the claim goes",
    "Delete": "the volume and its data go with the claim",
    "Recycle": "the volume is wiped and offered again (deprecated)",
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E|m)?")
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def size_of(text: str) -> Decimal:
    """Bytes of a quantity such as `10Gi`. Raises PlanError."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise PlanError(f"{text!r} is no size: type one such as 20Gi.")
    unit = found[2] or ""
    number = Decimal(found[1])
    if unit == "m":
        return number / 1000
    if unit.endswith("i"):
        return number * Decimal(1024) ** _POWERS[unit[0].replace("K", "k")]
    return number * Decimal(1000) ** _POWERS[unit]


def plan_expand(
    ref: Ref, claim: Mapping[str, Any], size: str, storage_class: Mapping[str, Any] | None
) -> Plan:
    """A larger claim; `storage_class` is None where it could not be read. Raises PlanError."""
    now = str(dig(dict(claim), "spec", "resources", "requests", "storage") or "0")
    wanted = size.strip()
    if size_of(wanted) == size_of(now):
        raise PlanError(f"Nothing changes: the claim asks for {now} already.")
    if size_of(wanted) < size_of(now):
        raise PlanError(f"A claim cannot become smaller: it asks for {now}.")
    if dig(dict(claim), "status", "phase") != "Bound":
        raise PlanError("Only a claim that is bound can be expanded.")
    if storage_class is not None and not storage_class.get("allowVolumeExpansion"):
        name = dig(dict(storage_class), "metadata", "name")
        raise PlanError(f"StorageClass {name} does not allow expansion (allowVolumeExpansion).")
    request = patch(ref, {"spec": {"resources": {"requests": {"storage": wanted}}}})
    notes = [
        "This cannot be undone: claims only grow.",
        "Where the driver cannot do it while in use, the file system grows at the pod's next start.",
    ]
    if storage_class is None:
        notes.append("Whether its StorageClass allows it could not be read; the server will say.")
    change = Change(ref, (request,), f"storage {now} → {wanted}")
    return Plan("Expand", "expanded", (change,), notes=tuple(notes))


def is_default(storage_class: Mapping[str, Any]) -> bool:
    """Whether claims without a class get this one."""
    annotations = dig(dict(storage_class), "metadata", "annotations") or {}
    return "true" in (annotations.get(DEFAULT), annotations.get(OLD_DEFAULT))


def plan_default_class(ref: Ref, classes: Mapping[Ref, Mapping[str, Any]]) -> Plan:
    """Make a StorageClass the default one, and the others not; where it is the default, no longer."""
    mine = next(obj for each, obj in classes.items() if each == ref)

    def change(each: Ref, obj: Mapping[str, Any], on: bool) -> Change:
        old = dig(dict(obj), "metadata", "annotations") or {}
        new: dict[str, str | None] = {DEFAULT: "true" if on else "false"}
        if OLD_DEFAULT in old:
            new[OLD_DEFAULT] = None
        words = ("default → not the default", "→ default")[on]
        back = tuple(was(obj, "metadata", "annotations", key) for key in new)
        return Change(each, (patch(each, {"metadata": {"annotations": new}}),), words, back)

    if is_default(mine):
        note = "Without a default, claims that name no class stay pending."
        return Plan("Unmake", "changed", (change(ref, mine, False),), warnings=(note,))
    others = [change(each, obj, False) for each, obj in classes.items() if each != ref and is_default(obj)]
    note = "Claims that name no class get it from now on; claims that there are stay as they are."
    return Plan("Make default", "changed", (*others, change(ref, mine, True)), notes=(note,))


def plan_reclaim(volumes: Mapping[Ref, Mapping[str, Any]], policy: str) -> Plan:
    """Another reclaim policy. Raises PlanError."""
    changes = []
    for ref, volume in volumes.items():
        now = str(dig(dict(volume), "spec", "persistentVolumeReclaimPolicy") or "")
        if now != policy:
            request = patch(ref, {"spec": {"persistentVolumeReclaimPolicy": policy}})
            back = was(volume, "spec", "persistentVolumeReclaimPolicy")
            changes.append(Change(ref, (request,), f"{now} → {policy}", (back,)))
    if not changes:
        raise PlanError(f"Nothing changes: the policy is {policy} already.")
    warnings = ("Delete: when the claim is deleted, the data is deleted.",) if policy == "Delete" else ()
    return Plan(
        "Change", "changed", tuple(changes), notes=(f"{policy}: {POLICIES[policy]}.",), warnings=warnings
    )
