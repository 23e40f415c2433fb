"""HorizontalPodAutoscalers: scale by the CPU that `usage` makes up."""

from __future__ import annotations

import math

from k8stui.demo.controllers.engine import Controller, Key, Obj, key_of
from k8stui.demo.controllers.pods import is_active, is_ready
from k8stui.demo.controllers.usage import usage
from k8stui.demo.quantity import parse
from k8stui.demo.resources import DEPLOYMENTS, HPAS, PODS, REPLICA_SETS, STATEFUL_SETS, Resource
from k8stui.demo.selectors import selector_matches
from k8stui.demo.world.ids import parse as parse_time

__all__ = ["Autoscaler"]

COMPONENT = "horizontal-pod-autoscaler"
PERIOD = 15.0
CALM_DOWN = 300.0
_TARGETS = {"Deployment": DEPLOYMENTS, "ReplicaSet": REPLICA_SETS, "StatefulSet": STATEFUL_SETS}


class Autoscaler(Controller):
    """Looks at each autoscaler every fifteen seconds."""

    kinds = (HPAS,)

    def start(self) -> None:
        for index, hpa in enumerate(self.store.list(HPAS)):
            self.poke(key_of(hpa), 2.0 + index)

    def changed(self, type_: str, res: Resource, obj: Obj) -> None:
        if type_ == "ADDED":
            self.poke(key_of(obj), 1.0)

    def reconcile(self, key: Key) -> None:
        hpa = self.store.get(HPAS, *key)
        if hpa is None:
            return
        self.poke(key, PERIOD)
        ref = hpa["spec"]["scaleTargetRef"]
        res = _TARGETS.get(ref["kind"])
        target = self.store.get(res, key[0], ref["name"]) if res else None
        if res is None or target is None:
            group = "apps"
            text = f'{ref["kind"].lower()}s.{group} "{ref["name"]}" not found'
            self.engine.events.warning(hpa, "FailedGetScale", text, component=COMPONENT)
            message = f"the HPA controller was unable to get the target's current scale: {text}"
            self._status(hpa, 0, 0, None, [("AbleToScale", "False", "FailedGetScale", message)])
            return
        self._scale(hpa, res, target)

    def _scale(self, hpa: Obj, res: Resource, target: Obj) -> None:
        current = target["spec"]["replicas"]
        if current == 0:
            text = "scaling is disabled since the replica count of the target is zero"
            self._status(hpa, 0, 0, None, [_ABLE, ("ScalingActive", "False", "ScalingDisabled", text)])
            return
        utilization, average, problem = self._cpu(hpa, target)
        if problem:
            self._failed(hpa, current, problem)
            return
        goal = self._goal(hpa)
        wanted = math.ceil(current * utilization / goal) if abs(utilization / goal - 1) > 0.1 else current
        low, high = hpa["spec"].get("minReplicas", 1), hpa["spec"]["maxReplicas"]
        bounded = min(max(wanted, low), high, max(2 * current, 4))
        last = hpa.get("status", {}).get("lastScaleTime")
        recently = last and self.engine.time() - parse_time(last).timestamp() < CALM_DOWN
        if bounded < current and recently:
            bounded = current
        scaled = ""
        if bounded != current:
            self.store.update(res, {**target, "spec": {**target["spec"], "replicas": bounded}})
            text = f"New size: {bounded}; reason: {_reason(current, bounded, low, high)}"
            self.engine.events.normal(hpa, "SuccessfulRescale", text, component=COMPONENT)
            scaled = self.engine.stamp()
        self._status(
            hpa,
            current,
            bounded,
            (utilization, average),
            [_ABLE, _ACTIVE, _limited(wanted, low, high)],
            scaled,
        )

    def _goal(self, hpa: Obj) -> int:
        for metric in hpa["spec"].get("metrics") or ():
            if metric["type"] == "Resource":
                return int(metric["resource"]["target"].get("averageUtilization", 80))
        return 80

    def _cpu(self, hpa: Obj, target: Obj) -> tuple[int, str, str]:
        """(utilization in percent, average as a quantity, what is wrong)."""
        metric: Obj = next(iter(hpa["spec"].get("metrics") or ()), {})
        if metric and metric["type"] != "Resource":
            source: Obj = metric.get("external") or metric.get("pods") or {}
            name = source.get("metric", {}).get("name", "?")
            kind = metric["type"].lower()
            return (
                0,
                "",
                (
                    f"unable to get {kind} metric {hpa['metadata']['namespace']}/{name}/nil: unable to fetch"
                    f" metrics from {kind} metrics API: the server could not find the requested resource"
                ),
            )
        selector = target["spec"].get("selector")
        pods = [
            p
            for p in self.store.list(PODS, target["metadata"]["namespace"])
            if is_active(p) and is_ready(p) and selector_matches(selector, p["metadata"].get("labels"))
        ]
        if not pods:
            return 0, "", "failed to get cpu utilization: no metrics returned from resource metrics API"
        used, asked = 0.0, 0.0
        for pod in pods:
            for item in pod["spec"]["containers"]:
                request = item.get("resources", {}).get("requests", {}).get("cpu")
                if request is None:
                    name = pod["metadata"]["name"]
                    return (
                        0,
                        "",
                        (
                            "failed to get cpu utilization: missing request for cpu in container"
                            f" {item['name']} of Pod {name}"
                        ),
                    )
                asked += float(parse(request)) * 1e9
            used += sum(c for c, _ in usage(pod, self.engine.time()).values())
        return round(100 * used / asked), f"{round(used / len(pods) / 1e6)}m", ""

    def _failed(self, hpa: Obj, current: int, problem: str) -> None:
        text = (
            "invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: "
            + problem
        )
        kind = "FailedGetResourceMetric" if "cpu" in problem else "FailedGetExternalMetric"
        self.engine.events.warning(hpa, kind, problem, component=COMPONENT)
        self.engine.events.warning(hpa, "FailedComputeMetricsReplicas", text, component=COMPONENT)
        message = f"the HPA was unable to compute the replica count: {problem}"
        row = ("ScalingActive", "False", kind, message)
        able = (
            "AbleToScale",
            "True",
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        self._status(hpa, current, 0, None, [able, row])

    def _status(
        self,
        hpa: Obj,
        current: int,
        wanted: int,
        cpu: tuple[int, str] | None,
        rows: list[tuple[str, str, str, str]],
        scaled: str = "",
    ) -> None:
        fresh = self.store.get(HPAS, *key_of(hpa))
        if fresh is None:
            return
        before, now = fresh.get("status", {}), self.engine.stamp()
        old = {c["type"]: c for c in before.get("conditions") or ()}
        status: Obj = {}
        if last := scaled or before.get("lastScaleTime"):
            status["lastScaleTime"] = last
        status |= {"currentReplicas": current, "desiredReplicas": wanted, "currentMetrics": [{"type": ""}]}
        if cpu is not None:
            value = {"averageUtilization": cpu[0], "averageValue": cpu[1]}
            status["currentMetrics"] = [{"type": "Resource", "resource": {"name": "cpu", "current": value}}]
        status["conditions"] = [
            {
                "type": kind,
                "status": value_,
                "lastTransitionTime": (
                    old[kind]["lastTransitionTime"] if kind in old and old[kind]["status"] == value_ else now
                ),
                "reason": reason,
                "message": message,
            }
            for kind, value_, reason, message in rows
        ]
        self.engine.write_status(HPAS, fresh, status)


_ABLE = ("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
_ACTIVE = (
    "ScalingActive",
    "True",
    "ValidMetricFound",
    (
        "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage"
        " of request)"
    ),
)


def _reason(current: int, wanted: int, low: int, high: int) -> str:
    """Why the size changes."""
    if current < low:
        return "Current number of replicas below Spec.MinReplicas"
    if current > high:
        return "Current number of replicas above Spec.MaxReplicas"
    if wanted > current:
        return "cpu resource utilization (percentage of request) above target"
    return "All metrics below target"


def _limited(wanted: int, low: int, high: int) -> tuple[str, str, str, str]:
    if wanted > high:
        return (
            "ScalingLimited",
            "True",
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    if wanted < low:
        return (
            "ScalingLimited",
            "True",
            "TooFewReplicas",
            "the desired replica count is less than the minimum replica count",
        )
    return "ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range"
