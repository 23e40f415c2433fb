"""A terminal emulator: output of a program in, a screen and answers to the program out.

Knows neither Textual nor a cluster. Never raises from ``feed`` and never grows without
bound, whatever the bytes are. Nothing that a program sends reaches the real terminal.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8stui.terminal import bulk, reports
from k8stui.terminal.control import CONTROL, CSI, ESCAPE, designate
from k8stui.terminal.parser import Parser, parse_parameters
from k8stui.terminal.pens import Pens
from k8stui.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_REPLIES = 64 * 1024
MAX_TITLE = 256
MAX_LINK = 2083
MAX_CLIPBOARD = 100 * 1024


@dataclass(frozen=True)
class ClipboardRequest:
    """A program asks (OSC 52) to put ``text`` into the clipboard; the user decides."""

    text: str


class Emulator:
    """``columns`` x ``lines`` with ``history`` lines of scrollback.

    ``screen`` is what is shown; ``title`` what the program calls itself; ``bells`` counts
    BEL; ``on_clipboard`` is asked when a program wants to write the clipboard.
    """

    def __init__(
        self,
        columns: int,
        lines: int,
        *,
        history: int = 10_000,
        on_clipboard: Callable[[ClipboardRequest], None] | None = None,
        colours: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None,
    ) -> None:
        self.screen = Screen(columns, lines, history)
        self.draw = self.screen.draw
        self.title = ""
        self.bells = 0
        self.colours = colours
        self._on_clipboard = on_clipboard
        self._replies = ""
        self._pens = Pens()
        self._parser = Parser(self)
        self._titles: list[str] = []

    def feed(self, data: bytes) -> None:
        """Interpret output; UTF-8 characters and sequences may be split between calls."""
        self._parser.feed(data)

    def resize(self, columns: int, lines: int) -> None:
        """A new size; wrapped lines of the main screen are wrapped again."""
        self.screen.resize(columns, lines)

    def hang_up(self) -> None:
        """The program is gone, perhaps without a word: its text stays, its modes and half sequences do not.

        What comes next starts on a fresh line of the main screen.
        """
        screen = self.screen
        self._parser.reset()
        if screen.grid is screen.alternate:
            screen.switch_page(False)
            screen.restore_cursor()
        CSI["!p"](screen, ())
        screen.grid.touch_all()
        if screen.cursor.x:
            screen.next_line()
        self._replies = ""

    def take_replies(self) -> bytes:
        """What the terminal answered since the last call, for the program's input."""
        replies, self._replies = self._replies, ""
        return replies.encode()

    def _reply(self, text: str) -> None:
        if len(self._replies) + len(text) <= MAX_REPLIES:
            self._replies += text

    # -- calls of the parser ---------------------------------------------------------------

    def control(self, character: str) -> None:
        self.screen.last_drawn = ""
        function = CONTROL.get(character)
        if function is not None:
            function(self.screen)
        elif character == "\a":
            self.bells += 1

    def newline(self, text: str, position: int) -> int:
        """A line feed, and with it the plain lines that follow in `text`, if there are many."""
        screen = self.screen
        screen.last_drawn = ""
        screen.linefeed()
        if len(text) - position > bulk.ENOUGH and bulk.ready(screen):
            lines = bulk.LINES.match(text, position)
            if lines is not None:
                bulk.write_lines(screen, lines[0])
                return lines.end()
        return position

    def escape(self, sequence: str) -> None:
        function = ESCAPE.get(sequence)
        if function is not None:
            function(self.screen)
            if sequence == "c":
                self.title, self._titles = "", []
        elif sequence == "Z":
            self._reply(reports.PRIMARY_ATTRIBUTES)
        elif len(sequence) >= 2:
            designate(self.screen, sequence)

    def csi(self, key: str, parameters: str) -> None:
        if key == "m":
            cursor = self.screen.cursor
            cursor.pen = self._pens.step(cursor.pen, parameters)
            return
        if key != "b":
            self.screen.last_drawn = ""  # REP repeats only what was written just before
        function = CSI.get(key)
        values = parse_parameters(parameters)
        if function is not None:
            function(self.screen, values)
            return
        if key == "t" and values and values[0][0] in (22, 23):
            self._title_stack(values[0][0] == 22)
            return
        reply = reports.answer(self.screen, key, values)
        if reply:
            self._reply(reply)

    def string(self, kind: str, text: str, *, bell: bool) -> None:
        if kind == "OSC":
            number, _, rest = text.partition(";")
            self._operating_system_command(number, rest, "\a" if bell else "\x1b\\")
        elif kind == "DCS" and text.startswith("$q"):
            self._reply(reports.request_status_string(self.screen, text[2:]))
        elif kind == "DCS" and text.startswith("+q"):
            self._reply("\x1bP0+r\x1b\\")

    # -- operating system commands ---------------------------------------------------------

    def _operating_system_command(self, number: str, rest: str, end: str) -> None:
        if number in ("0", "2"):
            self.title = _printable(rest)[:MAX_TITLE]
        elif number == "8":
            uri = rest.partition(";")[2]
            cursor = self.screen.cursor
            good = len(uri) <= MAX_LINK and re.fullmatch(r"[ -~]*", uri)
            cursor.pen = self._pens.intern(cursor.pen._replace(link=uri if good else ""))
        elif number == "52":
            self._clipboard(rest)
        elif number in ("10", "11") and rest == "?" and self.colours:
            red, green, blue = self.colours[int(number) - 10]
            self._reply(
                f"\x1b]{number};rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}{end}"
            )

    def _clipboard(self, rest: str) -> None:
        """OSC 52: writing is handed to whoever asks the user; reading is never answered."""
        _, separator, data = rest.partition(";")
        if not separator or data == "?" or self._on_clipboard is None or len(data) > MAX_CLIPBOARD:
            return
        try:
            text = base64.b64decode(data, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
        self._on_clipboard(ClipboardRequest(text))

    def _title_stack(self, push: bool) -> None:
        if push and len(self._titles) < 10:
            self._titles.append(self.title)
        elif not push and self._titles:
            self.title = self._titles.pop()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
