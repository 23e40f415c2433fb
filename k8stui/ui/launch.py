"""Opens the screen for the command line: settings, state and themes in; an exit code out.

What goes wrong before or after the screen is told in sentences on the standard error; what goes wrong inside
is written to a file of the user's own, without a traceback on the screen.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # msgspec reads it at run time

from msgspec import Struct

from k8stui.settings import config_dir, load_settings, state_dir
from k8stui.ui.theme import load_themes, package_themes

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


def launch(options: Options) -> int:
    """Run the screen until the user leaves it; the exit code."""
    loaded = load_settings()
    themes = load_themes([package_themes(), config_dir() / "themes"])
    if options.theme is not None and options.theme not in themes.themes:
        print(f"k8stui: {themes.complaint(options.theme)}", file=sys.stderr)
        return BAD_ARGUMENTS

    from k8stui.ui.app import K8stuiApp
    from k8stui.ui.backend import RealBackend
    from k8stui.ui.state import StateFile

    demo = None
    if options.demo:
        from k8stui.ui.demo_child import DemoChild

        demo = DemoChild()
    app = K8stuiApp(
        RealBackend(options.kubeconfig, demo),
        loaded.settings,
        StateFile(state_dir()),
        themes,
        options,
        warnings=loaded.warnings,
        crash_dir=state_dir(),
    )
    app.run(mouse=loaded.settings.mouse)
    if app.crash is not None:
        print(f"k8stui: {app.crash}", file=sys.stderr)
        return FAILED
    return app.return_code or OK
