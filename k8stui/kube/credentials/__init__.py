"""Who we are to an API server: one source of credentials for each way that a kubeconfig can name them."""

from k8stui.kube.credentials.base import Certificate, Credential, CredentialSource, StaticSource
from k8stui.kube.credentials.factory import credentials_for

__all__ = ["Certificate", "Credential", "CredentialSource", "StaticSource", "credentials_for"]
