"""Filler."""

from __future__ import annotations

from k8stui.demo.world.context import World


def make_filler(world: World, count: int) -> None:
    """stub"""
