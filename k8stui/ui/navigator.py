"""Where commands and actions lead: which view opens in which pane, which namespaces and context are in use.

The one place that turns what the user wants into views and session changes. It opens, it never paints, and it
says in a sentence what cannot be opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from k8stui.ui import commands, habits
from k8stui.ui.commands import Command, CommandError, Verb
from k8stui.ui.completion import Sources
from k8stui.ui.offers import show_help
from k8stui.ui.session import Stage
from k8stui.ui.spec import Link, ViewSpec, ViewType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from k8stui.kube.catalog import Kind
    from k8stui.ui.actions import Place
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.layout import Axis
    from k8stui.ui.views.table import TableView


class Navigator:
    """Carries out commands and the actions that lead somewhere."""

    def __init__(self, app: K8stuiApp) -> None:
        self._app = app
        self._session = app.session

    # The `:` line

    def understand(self, line: str) -> Command:
        """The command in a line, with its names checked. Raises CommandError."""
        aliases = self._app.settings.aliases
        try:
            command = commands.parse(line, aliases)
        except CommandError:
            word = commands.expand_alias(line.strip(": "), aliases).partition(" ")[0]
            if word.lower() not in (*commands.VERBS, *self._app.main.registry.commands):
                self._check_kind(Command(Verb.OPEN, kind=word))  # that is what is wrong, not what follows
            raise
        if command.context and self._session.contexts.get(command.context) is None:
            raise commands.unknown("context", command.context, self._context_names())
        if command.verb is Verb.THEME and command.argument:
            if command.argument not in self._app.theme_files.themes:
                raise commands.unknown("theme", command.argument, self._app.theme_files.names())
        elif command.verb is Verb.LAYOUT and command.argument not in ("", "reset"):
            raise CommandError(f"layout takes nothing or reset, not {command.argument!r}.")
        elif command.verb in (Verb.APPLY, Verb.CREATE):
            self._app.editing.check(command)
        elif command.verb is Verb.OPEN and not command.context:
            from k8stui.ui.asking import as_action

            if (action := as_action(self._app, command)) is not None:
                return action
            self._check_kind(command)
        return command

    def _check_kind(self, command: Command) -> None:
        catalog = self._session.catalog
        kind = self._find(command.kind)
        if kind is None and command.kind.lower() in habits.COMMANDS:
            raise CommandError(f"{command.kind}: {habits.COMMANDS[command.kind.lower()]}")
        if kind is None and getattr(catalog, "is_complete", True):
            near = commands.closest(command.kind, self._first_words())
            hint = f"Did you mean {near!r}?" if near else "Tab lists those that there are."
            raise CommandError(f"There is no kind or command {command.kind!r}. {hint}")
        if kind is not None and command.namespaces and not kind.namespaced:
            raise CommandError(
                f"{kind.plural} are in no namespace: leave out {','.join(command.namespaces)}."
            )

    def _find(self, name: str) -> Kind | None:
        """The kind of this name: the server's own names come before k9s's."""
        catalog = self._session.catalog
        return catalog.find(name) or catalog.find(habits.KIND_NAMES.get(name.lower(), name))

    def _first_words(self) -> Iterable[str]:
        """Everything that a line can begin with."""
        names = [*commands.VERBS, *self._app.main.registry.commands, *self._app.settings.aliases]
        for kind in self._session.catalog:
            names += [kind.plural, kind.singular, *kind.short_names]
        return [*names, *habits.COMMANDS]

    def _context_names(self) -> list[str]:
        return [entry.name for entry in self._session.contexts.entries]

    def sources(self) -> Sources:
        """The names that the `:` line can complete now."""
        from k8stui.ui.asking import commands_here
        from k8stui.ui.editing.manifests import paths_from

        catalog = self._session.catalog

        def kinds(prefix: str) -> list[tuple[str, str]]:
            found = []
            for name in catalog.complete(prefix):
                kind = catalog.find(name)
                found.append((name, "" if kind is None else f"{kind.kind} {kind.api_version}"))
            return found

        return Sources(
            kinds=kinds,
            namespaces=tuple(self.known_namespaces()),
            contexts=tuple(self._context_names()),
            themes=tuple(self._app.theme_files.names()),
            aliases=self._app.settings.aliases,
            actions=commands_here(self._app.main),
            names=self._live_names,
            files=paths_from,
        )

    def _live_names(self, wants: str, of: str) -> Iterable[tuple[str, str]]:
        from k8stui.ui.logs.completing import live_names

        cluster = self._session.cluster
        return () if cluster is None else live_names(cluster, wants, of)

    def known_namespaces(self) -> list[str]:
        """Namespaces that are known without asking: favourites, recent ones, and those that are watched."""
        names = dict.fromkeys([*self._session.recent, *self._session.namespaces])
        for collection in getattr(self._session.cluster, "collections", ()):
            if collection.kind.name == "namespaces":
                names.update(dict.fromkeys(sorted(obj.metadata.name for obj in collection.objects.values())))
            elif collection.kind.name == "pods" and not collection.namespaces:
                names.update(dict.fromkeys(sorted(collection.index_keys("namespace"))))
        return list(names)

    async def run_line(self, line: str) -> None:
        """Carry out a line. Raises CommandError when it is not understood; nothing has happened then."""
        command = self.understand(line)
        if command.verb is not Verb.ACT:
            # `-` goes back to where one was; it does nothing a second time
            self._app.state.add_command(line.strip().lstrip(": "))
            self._app.remember()
        await self.run(command)

    async def last_command(self) -> None:
        """Run the command before the last one again; once more goes back to the last one."""
        lines = self._app.state.data.commands
        if len(lines) < 2:
            self._app.say("There is no command before the last one.")
            return
        try:
            await self.run_line(lines[-2])
        except CommandError as error:
            self._app.complain(error.sentence)

    async def run(self, command: Command) -> None:
        """Carry out a command."""
        match command.verb:
            case Verb.QUIT:
                self._app.leave()
            case Verb.HELP:
                show_help(self._app.main.place())
            case Verb.RETRY:
                self.retry()
            case Verb.THEME:
                await self._theme(command.argument)
            case Verb.LAYOUT:
                await self._app.main.reset_layout()
            case Verb.LOGS:
                await self.open(ViewSpec(view=ViewType.LOGS, query=command.argument))
            case Verb.SHELL:
                self._app.desk.find(command.argument)
            case Verb.APPLY | Verb.CREATE | Verb.DRAFTS:
                self._app.editing.command(command)
            case Verb.DEBUG:
                self._app.debugger.created()
            case Verb.TREE | Verb.JSONPATH | Verb.ACT:
                from k8stui.ui.asking import answer

                await answer(self._app, command)
            case Verb.FORWARDS:
                await self.open(ViewSpec(view=ViewType.FORWARDS))
            case Verb.CONTEXT:
                await self._context(command)
            case Verb.NAMESPACE:
                await self._namespace(command)
            case Verb.OPEN:
                await self._open(command)

    async def _theme(self, name: str) -> None:
        if name:
            self._app.use_theme(name)
        else:
            await self.choose_theme()

    async def choose_theme(self) -> None:
        """Ask for a theme."""
        from k8stui.ui.dialogs.choose import Choice, choose

        themes = self._app.theme_files
        choices = [Choice(name, name, themes.about.get(name, "")) for name in themes.names()]
        self._app.run_worker(
            choose(self._app, "Theme", choices, self._app.use_theme, chosen=self._app.theme), group="dialog"
        )

    async def _context(self, command: Command) -> None:
        if command.context:
            await self.switch_context(command.context)
        else:
            await self.open(ViewSpec(view=ViewType.CONTEXTS))

    async def _namespace(self, command: Command) -> None:
        if command.namespaces is None:
            await self.open(ViewSpec(kind="namespaces"))
        else:
            await self.use_namespaces(command.namespaces)

    async def _open(self, command: Command) -> None:
        if command.context and command.context != self._session.context:
            await self.switch_context(command.context)
        kind = self._find(command.kind)
        await self.open(
            ViewSpec(
                kind=kind.name if kind is not None else habits.KIND_NAMES.get(command.kind, command.kind),
                namespaces=command.namespaces,
                label_selector=command.label_selector,
                labels=command.labels,
                filter=command.filter,
            )
        )

    async def open(self, spec: ViewSpec) -> None:
        """Show something in the focused pane."""
        workspace = self._app.main.workspace
        await workspace.focused_pane.show(spec)
        workspace.focused_pane.focus_view()
        self._app.main.layout_changed()

    async def split(self, place: Place, axis: Axis) -> None:
        """A new pane beside the focused one, with the same thing in it; then ask what it shall be."""
        spec = place.view.spec if place.view is not None else ViewSpec(kind="pods")
        await self._app.main.workspace.split_focused(axis, structs.replace(spec, filter=""))
        self._app.main.questions.ask_command(hint="what to show in the new pane; esc: the same as beside it")

    # Namespaces and contexts

    async def use_namespaces(self, names: tuple[str, ...]) -> None:
        """Look at these namespaces from now on; () is all. A namespace that is pinned in a view stays."""
        self._session.use_namespaces(names)
        pane = self._app.main.workspace.focused_pane
        spec = pane.view.spec
        if spec.namespaces is not None and not spec.owner:
            pane.view.spec = structs.replace(spec, namespaces=None)
        self._app.main.workspace.rescope(fresh=False)
        self._app.remember()

    async def switch_context(self, name: str) -> None:
        """Leave this context for another."""
        main = self._app.main
        main.keep_layout()
        self._session.switch(name)
        await main.load_layout()
        self._app.use_context_theme()

    def retry(self) -> None:
        """Ask the server again now; open the context again where there is no cluster."""
        cluster = self._session.cluster
        if cluster is not None:
            again = getattr(cluster, "retry_now", None)
            if again is not None:
                again()
            self._app.say("Asking the server again.")
        elif self._session.stage in (Stage.FAILED, Stage.CANCELLED):
            self._app.connect(self._session.context or None)

    def toggle_favourite(self, place: Place) -> None:
        """Make namespaces favourites, or no longer."""
        for obj in place.objects:
            name = obj.metadata.name
            now = self._app.state.toggle_favourite(self._session.state_key, name)
            self._app.say(f"{name} is {'a favourite' if now else 'no favourite any more'}.")
        self._app.remember()
        table = getattr(place.view, "table", None)
        if table is not None:
            table.set_printer(table.model.printer)

    async def choose_sort(self, view: TableView) -> None:
        """Ask for a column to sort by."""
        from k8stui.ui.dialogs.choose import Choice, choose

        choices = [Choice("", "no column: by namespace and name")]
        choices += [Choice(name, name) for name in view.column_names()]
        self._app.run_worker(
            choose(
                self._app,
                "Sort by",
                choices,
                lambda name: view.sort_by(name or None),
                chosen=view.spec.sort,
            ),
            group="dialog",
        )

    async def escape(self, place: Place) -> None:
        """esc: clear what hides rows, then end the zoom or let go of what is followed, then go back."""
        if place.view is not None and place.view.clear():
            return
        if place.workspace.zoomed and not place.workspace.deeper_than_zoomed:
            place.workspace.toggle_zoom()
        elif place.pane is not None and not place.pane.release() and not await place.pane.leave():
            self._to_driver(place)

    def _to_driver(self, place: Place) -> None:
        """From the lines of the selected pod to where it is selected."""
        assert place.pane is not None
        driver = place.workspace.driver(place.pane)
        if driver is not None and place.pane.view.link is Link.PODS:
            place.workspace.focus_pane(driver.key)
