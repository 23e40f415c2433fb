"""All kinds that are served now: the built-in ones, and custom ones that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.demo.resources import BUILTIN, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Registry:
    """All kinds served now. `generation` grows with every change, so that caches know when to forget."""

    def __init__(self, resources: Iterable[Resource] = BUILTIN) -> None:
        self.generation = 0
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        for resource in resources:
            self._by_path[resource.group, resource.version, resource.plural] = resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_path.values()))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind served at that path, or None."""
        return self._by_path.get((group, version, plural))

    def by_kind(self, api_version: str, kind: str) -> Resource | None:
        """The kind of that `apiVersion` and `kind`, as written in an object or an owner reference."""
        for resource in self._by_path.values():
            if resource.kind == kind and resource.api_version == api_version:
                return resource
        return None

    def group_versions(self) -> dict[str, list[str]]:
        """Versions of each group, in the order in which they were registered (the preferred one first)."""
        found: dict[str, list[str]] = {}
        for resource in self._by_path.values():
            versions = found.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return found

    def of(self, group: str, version: str) -> list[Resource]:
        """The kinds of one group version."""
        return [res for res in self._by_path.values() if res.group == group and res.version == version]

    def add(self, resource: Resource) -> None:
        """Serve one more kind (or replace the one at its path)."""
        self._by_path[resource.group, resource.version, resource.plural] = resource
        self.generation += 1

    def remove(self, group: str, plural: str) -> None:
        """Stop to serve every version of a kind."""
        for key in [key for key in self._by_path if key[0] == group and key[2] == plural]:
            del self._by_path[key]
        self.generation += 1
