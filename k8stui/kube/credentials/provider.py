"""Auth-providers, the older way of credentials: `oidc` lives on, the others were removed from Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kube.credentials.oidc import OidcSource
from k8stui.kube.errors import KubeconfigError, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.credentials.base import CredentialSource
    from k8stui.kube.kubeconfig.types import AuthProvider, User

__all__ = ["provider_source"]

_REPLACED = {
    "gcp": "install gke-gcloud-auth-plugin and run `gcloud container clusters get-credentials`",
    "azure": "install kubelogin and run `kubelogin convert-kubeconfig`",
}


def provider_source(
    user: User,
    provider: AuthProvider,
    *,
    on_progress: Callable[[str], None] | None = None,
    time_limit: float = 60.0,
) -> CredentialSource:
    """The source for an auth-provider. Raises KubeconfigError for one that no client supports any more."""
    if provider.name == "oidc":
        return OidcSource(user, provider, on_progress=on_progress, time_limit=time_limit)
    name = plain_text(provider.name, 60)
    raise KubeconfigError(
        f"User {user.name} uses the auth-provider {name}, which Kubernetes no longer supports",
        file=provider.file,
        hint=_REPLACED.get(name, "set an exec credential plugin for this user"),
    )
