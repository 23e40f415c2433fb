"""Rollouts: how they stand, why they do not get on, and the revisions of a workload."""
