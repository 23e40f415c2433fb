"""Relations as lines: a tree with branches, a sign and words for health, links to jump along. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from k8stui.kinds.describe.lines import Line, Link, Mark
from k8stui.kinds.tables.printing import Tone
from k8stui.kinds.text import cell_width, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from k8stui.kinds.relations.tree import Entry, Section

SIGNS = {
    Tone.OK: ("●", "good"),
    Tone.BUSY: ("◌", "word"),
    Tone.WARN: ("▲", "warning"),
    Tone.ERROR: ("✗", "bad"),
    Tone.DONE: ("✓", "muted"),
    Tone.MUTED: ("○", "muted"),
}
"""Each tone has a sign of its own, so that colours are not needed."""
WIDEST = 64
"""Cells up to which names are padded, so that what is said of them stands below each other."""
GAP = 2
HERE = "◀"


class Row(NamedTuple):
    """A line with the entry that it is about."""

    line: Line
    entry: Entry | None


def rows(sections: Iterable[Section], room: int = 0) -> Iterator[Row]:
    """The lines of all sections. Where `room` (cells) is not enough, notes stand on lines of their own."""
    for number, section in enumerate(sections):
        if number:
            yield Row(Line("", 0), None)
        yield Row(Line(section.title, 0, (Mark(0, len(section.title), "heading"),)), None)
        walked = list(_walk(section.entries, "  ", 1))
        width = max((w for w in (_name_width(*each[:2]) for each in walked) if w <= WIDEST), default=0)
        for lead, entry, level in walked:
            line = _line(lead, entry, level, width)
            if room and entry.note and cell_width(line.text) > room:
                yield Row(_line(lead, entry, level, width, with_note=False), entry)
                yield Row(_note_line(lead, entry, level), entry)
            else:
                yield Row(line, entry)


def _note_line(lead: str, entry: Entry, level: int) -> Line:
    """How an entry belongs here, below it."""
    below = lead.replace("└─", "  ").replace("├─", "│ ") + ("│  " if entry.children else "   ")
    note = printable(entry.note)
    marks = (Mark(0, len(below), "sign"), Mark(len(below), len(below) + len(note), "muted"))
    links = () if entry.ref is None else (Link(len(below), len(below), entry.ref),)
    return Line(below + note, level + 1, marks, links)


def _walk(
    entries: Sequence[Entry], lead: str, level: int, inner: bool = False
) -> Iterator[tuple[str, Entry, int]]:
    for at, entry in enumerate(entries):
        last = at == len(entries) - 1
        branch = ("└─ " if last else "├─ ") if inner else ""
        yield lead + branch, entry, level
        below = ("   " if last else "│  ") if inner else ""
        yield from _walk(entry.children, lead + below, level + 1, inner=True)


def _name_width(lead: str, entry: Entry) -> int:
    if not entry.noun:
        return 0
    return cell_width(lead) + 2 + cell_width(printable(entry.noun)) + 1 + cell_width(printable(entry.name))


def _line(lead: str, entry: Entry, level: int, width: int, *, with_note: bool = True) -> Line:
    sign, role = SIGNS[entry.tone]
    marks = [Mark(0, len(lead), "sign")]
    links: list[Link] = []
    text = lead
    if entry.noun:
        marks.append(Mark(len(text), len(text) + 1, role))
        text += f"{sign} "
        noun, name = printable(entry.noun), printable(entry.name)
        marks.append(Mark(len(text), len(text) + len(noun), "muted"))
        text += f"{noun} "
        start = len(text)
        text += name
        marks.append(Mark(start, len(text), "heading" if entry.here else "link"))
        if entry.ref is not None:
            links.append(Link(start, len(text), entry.ref))
        text += " " * max(0, width - cell_width(text))
    said = printable(entry.text)
    if said:
        text += " " * GAP if entry.noun else ""
        quiet = entry.tone in (Tone.OK, Tone.DONE)
        if not quiet or not entry.noun:
            marks.append(Mark(len(text), len(text) + len(said), "string" if quiet else role))
        text += said
    if entry.note and with_note:
        note = printable(entry.note)
        text += " " * GAP
        marks.append(Mark(len(text), len(text) + len(note), "muted"))
        text += note
    if entry.here:
        text += " " * GAP
        marks.append(Mark(len(text), len(text) + len(HERE), "heading"))
        text += HERE
    return Line(text.rstrip(" "), level, tuple(marks), tuple(links))
