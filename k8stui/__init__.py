"""k8stui: a live Kubernetes explorer for the terminal."""

__version__ = "0.1.0"
