"""Beside the text: what the field under the cursor is, and below it: what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.widget import Widget

from k8stui.kinds.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import RenderResult

    from k8stui.kinds.editing.documents import Problem
    from k8stui.kinds.editing.schema import FieldDoc

PARAGRAPHS = 4000
"""Characters of a description that are shown."""


class EditorDoc(Widget):
    """The documentation of a field."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor-doc--label", "editor-doc--type", "editor-doc--note"}
    doc: FieldDoc | None = None
    note = ""

    def show(self, doc: FieldDoc | None, note: str = "") -> None:
        """Tell of a field; `note` stands where there is nothing to tell."""
        if doc != self.doc or note != self.note:
            self.doc, self.note = doc, note
            self.refresh()

    def render(self) -> RenderResult:
        muted = self.get_component_rich_style("editor-doc--note", partial=True)
        if self.doc is None:
            return Text(printable(self.note), muted)
        doc = self.doc
        head = Text(
            printable(doc.label or "(the object)"),
            self.get_component_rich_style("editor-doc--label", partial=True),
        )
        kind = Text(printable(doc.type), self.get_component_rich_style("editor-doc--type", partial=True))
        for note in doc.notes:
            kind.append(f", {printable(note)}", muted)
        body = [Text(printable(line)) for line in doc.text[:PARAGRAPHS].split("\n")]
        return Group(head, kind, Text(""), *body)


class EditorNotes(Widget):
    """What is wrong, one line each; the one at the cursor first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "editor-notes--error",
        "editor-notes--warning",
        "editor-notes--where",
    }
    DEFAULT_CSS = "EditorNotes { height: auto; max-height: 3; width: 1fr; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._problems: Sequence[Problem] = ()
        self._line = -1

    def show(self, problems: Sequence[Problem], line: int) -> None:
        """Tell of these; `line` is the cursor's."""
        problems = list({(each.line, each.message): each for each in problems}.values())
        if problems != self._problems or line != self._line:
            lines = {problem.line for problem in problems}
            relevant = self._problems != problems or line in lines or self._line in lines
            self._problems, self._line = problems, line
            self.display = bool(problems)
            if relevant:
                self.refresh(layout=True)

    def render(self) -> RenderResult:
        text = Text(no_wrap=True, overflow="ellipsis")
        ordered = sorted(self._problems, key=lambda problem: (problem.line != self._line, problem.line))
        where = self.get_component_rich_style("editor-notes--where", partial=True)
        for number, problem in enumerate(ordered[:3]):
            if number:
                text.append("\n")
            style = self.get_component_rich_style(f"editor-notes--{problem.severity}", partial=True)
            text.append(f" line {problem.line + 1} ", where)
            more = f"  (+{len(ordered) - 3} more)" if number == 2 and len(ordered) > 3 else ""
            text.append(printable(problem.message) + more, style)
        return text
