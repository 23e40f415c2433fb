"""Root folders and real programs of containers: made when first asked for, gone with the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from k8stui.demo.runtime import Container
    from k8stui.demo.streams.loglines import Recording


class Hosts:
    """The machine that programs of containers run on. Owns their folders and processes until `close()`."""

    def __init__(self, scratch: Path | None, clock: Callable[[], float]) -> None:
        self._scratch = scratch
        self.clock = clock

    def stop(self, container_id: str) -> None:
        """End all programs of a container."""

    def forget_pod(self, pod_uid: str) -> None:
        """Remove what a pod has left."""

    async def close(self) -> None:
        """End all programs and remove all folders."""


class Main:
    """A real program that is the main process of a container."""

    def __init__(self, container: Container, recording: Recording, hosts: Hosts) -> None:
        self.container = container
        self.recording = recording
        self.hosts = hosts
        self.stopped = False

    async def run(self) -> tuple[int, str]:
        """Run it to its end: exit code, and why it could not start."""
        return 0, ""
