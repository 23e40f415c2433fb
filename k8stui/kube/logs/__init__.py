"""Logs: which to read, following them through drops, rotations and restarts, and merging them."""
