"""Debugging pods and nodes: what would be created, creating it, and cleaning it up."""
