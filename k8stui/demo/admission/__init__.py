"""What a real API server's admission plugins do with what is created and changed.

The order is the server's: first what changes the object (`mutate`), then validation, then what only refuses
(`validate`). Everything here raises StoreError with the server's words, reads the store and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.demo.admission.limits import check_claim, check_pod
from k8stui.demo.admission.pods import mutate_pod
from k8stui.demo.admission.policies import check_policies
from k8stui.demo.admission.quota import check_quota
from k8stui.demo.admission.security import check_security
from k8stui.demo.admission.storage import check_expansion, with_default_class

if TYPE_CHECKING:
    from k8stui.demo.resources import Resource
    from k8stui.demo.routing import User
    from k8stui.demo.store import Store

Obj = dict[str, Any]

__all__ = ["mutate", "validate"]


def mutate(store: Store, res: Resource, obj: Obj) -> Obj:
    """A new object with what admission fills in. Raises StoreError(403)."""
    if res.storage == "pods":
        return mutate_pod(store, obj)
    if res.storage == "persistentvolumeclaims":
        return with_default_class(store, obj)
    return obj


def validate(store: Store, res: Resource, obj: Obj, old: Obj | None = None, *, user: User) -> list[str]:
    """Refuse what policies, limits, quotas or storage classes forbid. Returns warnings. Raises StoreError."""
    warnings = check_policies(store, res, obj, old, user=user.name, groups=user.groups)
    if old is None or res.storage != "pods":
        warnings += check_security(store, res, obj)
    if res.storage == "persistentvolumeclaims":
        check_claim(store, obj)
        check_expansion(store, obj, old)
    if res.storage == "pods" and old is None:
        check_pod(store, obj)
    check_quota(store, res, obj, old)
    return warnings
