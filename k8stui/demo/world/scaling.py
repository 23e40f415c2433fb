"""Makers of what bounds a workload's size: autoscalers and disruption budgets."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.context import DAY, World

Obj = dict[str, Any]

__all__ = ["autoscaler", "budget"]


def autoscaler(world: World, name: str, namespace: str, low: int, high: int, now: int, target: int) -> None:
    replicas = world.find("Deployment", name, namespace)["spec"]["replicas"]
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}},
    }
    current = {
        "type": "Resource",
        "resource": {"name": "cpu", "current": {"averageUtilization": now, "averageValue": f"{now}m"}},
    }
    since = world.ago(9 * DAY)
    rows = [
        {
            "type": "AbleToScale",
            "status": "True",
            "lastTransitionTime": since,
            "reason": "ReadyForNewScale",
            "message": "recommended size matches current size",
        },
        {
            "type": "ScalingActive",
            "status": "True",
            "lastTransitionTime": since,
            "reason": "ValidMetricFound",
            "message": (
                "the HPA was able to successfully calculate a replica count from cpu resource utilization"
                " (percentage of request)"
            ),
        },
        {
            "type": "ScalingLimited",
            "status": "False",
            "lastTransitionTime": since,
            "reason": "DesiredWithinRange",
            "message": "the desired count is within the acceptable range",
        },
    ]
    plain.simple(
        world,
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        name,
        namespace,
        spec={
            "scaleTargetRef": {"kind": "Deployment", "name": name, "apiVersion": "apps/v1"},
            "minReplicas": low,
            "maxReplicas": high,
            "metrics": [metric],
        },
        status={
            "lastScaleTime": world.ago(9 * DAY),
            "currentReplicas": replicas,
            "desiredReplicas": replicas,
            "currentMetrics": [current],
            "conditions": rows,
        },
    )


def budget(world: World, name: str, namespace: str, rule: Obj) -> None:
    replicas = world.find("Deployment", name, namespace)["spec"]["replicas"]
    wanted = rule["minAvailable"] if "minAvailable" in rule else replicas - rule["maxUnavailable"]
    row = {
        "type": "DisruptionAllowed",
        "status": "True" if replicas > wanted else "False",
        "observedGeneration": 1,
        "lastTransitionTime": world.ago(20 * DAY),
        "reason": "SufficientPods" if replicas > wanted else "InsufficientPods",
        "message": "",
    }
    plain.simple(
        world,
        "policy/v1",
        "PodDisruptionBudget",
        name,
        namespace,
        generation=1,
        spec=rule | {"selector": {"matchLabels": {"app.kubernetes.io/name": name}}},
        status={
            "observedGeneration": 1,
            "disruptionsAllowed": max(0, replicas - wanted),
            "currentHealthy": replicas,
            "desiredHealthy": wanted,
            "expectedPods": replicas,
            "conditions": [row],
        },
    )
