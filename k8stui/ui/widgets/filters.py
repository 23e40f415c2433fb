"""What is typed at the filter prompt, as a predicate on rows.

Forms, as k9s has them: `text` a regular expression over the row's text (letter case counts where a capital is
typed), `!text` its inverse, `-f text` fuzzy with the best match first, `-l selector` a label selector as
kubectl reads it.
Nothing here raises on what a user types: a broken expression is searched as plain text and says so in
`note`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from k8stui.kinds.selectors import Selector, SelectorError, parse_selector

if TYPE_CHECKING:
    from collections.abc import Mapping


_ESCAPES = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter on rows. The empty one lets every row through."""

    text: str = ""
    """What was typed."""
    pattern: re.Pattern[str] | None = None
    inverse: bool = False
    fuzzy: str = ""
    """Letters that must come in this order, in lower case."""
    selector: Selector | None = None
    note: str = ""
    """What is wrong with the text, in one sentence; empty when all is well."""

    def __bool__(self) -> bool:
        return self.pattern is not None or bool(self.fuzzy) or self.selector is not None

    @property
    def needs_text(self) -> bool:
        """Whether the row's cells have to be made to decide."""
        return self.pattern is not None

    def matches_text(self, text: str) -> bool:
        """Whether a row with this text stays (the pattern part)."""
        return self.pattern is None or (self.pattern.search(text) is None) is self.inverse

    def matches_labels(self, labels: Mapping[str, str]) -> bool:
        """Whether a row with these labels stays (the selector part)."""
        return self.selector is None or self.selector.matches(labels)


NO_FILTER = Filter()


def parse_filter(text: str) -> Filter:
    """Read a filter as typed. Never raises; see `Filter.note`."""
    stripped = text.strip()
    if not stripped:
        return NO_FILTER
    option, _, rest = stripped.partition(" ")
    if option == "-f":
        return Filter(text=text, fuzzy="".join(rest.split()).lower())
    if option == "-l":
        try:
            return Filter(text=text, selector=parse_selector(rest) if rest.strip() else None)
        except SelectorError as error:
            return Filter(text=text, note=f"Not a label selector: {error}.")
    inverse = stripped.startswith("!")
    source = stripped[1:].strip() if inverse else stripped
    if not source:
        return NO_FILTER
    pattern, note = compile_pattern(source)
    return Filter(text=text, pattern=pattern, inverse=inverse, note=note)


def has_capital(pattern: str) -> bool:
    """Whether a capital letter was typed, other than in an escape such as `\\S`."""
    plain = _ESCAPES.sub("", pattern)
    return plain != plain.lower()


def compile_pattern(source: str) -> tuple[re.Pattern[str], str]:
    """A pattern for `source`, and a note when it had to be taken as plain text.

    Letter case counts only where a capital was typed.
    """
    flags = re.NOFLAG if has_capital(source) else re.IGNORECASE
    try:
        return re.compile(source, flags), ""
    except (re.error, RecursionError, OverflowError) as error:
        return re.compile(re.escape(source), flags), f"Searched as plain text: {error}."


def fuzzy_score(needle: str, text: str) -> int | None:
    """How well `text` (lower case) holds the letters of `needle` in order; None when it does not.

    Higher is better: letters side by side and at the start of a word count more, gaps and long texts
    cost. The last occurrence is preferred where that keeps the letters together.
    """
    score, at, run = 0, -1, 0
    if needle in text:
        at = text.index(needle)
        score = 24 * len(needle) + (12 if at == 0 or not text[at - 1].isalnum() else 0)
        return score - at // 4 - len(text) // 8
    for letter in needle:
        found = text.find(letter, at + 1)
        if found < 0:
            return None
        run = run + 1 if found == at + 1 and at >= 0 else 0
        score += 2 + 4 * run - min(3, (found - at - 1) // 3)
        if found == 0 or not text[found - 1].isalnum():
            score += 6
        at = found
    return score - len(text) // 8
