"""The pens that SGR makes: one object for each look, remembered by the sequences that led to it."""

from __future__ import annotations

from k8stui.terminal.parser import parse_parameters
from k8stui.terminal.style import DEFAULT, Style, select_graphic_rendition


class Pens:
    """Styles made by SGR, one object for each look, so that equal cells are identical."""

    LIMIT = 8192

    def __init__(self) -> None:
        self._interned: dict[Style, Style] = {}
        # by identity, which is cheaper than comparing; the style is held, so that its id stays its own
        self._steps: dict[int, tuple[Style, dict[str, Style]]] = {}
        self._count = 0
        self.intern(DEFAULT)

    def intern(self, style: Style) -> Style:
        if len(self._interned) > self.LIMIT:
            self._interned.clear()
            self._steps.clear()
            self._count = 0
        return DEFAULT if style == DEFAULT else self._interned.setdefault(style, style)

    def step(self, pen: Style, text: str) -> Style:
        """The pen after ``CSI text m``; remembered, since programs repeat themselves."""
        known = self._steps.get(id(pen))
        if known is not None:
            found = known[1].get(text)
            if found is not None:
                return found
        return self._learn(pen, text)

    def _learn(self, pen: Style, text: str) -> Style:
        parameters = parse_parameters(text)
        clean = [tuple(max(0, value) for value in parameter) for parameter in parameters] or [(0,)]
        found = self.intern(select_graphic_rendition(pen, clean))
        self._count += 1
        if self._count > self.LIMIT:
            self._steps.clear()
            self._count = 0
        self._steps.setdefault(id(pen), (pen, {}))[1][text] = found
        return found
