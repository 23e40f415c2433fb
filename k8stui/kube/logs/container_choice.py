"""Which containers of a pod a log query means: by name and by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    from k8stui.kube.logs.pod import ContainerLife
    from k8stui.kube.logs.query import LogQuery


class ContainerChoice:
    """Which containers a query means."""

    def __init__(self, query: LogQuery) -> None:
        self._include = [pattern.compiled() for pattern in query.containers]
        self._exclude = [pattern.compiled() for pattern in query.not_containers]
        self._kinds = query.kinds
        self._not_kinds = query.not_kinds

    def __call__(self, life: ContainerLife) -> bool:
        """Whether a container is read."""
        if (self._kinds and life.kind not in self._kinds) or life.kind in self._not_kinds:
            return False
        if self._include and not _any(self._include, life.name):
            return False
        return not _any(self._exclude, life.name)


def _any(patterns: list[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)
