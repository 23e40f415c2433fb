"""The screen: Textual application, panes, widgets, dialogs."""

import os

# Textual paints at the ticks of a clock, and one that passes while a frame is made makes the next wait for
# the second tick after it: at its 60 a second a typed key can wait 33 ms for its echo, and at 120 a frame of
# 9 ms is followed by none for 25. The more ticks, the shorter these waits; nothing is painted at a tick
# without a change, and what changes often keeps a pace of its own. The name is Textual's own setting, read
# when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "240")
