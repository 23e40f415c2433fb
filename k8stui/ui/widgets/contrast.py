"""Keeping text readable on whatever background states and themes put behind it.

Source of the measure: WCAG 2.1, contrast ratio and relative luminance.
"""

from __future__ import annotations

from textual.color import Color

READABLE = 4.5
"""WCAG AA for text of normal size."""
DIMMED = 3.0
"""For text that is dimmed because it may no longer be true."""

_STEPS = 24
_LIGHT_ANSI = frozenset((2, 3, 6, 7, *range(9, 16)))
"""The terminal's own colours that are light in most palettes: green, yellow, cyan, white, the bright ones."""


def luminance(color: Color) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(value / 255) for value in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two opaque colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(color: Color, background: Color, least: float = READABLE) -> Color:
    """The colour, moved towards black or white as little as it takes to be read on the background.

    Colours of the terminal's own palette are left alone: nobody knows what they look like. On one of them
    as the background, text is black or white.
    """
    if background.ansi is not None and background.ansi >= 0:
        return Color(0, 0, 0, ansi=0) if background.ansi in _LIGHT_ANSI else Color(255, 255, 255, ansi=15)
    if color.ansi is not None or background.ansi is not None or contrast(color, background) >= least:
        return color
    # One of the two reaches 4.5 on any background.
    goal = max(Color(0, 0, 0), Color(255, 255, 255), key=lambda end: contrast(end, background))
    for step in range(1, _STEPS):
        moved = color.blend(goal, step / _STEPS, alpha=1.0)
        if contrast(moved, background) >= least:
            return moved
    return goal
