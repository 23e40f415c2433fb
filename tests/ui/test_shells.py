"""Shells on the screen: opened, typed into, left, kept, lost and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kube.errors import ApiError
from k8stui.settings import Settings, ShellSettings
from k8stui.ui.dialogs.choose import ChooseDialog
from k8stui.ui.dialogs.shell_command import CommandDialog
from k8stui.ui.dialogs.shell_confirm import ConfirmDialog
from tests.ui.fakes import screen_text, until
from tests.ui.shells_rig import FakeProgram, go_to, opened, ready, said, shell_app, terminal_text

if TYPE_CHECKING:
    from textual.pilot import Pilot

SIZE = (120, 40)
PREFIX = "ctrl+right_square_bracket"


async def test_s_opens_a_shell_that_gets_what_is_typed() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        assert program.path.endswith("/namespaces/shop/pods/web-a/exec")
        assert program.params["container"] == "main"
        await pilot.press(*"echo 한글", "enter")
        await until(pilot, lambda: "echo 한글" in terminal_text(app), "an echo")
        assert program.typed == "echo 한글\r".encode()


async def test_every_key_is_the_programs() -> None:
    """Also those that the app has actions for: tab, ctrl-c, ctrl-q, ctrl-p, esc, F-keys, z, q, :, ?."""
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press("tab", "ctrl+c", "ctrl+q", "ctrl+p", "f5", "ctrl+left", "z", "colon", "escape")
        await until(pilot, lambda: program.typed.endswith(b"\x1b"), "the last key")
        assert program.typed == b"\t\x03\x11\x10\x1b[15~\x1b[1;5Dz:\x1b"
        assert app.main.dock.has_keys


async def test_the_prefix_leaves_and_typed_twice_is_sent() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, PREFIX)
        await until(pilot, lambda: program.typed == b"\x1d", "the prefix itself")
        await pilot.press(PREFIX, "escape")
        await until(pilot, lambda: not app.main.dock.has_keys, "the panes have the keys")
        assert app.main.dock.display
        await pilot.press("ctrl+t")
        await until(pilot, lambda: app.main.dock.has_keys, "back in the shell")
        assert program.typed == b"\x1d"


async def test_another_prefix_can_be_set() -> None:
    app, cluster = shell_app(Settings(shells=ShellSettings(escape="ctrl-g")))
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "ctrl+g", "escape")
        await until(pilot, lambda: not app.main.dock.has_keys)
        assert program.typed == b"\x1d"


async def test_the_program_is_told_its_size() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        terminal = app.desk.screen.terminal
        await until(pilot, lambda: program.sizes and program.sizes[-1] == (120, terminal.size.height))
        before = terminal.size.height
        await pilot.press(PREFIX, "plus")
        await until(pilot, lambda: program.sizes[-1] == (120, before + 3), "a higher dock")
        await pilot.press(PREFIX, "z")
        await until(pilot, lambda: program.sizes[-1][1] > 30, "the whole screen")
        assert not app.main.query_one("#stage").display
        await pilot.press(PREFIX, "escape")
        await until(pilot, lambda: program.sizes[-1] == (120, before + 3), "beside the panes again")


async def test_several_containers_are_asked_about_the_default_first() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "two-0")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await until(pilot, lambda: "side" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: cluster.shells.programs)
        assert cluster.shells.programs[0].params["container"] == "side"
        await until(pilot, lambda: "two-0 side" in screen_text(app), "a tab")


async def test_attach_joins_with_what_the_container_allows() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "two-0")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press("down", "enter")
        await until(pilot, lambda: cluster.shells.programs)
        program = cluster.shells.programs[0]
        assert program.path.endswith("/attach")
        assert program.params["tty"] == "true"
        assert program.params["stdin"] == "true"
        await until(pilot, lambda: "a shell shows its prompt after Enter" in screen_text(app), "a hint")
        await pilot.press("enter")
        await until(pilot, lambda: "\n$" in screen_text(app).partition("after Enter")[2], "a prompt")


async def test_an_own_command_runs_and_is_remembered() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, CommandDialog))
        await pilot.press(*"ls '/a b'", "enter")
        await until(pilot, lambda: cluster.shells.programs)
        assert cluster.shells.programs[0].params["command"] == ["ls", "/a b"]
        await pilot.press(PREFIX, "escape", "x")
        await until(pilot, lambda: isinstance(app.screen, CommandDialog))
        await pilot.press("up")
        await until(pilot, lambda: app.screen._input.value == "ls '/a b'", "the history")


async def test_run_once_keeps_output_and_exit_code() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, CommandDialog))
        await pilot.press("ctrl+o", *"ls | wc", "enter")
        await until(pilot, lambda: cluster.shells.programs)
        program = cluster.shells.programs[0]
        assert program.params["command"] == ["sh", "-c", "ls | wc"]
        assert "tty" not in program.params
        program.say(b"one\ntwo\n")
        program.end(4)
        await until(pilot, lambda: "Ended with exit code 4" in screen_text(app))
        assert "\none\ntwo" in terminal_text(app).replace("$ ", "\n")


async def test_a_broken_connection_is_said_and_one_key_reconnects() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(*"before", "enter")
        await until(pilot, lambda: terminal_text(app).count("before") == 2)
        program.drop()
        await until(pilot, lambda: "Connection lost" in screen_text(app))
        assert "before" in terminal_text(app)
        await pilot.press("r")
        await until(pilot, lambda: len(cluster.shells.programs) == 2, "another socket")
        await until(pilot, lambda: app.desk.current.living)
        await pilot.press(*"after", "enter")
        await until(pilot, lambda: "after" in terminal_text(app))
        assert "before" in terminal_text(app)


async def test_the_exit_code_is_shown_and_enter_starts_anew() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, cluster)
        await pilot.press(*"exit 3", "enter")
        await until(pilot, lambda: "Ended with exit code 3" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: len(cluster.shells.programs) == 2)


async def test_a_missing_right_is_named_before_anything_is_sent() -> None:
    app, cluster = shell_app()
    cluster.access.denied = {"create pods/exec", "get pods/exec"}
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press("s")
        await until(pilot, lambda: "create pods/exec" in said(app))
        assert not cluster.shells.programs


async def test_readonly_refuses_before_anything_is_sent() -> None:
    app, cluster = shell_app(readonly=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        for key in ("s", "a", "x"):
            await pilot.press(key)
            await until(pilot, lambda: "Read-only" in said(app), key)
        assert not cluster.shells.programs
        assert not cluster.shells.requests


async def test_a_refusal_of_the_server_is_in_words() -> None:
    app, cluster = shell_app()
    cluster.shells.refusal = ApiError(403, "Forbidden", 'pods "web-a" is forbidden: cannot create pods/exec')
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "web-a")
        await pilot.press("s")
        await until(pilot, lambda: "Forbidden: " in screen_text(app))
        assert "ask for the right to create pods/exec" in screen_text(app).lower()


async def test_a_pod_that_does_not_run_is_said() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await go_to(pilot, "cart-0")
        await pilot.press("s")
        await until(pilot, lambda: "main is CrashLoopBackOff. Read its logs" in said(app))
        assert not cluster.shells.programs


async def test_many_shells_are_tabs_that_can_be_renamed() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, cluster)
        await pilot.press(PREFIX, "escape")
        await opened(pilot, cluster, name="web-b")
        assert "1 ● web-a" in screen_text(app)
        assert "2 ● web-b" in screen_text(app)
        await pilot.press(PREFIX, "tab")
        await until(pilot, lambda: app.desk.current.title == "web-a")
        await pilot.press(PREFIX, "2")
        await until(pilot, lambda: app.desk.current.title == "web-b")
        await pilot.press(PREFIX, "comma")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog))
        await pilot.press(*"[red]mine", "enter")
        await until(pilot, lambda: "2 ● [red]mine" in screen_text(app))


async def test_output_that_nobody_sees_is_marked() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        first = await opened(pilot, cluster)
        await pilot.press(PREFIX, "escape")
        await opened(pilot, cluster, name="web-b")
        first.say(b"news")
        await until(pilot, lambda: "web-a*" in screen_text(app))


async def test_shells_outlive_namespaces_and_contexts() -> None:
    app, cluster = shell_app(kind=None)
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "escape", "0")
        await pilot.press("colon", *"ctx staging", "enter")
        await until(pilot, lambda: app.session.context == "staging" and app.session.cluster is not None)
        await until(pilot, lambda: cluster.closed, "the cluster that was left is closed")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: app.main.dock.has_keys)
        await pilot.press(*"still", "enter")
        await until(pilot, lambda: "still" in terminal_text(app))
        assert not program.closed


async def test_closing_a_running_shell_asks() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.main)
        assert app.shells.all
        await pilot.press(PREFIX, "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: not app.shells.all and program.closed)
        await until(pilot, lambda: not app.main.dock.display)


@pytest.mark.parametrize("keys", [("tab", "x"), ("d",), ("m",)], ids=["close", "hide", "to a pane"])
async def test_the_pane_that_opened_a_shell_has_the_keys_afterwards(keys: tuple[str, ...]) -> None:
    app, cluster = shell_app(kind=None)
    async with app.run_test(size=SIZE) as pilot:
        programs = [await opened(pilot, cluster)]
        await pilot.press(PREFIX, "escape")
        programs.append(await opened(pilot, cluster, name="web-b"))
        pane = app.main.workspace.focused_key
        for program in programs:
            program.end(0)
        await until(pilot, lambda: not any(shell.living for shell in app.shells.all))
        for key in keys:
            await pilot.press(key)
            await until(pilot, lambda: app.main.workspace.focused_key == pane)
        if keys == ("tab", "x"):
            await until(pilot, lambda: len(app.shells.all) == 1)
            await pilot.press("x")
        await until(pilot, lambda: not app.main.dock.display and not app.main.dock.has_keys)
        await pilot.pause()
        assert app.main.workspace.focused_key == pane
        assert app.main.focused in app.main.workspace.panes[pane].walk_children()


async def test_leaving_asks_about_living_shells() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "escape", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "1 shell is open: web-a" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
    assert program.closed


async def test_a_shell_in_a_pane() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "m")
        await until(pilot, lambda: "shell web-a" in screen_text(app))
        assert not app.main.dock.display
        await pilot.press(*"pane", "enter")
        await until(pilot, lambda: terminal_text(app).count("pane") == 2)
        await pilot.press(PREFIX, "left_square_bracket", "escape")
        program.end(0)
        await until(pilot, lambda: "Ended" in screen_text(app))


async def test_several_lines_pasted_into_a_plain_shell_are_asked_about() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await paste(pilot, "one line")
        await until(pilot, lambda: program.typed == b"one line")
        await paste(pilot, "rm -r a\nrm -r b\n")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "rm -r b" in screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.main)
        assert program.typed == b"one line"
        program.say(b"\x1b[?2004h")
        await until(pilot, lambda: app.desk.screen.shell.model.emulator.screen.modes.bracketed_paste)
        await paste(pilot, "a\nb")
        await until(pilot, lambda: program.typed.endswith(b"\x1b[200~a\rb\x1b[201~"))


async def paste(pilot: Pilot[None], text: str) -> None:
    from textual import events

    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


async def test_the_clipboard_is_written_only_after_asking() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        program.say(b"\x1b]52;c;c2VjcmV0\x07")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert app.clipboard == ""
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "secret")


async def test_searching_the_scrollback() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        program.say(b"".join(b"line %d\r\n" % n for n in range(300)))
        await until(pilot, lambda: "line 299" in terminal_text(app))
        await pilot.press(PREFIX, "slash", *"line 42", "enter")
        await until(pilot, lambda: "line 42" in terminal_text(app).splitlines())
        await until(pilot, lambda: "match 1/1" in screen_text(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "line 299" in terminal_text(app))
        assert program.typed == b""


async def test_saving_and_recording(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program = await opened(pilot, cluster)
        await pilot.press(PREFIX, "R")
        await until(pilot, lambda: "recording web-a.cast" in screen_text(app))
        program.say("한글\r\n".encode())
        await until(pilot, lambda: "한글" in terminal_text(app))
        await pilot.press(PREFIX, "R")
        await until(pilot, lambda: "recording web-a.cast" not in screen_text(app))
        await pilot.press(PREFIX, "w")
        await until(pilot, (tmp_path / "web-a.txt").exists)
        assert "한글" in (tmp_path / "web-a.cast").read_text()
        assert "한글" in (tmp_path / "web-a.txt").read_text()
        for path in tmp_path.iterdir():
            assert path.stat().st_mode & 0o777 == 0o600


async def test_ctrl_c_reaches_a_program_that_floods() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        program: FakeProgram = await opened(pilot, cluster)
        for _ in range(200):
            program.say(b"y\r\n" * 3000)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: program.typed == b"\x03")
        program.say(b"^C\r\n$ ")
        await until(pilot, lambda: terminal_text(app).endswith("^C\n$"), "the prompt after the flood")


async def test_commands_find_shells() -> None:
    app, cluster = shell_app()
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, cluster)
        await pilot.press(PREFIX, "d")
        await until(pilot, lambda: not app.main.dock.display)
        await pilot.press(*":shell web", "enter")
        await until(pilot, lambda: app.main.dock.has_keys)
