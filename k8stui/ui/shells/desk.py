"""What the user does with shells that are open: the commands behind the keys, for whichever has the keys.

The dock shows shells, panes may; this knows both and owns neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from k8stui.ui.shells.opening import Spot

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.shells.screen import ShellScreen
    from k8stui.ui.shells.shell import Shell

GROW = 3
"""Rows that a key makes the dock higher."""


class ShellDesk:
    """Carries out commands for the shell that has the keys, else for the one in the dock."""

    def __init__(self, app: K8stuiApp) -> None:
        self._app = app
        self._shells = app.shells

    # Which one

    @property
    def _dock(self) -> Any:
        return self._app.main.dock

    @property
    def screen(self) -> ShellScreen | None:
        """What shows the shell that is meant."""
        focused = self._app.main.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            if hasattr(node, "shell") and hasattr(node, "terminal"):
                return cast("ShellScreen", node)
        screen: ShellScreen | None = self._dock.screen_of
        return screen

    @property
    def current(self) -> Shell | None:
        """The shell that is meant."""
        screen = self.screen
        return screen.shell if screen is not None else None

    @property
    def keys_are_the_programs(self) -> bool:
        """A program runs in the focused terminal, and the next key is its own."""
        screen = self.screen
        if screen is None or not screen.terminal.has_focus:
            return False
        return screen.shell.living and not screen.terminal.prefixed and not screen.terminal.reading

    def _later(self, coroutine: Any) -> None:
        self._app.run_worker(coroutine, group="shells", exit_on_error=False)

    # Going about

    def toggle(self) -> None:
        """To the dock; from there, hide it."""
        if self._dock.display and self._dock.has_keys:
            self.hide()
            return
        shell = self._dock.current or (self._shells.all[-1] if self._shells.all else None)
        if shell is not None:
            self._later(self._dock.show(shell))

    def find(self, text: str) -> None:
        """To a shell by its number or a part of its name; without either, ask which."""
        if not self._shells.all:
            self._app.say("No shell is open: s on a pod opens one.")
            return
        if text.isdecimal() and int(text) <= len(self._shells.all):
            self.go(int(text))
            return
        found = [shell for shell in self._shells.all if text.lower() in shell.title.lower()]
        if len(found) == 1:
            self._later(self._dock.show(found[0]))
        elif not found:
            self._app.complain(f"There is no shell {text!r}.")
        else:
            self._later(self._ask_which(found))

    async def _ask_which(self, shells: list[Shell]) -> None:
        from k8stui.ui.dialogs.choose import Choice, ChooseDialog

        choices = [
            Choice(str(shell.number), shell.title, f"{shell.phase} {shell.since} · {shell.context.name}")
            for shell in shells
        ]
        answer = await self._app.push_screen_wait(ChooseDialog("Shells", choices))
        shell = self._shells.get(int(answer)) if answer else None
        if shell is not None:
            await self._dock.show(shell)

    def leave(self) -> None:
        """Back to the panes."""
        if self._dock.has_keys and self._dock.zoomed:
            self._dock.toggle_zoom()
        self._app.main.workspace.focused_pane.focus_view()

    def hide(self) -> None:
        """No dock; the shells run on."""
        self.leave()
        self._dock.hide()

    def next(self) -> None:
        """To the next shell."""
        self._step(1)

    def previous(self) -> None:
        """To the one before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        shell = self._shells.neighbour(self.current, by)
        if shell is not None:
            self._later(self._dock.show(shell))

    def go(self, number: int) -> None:
        """To a shell by its place among the tabs."""
        if 0 < number <= len(self._shells.all):
            self._later(self._dock.show(self._shells.all[number - 1]))

    def zoom(self) -> None:
        """As high as the screen, or not."""
        if self._dock.has_keys:
            self._dock.toggle_zoom()
        else:
            self._app.main.workspace.toggle_zoom()

    def grow(self) -> None:
        """Higher."""
        self._dock.grow(GROW)

    def shrink(self) -> None:
        """Lower."""
        self._dock.grow(-GROW)

    def pane(self) -> None:
        """Show it in the focused pane, and hide the dock."""
        shell = self.current
        if shell is not None:
            self._later(self._to_pane(shell))

    async def _to_pane(self, shell: Shell) -> None:
        from k8stui.ui.spec import ViewSpec, ViewType

        self.leave()
        await self._dock.clear()
        await self._app.navigator.open(ViewSpec(view=ViewType.SHELL, shell=shell.number))

    # The terminal

    def read(self) -> None:
        """Keys move through the scrollback."""
        if self.screen is not None:
            self.screen.terminal.set_reading(True)

    def read_end(self) -> None:
        """Keys go to the program again."""
        if self.screen is not None:
            self.screen.terminal.set_reading(False)

    def search(self) -> None:
        """Find something."""
        if self.screen is not None:
            self.screen.start_search()

    def copy(self) -> None:
        """What is selected, else what is on the screen."""
        if self.screen is not None:
            terminal = self.screen.terminal
            selected = terminal.selected_text
            self._app.copy(selected or terminal.screen_text, "selection" if selected else "screen")

    def save(self) -> None:
        """Screen and scrollback to a file."""
        screen = self.screen
        if screen is None:
            return
        path = self._shells.new_file(screen.shell.title, ".txt")
        try:
            count = screen.terminal.save_text(path)
        except OSError as error:
            self._app.complain(f"{path} cannot be written: {error.strerror or error}.")
            return
        self._app.say(f"Saved {count:,} lines to {path}.")

    # The session

    def again(self) -> None:
        """Reconnect, or start anew."""
        shell = self.current
        if shell is not None:
            shell.reconnect()
            if self.screen is not None:
                self.screen.terminal.to_end()

    def rename(self) -> None:
        """Ask for a name."""
        shell = self.current
        if shell is not None:
            self._later(self._rename(shell))

    async def _rename(self, shell: Shell) -> None:
        from k8stui.ui.dialogs.choose import ChooseDialog

        answer = await self._app.push_screen_wait(ChooseDialog(f"Rename {shell.title}", [], free="new name"))
        if answer:
            shell.rename(answer)

    def close(self) -> None:
        """End it; asks when something runs."""
        shell = self.current
        if shell is not None:
            self.ask_close(shell)

    def ask_close(self, shell: Shell) -> None:
        """End a shell; asks when something runs."""
        self._later(self._close(shell))

    async def _close(self, shell: Shell) -> None:
        from k8stui.ui.dialogs.shell_confirm import ConfirmDialog

        if shell.living:
            about = f"{shell.title} is {shell.phase}. What runs in it ends."
            if not await self._app.push_screen_wait(
                ConfirmDialog("Close the shell?", about, "Close it", "Keep it")
            ):
                return
        other = self._shells.neighbour(shell, -1)
        shown = self._dock.current is shell
        await self._shells.close(shell)
        if shown and other is not None and other is not shell:
            await self._dock.show(other)
        elif shown:
            self.leave()  # first: what is removed with the focus hands it to whichever pane is next
            await self._dock.clear()
        self._app.main.refresh_hints()

    def record(self) -> None:
        """Record it, or end the recording."""
        shell = self.current
        if shell is None:
            return
        if shell.recording is not None:
            path, problem = shell.recording.path, shell.recording.error
            shell.stop_recording()
            self._app.say(problem or f"Recorded to {path}.")
            return
        from k8stui.terminal.asciicast import Recording

        screen = shell.model.emulator.screen
        path = self._shells.new_file(shell.title, ".cast")
        try:
            shell.record(Recording(path, screen.columns, screen.lines, title=shell.title))
        except OSError as error:
            self._app.complain(f"{path} cannot be written: {error.strerror or error}.")

    def whole(self) -> None:
        """Give it the real terminal."""
        shell = self.current
        if shell is not None:
            self._later(self._whole(shell))

    async def _whole(self, shell: Shell) -> None:
        from k8stui.ui.shells.whole import give_whole_terminal

        problem = await give_whole_terminal(self._app, shell, self._shells.settings.escape)
        if problem:
            self._app.complain(problem)

    # From a shell that is over to what may help

    def _spot(self) -> tuple[Spot, str] | None:
        shell = self.current
        if shell is None:
            return None
        if shell.context.name != self._app.session.context:
            self._app.say(f"That was in context {shell.context.name}: switch to it first (:ctx).")
            return None
        target = shell.session.target
        return Spot(shell.context, target.namespace, target.pod, target.uid), target.container

    def logs(self) -> None:
        """The logs of its pod."""
        found = self._spot()
        if found is not None:
            from k8stui.ui.spec import Target, ViewSpec, ViewType

            spot, container = found
            target = Target("pods", spot.pod, spot.namespace, spot.uid, "pod")
            spec = ViewSpec(view=ViewType.LOGS, target=target, container=container)
            self._later(self._app.navigator.open(spec))

    def choose(self) -> None:
        """A shell in another of its pod's containers."""
        found = self._spot()
        if found is not None:
            self._app.opener.shell(found[0])

    def debug(self) -> None:
        """Debug its pod."""
        found = self._spot()
        if found is not None:
            self._app.debugger.pod(*found)

    # Leaving the program

    async def may_leave(self) -> bool:
        """Asks about shells that live; True when the program may end."""
        from k8stui.ui.dialogs.shell_confirm import ConfirmDialog

        living = self._shells.living
        if not living:
            return True
        names = ", ".join(shell.title for shell in living[:5]) + (" …" if len(living) > 5 else "")
        what = "1 shell is open" if len(living) == 1 else f"{len(living)} shells are open"
        about = f"{what}: {names}. What runs in them ends."
        dialog = ConfirmDialog("Leave?", about, "Leave", "Stay")
        answer = await self._app.push_screen_wait(dialog)
        return answer is True

    # What comes from outside

    def shell_changed(self, shell: Shell | None) -> None:
        """A shell is at another step, or came or went."""
        if not self._app.is_running or not self._app.main.is_attached:
            return
        self._dock.tell()
        for pane in self._app.main.workspace.panes.values():
            told = getattr(pane.view, "shell_changed", None)
            if told is not None:
                told(shell)
        self._app.main.refresh_hints()

    def clipboard_asked(self, shell: Shell, text: str) -> None:
        """A program wants to write the clipboard: the user decides."""
        from k8stui.ui.shells.asking import ask_clipboard

        self._later(ask_clipboard(self._app, shell, text))

    def paste_asked(self, screen: ShellScreen, text: str) -> None:
        """Several lines were pasted that the program would run one by one."""
        from k8stui.ui.shells.asking import ask_paste

        self._later(ask_paste(self._app, screen, text))

    def link_clicked(self, address: str) -> None:
        """A link of the program's was clicked: where it leads is shown before it is followed."""
        from k8stui.ui.shells.asking import ask_link

        self._later(ask_link(self._app, address))
