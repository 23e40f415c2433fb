"""What programs in shells want of the user's own terminal is asked about first: clipboard, pastes, links.

All text shown here comes from programs: it is made printable, and never followed or copied without a yes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.shells.screen import ShellScreen
    from k8stui.ui.shells.shell import Shell

OPENED = ("http://", "https://")
"""Addresses that a browser is started with; any other can be copied."""


async def ask_clipboard(app: K8stuiApp, shell: Shell, text: str) -> None:
    """A program wants to write the clipboard (OSC 52)."""
    from k8stui.kinds.text import printable
    from k8stui.ui.dialogs.shell_confirm import ConfirmDialog

    start = printable(text[:200].replace("\n", "⏎"))
    about = f"The program in {shell.title} wants to put {len(text):,} characters there: {start}"
    if await app.push_screen_wait(ConfirmDialog("Write the clipboard?", about, "Write", "Refuse")):
        app.copy_to_clipboard(text)


async def ask_paste(app: K8stuiApp, screen: ShellScreen, text: str) -> None:
    """Several lines were pasted that the program would run one by one."""
    from k8stui.kinds.text import printable
    from k8stui.ui.dialogs.shell_confirm import ConfirmDialog

    lines = text.strip("\r\n").splitlines()
    shown = "\n".join(printable(line)[:100] for line in lines[:6]) + ("\n…" if len(lines) > 6 else "")
    about = f"The shell would run each of these lines:\n\n{shown}"
    title = f"Paste {len(lines)} lines?"
    if await app.push_screen_wait(ConfirmDialog(title, about, "Paste", "Do not")):
        screen.terminal.paste(text)


async def ask_link(app: K8stuiApp, address: str) -> None:
    """A link (OSC 8) was clicked; its text may say anything, so the address itself is shown."""
    from k8stui.ui.dialogs.choose import Choice, ChooseDialog

    choices = [Choice("copy", "Copy the address")]
    if address.lower().startswith(OPENED):
        choices.insert(0, Choice("open", "Open it in the browser"))
    answer = await app.push_screen_wait(ChooseDialog(f"The link leads to {address}", choices))
    if answer == "open":
        app.open_url(address)
    elif answer == "copy":
        app.copy(address, "address")
