"""The command line: arguments in, an exit code out.

It imports nothing but the standard library until it knows what is asked for, so that `--version` and mistakes
answer at once. It opens the screen or hands on to a command without one; it holds no behaviour of either.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from k8stui import __version__
from k8stui.endings import BY_SIGNAL, die_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from k8stui.ui.launch import Options

OK, FAILED, BAD_ARGUMENTS = 0, 1, 2


def _demo_server(arguments: list[str]) -> int:
    from k8stui.demo.command import main as run

    return int(run(arguments) or 0)


def _logs(arguments: list[str]) -> int:
    from k8stui.logs_command import main as run

    return run(arguments)


SUBCOMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo-server": _demo_server,
    "logs": _logs,
}
"""Commands without the screen: name -> what takes the arguments after it, and imports only when called."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_ARGUMENTS, f"k8stui: {message}. See: k8stui --help\n")


def make_parser() -> argparse.ArgumentParser:
    """The arguments of the screen."""
    parser = _Parser(
        prog="k8stui",
        description="A live Kubernetes explorer for the terminal: nodes, pods, events and logs side by side.",
        epilog="Also: k8stui logs, the logs of many pods without the screen (k8stui logs --help); "
        "k8stui demo-server, a simulated cluster by itself (k8stui demo-server --help).",
        allow_abbrev=False,
    )
    parser.add_argument(
        "kind", metavar="KIND", nargs="?", help="open this kind alone (pods, deploy, configmaps)"
    )
    parser.add_argument("--context", metavar="C", help="context of the kubeconfig; default: its current one")
    parser.add_argument("--kubeconfig", metavar="F", type=Path, help="kubeconfig file instead of KUBECONFIG")
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument("-n", "--namespace", metavar="NS[,NS...]", help="namespaces to look at")
    scope.add_argument("-A", "--all-namespaces", action="store_true", help="look at all namespaces")
    parser.add_argument("--readonly", action="store_true", help="send nothing that would change the cluster")
    parser.add_argument(
        "--demo", action="store_true", help="open a simulated cluster, for which none is needed"
    )
    parser.add_argument(
        "--theme", metavar="T", help="colours: dark, light, high-contrast, k9s, ansi, or your own"
    )
    parser.add_argument("--version", action="version", version=f"k8stui {__version__}")
    return parser


def terminal_complaint(env: Mapping[str, str], *, input_is_tty: bool, output_is_tty: bool) -> str:
    """Why the screen cannot be opened here, in one sentence; empty when it can."""
    if not (input_is_tty and output_is_tty):
        return "its input or output is not a terminal: start it in a terminal, without pipes"
    if env.get("TERM", "") == "dumb":
        return "TERM=dumb says that this terminal cannot be drawn on: set TERM to what it really is"
    return ""


def check(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Mistakes that argparse does not see. Ends the program with one sentence for each."""
    if given.demo and (given.context or given.kubeconfig):
        parser.error("--demo brings its own cluster: leave out --context and --kubeconfig")
    if given.kubeconfig is not None and not given.kubeconfig.expanduser().is_file():
        parser.error(f"there is no file {given.kubeconfig} to read as --kubeconfig")
    if given.namespace is not None and not all(given.namespace.split(",")):
        parser.error("-n needs names of namespaces parted by commas, without blanks: -n shop,default")


def parse_options(arguments: Sequence[str]) -> Options:
    """What these arguments ask of the screen.

    Raises SystemExit, as argparse does, for mistakes and for what is answered at once (`--version`).
    """
    parser = make_parser()
    given = parser.parse_args(list(arguments))
    check(parser, given)
    return _options(given)


def _options(given: argparse.Namespace) -> Options:
    from k8stui.ui.launch import Options

    namespaces: tuple[str, ...] | None = None
    if given.all_namespaces:
        namespaces = ()
    elif given.namespace is not None:
        namespaces = tuple(dict.fromkeys(given.namespace.split(",")))
    return Options(
        context=given.context,
        kubeconfig=given.kubeconfig.expanduser() if given.kubeconfig else None,
        namespaces=namespaces,
        readonly=given.readonly,
        demo=given.demo,
        theme=given.theme,
        kind=given.kind,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with these arguments (default: the process's own) and return the exit code.

    Does not return when a signal asked for the end: the process dies of it once all is in order.
    """
    code = _run(list(sys.argv[1:] if arguments is None else arguments))
    if code > BY_SIGNAL:
        die_of(code - BY_SIGNAL)
    return code


def _run(words: list[str]) -> int:
    if words and words[0] in SUBCOMMANDS:
        return SUBCOMMANDS[words[0]](words[1:])
    options = parse_options(words)
    complaint = terminal_complaint(
        os.environ, input_is_tty=sys.stdin.isatty(), output_is_tty=sys.stdout.isatty()
    )
    if complaint:
        print(f"k8stui: {complaint}.", file=sys.stderr)
        return FAILED
    from k8stui.ui.launch import launch

    return launch(options)
