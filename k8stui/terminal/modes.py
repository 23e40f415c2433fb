"""Modes that programs set and reset with ``CSI h``, ``CSI l`` (ECMA-48, DEC and xterm private)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Modes:
    """Every mode that is kept; names say what is so when it is set."""

    insert: bool = False  # 4 IRM
    newline: bool = False  # 20 LNM
    application_cursor: bool = False  # ?1 DECCKM
    reverse_video: bool = False  # ?5 DECSCNM
    autowrap: bool = True  # ?7 DECAWM
    blink_cursor: bool = False  # ?12
    show_cursor: bool = True  # ?25 DECTCEM
    reverse_wrap: bool = False  # ?45
    application_keypad: bool = False  # ?66 DECNKM, ESC =
    left_right: bool = False  # ?69 DECLRMM
    mouse: int = 0  # 9, 1000, 1002 or 1003
    mouse_encoding: int = 0  # 1005, 1006, 1015 or 1016
    focus_events: bool = False  # ?1004
    alternate_scroll: bool = True  # ?1007
    bracketed_paste: bool = False  # ?2004
    synchronized: bool = False  # ?2026
    kitty_flags: list[int] = field(default_factory=lambda: [0])  # CSI > u


ANSI = {4: "insert", 20: "newline"}
PRIVATE = {
    1: "application_cursor",
    5: "reverse_video",
    7: "autowrap",
    12: "blink_cursor",
    25: "show_cursor",
    45: "reverse_wrap",
    66: "application_keypad",
    69: "left_right",
    1004: "focus_events",
    1007: "alternate_scroll",
    2004: "bracketed_paste",
    2026: "synchronized",
}
MOUSE = (9, 1000, 1002, 1003)
MOUSE_ENCODINGS = (1005, 1006, 1015, 1016)
ALTERNATE_SCREENS = (47, 1047, 1049)
