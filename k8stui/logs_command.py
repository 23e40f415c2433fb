"""`k8stui logs`: the logs of whatever a query selects, without the screen, to a terminal or a pipe.

Lines go to the standard output as fast as its reader takes them, and never faster: a slow reader slows the
streams down. Remarks (pods that join and leave, restarts, gaps) and errors go to the standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from k8stui.endings import BY_SIGNAL, on_ending

if TYPE_CHECKING:
    from k8stui.kube.logs.query import LogQuery
    from k8stui.logs_output import Output

TURN = 5.0
OK, FAILED, BAD_ARGUMENTS = 0, 1, 2
READER_GONE = BY_SIGNAL + getattr(signal, "SIGPIPE", 13)

_DESCRIPTION = """\
Read the logs of whatever QUERY selects, merged by time, each line once. Without -f it ends when all is
read; with -f it follows until it is interrupted: pods that come join, containers that restart go on.
"""

_EPILOG = """\
QUERY is any mix of these terms. Different keys narrow, several terms of one key widen, ! excludes:
  deploy/web sts/db svc/api job/x node/n1   the pods of an object, of any kind that has pods
  web, pod:REGEX, !pod:REGEX                pods by name
  container:REGEX, !container:REGEX         containers by name
  kind:init,sidecar,container,ephemeral     containers by kind (all, unless named), also !kind:
  label:app=web, app=web                    pods by labels, as in kubectl -l
  field:status.phase=Running, node:n1       pods by fields, pods on a node
  ns:shop,default, ns:*, !ns:kube-system    namespaces
  log:REGEX, !log:REGEX                     lines by text (small letters match both cases)
  level>=warn, level:error, !level:debug    lines by level: trace, debug, info, warn, error, fatal
  since:1h30m, since:2026-01-31T08:00:00Z   lines written since
  tail:500, tail:all                        so many last lines of each container; default: all
Quote what the shell would take for itself: k8stui logs deploy/web 'level>=warn' 'log:time.?out'

A container that is in a crash loop is read from its previous run on. More than --max-streams streams take
turns; nothing is lost by that.

Exit codes:
  0    all was read
  1    the server could not be asked, or something could not be read (the standard error says what)
  2    the arguments or the query cannot be understood
  130  interrupted (143: terminated; 141: who read the output has closed it), as of kubectl logs and stern
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_ARGUMENTS, f"k8stui logs: {message}. See: k8stui logs --help\n")


def make_parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    parser = _Parser(
        prog="k8stui logs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "query", metavar="QUERY", nargs="*", help="what to read, see below; default: all pods"
    )
    parser.add_argument("--context", metavar="C", help="context of the kubeconfig; default: its current one")
    parser.add_argument("--kubeconfig", metavar="F", type=Path, help="kubeconfig file instead of KUBECONFIG")
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument("-n", "--namespace", metavar="NS[,NS...]", help="namespaces; default: the context's")
    scope.add_argument("-A", "--all-namespaces", action="store_true", help="all namespaces")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new lines and new pods")
    parser.add_argument(
        "-p", "--previous", action="store_true", help="only the run before the present one of each container"
    )
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json", "raw"),
        default="text",
        help="text: pod, container and line; json: an object for each line; raw: lines as they were written",
    )
    parser.add_argument(
        "-t", "--timestamps", action="store_true", help="in text: the time of each line first"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="in text: colour by pod; auto: on a terminal, unless NO_COLOR is set",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no remarks, errors only")
    parser.add_argument(
        "--max-streams", metavar="N", type=int, default=60, help="streams open at once; default: 60"
    )
    parser.add_argument(
        "--turn",
        metavar="SECONDS",
        type=float,
        default=TURN,
        help=f"how long a stream stays open while others wait for its place; default: {TURN:g}",
    )
    return parser


def main(words: list[str]) -> int:
    """Run with these arguments; the exit code, BY_SIGNAL and its number when a signal ended it."""
    parser = make_parser()
    given = parser.parse_intermixed_args(words)  # terms may come behind options, too
    from k8stui.kube.logs.query import QueryError, join_arguments, parse_query

    try:
        query = parse_query(join_arguments(given.query))
    except QueryError as error:
        parser.error(str(error))
    if given.max_streams < 1:
        parser.error("--max-streams needs one stream at least")
    if not 0.1 <= given.turn <= 3600:
        parser.error("--turn needs seconds from 0.1 to 3600")
    if given.namespace is not None and not all(given.namespace.split(",")):
        parser.error("-n needs names of namespaces parted by commas, without blanks: -n shop,default")
    if given.kubeconfig is not None and not given.kubeconfig.expanduser().is_file():
        parser.error(f"there is no file {given.kubeconfig} to read as --kubeconfig")
    if given.previous and given.follow:
        parser.error("--previous is read to its end: it cannot be followed")
    if given.timestamps and given.output != "text":
        parser.error("--timestamps is for --output text: json has them, raw is the bare line")
    # lines are many and short-lived, and none is part of a cycle: looking for those costs more than it finds
    gc.set_threshold(100_000, 20, 50)
    try:
        return asyncio.run(_run(given, query))
    except KeyboardInterrupt:  # before the loop could take it
        return BY_SIGNAL + signal.SIGINT
    finally:
        _let_go()


def _let_go() -> None:
    """Whoever closed our output shall not be told again when the interpreter flushes it at its end."""
    try:
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def namespaces_of(given: argparse.Namespace, of_context: str) -> tuple[str, ...]:
    """Where to look; () is everywhere."""
    if given.all_namespaces:
        return ()
    if given.namespace is not None:
        return tuple(dict.fromkeys(given.namespace.split(",")))
    return (of_context or "default",)


async def _run(given: argparse.Namespace, query: LogQuery) -> int:
    """Read until the end or an interruption."""
    from k8stui.kube.errors import KubeError
    from k8stui.logs_output import Output, ReaderGone, wants_colour

    output = Output(
        given.output,
        timestamps=given.timestamps,
        colour=wants_colour(given.color, os.environ, is_terminal=sys.stdout.isatty()),
        is_terminal=sys.stdout.isatty(),
        quiet=given.quiet,
    )
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopping.done():
            stopping.set_result(BY_SIGNAL + number)

    on_ending(loop, stop)
    reading = asyncio.ensure_future(_read(given, query, output))
    leaving = asyncio.ensure_future(output.reader_gone())
    try:
        await asyncio.wait((reading, stopping, leaving), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return reading.result()
        return stopping.result() if stopping.done() else READER_GONE
    except (ReaderGone, KubeError, ExceptionGroup) as raised:
        error = _first(raised)
        if isinstance(error, ReaderGone):
            return READER_GONE
        if not isinstance(error, KubeError):
            raise
        output.complain(error.sentence())
        return FAILED
    finally:
        for task in (reading, stopping, leaving):
            task.cancel()
        await asyncio.gather(reading, stopping, leaving, return_exceptions=True)


def _first(error: BaseException) -> BaseException:
    """The first of a group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _read(given: argparse.Namespace, query: LogQuery, output: Output) -> int:
    """Raises KubeError, ReaderGone (or groups of them)."""
    from k8stui.kinds.logs.filters import LineFilter
    from k8stui.kube.cluster import Cluster
    from k8stui.kube.kubeconfig.reading import read_kubeconfig
    from k8stui.kube.logs.news import LogNews
    from k8stui.kube.logs.opening import logs_of_query
    from k8stui.kube.logs.pool import StreamPool

    paths = [given.kubeconfig.expanduser()] if given.kubeconfig else None
    config = await read_kubeconfig(paths)
    context = config.context(given.context or config.current_context)
    namespaces = namespaces_of(given, context.namespace)
    several = query.namespaces if query.namespaces is not None else namespaces
    output.namespaced = len(several) != 1
    async with Cluster(context, readonly=True, on_progress=output.progress) as cluster:
        group = logs_of_query(
            cluster,
            query,
            namespaces=namespaces,
            follow=given.follow,
            previous=given.previous,
            patient=False,
            pool=StreamPool(given.max_streams, turn=given.turn).share(),
            accepts=LineFilter(query) if query.filters_lines else list,
            errors="surrogateescape" if given.output == "raw" else "replace",
        )
        news = LogNews(cluster, "", lambda: group)
        try:
            await group.run(output.write)
        finally:
            news.close()
        if not group.pods:
            where = f"in {', '.join(several)}" if several else "in all namespaces"
            output.complain(f"no pods {where} fit the query")
        return FAILED if group.failed else OK
