"""The printer of a kind: `printer_for`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from k8stui.kinds.tables.batch import CronJobPrinter, JobPrinter
from k8stui.kinds.tables.events import EventPrinter
from k8stui.kinds.tables.network import EndpointSlicePrinter, NamespacePrinter, ServicePrinter
from k8stui.kinds.tables.nodes import NodePrinter
from k8stui.kinds.tables.pods import PodPrinter
from k8stui.kinds.tables.served import ColumnLike, TablePrinter
from k8stui.kinds.tables.workloads import (
    DaemonSetPrinter,
    DeploymentPrinter,
    ReplicaSetPrinter,
    StatefulSetPrinter,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from k8stui.kinds.tables.printing import Printer


class _DefaultColumn:
    """The columns that every object has, until the server has named its own."""

    type = "string"
    priority = 0
    description = ""

    def __init__(self, name: str, format: str = "") -> None:
        self.name = name
        self.format = format


DEFAULT_COLUMNS: tuple[ColumnLike, ...] = (_DefaultColumn("Name", "name"), _DefaultColumn("Age"))


def printer_for(group: str, plural: str, columns: Sequence[ColumnLike] | None = None) -> Printer:
    """The printer of a kind with a Struct, else one for the columns that the server gave.

    `group` is "" for core kinds; `columns` is left out for a kind with a Struct, and until the first
    Table has come.
    """
    match group, plural:
        case "", "pods":
            return PodPrinter()
        case "", "nodes":
            return NodePrinter()
        case "", "events":
            return EventPrinter()
        case "", "namespaces":
            return NamespacePrinter()
        case "", "services":
            return ServicePrinter()
        case "apps", "deployments":
            return DeploymentPrinter()
        case "apps", "replicasets":
            return ReplicaSetPrinter()
        case "apps", "statefulsets":
            return StatefulSetPrinter()
        case "apps", "daemonsets":
            return DaemonSetPrinter()
        case "batch", "jobs":
            return JobPrinter()
        case "batch", "cronjobs":
            return CronJobPrinter()
        case "discovery.k8s.io", "endpointslices":
            return EndpointSlicePrinter()
    return TablePrinter(columns or DEFAULT_COLUMNS)
