"""Cluster-wide objects."""

from __future__ import annotations

from k8stui.demo.world.context import World


def make_cluster_objects(world: World) -> None:
    """stub"""
