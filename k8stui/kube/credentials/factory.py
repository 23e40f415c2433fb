"""Which source of credentials a context needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.credentials.exec_plugin import ExecSource
from k8stui.kube.credentials.provider import provider_source
from k8stui.kube.credentials.static import FileSource
from k8stui.kube.errors import KubeconfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.credentials.base import CredentialSource
    from k8stui.kube.kubeconfig.types import Context

__all__ = ["credentials_for"]


def credentials_for(
    context: Context, *, on_progress: Callable[[str], None] | None = None, time_limit: float = 60.0
) -> CredentialSource:
    """The source for the user of `context`. `time_limit` in seconds is for a plugin or an issuer to answer.

    `on_progress` gets short plain-text lines while credentials are being fetched.
    """
    user = context.user_entry
    # As in client-go, a token or password in the kubeconfig is used before anything that must be fetched.
    if user.token or user.token_file or user.username or user.password:
        return FileSource(user)
    if user.exec is not None and user.auth_provider is not None:
        raise KubeconfigError(
            f"User {user.name} has an exec plugin and an auth-provider", hint="remove one of them"
        )
    if user.exec is not None:
        return ExecSource(context, user.exec, on_progress=on_progress, time_limit=time_limit)
    if user.auth_provider is not None:
        return provider_source(user, user.auth_provider, on_progress=on_progress, time_limit=time_limit)
    return FileSource(user)
