"""A pod taken apart."""
