"""Values of a Secret in an editor's text: shown when asked, masked again when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.kinds.editing.documents import parse, parts_of, scalar
from k8stui.kinds.editing.secrets import MASK, remasked, text_of
from k8stui.kinds.yaml_text import emit

if TYPE_CHECKING:
    from k8stui.ui.views.editor import EditorView


def _masked_key(line: str) -> str:
    """The key of a line whose value is masked; empty for another line."""
    parts = parts_of(line)
    if parts.key_end < 0:
        return ""
    value = line[parts.value_at :].strip()
    plain = value[:1] not in "\"'"
    text = scalar(value if plain else value[1:-1], plain=plain)
    return parts.key if isinstance(text, str) and MASK.match(text) else ""


def reveal(view: EditorView) -> str:
    """Show the masked value under the cursor, else all; mask all when none is masked. What is said."""
    values: dict[str, Any] = {}
    for base in view.bases:
        if base.kind.name == "secrets":
            values.update(base.obj.get("data") or {})
    if view.sealed:
        return "The values are not known until the server can be asked: they stay masked."
    lines = list(view.text.lines)
    row = view.text.cursor_location[0]
    masked = {at: key for at, line in enumerate(lines) if (key := _masked_key(line)) in values}
    if row in masked:
        masked = {row: masked[row]}
    if not masked:
        view.revealed.clear()
        view.replace_text(remasked(view.content, values))
        return ""
    found: list[str] = []
    for at, line in enumerate(lines):
        name = masked.get(at)
        if name is None:
            found.append(line)
            continue
        view.revealed.add(name)
        decoded = text_of(values[name])
        indent = " " * (len(line) - len(line.lstrip(" ")))
        shown = emit({name: values[name] if decoded is None else decoded})
        found += [indent + each.text if each.text else "" for each in shown.lines]
    view.replace_text("\n".join(found))
    return "" if not parse(view.content).problems else "The text has a mistake: see the marked line."
