"""Requests to one API server, and all that is between here and there: identity, TLS, proxies, the gate."""
