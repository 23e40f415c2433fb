"""The editor in a pane: the YAML of objects with completion, checks and documentation; the rest stays live.

The buffer belongs to a draft, which is written to disk while one types and is gone when all of it is
applied. Saving is `ui.editing.flow`; this view shows text, problems and where things stand.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import structs
from textual.containers import Horizontal

from k8stui.ui.editing.assist import Assist
from k8stui.ui.editing.items import Base, Mode
from k8stui.ui.latest import start_latest
from k8stui.ui.spec import ViewType
from k8stui.ui.views.base import Title, View
from k8stui.ui.views.reading import Meant, Named
from k8stui.ui.widgets.editor.popup import EditorPopup
from k8stui.ui.widgets.editor.side import EditorDoc, EditorNotes
from k8stui.ui.widgets.editor.text import EditorText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.timer import Timer
    from textual.widget import Widget

    from k8stui.kinds.editing.documents import Problem
    from k8stui.kube.drafts import Draft
    from k8stui.ui.editing.desk import EditDesk
    from k8stui.ui.editing.stopping import Stop
    from k8stui.ui.session import Session
    from k8stui.ui.spec import ViewSpec

WRITE_AFTER = 0.7
"""Seconds from a key to the draft on disk."""
BESIDE = 96
"""Columns from which on the documentation stands beside the text."""
VERBS = {Mode.EDIT: "edit", Mode.CREATE: "create", Mode.APPLY: "apply", Mode.SERVER_APPLY: "apply"}


class EditorView(View):
    """An editor."""

    view_type: ClassVar[ViewType] = ViewType.EDITOR
    wanted_lines: ClassVar[int] = 16

    DEFAULT_CSS = """
    EditorView { layers: base popup; }
    EditorView #edit { height: 1fr; }
    EditorView EditorText { width: 1fr; height: 1fr; border: none; padding: 0; }
    EditorView EditorDoc { width: 38; height: 1fr; padding: 0 1; }
    EditorView.-narrow #edit { layout: vertical; }
    EditorView.-narrow EditorDoc { width: 1fr; height: 5; }
    """

    def __init__(self, spec: ViewSpec, session: Session, desk: EditDesk) -> None:
        super().__init__(spec, session)
        self.desk = desk
        self.draft: Draft | None = desk.store.get(spec.draft)
        self.mode = Mode(self.draft.mode) if self.draft is not None else Mode.EDIT
        self.bases: list[Base] = []
        self.sealed = False
        """The bases are from the disk: values of Secrets are not known before the server is asked again."""
        self.revealed: set[str] = set()
        self.problems: list[Problem] = []
        """What the server or a save said; those of typing are the assistant's."""
        self.busy = ""
        """What is being done with the server."""
        self.stop: Stop | None = None
        """Ends a save that is under way."""
        self.state_note = ""
        self.text: EditorText = EditorText(self._is_action)
        self.popup: EditorPopup = EditorPopup()
        self.doc = EditorDoc()
        self.notes = EditorNotes()
        self.assist = Assist(self)
        self._original = ""
        self._loaded = False
        self._problem = ""
        self._timer: Timer | None = None
        self._written_version = -1
        self._writing = asyncio.Lock()
        self._read_from: Any = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="edit"):
            yield self.text
            yield self.doc
        yield self.notes
        yield self.popup

    def on_mount(self) -> None:
        self.text.read_only = True
        self._start()

    def on_resize(self) -> None:
        """Beside or below."""
        self.set_class(self.size.width < BESIDE, "-narrow")

    def _is_action(self, key: str) -> bool:
        main = self.desk.app.main
        return any("edit" in main.registry[name].views for name in main.keymap.actions(key))

    # Loading

    def _start(self) -> None:
        self._read_from = self.session.cluster
        if self.draft is None:
            self._say("This draft is not there any more: it was applied or thrown away.")
        elif self.session.cluster is None:
            self._say(self.session.problem or f"{self.session.step}…")
        elif not self._loaded:
            start_latest(self, "load", self._load)

    async def _load(self) -> None:
        from k8stui.kube.errors import KubeError

        assert self.draft is not None
        try:
            text, original = await self.desk.opening(self)
        except KubeError as error:
            self._say(error.sentence())
            return
        self._original = original
        self.text.read_only = False
        self.text.load_text(text)
        self._loaded = True
        self._problem = ""
        self._written_version = self.text.version if text == original else -1
        rows = self.text.document.line_count - 1
        self.text.move_cursor((min(self.draft.cursor, rows), 0))
        self.assist.loaded()
        self.post_message(self.Changed(self))
        self.desk.opened(self)

    def _say(self, sentence: str) -> None:
        self._problem = sentence
        self.doc.show(None, sentence)
        self.post_message(self.Changed(self))

    # The buffer

    @property
    def is_loaded(self) -> bool:
        """There is a text to be edited."""
        return self._loaded

    @property
    def content(self) -> str:
        """The text as it is now."""
        return "\n".join(self.text.lines)

    @property
    def lasts(self) -> bool:
        """A text that nobody touched is no draft."""
        return self.draft is not None and self.is_changed

    @property
    def is_changed(self) -> bool:
        """It is another text than at first."""
        if not self._loaded or self.mode is not Mode.EDIT:
            return self._loaded
        text = self.content
        if self.revealed:
            # what was only looked at is no change
            from k8stui.kinds.editing.secrets import remasked

            for base in self.bases:
                text = remasked(text, base.obj.get("data") or {})
        return text != self._original

    def replace_text(self, text: str, *, original: str | None = None) -> None:
        """Put another text in place (merged, revealed); ctrl-z brings back what was there."""
        self.text.replace_all(text)
        if original is not None:
            self._original = original
        self.assist.loaded()

    def show_problems(self, problems: Sequence[Problem], *, go: bool = True) -> None:
        """What a save found, on its lines; the cursor goes to the first."""
        self.problems = list(problems)
        if problems and go:
            self.text.move_cursor((min(problems[0].line, self.text.document.line_count - 1), 0), center=True)
            self.text.action_cursor_line_start()
        self.assist.show()

    def next_problem(self) -> str:
        """To the next line with something wrong; what is said."""
        lines = sorted(self.text.problems)
        if not lines:
            return "Nothing is known to be wrong."
        here = self.text.cursor_location[0]
        there = next((line for line in lines if line > here), lines[0])
        self.text.move_cursor((there, 0), center=True)
        return ""

    def on_editor_text_moved(self, event: EditorText.Moved) -> None:
        event.stop()
        if event.edited and self._loaded:
            if self.problems:
                self.problems = []
            if self._timer is None:  # it is not put off by more keys: so much at most is lost in a crash
                self._timer = self.set_timer(WRITE_AFTER, self._write_soon)
        self.assist.moved(edited=event.edited)
        if event.edited:
            self.post_message(self.Changed(self))

    def on_editor_popup_taken(self, event: EditorPopup.Taken) -> None:
        event.stop()
        self.assist.take()
        self.text.focus()

    # The draft

    def _write_soon(self) -> None:
        self._timer = None
        self.run_worker(self.write_draft(), group="draft", exit_on_error=False)

    async def write_draft(self) -> None:
        """Bring the draft on disk up to date; the user is told when that fails."""
        async with self._writing:  # an older text is never written after a newer one
            draft = self._snapshot()
            problem = await asyncio.to_thread(self.desk.keep, draft) if draft is not None else ""
        if problem and problem != self._problem:
            self._problem = problem
            self.desk.app.complain(problem)

    def _snapshot(self) -> Draft | None:
        """The draft as it is to be written; None when the file holds it already, or nothing was changed."""
        version = self.text.version
        if self.draft is None or not self._loaded or version == self._written_version:
            return None
        if not self.is_changed:
            self.desk.store.discard(self.draft.id)
            self.desk.store.hold(self.draft)
            self._written_version = version
            return None
        self._written_version = version
        self.draft = structs.replace(
            self.draft,
            mode=self.mode.value,
            text=self.content,
            bases=[base.obj for base in self.bases],
            saved=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            cursor=self.text.cursor_location[0],
        )
        return self.draft

    def bases_changed(self) -> None:
        """The objects that the text is about were read anew."""
        self._written_version = -1

    def forget_draft(self) -> None:
        """All of it was applied, or is thrown away."""
        if self.draft is not None:
            self.desk.store.discard(self.draft.id)
        self.draft = None

    def close(self) -> None:
        """Write what was not written yet: this may be the program's end."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.assist.close()
        draft = self._snapshot()
        if draft is not None:
            self.desk.keep(draft)

    # What others ask and tell

    @property
    def kind(self) -> Any:
        return self.bases[0].kind if self.bases else None

    @property
    def objects(self) -> tuple[Any, ...]:
        found = []
        for base in self.bases:
            meta = base.obj.get("metadata") or {}
            names = Named(str(meta.get("name", "")), str(meta.get("namespace", "")), str(meta.get("uid", "")))
            found.append(Meant(names))
        return tuple(found)

    def follow(self, target: Any) -> None:
        """An editor stays with its text."""

    def rescope(self) -> None:
        if self.session.cluster is not self._read_from:
            self._start()

    def say_busy(self, what: str) -> None:
        """What is going on with the server, for the title; empty: nothing. Meanwhile nothing can be typed."""
        self.busy = what
        self.text.read_only = bool(what) or not self._loaded
        self.post_message(self.Changed(self))

    def title(self) -> Title:
        targets = self.draft.targets if self.draft is not None else []
        scope = ",".join(dict.fromkeys(target.namespace for target in targets if target.namespace))
        notes = []
        if self.draft is not None and (self.mode is not Mode.EDIT or len(targets) != 1):
            notes.append(self.draft.title)
        if self.draft is not None and self.draft.subresource:
            notes.append(self.draft.subresource)
        if self.mode is Mode.SERVER_APPLY:
            notes.append("server-side")
        if self.busy:
            return Title(VERBS[self.mode], scope, "", tuple(notes), self.busy)
        if self._problem and not self._loaded:
            return Title(VERBS[self.mode], scope, "", tuple(notes), "not opened", True)
        wrong = len(self.text.problems)
        if wrong:
            return Title(
                VERBS[self.mode], scope, "", tuple(notes), f"{wrong} line{'s' * (wrong > 1)} wrong", True
            )
        return Title(VERBS[self.mode], scope, "", tuple(notes), self.state_note or self._state)

    @property
    def _state(self) -> str:
        """Where the text stands, for the title."""
        if not self._loaded:
            return "reading"
        if self.text.version:
            return "changed, draft kept"
        return "draft kept" if self.draft is not None and self.draft.saved else ""

    def focus_target(self) -> Widget:
        return self.text

    def leave(self) -> ViewSpec:
        if self.draft is not None and self.is_changed:
            self.desk.app.say("The draft is kept: e on the object or :drafts opens it again.")
        return self.spec

    def set_filter(self, text: str) -> str:
        """Find text: the cursor goes to the next place."""
        self.text.find = text
        self.text.refresh()
        return self.find_next(here=True) if text else ""

    def find_next(self, *, here: bool = False) -> str:
        """To the next place of the text that is looked for; what is said when there is none."""
        word = self.text.find.lower()
        if not word:
            return ""
        row, column = self.text.cursor_location
        lines = self.text.lines
        column += 0 if here else 1
        for step in range(len(lines) + 1):
            number = (row + step) % len(lines)
            at = lines[number].lower().find(word, column if step == 0 else 0)
            if at >= 0:
                self.text.move_cursor((number, at), center=True)
                return ""
        return "not found"

    def clear(self) -> bool:
        if self.stop is not None:
            if not self.stop.asked:
                self.stop.ask()
                self.say_busy("stopping")
            return True
        if self.popup.is_open:
            self.popup.hide()
            return True
        if self.text.find:
            self.text.find = ""
            self.text.refresh()
            return True
        return False

    def copy_text(self) -> str:
        return self.text.selected_text or self.content
