"""What the kinds print of objects read live is what the server prints in its own Tables.

Cells are compared where object and Table row have the same resourceVersion; in texts that count on
with time, durations are left aside. Kinds without a Struct are compared as well: they must come
through the engine unharmed.
"""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from k8stui.kinds import printer_for
from k8stui.kinds.tables.served import cell_text
from k8stui.kube.live.collection import Phase, identity
from k8stui.kube.objects import STRUCTS
from tests.contract.conftest import Admin, Target, eventually
from tests.contract.simulated import until
from tests.unit.kinds_golden import Table, decoded_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from k8stui.kinds.tables.printing import Printer
    from k8stui.kube.catalog import Kind
    from k8stui.kube.cluster import Cluster
    from k8stui.kube.live.collection import Subscription

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("cluster")]

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
HOT = sorted(STRUCTS)
DURATION = re.compile(r"<invalid>|(?:\d+[ydhms])+")
Cells = dict[tuple[str, int], str]
"""Texts by name and priority of their columns, in the order of the columns."""
COUNTING = {"LAST SEEN", "FIRST SEEN", "DURATION", "LAST SCHEDULE"}
"""Columns of Tables whose texts the server counts on, beside AGE."""
NEWER = {("batch", "cronjobs"): {"TIMEZONE"}, ("batch", "jobs"): {"STATUS"}}
"""Columns of ours that old servers did not have yet: TIMEZONE came with 1.29, a job's STATUS with 1.31."""


def live(reader: Subscription[Any]) -> bool:
    return reader.collection.state.phase is Phase.LIVE


async def servers_table(admin: Admin, kind: Kind) -> Table:
    params = {"includeObject": "Metadata"}
    answer = await admin.connection.request("GET", kind.path(), params=params, accept=TABLE)
    return decoded_table(answer.body)


def plain(text: str, *, moving: bool) -> str:
    """A cell without what changes as time passes."""
    return DURATION.sub("~", text) if moving else text


class Comparison:
    """Compares one kind until each object of a Table was met at the same version."""

    def __init__(self, admin: Admin, kind: Kind, reader: Subscription[Any], *, old: bool) -> None:
        self.admin, self.kind, self.reader, self.old = admin, kind, reader, old
        self.compared: set[str] = set()
        self.printer: Printer = printer_for(kind.group, kind.plural, reader.collection.columns)
        self._before: dict[tuple[str, str], Any] = {}

    def _remember(self) -> None:
        for obj in self.reader.collection.objects.values():
            self._before[identity(obj), obj.metadata.resource_version] = obj

    async def missing(self) -> str:
        """One look at the server's Table; says what could not be compared yet. Fails on a difference."""
        self._remember()
        table = await servers_table(self.admin, self.kind)
        await asyncio.sleep(0.1)
        self._remember()
        waiting = []
        for row in table.items:
            obj = self._before.get((identity(row), row.metadata.resource_version))
            if obj is not None:
                self._compare(table, row.cells, obj)
            if identity(row) not in self.compared:
                waiting.append(row.metadata.name)
        return f"{self.kind.name}: {waiting[:5]} not met at one version" if waiting else ""

    def _compare(self, table: Table, cells: Any, obj: Any) -> None:
        # real servers send IPAddresses with one cell more than columns
        assert len(table.columns) <= len(cells), f"{self.kind.name}: {table.columns} {cells}"
        key = (self.kind.group, self.kind.plural)
        columns = self.printer.columns
        moving = {column.name for column in columns if column.live}
        if key not in STRUCTS:
            moving |= COUNTING
        ours = {
            (column.name, column.priority): plain(cell, moving=column.name in moving)
            for column, cell in zip(columns, self.printer.cells(obj, datetime.now(UTC)), strict=True)
        }
        theirs = {
            (column.name.upper(), column.priority): plain(
                cell_text(cell), moving=column.name.upper() in moving
            )
            for column, cell in zip(table.columns, cells, strict=False)
        }
        if self.old:
            ours = self._as_before(obj, ours, theirs)
        assert ours == theirs, f"{self.kind.name} {obj.metadata.namespace}/{obj.metadata.name}"
        assert list(ours) == list(theirs), f"{self.kind.name}: the order of the columns"
        self.compared.add(identity(obj))

    def _as_before(self, obj: Any, ours: Cells, theirs: Cells) -> Cells:
        """Our cells as a server from before 1.31 would print them, where it does."""
        missing = NEWER.get((self.kind.group, self.kind.plural), set())
        ours = {column: cell for column, cell in ours.items() if column in theirs or column[0] not in missing}
        if self.kind.plural == "pods" and "ago" not in theirs["RESTARTS", 0]:
            ours["RESTARTS", 0] = ours["RESTARTS", 0].partition(" ")[0]  # since 1.22: "3 (2m ago)"
        if self.kind.name == "events" and obj.series is not None and theirs["COUNT", 1] != ours["COUNT", 1]:
            # the series of old recorders do not count their first event, and old servers add it
            ours["COUNT", 1] = str(obj.series.count + 1)
        return ours


def container(command: str, name: str = "app") -> dict[str, Any]:
    shell = ["sh", "-c", command]
    return {"name": name, "image": "busybox:1.36", "imagePullPolicy": "IfNotPresent", "command": shell}


def template(name: str, command: str, **spec: Any) -> dict[str, Any]:
    body = {"containers": [container(command)], "terminationGracePeriodSeconds": 0, **spec}
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": body}


def workload(name: str, **spec: Any) -> dict[str, Any]:
    body = {"selector": {"matchLabels": {"app": name}}, "template": template(name, "sleep 3600"), **spec}
    return {"metadata": {"name": name}, "spec": body}


def scenery() -> list[tuple[str, dict[str, Any]]]:
    """Objects in many states, as (kind, body)."""
    ends = template("ends", "exit 0", restartPolicy="Never")
    fails = {"containers": [container("sleep 9")], "initContainers": [container("exit 4", "init")]}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    selector = {"app": "web"}
    return [
        ("deployments", workload("web", replicas=2)),
        ("deployments", workload("none", replicas=0)),
        ("statefulsets", workload("db", replicas=1, serviceName="db")),
        ("daemonsets", workload("agent")),
        ("pods", template("crash", "exit 3")),
        ("pods", template("finished", "exit 0", restartPolicy="Never")),
        ("pods", template("failed", "exit 5", restartPolicy="Never")),
        ("pods", {"metadata": {"name": "init"}, "spec": fails}),
        ("pods", template("nowhere", "sleep 1", nodeSelector={"no": "such"})),
        (
            "pods",
            template("pulls", "sleep 1") | {"spec": {"containers": [{"name": "a", "image": "no.such/x"}]}},
        ),
        ("jobs", {"metadata": {"name": "once"}, "spec": {"template": ends}}),
        ("jobs", {"metadata": {"name": "many"}, "spec": {"template": ends, "completions": 2}}),
        ("cronjobs", cron_job("nightly", suspend=True)),
        ("cronjobs", cron_job("monthly")),
        ("services", {"metadata": {"name": "web"}, "spec": {"selector": selector, "ports": ports}}),
        ("services", {"metadata": {"name": "bare"}, "spec": {"clusterIP": "None", "selector": selector}}),
        ("services", {"metadata": {"name": "node"}, "spec": {"type": "NodePort", "ports": ports}}),
        ("services", {"metadata": {"name": "out"}, "spec": {"type": "ExternalName", "externalName": "a.b"}}),
    ]


def cron_job(name: str, **spec: Any) -> dict[str, Any]:
    job = {"spec": {"template": template("cron", "exit 0", restartPolicy="Never")}}
    return {"metadata": {"name": name}, "spec": {"schedule": "0 3 1 * *", "jobTemplate": job, **spec}}


async def make_scenery(cluster: Cluster, admin: Admin, namespace: str) -> None:
    for plural, body in scenery():
        kind = cluster.catalog.find(plural)
        assert kind is not None
        await admin.create(kind.path(namespace), {"apiVersion": kind.api_version, "kind": kind.kind, **body})


async def test_hot_kinds_are_printed_as_the_server_prints_them(
    open_cluster: Callable[..., Any], cluster_under_test: Target, admin: Admin, namespace: str
) -> None:
    cluster = await open_cluster()
    await eventually(lambda: cluster.catalog.is_complete)
    comparisons = []
    for group, plural in HOT:
        kind = cluster.catalog.get(group, plural)
        assert kind is not None, plural
        reader = cluster.subscribe(kind, wake=lambda: None)
        comparisons.append(Comparison(admin, kind, reader, old=cluster_under_test.is_real))
    await make_scenery(cluster, admin, namespace)
    await eventually(lambda: all(live(each.reader) for each in comparisons))
    pods = next(each for each in comparisons if each.kind.plural == "pods")

    async def states() -> str:
        for each in comparisons:
            await each.missing()
        held = pods.reader.collection.objects.values()
        ours = [obj for obj in held if obj.metadata.namespace == namespace]
        found = {pods.printer.cells(obj, datetime.now(UTC))[2] for obj in ours}
        wanted = {"Running", "Completed", "Error", "Pending", "CrashLoopBackOff"}
        return "" if wanted <= found else f"only {found}"

    await until(states, 60)
    for each in comparisons:
        await until(each.missing, 30)
        assert each.compared or each.kind.plural == "endpointslices"


async def test_every_kind_opens_and_is_printed_as_the_server_prints_it(
    open_cluster: Callable[..., Any], cluster_under_test: Target, admin: Admin
) -> None:
    cluster = await open_cluster()
    await eventually(lambda: cluster.catalog.is_complete)
    kinds = [kind for kind in cluster.catalog if kind.can("list")]
    assert len(kinds) > 40
    for kind in kinds:
        await _opens(cluster, kind, admin, old=cluster_under_test.is_real)


async def _opens(cluster: Cluster, kind: Kind, admin: Admin, *, old: bool) -> None:
    reader = cluster.subscribe(kind, wake=lambda: None)
    await eventually(lambda: live(reader), 20, f"{kind.name}: {reader.collection.state}")
    if (kind.group, kind.plural) not in STRUCTS:
        assert reader.collection.columns, kind.name
        await until(Comparison(admin, kind, reader, old=old).missing, 10)
    reader.close()
