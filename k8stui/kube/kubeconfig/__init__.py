"""Kubeconfigs as kubectl reads, merges and updates them."""
