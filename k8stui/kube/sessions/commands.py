"""What to run in a container: which shell, by what its image has, and a user's own commands.

Only lists of words are made here. Nothing is ever put together from names into a text for a shell to read.
"""

from __future__ import annotations

import shlex

__all__ = ["CommandError", "has_lists", "parse_command", "shell_commands"]

_CHOOSER = (
    'case "$TERM" in ""|dumb|xterm) TERM=xterm-256color;; esac; export TERM; '
    "for shell in bash sh ash; do command -v $shell >/dev/null 2>&1 && exec $shell; done; exec sh"
)
"""Read by the container's own sh: the best shell in one request. Runtimes set TERM=xterm: few colours."""

_LINUX = (
    ("sh", "-c", _CHOOSER),
    ("bash",),
    ("ash",),
    ("/bin/sh",),
    ("/busybox/sh",),
)
_WINDOWS = (("powershell",), ("cmd",))


class CommandError(ValueError):
    """A typed command cannot be split into words; the text is one sentence for the user."""


def shell_commands(operating_system: str = "") -> tuple[tuple[str, ...], ...]:
    """Commands to try in turn until one can be started. "" is taken for Linux."""
    return _WINDOWS if operating_system == "windows" else _LINUX


def parse_command(text: str) -> tuple[str, ...]:
    """The words of a typed command, as a POSIX shell splits them; nothing in them is expanded.

    Raises CommandError for quotes that are not closed, and for a text without a word.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        said = "a quote is not closed" if "quotation" in str(error) else "a backslash stands at the end"
        raise CommandError(f"The command cannot be read: {said}") from None
    if not words or not words[0]:
        raise CommandError("No command was given")
    return words


def has_lists(text: str) -> bool:
    """Whether a typed command has signs that only a shell understands (pipes, redirection, variables)."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return False
    return any(set(word) <= set("();<>|&") for word in words if word) or "$" in text or "`" in text
