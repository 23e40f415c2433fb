"""JSONPath as kubectl understands it."""
