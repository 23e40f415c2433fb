"""Which key does what: the actions' own keys, changed by the user's settings. Pure.

People write keys as they are printed (`ctrl-w`, `shift-n`, `/`, `esc`); terminals report them under other
names and some under two. `normal` brings both to one form. Several actions may have one key as long as they
never fit the same place; what the settings say wins over a default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.ui.commands import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from k8stui.ui.actions import Action

_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "minus": "-",
    "underscore": "_",
    "vertical_line": "|",
    "full_stop": ".",
    "comma": ",",
    "semicolon": ";",
    "equals_sign": "=",
    "plus": "+",
    "asterisk": "*",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "exclamation_mark": "!",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "at": "@",
    "circumflex_accent": "^",
    "apostrophe": "'",
    "quotation_mark": '"',
    "grave_accent": "`",
    "tilde": "~",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "backslash": "\\",
    "escape": "esc",
    "return": "enter",
    "del": "delete",
    "page_up": "pageup",
    "page_down": "pagedown",
}
_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_SHOWN = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "enter": "⏎",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def normal(key: str) -> str:
    """The one form of a key, from what a person or a terminal calls it."""
    text = key.strip()
    if len(text) == 1:
        return text
    parts = text.replace("+", "-").split("-") if text not in ("-", "+") else [text]
    if parts[-1] == "":  # `ctrl--`
        parts = [*parts[:-2], "-"]
    modifiers = {part.lower() for part in parts[:-1]}
    base = parts[-1] if len(parts[-1]) == 1 else parts[-1].lower()
    base = _NAMES.get(base, base)
    if modifiers == {"ctrl"} and base == "@":
        base = "space"  # terminals of the old protocol send NUL for both
    if "shift" in modifiers and len(base) == 1 and base.isalpha():
        modifiers.discard("shift")
        base = base.upper()
    elif modifiers and len(base) == 1:
        base = base.lower()
    return "-".join([*(name for name in _MODIFIERS if name in modifiers), base])


def shown(key: str) -> str:
    """A key as help and footer print it: `shift-n`, `ctrl-w`, `⏎`."""
    form = normal(key)
    if len(form) == 1 and form.isalpha() and form.isupper():
        return f"shift-{form.lower()}"
    *modifiers, base = form.rsplit("-", 1) if len(form) > 1 else [form]
    return "-".join([*modifiers, _SHOWN.get(base, base)])


class Keymap:
    """Keys of actions and actions of keys."""

    def __init__(self, actions: Iterable[Action], changes: Mapping[str, str | tuple[str, ...]]) -> None:
        """`changes`: action id -> its keys instead of the default ones (the settings' `[keys]`)."""
        actions = list(actions)
        by_id = {action.id: action for action in actions}
        self.problems: list[str] = []
        """One sentence for each setting that cannot be followed."""
        self._keys: dict[str, tuple[str, ...]] = {
            action.id: tuple(dict.fromkeys(normal(key) for key in action.keys)) for action in actions
        }
        chosen: set[str] = set()
        for action_id, keys in changes.items():
            if action_id not in by_id:
                near = closest(action_id, by_id)
                hint = f" Did you mean {near!r}?" if near else ""
                self.problems.append(f"keys: there is no action {action_id!r}.{hint}")
                continue
            given = (keys,) if isinstance(keys, str) else keys
            self._keys[action_id] = tuple(dict.fromkeys(normal(key) for key in given if key.strip()))
            chosen.add(action_id)
        self._actions: dict[str, list[str]] = {}
        # A key that the user chose comes before one that was there by default.
        for action in sorted(actions, key=lambda action: action.id not in chosen):
            for key in self._keys[action.id]:
                self._actions.setdefault(key, []).append(action.id)
        self._report_conflicts(by_id, chosen)

    def _report_conflicts(self, by_id: Mapping[str, Action], chosen: set[str]) -> None:
        for key, ids in self._actions.items():
            mine = [action_id for action_id in ids if action_id in chosen]
            for index, action_id in enumerate(mine):
                for other in ids[index + 1 :]:
                    if by_id[action_id].may_meet(by_id[other]):
                        self.problems.append(
                            f"keys: {shown(key)} is for {action_id!r} now; {other!r} loses it where both fit."
                        )

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys of an action, in their one form."""
        return self._keys.get(action_id, ())

    def first(self, action_id: str) -> str:
        """The key to show for an action, or an empty text."""
        keys = self._keys.get(action_id, ())
        return shown(keys[0]) if keys else ""

    def actions(self, key: str) -> tuple[str, ...]:
        """The actions of a key as a terminal reports it, those the user chose first."""
        return tuple(self._actions.get(normal(key), ()))
