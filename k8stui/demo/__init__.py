"""A simulated cluster that speaks the Kubernetes API over HTTP."""
