"""Scenarios."""

from __future__ import annotations

from k8stui.demo.world.context import World


def make_scenarios(world: World) -> None:
    """stub"""
