"""Which call of the screen each control character and sequence means.

Tables from a sequence's key (private marker, intermediates, final character) to a
function; sequences that are not in a table are ignored, as terminals do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from k8stui.terminal import modes as known
from k8stui.terminal.rectangles import RECTANGLES
from k8stui.terminal.reports import private_state
from k8stui.terminal.state import TAB
from k8stui.terminal.style import PROTECTED

if TYPE_CHECKING:
    from k8stui.terminal.parser import Parameters
    from k8stui.terminal.screen import Screen

CsiFunction = Callable[["Screen", "Parameters"], None]


def _value(parameters: Parameters, index: int = 0, default: int = 1) -> int:
    """A parameter, ``default`` where it is missing or 0."""
    value = parameters[index][0] if index < len(parameters) else default
    return value if value > 0 else default


def _raw(parameters: Parameters, index: int = 0) -> int:
    """A parameter where 0 has a meaning of its own."""
    return max(0, parameters[index][0]) if index < len(parameters) else 0


def _counted(method: str) -> CsiFunction:
    def call(screen: Screen, parameters: Parameters) -> None:
        getattr(screen, method)(_value(parameters))

    return call


def _next_lines(screen: Screen, parameters: Parameters) -> None:
    screen.down(_value(parameters))
    screen.carriage_return()


def _previous_lines(screen: Screen, parameters: Parameters) -> None:
    screen.up(_value(parameters))
    screen.carriage_return()


def _position(screen: Screen, parameters: Parameters) -> None:
    screen.move_to(_value(parameters) - 1, _value(parameters, 1) - 1)


def _column(screen: Screen, parameters: Parameters) -> None:
    screen.move_to_column(_value(parameters) - 1)


def _row(screen: Screen, parameters: Parameters) -> None:
    screen.move_to_row(_value(parameters) - 1)


def _column_right(screen: Screen, parameters: Parameters) -> None:
    """HPR: unlike CUF it does not stop at the margin."""
    screen.right_by(_value(parameters), margins=False)


def _shifted(*, right: bool, at_cursor: bool) -> CsiFunction:
    def call(screen: Screen, parameters: Parameters) -> None:
        screen.shift_columns(screen.cursor.x if at_cursor else screen.left, _value(parameters), right=right)

    return call


def _region(screen: Screen, parameters: Parameters) -> None:
    screen.set_region(_value(parameters) - 1, _value(parameters, 1, screen.lines) - 1)


def _clear_tab(screen: Screen, parameters: Parameters) -> None:
    how = _raw(parameters)
    if how == 0:
        screen.tabs.discard(screen.cursor.x)
    elif how == 3:
        screen.tabs.clear()


def _scroll_down(screen: Screen, parameters: Parameters) -> None:
    if len(parameters) <= 1:  # five parameters are xterm's highlight tracking
        screen.scroll_down(_value(parameters))


def _save(screen: Screen, parameters: Parameters) -> None:
    """DECSLRM where left and right margins are on (mode 69), else SCOSC."""
    if screen.modes.left_right:
        screen.set_margins(_value(parameters) - 1, _value(parameters, 1, screen.columns) - 1)
    elif not parameters:
        screen.save_cursor()


def _restore(screen: Screen, parameters: Parameters) -> None:
    if not parameters:
        screen.restore_cursor()


def _cursor_shape(screen: Screen, parameters: Parameters) -> None:
    """DECSCUSR: 0-2 block, 3-4 underline, 5-6 bar; odd ones blink."""
    shape = _raw(parameters)
    if shape <= 6:
        screen.cursor_shape = shape


def _protect(screen: Screen, parameters: Parameters) -> None:
    """DECSCA: characters written from now on survive selective erasure."""
    how = _raw(parameters)
    pen = screen.cursor.pen
    if how <= 2:
        screen.guarded = False
        flags = pen.flags | PROTECTED if how == 1 else pen.flags & ~PROTECTED
        screen.cursor.pen = pen._replace(flags=flags)


def _guard(on: bool) -> Callable[[Screen], None]:
    """SPA and EPA (ECMA-48): characters written between them survive every erasure."""

    def change(screen: Screen) -> None:
        pen = screen.cursor.pen
        flags = pen.flags | PROTECTED if on else pen.flags & ~PROTECTED
        screen.cursor.pen = pen._replace(flags=flags)
        screen.guarded = screen.guarded or on

    return change


def _tab_control(screen: Screen, parameters: Parameters) -> None:
    """CTC: 0 sets a stop, 2 clears it, 5 clears all."""
    how = _raw(parameters)
    if how == 0:
        screen.tabs.add(screen.cursor.x)
    elif how == 2:
        screen.tabs.discard(screen.cursor.x)
    elif how == 5:
        screen.tabs.clear()


def _default_tabs(screen: Screen, parameters: Parameters) -> None:
    """DECST8C: a stop every eight columns."""
    if _raw(parameters) == 5:
        screen.tabs = set(range(0, screen.columns, TAB))


def _soft_reset(screen: Screen, _parameters: Parameters) -> None:
    """DECSTR: modes, region, pen and saved cursor; the text stays."""
    grid, x, y = screen.grid, screen.cursor.x, screen.cursor.y
    grid.top, grid.bottom = 0, screen.lines - 1
    tabs = screen.tabs
    screen.reset_state()
    screen.tabs = tabs
    screen.cursor.x, screen.cursor.y = x, y


def _kitty_push(screen: Screen, parameters: Parameters) -> None:
    stack = screen.modes.kitty_flags
    stack.append(_raw(parameters) & 31)
    del stack[:-16]


def _kitty_pop(screen: Screen, parameters: Parameters) -> None:
    stack = screen.modes.kitty_flags
    del stack[max(0, len(stack) - _value(parameters)) :]
    if not stack:
        stack.append(0)


def _kitty_set(screen: Screen, parameters: Parameters) -> None:
    stack, flags = screen.modes.kitty_flags, _raw(parameters) & 31
    how = _value(parameters, 1)
    stack[-1] = {2: stack[-1] | flags, 3: stack[-1] & ~flags}.get(how, flags)


def _ansi_modes(on: bool) -> CsiFunction:
    def change(screen: Screen, parameters: Parameters) -> None:
        for parameter in parameters:
            name = known.ANSI.get(parameter[0])
            if name:
                setattr(screen.modes, name, on)

    return change


def _private_modes(on: bool) -> CsiFunction:
    def change(screen: Screen, parameters: Parameters) -> None:
        for parameter in parameters:
            _private_mode(screen, parameter[0], on)

    return change


def _private_mode(screen: Screen, mode: int, on: bool) -> None:
    modes = screen.modes
    if mode in known.PRIVATE:
        setattr(modes, known.PRIVATE[mode], on)
        if mode == 5:
            screen.grid.touch_all()
        if mode == 7 and not on:
            screen.cursor.wrap_pending = False
        if mode == 69:
            screen.margins = None
    elif mode in known.MOUSE:
        modes.mouse = mode if on else 0
    elif mode in known.MOUSE_ENCODINGS:
        modes.mouse_encoding = mode if on else 0
    elif mode == 3:
        # DECCOLM clears and homes; an embedded pane keeps its size
        screen.grid.top, screen.grid.bottom = 0, screen.lines - 1
        screen.margins, screen.modes.left_right = None, False
        screen.erase_display(2)
        screen.move_to(0, 0)
    elif mode == 6:
        screen.cursor.origin = on
        screen.move_to(0, 0)
    elif mode == 1048:
        screen.save_cursor() if on else screen.restore_cursor()
    elif mode in known.ALTERNATE_SCREENS:
        _alternate(screen, mode, on)


def _save_modes(screen: Screen, parameters: Parameters) -> None:
    """XTSAVE: remember how private modes are set."""
    for parameter in parameters:
        state = private_state(screen, parameter[0])
        if state in (1, 2):
            screen.saved_modes[parameter[0]] = state == 1


def _restore_modes(screen: Screen, parameters: Parameters) -> None:
    """XTRESTORE: set them so again."""
    for parameter in parameters:
        if parameter[0] in screen.saved_modes:
            _private_mode(screen, parameter[0], screen.saved_modes[parameter[0]])


def _alternate(screen: Screen, mode: int, on: bool) -> None:
    showing = screen.grid is screen.alternate
    if on and not showing:
        if mode == 1049:
            screen.save_cursor()
        screen.switch_page(True)
        if mode == 1049:
            screen.alternate.erase_rows(0, screen.lines, screen.blank)
    elif not on and showing:
        if mode == 1047:
            screen.alternate.clear()
        screen.switch_page(False)
        if mode == 1049:
            screen.restore_cursor()
    elif not on and mode == 1049:
        screen.restore_cursor()


CSI: dict[str, CsiFunction] = {
    "@": _counted("insert_characters"),
    "A": _counted("up"),
    "B": _counted("down"),
    "C": _counted("right_by"),
    "D": _counted("left_by"),
    "E": _next_lines,
    "F": _previous_lines,
    "G": _column,
    "H": _position,
    "I": _counted("tab"),
    "J": lambda screen, parameters: screen.erase_display(_raw(parameters)),
    "?J": lambda screen, parameters: screen.erase_display(_raw(parameters), selective=True),
    "K": lambda screen, parameters: screen.erase_line(_raw(parameters)),
    "?K": lambda screen, parameters: screen.erase_line(_raw(parameters), selective=True),
    "W": _tab_control,
    "?W": _default_tabs,
    "L": _counted("insert_lines"),
    "M": _counted("delete_lines"),
    "P": _counted("delete_characters"),
    "S": _counted("scroll_up"),
    "T": _scroll_down,
    "X": _counted("erase_characters"),
    "Z": _counted("back_tab"),
    "`": _column,
    "a": _column_right,
    "b": _counted("repeat"),
    "d": _row,
    "e": _counted("down_by"),
    "f": _position,
    "g": _clear_tab,
    "h": _ansi_modes(True),
    "l": _ansi_modes(False),
    "?s": _save_modes,
    "?r": _restore_modes,
    "?h": _private_modes(True),
    "?l": _private_modes(False),
    "r": _region,
    "s": _save,
    "u": _restore,
    " @": _shifted(right=False, at_cursor=False),
    " A": _shifted(right=True, at_cursor=False),
    "'}": _shifted(right=True, at_cursor=True),
    "'~": _shifted(right=False, at_cursor=True),
    " q": _cursor_shape,
    '"q': _protect,
    "!p": _soft_reset,
    ">u": _kitty_push,
    "<u": _kitty_pop,
    "=u": _kitty_set,
    **RECTANGLES,
}


def _tab_stop(screen: Screen) -> None:
    screen.tabs.add(screen.cursor.x)


def _index(screen: Screen) -> None:
    screen.cursor.wrap_pending = False
    screen.index()


def _keypad(on: bool) -> Callable[[Screen], None]:
    def change(screen: Screen) -> None:
        screen.modes.application_keypad = on

    return change


def _shift(to: int) -> Callable[[Screen], None]:
    def change(screen: Screen) -> None:
        screen.cursor.shift = to
        screen.select_charsets()

    return change


def _single_shift(to: int) -> Callable[[Screen], None]:
    def change(screen: Screen) -> None:
        screen.single_shift = to

    return change


ESCAPE: dict[str, Callable[[Screen], None]] = {
    "7": lambda screen: screen.save_cursor(),
    "8": lambda screen: screen.restore_cursor(),
    "6": lambda screen: screen.back_index(),
    "9": lambda screen: screen.forward_index(),
    "D": _index,
    "E": lambda screen: screen.next_line(),
    "V": _guard(True),
    "W": _guard(False),
    "H": _tab_stop,
    "M": lambda screen: screen.reverse_index(),
    "N": _single_shift(2),
    "O": _single_shift(3),
    "=": _keypad(True),
    ">": _keypad(False),
    "n": _shift(2),
    "o": _shift(3),
    "#8": lambda screen: screen.alignment_pattern(),
    "c": lambda screen: screen.reset(),
}


def designate(screen: Screen, sequence: str) -> None:
    """``ESC ( X`` and its like: a character set for G0..G3."""
    slot = "()*+".find(sequence[0])
    if slot >= 0:
        sets = list(screen.cursor.charsets)
        sets[slot] = sequence[1:]
        screen.cursor = replace(screen.cursor, charsets=tuple(sets))
        screen.select_charsets()


CONTROL: dict[str, Callable[[Screen], None]] = {
    "\b": lambda screen: screen.left_by(1),
    "\t": lambda screen: screen.tab(1),
    "\n": lambda screen: screen.linefeed(),
    "\v": lambda screen: screen.linefeed(),
    "\f": lambda screen: screen.linefeed(),
    "\r": lambda screen: screen.carriage_return(),
    "\x0e": _shift(1),
    "\x0f": _shift(0),
}
