"""The editor's document gives Textual's answers, cheaper."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.document._document import Document
from textual.document._wrapped_document import WrappedDocument

from k8stui.ui.widgets.editor.buffer import EditorDocument, EditorLines

LINES = st.lists(st.text(st.sampled_from("ab: \t長é"), max_size=12), min_size=1, max_size=5)


@given(lines=LINES, place=st.data())
@settings(max_examples=100, deadline=None)
def test_places_are_painted_where_textual_paints_them(lines: list[str], place: st.DataObject) -> None:
    text = "\n".join(lines)
    ours = EditorLines(EditorDocument(text), tab_width=2)
    ours.wrap(0)
    theirs = WrappedDocument(Document(text), width=0, tab_width=2)
    row = place.draw(st.integers(0, len(lines) - 1))
    column = place.draw(st.integers(0, len(lines[row])))
    assert ours.location_to_offset((row, column)) == theirs.location_to_offset((row, column))
    assert ours.height == theirs.height
