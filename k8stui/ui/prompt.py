"""The line at the bottom that takes a command (`:`) or a filter (`/`), with completions above it.

It knows neither commands nor views: it asks for completions, and says what was typed, taken or given up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from k8stui.kinds.text import printable
from k8stui.ui.widgets.painting import width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult, RenderResult

    from k8stui.ui.completion import Candidate

SHOWN = 8
"""Completions shown at a time."""


@dataclass(frozen=True, slots=True)
class AskedLine:
    """What to do with a line that is asked for. What `taken` and `typed` return is wrong with the line."""

    taken: Callable[[str], str]
    typed: Callable[[str], str] | None = None
    given_up: Callable[[], None] | None = None


class Completions(Widget):
    """The ways to go on, one a line; the chosen one is marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"completions--chosen", "completions--about"}
    DEFAULT_CSS = "Completions { height: auto; width: 1fr; }"

    class Clicked(Message):
        """A completion was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self.candidates: Sequence[Candidate] = ()
        self.chosen: int | None = None

    @property
    def first(self) -> int:
        """The first one shown: the chosen one is always in sight."""
        return 0 if self.chosen is None else max(0, self.chosen - SHOWN + 1)

    def show(self, candidates: Sequence[Candidate]) -> None:
        """Show other ones."""
        self.candidates, self.chosen = candidates, None
        self.display = bool(candidates)
        self.refresh(layout=True)

    def move(self, step: int) -> Candidate | None:
        """Choose the next or the one before; past the end, none."""
        if not self.candidates:
            return None
        count = len(self.candidates)
        here = -1 if self.chosen is None else self.chosen
        there = (here + step + 1) % (count + 1) - 1 if step > 0 or here >= 0 else count - 1
        self.chosen = None if there < 0 else there
        self.refresh()
        return None if self.chosen is None else self.candidates[self.chosen]

    def render(self) -> RenderResult:
        shown = self.candidates[self.first : self.first + SHOWN]
        width = max((len(candidate.text) for candidate in shown), default=0)
        about = self.get_component_rich_style("completions--about")
        chosen = self.get_component_rich_style("completions--chosen")
        lines = Text(no_wrap=True, overflow="ellipsis")
        for number, candidate in enumerate(shown, start=self.first):
            here = number == self.chosen
            line = Text(
                f"{'›' if here else ' '} {printable(candidate.text).ljust(width)}  ", chosen if here else ""
            )
            line.append(printable(candidate.about), chosen if here else about)
            lines.append_text(line)
            if number < self.first + len(shown) - 1:
                lines.append("\n")
        return lines

    def on_click(self, event: events.Click) -> None:
        """Take the one under the mouse."""
        index = self.first + event.y
        if index < len(self.candidates):
            self.post_message(self.Clicked(index))


class PromptInput(Input):
    """The text; keys that mean something to the prompt go there first."""

    class Key(Message):
        """A key that is not text."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    TAKEN: ClassVar[frozenset[str]] = frozenset({"escape", "tab", "shift+tab", "up", "down", "ctrl+c"})

    async def on_key(self, event: events.Key) -> None:
        """Hand on the prompt's keys; everything else is the text's."""
        if event.key in self.TAKEN:
            event.prevent_default()
            event.stop()
            self.post_message(self.Key(event.key))


class Sign(Widget):
    """The sign in front of the text, and what is wrong with the text behind it."""

    DEFAULT_CSS = """
    Sign { width: auto; height: 1; }
    Sign.-above { width: 1fr; height: auto; max-height: 4; display: none; }
    """

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes)
        self.text = ""

    def say(self, text: str) -> None:
        """Show this."""
        if text != self.text:
            self.text = text
            self.refresh(layout=True)

    def render(self) -> RenderResult:
        return Text(printable(self.text), no_wrap=not self.has_class("-above"), overflow="ellipsis")


class Prompt(Vertical):
    """A line of text with a purpose."""

    DEFAULT_CSS = """
    Prompt { dock: bottom; height: auto; display: none; }
    Prompt Horizontal { height: 1; }
    PromptInput { border: none; height: 1; padding: 0; width: 1fr; background: transparent; }
    PromptInput:focus { border: none; }
    """

    class Typed(Message):
        """The text is another one."""

        def __init__(self, mode: str, text: str) -> None:
            super().__init__()
            self.mode, self.text = mode, text

    class Taken(Message):
        """Enter."""

        def __init__(self, mode: str, text: str) -> None:
            super().__init__()
            self.mode, self.text = mode, text

    class GivenUp(Message):
        """esc."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self) -> None:
        super().__init__()
        self.mode = ""
        self._complete: Callable[[str], Sequence[Candidate]] = lambda text: ()
        self._history: Sequence[str] = ()
        self._at = 0
        self._draft = ""
        self._setting = False
        self.sign = Sign("prompt-sign")
        self.note = Sign("prompt-note")
        self.long_note = Sign("prompt-note -above")
        """What is too long to stand beside the text."""
        self._said = ""
        self.input = PromptInput(select_on_focus=False)
        self.completions = Completions()

    def compose(self) -> ComposeResult:
        yield self.completions
        yield self.long_note
        with Horizontal():
            yield self.sign
            yield self.input
            yield self.note

    # Opening and closing

    def open(
        self,
        mode: str,
        text: str = "",
        *,
        hint: str = "",
        complete: Callable[[str], Sequence[Candidate]] = lambda text: (),
        history: Sequence[str] = (),
    ) -> None:
        """Ask for a line. `mode` is the sign in front of it; `history` has the latest line last."""
        self.mode = mode
        self._complete, self._history, self._at = complete, history, len(history)
        self._draft = text
        self.sign.say(mode if len(mode) == 1 else f"{mode} ")
        self.complain("")
        self.input.placeholder = hint
        self._put(text)
        self.completions.show(complete(text) if mode == ":" and text else ())
        self.display = True
        self.screen.set_focus(self.input)

    def close(self) -> None:
        """Ask no more."""
        self.mode = ""
        self.display = False
        self.completions.show(())

    @property
    def is_open(self) -> bool:
        """A line is being asked for."""
        return bool(self.mode)

    def complain(self, sentence: str) -> None:
        """Say what is wrong with the line; the line stays as it is."""
        self._said = sentence
        self._place_note()
        self.set_class(bool(sentence), "-wrong")

    def _place_note(self) -> None:
        """Beside the text where it leaves room for that, else above it, in as many lines as it takes."""
        said, width = f" {self._said}" if self._said else "", self.screen.size.width
        long = width_of(said) > min(width * 3 // 4, width - width_of(self.sign.text + self.input.value) - 3)
        self.note.say("" if long else said)
        self.long_note.say(said if long else "")
        self.long_note.display = long

    def on_resize(self) -> None:
        """What fitted beside the text may not do so any more."""
        self._place_note()

    def _put(self, text: str) -> None:
        """Write a line as if nobody had typed it: completions stay as they are."""
        self._setting = self.input.value != text
        self.input.value = text
        self.input.cursor_position = len(text)

    # What is typed

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._setting:
            self._setting = False
            return
        if self.is_open:
            self.complain("")
            self._draft = event.value
            self.completions.show(self._complete(event.value) if event.value else ())
            self.post_message(self.Typed(self.mode, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Taken(self.mode, event.value))

    def on_completions_clicked(self, event: Completions.Clicked) -> None:
        """A click takes a completion as Tab does."""
        event.stop()
        self._put(self.completions.candidates[event.index].line)
        self.input.focus()

    def on_prompt_input_key(self, event: PromptInput.Key) -> None:
        """Tab completes, the arrows go through completions or the history, esc gives up."""
        event.stop()
        match event.key:
            case "escape" | "ctrl+c":
                self.post_message(self.GivenUp(self.mode))
            case "tab" | "shift+tab":
                self._choose(1 if event.key == "tab" else -1)
            case "up":
                self._recall(-1)
            case "down":
                self._recall(1)

    def _choose(self, step: int) -> None:
        if not self.completions.candidates:
            self.completions.show(self._complete(self._draft))  # Tab alone shows all there is
        chosen = self.completions.move(step)
        line = self._draft if chosen is None else chosen.line
        self._put(line)
        if chosen is not None and len(self.completions.candidates) == 1:
            self._draft = line

    def _recall(self, step: int) -> None:
        at = self._at + step
        if 0 <= at <= len(self._history):
            self._at = at
            line = self._draft if at == len(self._history) else self._history[at]
            self._put(line)
            if self.mode == "/":
                self.post_message(self.Typed(self.mode, line))
