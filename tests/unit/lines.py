"""A ring of lines as `kube.logs.buffer.LogBuffer` keeps one, for the tests of the viewer."""

from __future__ import annotations

from typing import Any

from k8stui.ui.widgets.lines.model import TextLine


class Ring:
    """Lines by absolute number; old ones fall off."""

    def __init__(self, most: int = 200_000) -> None:
        self._lines: list[Any] = [None] * most
        self._most = most
        self.first = 0
        self.end = 0

    def append(self, text: str, *, time: str = "", source: str | None = None, mark: str = "") -> None:
        self._lines[self.end % self._most] = TextLine(text, time, source, mark)
        self.end += 1
        self.first = max(self.first, self.end - self._most)

    def extend(self, texts: list[str]) -> None:
        for text in texts:
            self.append(text)

    def line(self, seq: int) -> TextLine:
        if not self.first <= seq < self.end:
            raise IndexError(seq)
        return self._lines[seq % self._most]

    def lines(self, start: int, stop: int) -> list[TextLine]:
        return [self._lines[seq % self._most] for seq in range(max(start, self.first), min(stop, self.end))]
