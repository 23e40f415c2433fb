"""The command palette: actions, kinds, namespaces, contexts and themes, searched as one list.

Names come from the cluster and the user's files: they are shown as plain text, never as markup.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.markup import escape

from k8stui.kinds.text import printable
from k8stui.ui.commands import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from textual.command import Hits

    from k8stui.ui.app import K8stuiApp

MOST = 40
"""Hits of one source: nobody reads more."""


class _Source(Provider):
    """Entries to search: (what is shown, what it does, a line about it)."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        """Everything there is to find."""
        raise NotImplementedError

    @property
    def k8s(self) -> K8stuiApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]

    async def search(self, query: str) -> Hits:
        """The entries that match, as plain text."""
        matcher = self.matcher(query)
        found = 0
        for raw, run, about in self.entries():
            name = printable(raw)
            score = matcher.match(name)
            if score > 0 and found < MOST:
                found += 1
                yield Hit(score, matcher.highlight(escape(name)), run, text=name, help=escape(about))

    def line(self, line: str) -> Callable[[], Any]:
        """Something that runs a `:` line."""

        async def run() -> None:
            try:
                await self.k8s.navigator.run_line(line)
            except CommandError as error:
                self.k8s.complain(error.sentence)

        return run


class Actions(_Source):
    """What can be done where the focus is."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        main = self.k8s.main
        place = main.place()
        for action in main.registry.working(place):
            if action.id == "program.palette":
                continue
            key = main.keymap.first(action.id) or (f":{action.command}" if action.command else "")
            title = f"{action.group.value}: {action.title}" + (f"  ({key})" if key else "")
            refusal = main.rights.refusal(action, place)
            if refusal:
                title += "  ✗"
            yield title, partial(main.run_action_at, action, place), refusal or action.about

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, run, about in self.entries():
            yield DiscoveryHit(Content(name), run, text=name, help=escape(about))


class Kinds(_Source):
    """Kinds of the server."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        for kind in self.k8s.session.catalog:
            short = f" ({', '.join(kind.short_names)})" if kind.short_names else ""
            yield f"Kind: {kind.name}{short}", self.line(kind.name), f"{kind.kind}, {kind.api_version}"


class Namespaces(_Source):
    """Namespaces that are known."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        yield "Namespace: all", self.line("ns *"), "look at all namespaces"
        for name in self.k8s.navigator.known_namespaces():
            yield f"Namespace: {name}", self.line(f"ns {name}"), "look at this namespace"


class ContextNames(_Source):
    """Contexts of the kubeconfig."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        for entry in self.k8s.session.contexts.entries:
            yield f"Context: {entry.name}", self.line(f"ctx '{entry.name}'"), f"cluster {entry.cluster}"


class ThemeNames(_Source):
    """Colours."""

    def entries(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        themes = self.k8s.theme_files
        for name in themes.names():
            yield (
                f"Theme: {name}",
                partial(self.k8s.use_theme, name),
                themes.about.get(name, ""),
            )


PROVIDERS: Iterable[type[Provider]] = (Actions, Kinds, Namespaces, ContextNames, ThemeNames)
