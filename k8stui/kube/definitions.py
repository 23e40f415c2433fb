"""The definitions of custom kinds: when they change, and what they say of columns.

A definition is long (its schema): it is read only when a table has columns that cannot be understood without
it. Who may not read definitions learns nothing, and is not told: the table is as the server prints it.

Source: additionalPrinterColumns of apiextensions.k8s.io/v1 CustomResourceDefinition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from k8stui.kube.errors import ApiError, KubeError
from k8stui.kube.live.collection import Phase
from k8stui.kube.objects.meta import KubeStruct

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kube.catalog import Catalog, Kind
    from k8stui.kube.live.collection import Subscription

TIMEOUT = 15.0


class PrinterColumn(KubeStruct, frozen=True, gc=False):
    """One column that a definition adds behind the name."""

    name: str = ""
    type: str = ""
    json_path: str = msgspec.field(name="jsonPath", default="")


class _Version(KubeStruct, frozen=True, gc=False):
    name: str = ""
    additional_printer_columns: tuple[PrinterColumn, ...] | None = None


class _Spec(KubeStruct, frozen=True, gc=False):
    versions: tuple[_Version, ...] | None = None


class _Definition(KubeStruct, frozen=True, gc=False):
    spec: _Spec = _Spec()


class Definitions:
    """The definitions of one cluster's kinds, as far as somebody needed them."""

    def __init__(self, connection: Callable[[], Any], catalog: Callable[[], Catalog]) -> None:
        self._connection = connection
        self._catalog = catalog
        self._columns: dict[Kind, tuple[PrinterColumn, ...]] = {}
        self._watched: Subscription[Any] | None = None

    def known(self, kind: Kind) -> tuple[PrinterColumn, ...] | None:
        """The columns behind the name, () where there is no definition to be read; None while not known."""
        return self._columns.get(kind)

    async def learn(self, kind: Kind) -> tuple[PrinterColumn, ...]:
        """Read the kind's definition, unless it is known. Never raises KubeError."""
        known = self._columns.get(kind)
        if known is not None:
            return known
        try:
            found = await self._read(kind)
        except ApiError:
            found = ()  # no definition of that name, or none for this user
        except KubeError:
            return ()
        self._columns[kind] = found
        return found

    # Changes

    @property
    def watched(self) -> bool:
        """Whether changes are told."""
        return self._watched is not None

    def watch(self, subscribe: Callable[..., Subscription[Any]], on_change: Callable[[], None]) -> None:
        """Tell when definitions have come, changed or gone, and once when they are known."""
        kind = self._kind
        if kind is None or not kind.can("watch"):
            return
        known = False

        def wake() -> None:
            nonlocal known
            if self._watched is None:
                return
            changes = self._watched.take()
            if changes.state.phase is not Phase.LIVE:
                return
            # the first time as well: they may have changed since the kinds were read
            if not known or changes.changed or changes.removed:
                known = True
                self._columns.clear()
                on_change()

        self._watched = subscribe(kind, wake=wake)

    def close(self) -> None:
        """Tell nothing any more."""
        if self._watched is not None:
            self._watched.close()

    @property
    def _kind(self) -> Kind | None:
        """The kind of definitions, where the server has it."""
        return self._catalog().get("apiextensions.k8s.io", "customresourcedefinitions")

    async def _read(self, kind: Kind) -> tuple[PrinterColumn, ...]:
        of = self._kind
        if of is None or not kind.group:
            return ()
        answer = await self._connection().request("GET", of.path("", kind.name), timeout=TIMEOUT)
        try:
            versions = msgspec.json.decode(answer.body, type=_Definition).spec.versions or ()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ()
        for version in versions:
            if version.name == kind.version:
                return version.additional_printer_columns or ()
        return ()
