"""The first line of the screen: which cluster, who, where, how well it is heard, what is wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual.widget import Widget

from k8stui.kinds.text import cell_width, cut, printable
from k8stui.ui.session import Stage
from k8stui.ui.widgets.table.states import next_try, seconds

if TYPE_CHECKING:
    from rich.style import Style
    from textual.app import RenderResult

    from k8stui.ui.session import Session


_LEAST_REASON = 40
"""Cells; with less room than this the state is told without its reason."""


class Warnings(NamedTuple):
    """What is wrong in the cluster, as far as it is watched; None where that is not known."""

    nodes: int | None = None
    pods: int | None = None
    events: int | None = None


class Connection(NamedTuple):
    """The state of the connection in words: long for wide screens, short for narrow ones."""

    long: str
    short: str
    style: str


def connection_of(session: Session, now: float) -> Connection:
    """How the connection stands at `now` (monotonic seconds). Each state has its sign and its word."""
    if session.stage in (Stage.STARTING, Stage.CONNECTING):
        waited = f" {seconds(session.waited)}" if session.waited > 2 else ""
        return Connection(f"◌ {session.step}{waited}", f"◌ connecting{waited}", "busy")
    if session.cluster is None:
        return Connection(f"✗ {session.problem}", "✗ no cluster", "error")
    health = session.cluster.health
    status = str(health.status.value)
    since = seconds(now - health.since)
    wait = "" if health.next_try is None else f", {next_try(health.next_try - now)}"
    if status == "live":
        return Connection("● live", "● live", "ok")
    if status == "connecting":
        waited = f" {since}" if now - health.since > 2 else ""
        return Connection(f"◌ {session.step or 'connecting'}{waited}", f"◌ connecting{waited}", "busy")
    reason = f": {health.reason}" if health.reason else ""
    if status == "denied":
        return Connection(f"✗ denied{wait}{reason}", "✗ denied", "error")
    sign, word = ("◐", "stale") if status == "stale" else ("○", "offline")
    style = "warn" if status == "stale" else "error"
    return Connection(f"{sign} {word} since {since}{wait}{reason}", f"{sign} {word} {since}", style)


def warning_words(warnings: Warnings, *, short: bool) -> str:
    """`⚠ 2 nodes not ready · 5 pods failing · 12 warning events`, or `⚠ 2N 5P 12E`.

    What no pane watches is not known, and nothing is said of it: to count it would be to watch it. Empty when
    all that is known is well.
    """
    counts = (warnings.nodes, warnings.pods, warnings.events)
    wrong = any(counts)
    if short:
        signs = [f"{count}{sign}" for count, sign in zip(counts, "NPE", strict=True) if count]
        return " ".join(["⚠"] * wrong + signs)
    nodes, pods, events = counts
    words = [
        f"{nodes} node{'s' * (nodes != 1)} not ready" if nodes else "",
        f"{pods} pod{'s' * (pods != 1)} failing" if pods else "",
        f"{events} warning event{'s' * (events != 1)}" if events else "",
    ]
    return ("⚠ " if wrong else "") + " · ".join(word for word in words if word)


class Header(Widget):
    """One line; what matters less gives way first when the screen is narrow."""

    DEFAULT_CSS = "Header { height: 1; dock: top; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"header--{name}" for name in ("context", "label", "ok", "busy", "warn", "error", "readonly")
    }
    ALLOW_SELECT = False

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.warnings = Warnings()

    def set_warnings(self, warnings: Warnings) -> None:
        """What is wrong now."""
        if warnings != self.warnings:
            self.warnings = warnings
            self.refresh()

    def render(self) -> RenderResult:
        """The fullest form that fits."""
        for level in range(4):
            text = self._line(level)
            if text.cell_len <= self.size.width:
                return text
        text.truncate(self.size.width, overflow="ellipsis")
        return text

    def _line(self, level: int) -> Text:
        """Level 0 says everything, 3 the least."""
        session, cluster = self._session, self._session.cluster
        connection = connection_of(session, time.monotonic())
        name = session.context or "no context"
        limit = (60, 60, 30, 18)[level]
        left = Text(no_wrap=True, end="")
        left.append(f" {_cut(name, limit)}", self._style("context"))
        if cluster is not None and cluster.version:
            left.append(f" {_cut(cluster.version, 30)}", self._style("label"))
        if cluster is not None and cluster.user and level < 2:
            left.append(f" · {_cut(cluster.user, 40)}", self._style("label"))
        scope = ",".join(session.namespaces) or "all namespaces"
        if level >= 2 and not session.namespaces:
            scope = "all ns"
        left.append(f" · {_cut(scope, (60, 40, 24, 12)[level])}", self._style("label"))
        if session.readonly:
            left.append(" ")
            left.append(" READ-ONLY " if level < 3 else " RO ", self._style("readonly"))
        warnings = warning_words(self.warnings, short=level > 0) if cluster is not None else ""
        words = connection.long if level == 0 else connection.short
        troubled = connection.style in ("warn", "error")
        if level == 2 and troubled:
            warnings = ""  # of a server that is not heard they are old; why it is not matters more
        if level == 1 or (level == 2 and troubled):
            room = self.size.width - left.cell_len - cell_width(warnings) - 4
            words = _cut(connection.long, max(room, _LEAST_REASON))
        left.append("  ")
        left.append(printable(words), self._style(connection.style))
        return self._with_warnings(left, warnings)

    def _with_warnings(self, left: Text, words: str) -> Text:
        if words:
            room = self.size.width - left.cell_len - len(words) - 1
            left.append(" " * max(room, 2))
            left.append(words, self._style("warn" if any(self.warnings) else "label"))
        return left

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"header--{name}")


def _cut(text: str, width: int) -> str:
    return cut(printable(text), width)
