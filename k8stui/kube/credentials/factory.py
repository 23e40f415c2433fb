"""Which source of credentials a context needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.credentials.static import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.credentials.base import CredentialSource
    from k8stui.kube.kubeconfig_types import Context

__all__ = ["credentials_for"]


def credentials_for(
    context: Context, *, on_progress: Callable[[str], None] | None = None, time_limit: float = 60.0
) -> CredentialSource:
    """The source for the user of `context`. `time_limit` in seconds is for a plugin or an issuer to answer.

    `on_progress` gets short plain-text lines while credentials are being fetched.
    """
    return FileSource(context.user_entry)
