"""The screen: Textual application, panes, widgets, dialogs."""

import os

# Textual paints at the ticks of a clock, and may miss one: at its 60 a second a typed key can wait 33 ms for
# its echo. Twice as many ticks halve that; nothing is painted at a tick without a change. The name is
# Textual's own setting, read when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "120")
