"""`k8stui demo-server`: the simulated cluster alone, in the foreground.

Reads its options, fills a cluster, serves it on 127.0.0.1 and writes a kubeconfig that kubectl takes as it
is. The path prefixes in that file are the only secret; they are never printed. What is heavy is imported
only after the options were found right.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from k8stui.demo.cluster import DemoCluster
    from k8stui.demo.kubeconfig import Identity

DEFAULT_PODS, DEFAULT_CHURN = 120, 1.0
_STOP_WITHIN = 1.5
"""Seconds for everything to end after a signal."""


def _complain(sentence: str) -> None:
    sys.stderr.write(f"k8stui demo-server: {sentence}\n")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _complain(message)
        raise SystemExit(2)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of things")
    return int(text)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of changes a second")
    return value


def build_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = _Parser(
        prog="k8stui demo-server",
        description="A simulated Kubernetes cluster on 127.0.0.1, for trying things out and for tests.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_faults_help(),
    )
    parser.add_argument("--port", type=_port, default=0, metavar="P", help="port (default: a free one)")
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="where to write the kubeconfig (0600)"
    )
    parser.add_argument("--nodes", type=_count, default=0, metavar="N", help="at least so many nodes")
    parser.add_argument(
        "--pods", type=_count, default=DEFAULT_PODS, metavar="N", help="at least so many pods"
    )
    parser.add_argument(
        "--churn",
        type=_rate,
        default=DEFAULT_CHURN,
        metavar="EVENTS_PER_SECOND",
        help=f"changes a second beside what the controllers do (default: {DEFAULT_CHURN:g})",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="same seed, same cluster")
    parser.add_argument("--faults", default="", metavar="SPEC", help="misbehave, as described below")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input ends")
    return parser


def _faults_help() -> str:
    from k8stui.demo.faults import HELP

    return "Faults (--faults SPEC). " + HELP


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    port: int
    kubeconfig: Path | None
    nodes: int
    pods: int
    churn: float
    seed: int
    faults: str
    exit_with_stdin: bool


def _watch_stdin(stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Set `stop` when standard input ends; in a daemon thread, which no exit waits for."""

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read, daemon=True, name="stdin").start()


async def _listen(runner: web.AppRunner, port: int) -> int:
    from aiohttp import web

    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return int(runner.addresses[0][1])


def _stop_event(options: Options) -> asyncio.Event:
    """Set by a signal, or by the end of standard input."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.exit_with_stdin:
        _watch_stdin(stop, loop)
    return stop


def _make_cluster(identity: Identity, options: Options) -> DemoCluster:
    from k8stui.demo.cluster import DemoCluster

    gc.disable()
    cluster = DemoCluster(
        identity.tokens,
        life=identity.life,
        nodes=options.nodes,
        pods=options.pods,
        churn=options.churn,
        seed=options.seed,
        faults=options.faults,
    )
    # The world stays for good: the collector need not look through it again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    return cluster


async def serve(options: Options) -> int:
    """Serve until a signal, or the end of standard input. Returns the exit code."""
    from aiohttp import web

    from k8stui.demo.kubeconfig import default_path, identity_for, kubeconfig_text, write_private

    stop = _stop_event(options)
    identity = identity_for(options.kubeconfig, options.port)
    cluster = _make_cluster(identity, options)
    runner = web.AppRunner(
        cluster.app, handler_cancellation=True, access_log=None, shutdown_timeout=_STOP_WITHIN / 3
    )
    await runner.setup()
    try:
        port = await _listen(runner, options.port)
    except OSError as error:
        await runner.cleanup()
        sys.stderr.write(
            f"k8stui demo-server: port {options.port} cannot be used: {os.strerror(error.errno or 0)}\n"
        )
        return 1
    path = (options.kubeconfig or default_path(port)).expanduser()
    try:
        write_private(path, kubeconfig_text(port, identity, cluster.limited_namespace))
    except OSError as error:
        await runner.cleanup()
        _complain(f"{path} cannot be written: {error.strerror}")
        return 1
    try:
        async with cluster:
            print(f"ready: http://127.0.0.1:{port} kubeconfig {path}", flush=True)
            await stop.wait()
    finally:
        if options.kubeconfig is None:
            path.unlink(missing_ok=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_WITHIN):
                await runner.cleanup()
    return 0


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns 0 after a signal, 1 when it cannot serve, 2 for bad arguments."""
    try:
        given = build_parser().parse_args(list(argv))
    except SystemExit as end:
        return int(end.code or 0)
    from k8stui.demo.faults import FaultSpecError, parse
    from k8stui.demo.kubeconfig import check_target

    try:
        parse(given.faults)
    except FaultSpecError as error:
        _complain(f"--faults: {error}")
        return 2
    refusal = check_target(given.kubeconfig)
    if refusal:
        _complain(f"--kubeconfig: {refusal}")
        return 2
    logging.basicConfig(level=logging.WARNING, format="k8stui demo-server: %(message)s")
    try:
        return asyncio.run(serve(Options(**vars(given))))
    except KeyboardInterrupt:
        return 0
