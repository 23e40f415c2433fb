"""Help while typing in an editor: completions, checks against the schema, the field's documentation.

None of it makes a key wait: completions and documentation look at the lines around the cursor a moment after
the last key; the whole text is parsed and checked in a thread when the keys rest. Schemas come when they
come: without one there is no help, and nothing fails.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.documents import Problem, context_at, head_of, parse
from k8stui.kinds.editing.objects import without_kind
from k8stui.kinds.editing.schema import check, describe, suggestions
from k8stui.kinds.editing.secrets import MASK
from k8stui.kinds.yaml_noise import is_secret
from k8stui.ui.editing.items import Mode
from k8stui.ui.garbage import unsearched
from k8stui.ui.latest import start_latest

if TYPE_CHECKING:
    from textual.timer import Timer

    from k8stui.kinds.editing.documents import Context, Parsed
    from k8stui.kube.openapi import Schema
    from k8stui.ui.views.editor import EditorView

LOOK_AFTER = 0.08
"""Seconds from a key to completions and documentation."""
CHECK_AFTER = 0.4
"""Seconds from the last key to the check of the whole text; longer for long texts."""
LONG = 20_000
"""Lines from which on a text is checked only every few seconds."""


_POPUP_KEYS = frozenset({"up", "down", "tab", "escape"})


class Assist:
    """Helps in one editor."""

    def __init__(self, view: EditorView) -> None:
        self._view = view
        self._schemas: dict[tuple[str, str], Schema | None] = {}
        self._asking: set[tuple[str, str]] = set()
        self._look_timer: Timer | None = None
        self._check_timer: Timer | None = None
        self._typing = False
        self._found: list[Problem] = []
        self._context: Context | None = None
        view.text.popup_key = self._popup_key
        view.text.popup_wants = lambda key: view.popup.is_open and key in _POPUP_KEYS

    # When

    def loaded(self) -> None:
        """There is a text."""
        self._look()
        self._check_soon(0.05)

    def moved(self, *, edited: bool) -> None:
        """A key was typed, or the cursor moved."""
        view = self._view
        if not view.is_loaded:
            return
        if edited:
            self._typing = True
            self._check_soon(CHECK_AFTER if view.text.document.line_count < LONG else 3.0)
        elif not self._typing:
            view.popup.hide()
        if self._look_timer is None:
            self._look_timer = view.set_timer(LOOK_AFTER, self._look)

    def close(self) -> None:
        """Nothing is done later."""
        for timer in (self._look_timer, self._check_timer):
            if timer is not None:
                timer.stop()
        self._look_timer = self._check_timer = None

    def _check_soon(self, seconds: float) -> None:
        if self._check_timer is not None:
            self._check_timer.stop()
        self._check_timer = self._view.set_timer(seconds, self._check)

    # At the cursor

    def _look(self) -> None:
        self._look_timer = None
        view, typing = self._view, self._typing
        self._typing = False
        if not view.is_attached:
            return
        row, column = view.text.cursor_location
        schema = self._schema_at(row)
        view.notes.show([*view.problems, *self._found], row)
        if schema is None:
            view.popup.hide()
            view.doc.show(None, self._without_schema(row))
            return
        context = self._context = context_at(view.text.lines, row, column)
        path = context.path
        if context.where == "key" and context.key:
            path = (*path, context.key)
        view.doc.show(
            describe(path, schema) or describe(context.path, schema), "The schema knows no such field."
        )
        if typing:
            self._offer(context, schema, asked=False)

    def _without_schema(self, row: int) -> str:
        head = head_of(self._view.text.lines, row)
        if not all(head):
            return "Without apiVersion and kind there is no schema to help with."
        return "The server tells no schema of this kind." if head in self._schemas else "Reading the schema…"

    def complete(self) -> None:
        """Offer what can stand here, asked for by key."""
        row, column = self._view.text.cursor_location
        schema = self._schema_at(row)
        if schema is None:
            self._view.desk.app.say(self._without_schema(row))
            return
        self._context = context_at(self._view.text.lines, row, column)
        self._offer(self._context, schema, asked=True)

    def _offer(self, context: Context, schema: Schema, *, asked: bool) -> None:
        view = self._view
        line = view.text.document.get_line(view.text.cursor_location[0])
        at_end = not line[view.text.cursor_location[1] :].strip()
        wanted = asked or (at_end and (len(context.prefix) > 0 or context.where == "value"))
        found = suggestions(context, schema) if wanted else []
        if len(found) == 1 and found[0].text == context.prefix:
            found = []
        view.popup.show(found)
        if not found:
            if asked:
                view.desk.app.say("Nothing more is known that could stand here.")
            return
        x = view.text.gutter_width + context.start - view.text.scroll_offset.x - 1
        y = view.text.cursor_location[0] - view.text.scroll_offset.y + 1
        height = min(len(found), 8)
        if y + height > view.size.height:
            y = max(0, y - 1 - height)
        view.popup.styles.offset = (max(0, min(x, view.size.width - view.popup.wide)), y)

    def _popup_key(self, key: str) -> bool:
        """Whether the open list takes a key."""
        popup = self._view.popup
        if not popup.is_open:
            return False
        if key in ("down", "up"):
            popup.move(1 if key == "down" else -1)
        elif key == "tab" or (key == "enter" and popup.picked):
            self.take()
        elif key == "escape":
            popup.hide()
        else:
            if key in ("enter", "left", "right", "home", "end", "pageup", "pagedown"):
                popup.hide()
            return False
        return True

    def take(self) -> None:
        """Write the marked suggestion."""
        view, context = self._view, self._context
        found = view.popup.current
        if found is None or context is None:
            return
        row, column = view.text.cursor_location
        line = view.text.document.get_line(row)
        after = "" if context.where == "value" or line[column:].lstrip().startswith(":") else found.after
        view.text.history.checkpoint()
        view.text.replace(
            found.text + after, (row, context.start), (row, column), maintain_selection_offset=False
        )
        view.popup.hide()
        self._typing = bool(after)

    # The whole text

    def _check(self) -> None:
        self._check_timer = None
        if self._view.is_attached:
            start_latest(self._view, "check", self._check_all)

    async def _check_all(self) -> None:
        view = self._view
        version = view.text.version
        parsed = await asyncio.to_thread(_parsed, view.content)
        for document in parsed.documents:
            if isinstance(document.value, dict):
                await self._learn(self._head(document.value))
        found = await asyncio.to_thread(self._checked, parsed)
        if version == view.text.version and view.is_attached:
            self._found = found
            self.show()

    def _checked(self, parsed: Parsed) -> list[Problem]:
        found = list(parsed.problems)
        draft = self._view.draft
        status = draft is not None and draft.subresource == "status"
        for document in parsed.documents:
            if not isinstance(document.value, dict):
                continue
            if nameless := without_kind(document):
                found.append(nameless)
                continue
            schema = self._schemas.get(self._head(document.value))
            if schema is None:
                continue
            problems = check(document, schema, status=status, partial=self._view.mode is Mode.SERVER_APPLY)
            if is_secret(document.value):
                problems = [problem for problem in problems if not self._is_masked(document.value, problem)]
            found += problems
        return found

    @staticmethod
    def _is_masked(value: Any, problem: Problem) -> bool:
        here = value
        for step in problem.path:
            here = here.get(step) if isinstance(here, dict) else None
        return isinstance(here, str) and MASK.match(here) is not None

    @staticmethod
    def _head(value: dict[str, Any]) -> tuple[str, str]:
        return str(value.get("apiVersion", "")), str(value.get("kind", ""))

    def show(self) -> None:
        """Mark the lines that are wrong."""
        view = self._view
        marks = {problem.line: problem.severity for problem in [*self._found, *view.problems]}
        view.text.show_problems(marks)
        view.notes.show([*view.problems, *self._found], view.text.cursor_location[0])
        view.post_message(view.Changed(view))

    # Schemas

    def _schema_at(self, row: int) -> Schema | None:
        head = head_of(self._view.text.lines, row)
        if head not in self._schemas and head not in self._asking and all(head):
            self._view.run_worker(self._learn(head), group="schema", exit_on_error=False)
        return self._schemas.get(head)

    async def _learn(self, head: tuple[str, str]) -> None:
        """Read the schema of a kind, once; what cannot be had is None until the text is opened again."""
        from k8stui.kube.errors import KubeError

        if head in self._schemas or head in self._asking or not all(head):
            return
        schemas = self._view.desk.schemas
        if schemas is None:
            return
        self._asking.add(head)
        try:
            group, _, version = head[0].rpartition("/")
            self._schemas[head] = await schemas.of(group, version, head[1])
        except KubeError:
            self._schemas[head] = None
        finally:
            self._asking.discard(head)
        self._look()


def _parsed(text: str) -> Parsed:
    with unsearched():
        return parse(text)
