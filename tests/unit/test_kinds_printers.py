"""Columns and tones of the other kinds with a Struct: cases that no recording holds."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.kinds import Tone, printer_for
from k8stui.kube.objects import (
    STRUCTS,
    CronJob,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Event,
    Job,
    Namespace,
    Node,
    ReplicaSet,
    Service,
    StatefulSet,
)
from tests.unit.kinds_golden import NOW, ago, make

NAMES = {struct: kind for kind, struct in STRUCTS.items()}


def shown(obj: Any) -> dict[str, str]:
    printer = printer_for(*NAMES[type(obj)])
    return dict(zip((each.name for each in printer.columns), printer.cells(obj, NOW), strict=True))


def judged(obj: Any) -> tuple[Tone, bool, bool]:
    printer = printer_for(*NAMES[type(obj)])
    return printer.tone(obj), printer.is_fault(obj), printer.attention(obj)


@pytest.mark.parametrize("kind", sorted(STRUCTS), ids=lambda kind: kind[1])
def test_an_empty_object_is_shown_and_sorted_all_the_same(kind: tuple[str, str]) -> None:
    printer, empty = printer_for(*kind), STRUCTS[kind]()
    cells = printer.cells(empty, NOW)
    assert len(cells) == len(printer.columns)
    assert cells[[each.name for each in printer.columns].index("NAME")] == ""
    for column in range(len(printer.columns)):
        assert printer.sort_key(empty, column, NOW) <= printer.sort_key(empty, column, NOW)
    printer.tone(empty), printer.is_fault(empty), printer.attention(empty)


class TestNodes:
    def node(self, ready: str | None = "True", *more: tuple[str, str], **spec: Any) -> Node:
        conditions = [("Ready", ready)] if ready is not None else []
        return make(
            Node,
            metadata={"name": "n"},
            spec=spec,
            status={"conditions": [{"type": kind, "status": value} for kind, value in (*more, *conditions)]},
        )

    @pytest.mark.parametrize(
        ("ready", "unschedulable", "text"),
        [
            ("True", False, "Ready"),
            ("False", False, "NotReady"),
            ("Unknown", False, "NotReady"),
            ("", False, "NotReady"),
            (None, False, "Unknown"),
            ("True", True, "Ready,SchedulingDisabled"),
            ("False", True, "NotReady,SchedulingDisabled"),
            (None, True, "Unknown,SchedulingDisabled"),
        ],
    )
    def test_status(self, ready: str | None, unschedulable: bool, text: str) -> None:
        assert shown(self.node(ready, unschedulable=unschedulable))["STATUS"] == text

    @pytest.mark.parametrize(
        ("labels", "text"),
        [
            ({}, "<none>"),
            (
                {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""},
                "control-plane,worker",
            ),
            ({"kubernetes.io/role": "master"}, "master"),
            ({"kubernetes.io/role": "a", "node-role.kubernetes.io/a": "x"}, "a"),
            ({"kubernetes.io/role": "", "node-role.kubernetes.io/": "x"}, "<none>"),
        ],
    )
    def test_roles_come_from_labels(self, labels: dict[str, str], text: str) -> None:
        assert shown(make(Node, metadata={"labels": labels}))["ROLES"] == text

    def test_wide_columns_show_the_first_address_of_each_type_and_what_is_unknown(self) -> None:
        addresses = [
            ("Hostname", "h"),
            ("InternalIP", "10.0.0.1"),
            ("InternalIP", "fd00::1"),
            ("ExternalIP", "1.2.3.4"),
        ]
        node = make(Node, status={"addresses": [{"type": kind, "address": each} for kind, each in addresses]})
        cells = shown(node)
        assert (cells["INTERNAL-IP"], cells["EXTERNAL-IP"]) == ("10.0.0.1", "1.2.3.4")
        assert (cells["VERSION"], cells["OS-IMAGE"], cells["KERNEL-VERSION"]) == (
            "",
            "<unknown>",
            "<unknown>",
        )
        assert cells["CONTAINER-RUNTIME"] == "<unknown>"
        assert shown(make(Node))["INTERNAL-IP"] == shown(make(Node))["EXTERNAL-IP"] == "<none>"

    def test_what_is_wrong(self) -> None:
        assert judged(self.node()) == (Tone.OK, False, False)
        assert judged(self.node("False")) == (Tone.ERROR, True, True)
        assert judged(self.node(None)) == (Tone.ERROR, True, True)
        assert judged(self.node(unschedulable=True)) == (Tone.WARN, True, False)
        assert judged(self.node("True", ("DiskPressure", "True"))) == (Tone.WARN, True, True)
        assert judged(self.node("True", ("DiskPressure", "False"))) == (Tone.OK, False, False)


class TestEvents:
    def test_an_event_of_the_old_form(self) -> None:
        event = make(
            Event,
            metadata={"name": "e"},
            involvedObject={"kind": "Pod", "name": "web-0", "fieldPath": "spec.containers{app}"},
            type="Warning",
            reason="BackOff",
            message="  Back-off restarting\nfailed container\n",
            source={"component": "kubelet", "host": "n1"},
            count=5,
            firstTimestamp=ago(minutes=3),
            lastTimestamp=ago(seconds=10),
            eventTime=None,
        )
        assert shown(event) == {
            "LAST SEEN": "10s",
            "TYPE": "Warning",
            "REASON": "BackOff",
            "OBJECT": "pod/web-0",
            "SUBOBJECT": "spec.containers{app}",
            "SOURCE": "kubelet, n1",
            "MESSAGE": "Back-off restarting...",
            "FIRST SEEN": "3m",
            "COUNT": "5",
            "NAME": "e",
        }
        assert judged(event) == (Tone.WARN, True, True)

    def test_an_event_of_the_new_form(self) -> None:
        event = make(
            Event,
            involvedObject={"kind": "ReplicaSet", "name": "web"},
            firstTimestamp=None,
            lastTimestamp=None,
            eventTime="2026-11-21T11:59:30.123456Z",
            reportingComponent="my-controller",
            reportingInstance="my-controller-0",
            type="Normal",
        )
        cells = shown(event)
        assert (cells["LAST SEEN"], cells["FIRST SEEN"], cells["COUNT"]) == ("29s", "29s", "1")
        assert (cells["SOURCE"], cells["OBJECT"]) == ("my-controller, my-controller-0", "replicaset/web")
        assert judged(event) == (Tone.OK, False, False)

    def test_a_series_says_when_it_was_last_seen_and_how_often(self) -> None:
        event = make(
            Event,
            eventTime=ago(hours=5),
            lastTimestamp=ago(hours=4),
            count=3,
            series={"count": 42, "lastObservedTime": ago(minutes=1)},
        )
        cells = shown(event)
        assert (cells["LAST SEEN"], cells["FIRST SEEN"], cells["COUNT"]) == ("60s", "5h", "42")

    def test_a_series_without_a_time_is_unknown_as_for_kubectl(self) -> None:
        assert shown(make(Event, lastTimestamp=ago(hours=4), series={"count": 2}))["LAST SEEN"] == "<unknown>"

    def test_an_event_without_times_or_object(self) -> None:
        cells = shown(make(Event, involvedObject={"kind": "Namespace"}, source={"component": "x"}))
        assert (cells["LAST SEEN"], cells["FIRST SEEN"], cells["COUNT"]) == ("<unknown>", "<unknown>", "1")
        assert (cells["OBJECT"], cells["SOURCE"]) == ("namespace", "x")

    def test_only_a_host_is_still_a_source(self) -> None:
        assert shown(make(Event, source={"host": "n1"}))["SOURCE"] == ", n1"
        assert shown(make(Event, source={"component": "c"}, reportingInstance="i"))["SOURCE"] == "c, i"

    def test_the_latest_comes_first(self) -> None:
        printer = printer_for("", "events")
        old = make(Event, lastTimestamp=ago(hours=1))
        new = make(Event, eventTime=ago(seconds=1))
        never = make(Event)
        assert sorted([never, old, new], key=lambda each: printer.sort_key(each, 0, NOW)) == [new, old, never]


TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j"}]}}


class TestWorkloads:
    def test_a_deployment(self) -> None:
        selector = {
            "matchLabels": {"b": "2", "a": "1"},
            "matchExpressions": [
                {"key": "c", "operator": "NotIn", "values": ["y", "x"]},
                {"key": "aa", "operator": "Exists"},
                {"key": "z", "operator": "DoesNotExist"},
                {"key": "d", "operator": "In", "values": ["v"]},
            ],
        }
        cells = shown(
            make(
                Deployment,
                spec={"replicas": 3, "selector": selector, "template": TEMPLATE},
                status={"readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2, "replicas": 4},
            )
        )
        assert cells["READY"] == "2/3"
        assert (cells["UP-TO-DATE"], cells["AVAILABLE"]) == ("1", "2")
        assert (cells["CONTAINERS"], cells["IMAGES"]) == ("a,b", "i:1,j")
        assert cells["SELECTOR"] == "a=1,aa,b=2,c notin (x,y),d in (v),!z"

    def test_selectors_that_are_empty_missing_or_wrong(self) -> None:
        assert shown(make(ReplicaSet, spec={"selector": {}}))["SELECTOR"] == "<none>"
        assert shown(make(ReplicaSet))["SELECTOR"] == "<none>"
        wrong = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
        assert shown(make(DaemonSet, spec={"selector": wrong}))["SELECTOR"] == "<error>"
        assert shown(make(Deployment, spec={"selector": {}}))["SELECTOR"] == ""

    def test_a_daemon_set(self) -> None:
        cells = shown(
            make(
                DaemonSet,
                spec={"template": {"spec": {"nodeSelector": {"os": "linux", "disk": "ssd"}}}},
                status={"desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3},
            )
        )
        assert [cells[name] for name in ("DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE")] == list(
            "54300"
        )
        assert cells["NODE SELECTOR"] == "disk=ssd,os=linux"

    @pytest.mark.parametrize(
        ("obj", "expected"),
        [
            (make(Deployment, spec={"replicas": 0}), (Tone.MUTED, False, False)),
            (
                make(Deployment, spec={"replicas": 1}, status={"readyReplicas": 1, "updatedReplicas": 1}),
                (Tone.OK, False, False),
            ),
            (make(Deployment, spec={"replicas": 2}, status={"readyReplicas": 1}), (Tone.WARN, True, True)),
            (
                make(Deployment, spec={"replicas": 2}, status={"readyReplicas": 2, "updatedReplicas": 1}),
                (Tone.BUSY, False, False),
            ),
            (
                make(
                    Deployment,
                    spec={"replicas": 2},
                    status={
                        "readyReplicas": 2,
                        "updatedReplicas": 2,
                        "conditions": [{"type": "Progressing", "status": "False"}],
                    },
                ),
                (Tone.ERROR, True, True),
            ),
            (
                make(
                    ReplicaSet,
                    spec={"replicas": 1},
                    status={"conditions": [{"type": "ReplicaFailure", "status": "True"}]},
                ),
                (Tone.ERROR, True, True),
            ),
            (make(ReplicaSet, spec={"replicas": 0}), (Tone.MUTED, False, False)),
            (make(StatefulSet, spec={"replicas": 2}, status={"readyReplicas": 1}), (Tone.WARN, True, True)),
            (
                make(DaemonSet, status={"desiredNumberScheduled": 2, "numberReady": 1}),
                (Tone.WARN, True, True),
            ),
            (make(DaemonSet, status={"numberMisscheduled": 1}), (Tone.WARN, True, True)),
        ],
    )
    def test_what_is_wrong(self, obj: Any, expected: tuple[Tone, bool, bool]) -> None:
        assert judged(obj) == expected


class TestJobs:
    @pytest.mark.parametrize(
        ("spec", "status", "text"),
        [
            ({"completions": 3}, {"succeeded": 1}, "1/3"),
            ({"completions": 1}, {}, "0/1"),
            ({"parallelism": 2}, {"succeeded": 3}, "3/1 of 2"),
            ({"parallelism": 1}, {"succeeded": 1}, "1/1"),
            ({}, {}, "0/1"),
        ],
    )
    def test_completions(self, spec: dict[str, int], status: dict[str, int], text: str) -> None:
        assert shown(make(Job, spec=spec, status=status))["COMPLETIONS"] == text

    @pytest.mark.parametrize(
        ("conditions", "deleted", "text", "tone"),
        [
            ([], False, "Running", Tone.BUSY),
            ([("Complete", "True")], True, "Complete", Tone.DONE),
            ([("Complete", "False"), ("Failed", "True")], True, "Failed", Tone.ERROR),
            ([("Suspended", "True")], True, "Terminating", Tone.BUSY),
            ([("Suspended", "True")], False, "Suspended", Tone.MUTED),
            ([("Suspended", "False")], False, "Running", Tone.BUSY),
            ([("FailureTarget", "True")], False, "FailureTarget", Tone.ERROR),
            ([("FailureTarget", "True"), ("Failed", "True")], False, "Failed", Tone.ERROR),
            ([("SuccessCriteriaMet", "True"), ("Complete", "True")], False, "Complete", Tone.DONE),
        ],
    )
    def test_status(self, conditions: list[tuple[str, str]], deleted: bool, text: str, tone: Tone) -> None:
        job = make(
            Job,
            metadata={"deletionTimestamp": ago(seconds=1)} if deleted else {},
            status={"conditions": [{"type": kind, "status": value} for kind, value in conditions]},
        )
        assert shown(job)["STATUS"] == text
        assert judged(job) == (tone, tone is Tone.ERROR, tone is Tone.ERROR)

    def test_a_running_job_with_failed_attempts_is_a_warning(self) -> None:
        assert judged(make(Job, status={"failed": 2, "active": 1})) == (Tone.WARN, True, True)

    def test_duration_runs_until_completion(self) -> None:
        assert shown(make(Job))["DURATION"] == ""
        assert shown(make(Job, status={"startTime": ago(seconds=90)}))["DURATION"] == "90s"
        done = {"startTime": ago(hours=2), "completionTime": ago(hours=1, minutes=55)}
        assert shown(make(Job, status=done))["DURATION"] == "5m"

    @pytest.mark.parametrize("version", ["batch/v1", "batch/v1beta1"])
    def test_a_cron_job_of_either_version(self, version: str) -> None:
        cells = shown(
            make(
                CronJob,
                apiVersion=version,
                metadata={"name": "tick"},
                spec={"schedule": "*/5 * * * *", "suspend": True, "timeZone": "Asia/Seoul"},
                status={"active": [{"name": "a"}, {"name": "b"}], "lastScheduleTime": ago(minutes=4)},
            )
        )
        assert (cells["SCHEDULE"], cells["TIMEZONE"], cells["SUSPEND"]) == (
            "*/5 * * * *",
            "Asia/Seoul",
            "True",
        )
        assert (cells["ACTIVE"], cells["LAST SCHEDULE"], cells["SELECTOR"]) == ("2", "4m", "<none>")

    def test_a_cron_job_that_never_ran(self) -> None:
        cells = shown(make(CronJob, spec={"schedule": "@daily"}))
        assert (cells["TIMEZONE"], cells["SUSPEND"], cells["LAST SCHEDULE"]) == (
            "<none>",
            "<unset>",
            "<none>",
        )

    def test_what_is_wrong_with_cron_jobs(self) -> None:
        ran = {"lastScheduleTime": ago(minutes=5), "lastSuccessfulTime": ago(minutes=4)}
        failed = {"lastScheduleTime": ago(minutes=5), "lastSuccessfulTime": ago(minutes=65)}
        assert judged(make(CronJob, status=ran))[0] is Tone.OK
        assert judged(make(CronJob, status=failed)) == (Tone.WARN, True, True)
        assert judged(make(CronJob, spec={"suspend": True}, status=failed))[0] is Tone.MUTED
        assert judged(make(CronJob, status=failed | {"active": [{}]}))[0] is Tone.BUSY


class TestServices:
    @pytest.mark.parametrize(
        ("spec", "ingress", "text"),
        [
            ({"type": "ClusterIP"}, [], "<none>"),
            ({"type": "ClusterIP", "externalIPs": ["1.1.1.1", "2.2.2.2"]}, [], "1.1.1.1,2.2.2.2"),
            ({"type": "NodePort"}, [{"ip": "9.9.9.9"}], "<none>"),
            ({"type": "LoadBalancer"}, [], "<pending>"),
            ({"type": "LoadBalancer"}, [{}], "<pending>"),
            (
                {"type": "LoadBalancer"},
                [{"ip": "2.2.2.2"}, {"hostname": "lb.example.com"}],
                "2.2.2.2,lb.example.com",
            ),
            (
                {"type": "LoadBalancer"},
                [{"ip": "2.2.2.2"}, {"ip": "1.1.1.1"}, {"ip": "2.2.2.2"}],
                "1.1.1.1,2.2.2.2",
            ),
            ({"type": "LoadBalancer", "externalIPs": ["3.3.3.3"]}, [], "3.3.3.3"),
            ({"type": "LoadBalancer", "externalIPs": ["3.3.3.3"]}, [{"ip": "4.4.4.4"}], "4.4.4.4,3.3.3.3"),
            ({"type": "LoadBalancer"}, [{"ip": "4.4.4.4", "hostname": "h"}], "4.4.4.4"),
            ({"type": "ExternalName", "externalName": "db.example.com"}, [], "db.example.com"),
            ({"type": "Future"}, [], "<unknown>"),
        ],
    )
    def test_external_ip(self, spec: dict[str, Any], ingress: list[dict[str, str]], text: str) -> None:
        service = make(Service, spec=spec, status={"loadBalancer": {"ingress": ingress}})
        assert shown(service)["EXTERNAL-IP"] == text

    def test_ports(self) -> None:
        ports = [
            {"port": 80, "protocol": "TCP"},
            {"port": 443, "protocol": "TCP", "nodePort": 30443, "name": "https"},
            {"port": 53, "protocol": "UDP", "nodePort": 0},
        ]
        assert shown(make(Service, spec={"ports": ports}))["PORT(S)"] == "80/TCP,443:30443/TCP,53/UDP"
        assert shown(make(Service))["PORT(S)"] == "<none>"

    def test_cluster_ip_and_selector(self) -> None:
        headless = shown(make(Service, spec={"clusterIP": "None", "selector": {"b": "2", "a": "1"}}))
        assert (headless["CLUSTER-IP"], headless["SELECTOR"]) == ("None", "a=1,b=2")
        external = shown(make(Service, spec={"clusterIP": ""}))
        assert (external["CLUSTER-IP"], external["SELECTOR"]) == ("<none>", "<none>")

    def test_a_load_balancer_without_an_address_is_a_fault(self) -> None:
        assert judged(make(Service, spec={"type": "LoadBalancer"})) == (Tone.WARN, True, True)
        assert judged(make(Service, spec={"type": "ClusterIP"})) == (Tone.OK, False, False)


class TestEndpointSlices:
    @pytest.mark.parametrize(
        ("ports", "text"),
        [
            (None, "<unset>"),
            ([], "<unset>"),
            ([{"port": 80}], "80"),
            ([{"name": "", "port": None}], "<unset>"),
            ([{"port": None}], "*"),
            ([{"name": "http"}], "http"),
            ([{"port": 1}, {"port": 2}, {"port": 3}], "1,2,3"),
            ([{"port": 1}, {"port": 2}, {"port": 3}, {"port": 4}], "1,2,3 + 1 more..."),
        ],
    )
    def test_ports(self, ports: Any, text: str) -> None:
        assert shown(make(EndpointSlice, ports=ports))["PORTS"] == text

    def test_addresses_are_counted_over_all_endpoints(self) -> None:
        endpoints = [
            {"addresses": ["10.0.0.1", "10.0.0.2"]},
            {"addresses": ["10.0.0.3", "10.0.0.4", "10.0.0.5"]},
        ]
        cells = shown(make(EndpointSlice, addressType="IPv4", endpoints=endpoints))
        assert cells["ENDPOINTS"] == "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more..."
        assert cells["ADDRESSTYPE"] == "IPv4"
        assert shown(make(EndpointSlice, endpoints=[{"addresses": None}]))["ENDPOINTS"] == "<unset>"

    def test_a_slice_in_which_nothing_is_ready_is_a_fault(self) -> None:
        ready = {"addresses": ["a"], "conditions": {"ready": True}}
        unready = {"addresses": ["b"], "conditions": {"ready": False}}
        assert judged(make(EndpointSlice, endpoints=[unready, ready]))[1] is False
        assert judged(make(EndpointSlice, endpoints=[{"addresses": ["c"]}]))[1] is False
        assert judged(make(EndpointSlice, endpoints=[unready]))[1] is True
        assert judged(make(EndpointSlice, endpoints=None))[1] is True


class TestNamespaces:
    def test_status_and_what_is_wrong(self) -> None:
        going = {"phase": "Terminating"}
        stuck = going | {"conditions": [{"type": "NamespaceContentRemaining", "status": "True"}]}
        assert shown(make(Namespace, status={"phase": "Active"}))["STATUS"] == "Active"
        assert judged(make(Namespace, status={"phase": "Active"})) == (Tone.OK, False, False)
        assert judged(make(Namespace, status=going)) == (Tone.BUSY, True, False)
        assert judged(make(Namespace, status=stuck)) == (Tone.ERROR, True, True)
