"""Opens the screen for the command line: settings, state and themes in; an exit code out.

What goes wrong before or after the screen is told in sentences on the standard error; what goes wrong inside
is written to a file of the user's own, without a traceback on the screen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003  # msgspec reads it at run time
from typing import TYPE_CHECKING

from msgspec import Struct

from k8stui.settings import config_dir, load_settings, state_dir
from k8stui.ui.garbage import Garbage
from k8stui.ui.theme import load_themes, package_themes
from k8stui.ui.warming import warm

if TYPE_CHECKING:
    from k8stui.ui.app import K8stuiApp

OK, FAILED, BAD_ARGUMENTS = 0, 1, 2


class Options(Struct, frozen=True):
    """What the command line asks for; None leaves it to settings and kubeconfig."""

    context: str | None = None
    kubeconfig: Path | None = None
    namespaces: tuple[str, ...] | None = None
    """() is all."""
    readonly: bool = False
    demo: bool = False
    theme: str | None = None
    kind: str | None = None
    """Open this kind alone."""


class OptionsError(Exception):
    """One sentence about an option that cannot be used."""


def make_app(options: Options) -> K8stuiApp:
    """The app as `launch` runs it, not yet running.

    Raises OptionsError, in words for the user, for a theme that does not exist.
    """
    loaded = load_settings()
    themes = load_themes([package_themes(), config_dir() / "themes"])
    if options.theme is not None and options.theme not in themes.themes:
        raise OptionsError(themes.complaint(options.theme))

    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.backend import RealBackend
    from k8stui.ui.state import StateFile

    demo = None
    if options.demo:
        from k8stui.ui.demo_child import DemoChild

        demo = DemoChild()
    return K8stuiApp(
        RealBackend(options.kubeconfig, demo),
        loaded.settings,
        StateFile(state_dir()),
        themes,
        options,
        warnings=loaded.warnings,
        crash_dir=state_dir(),
    )


def launch(options: Options) -> int:
    """Run the screen until the user leaves it; the exit code."""
    garbage = Garbage(on_live=warm)
    garbage.starting()
    for name in ("COLUMNS", "LINES"):  # exported by some shells: true when they started, not after a resize
        os.environ.pop(name, None)
    try:
        app = make_app(options)
    except OptionsError as error:
        print(f"k8stui: {error}", file=sys.stderr)
        return BAD_ARGUMENTS
    app.garbage, garbage.app = garbage, app
    app.run(mouse=app.settings.mouse)
    if app.crash is not None:
        print(f"k8stui: {app.crash}", file=sys.stderr)
        return FAILED
    return app.return_code or OK
