"""All shells of the program: opened, shown, closed and asked about here. The app owns one.

It owns the engine's store of sessions, whose connections are apart from the cluster that is looked at: shells
survive navigation, namespaces and contexts. The engine is imported when the first shell is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from k8stui.ui.shells.memory import ShellMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from k8stui.kube.debug.record import DebugRecord
    from k8stui.kube.kubeconfig.types import Context
    from k8stui.kube.sessions.session import SessionSpec
    from k8stui.kube.sessions.store import SessionStore
    from k8stui.settings import ShellSettings
    from k8stui.ui.shells.shell import Shell
    from k8stui.ui.widgets.terminal.output import OutputPacer


class Shells:
    """Shells in the order in which they were opened."""

    def __init__(
        self,
        settings: ShellSettings,
        *,
        folder: Path | None,
        saved: Path,
        is_readonly: Callable[[str], bool],
        on_change: Callable[[Shell | None], None],
        on_clipboard: Callable[[Shell, str], None],
    ) -> None:
        """`folder` is where things are remembered, `saved` where files for the user go.

        `on_change` gets the shell that changed; None: all.
        """
        self.settings = settings
        self.memory = ShellMemory(folder)
        self.all: list[Shell] = []
        self.connect: Callable[[Context], Any] | None = None
        """Makes connections, in place of the engine's own (tests)."""
        self._folder = folder
        self._saved = saved
        self._is_readonly = is_readonly
        self._on_change = on_change
        self._on_clipboard = on_clipboard
        self._pacer: OutputPacer | None = None
        self._store: SessionStore | None = None
        self._record: DebugRecord | None = None

    @property
    def store(self) -> SessionStore:
        """The engine's sessions."""
        if self._store is None:
            from k8stui.kube.sessions.store import Connections, SessionStore

            self._store = SessionStore(Connections(connect=self.connect or self._connection))
        return self._store

    def _connection(self, context: Context) -> Any:
        from k8stui.kube.connection.client import Connection

        return Connection(context, readonly=self._is_readonly(context.name))

    @property
    def record(self) -> DebugRecord | None:
        """What debugging has created; None where nothing can be remembered."""
        if self._record is None and self._folder is not None:
            from k8stui.kube.debug.record import DebugRecord

            self._record = DebugRecord(self._folder / "debug.json")
        return self._record

    # Shells

    def open(self, context: Context, spec: SessionSpec, *, once: bool = False) -> Shell:
        """A new shell, connecting already."""
        from k8stui.ui.shells.shell import Shell
        from k8stui.ui.widgets.terminal.output import OutputPacer

        if self._pacer is None:
            self._pacer = OutputPacer()
        shell = Shell(
            self._pacer,
            context=context,
            history=self.settings.scrollback,
            once=once,
            on_change=self._on_change,
            on_clipboard=self._on_clipboard,
        )
        session = self.store.open(context, spec, sink=shell.sink)
        self.all.append(shell)
        shell.bind(session, self.store.number(session))
        self._on_change(None)
        return shell

    def get(self, number: int) -> Shell | None:
        """The shell of a number."""
        return next((shell for shell in self.all if shell.number == number), None)

    @property
    def living(self) -> list[Shell]:
        """Those that closing would end something of."""
        return [shell for shell in self.all if shell.living]

    def neighbour(self, shell: Shell | None, step: int, among: Iterable[Shell] | None = None) -> Shell | None:
        """The shell after (or before) another."""
        shells = list(self.all if among is None else among)
        if not shells:
            return None
        if shell not in shells:
            return shells[0]
        return shells[(shells.index(shell) + step) % len(shells)]

    async def close(self, shell: Shell) -> None:
        """End a shell and forget it."""
        if shell in self.all:
            self.all.remove(shell)
            shell.close()
            self._on_change(None)
            await self.store.close(shell.session)

    async def close_all(self) -> None:
        """End all shells and their connections."""
        shells, self.all = self.all, []
        for shell in shells:
            shell.close()
        if self._store is not None:
            await self._store.close_all()

    # Files

    def new_file(self, name: str, suffix: str) -> Path:
        """A path among what was saved that no file has yet."""
        clean = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name).strip("-.")
        clean = clean[:80] or "shell"
        folder = self._saved
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{clean}{suffix}"
        count = 2
        while path.exists():
            path = folder / f"{clean}-{count}{suffix}"
            count += 1
        return path
