"""What stands behind the shop "Moa": payments, databases, batch work, monitoring."""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain, storage
from k8stui.demo.world.addons import labels
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.jobs import cron_job, job
from k8stui.demo.world.podspec import container, probe, template
from k8stui.demo.world.sets import stateful_set
from k8stui.demo.world.shop import image, web
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]

__all__ = ["make_backoffice"]


def _payments(world: World) -> None:
    ns = "payments"
    web(
        world,
        "gateway",
        ns,
        "payments/gateway",
        ["3.1.0", "3.2.0"],
        [90 * DAY, 6 * DAY],
        3,
        memory="256Mi",
        memory_limit="512Mi",
        env={"PG_PROVIDER": "moapay", "API_KEY": {"secretKeyRef": {"name": "gateway", "key": "api-key"}}},
    )
    web(world, "wallet", ns, "payments/gateway", ["2.0.0"], [44 * DAY], 2)
    plain.secret(world, "gateway", ns, {"api-key": "demo-not-a-real-key", "hmac": bytes(range(32))})
    plain.simple(
        world,
        "v1",
        "ResourceQuota",
        "payments",
        ns,
        spec={
            "hard": {"limits.memory": "16Gi", "pods": "40", "requests.cpu": "8", "requests.memory": "12Gi"}
        },
        status={
            "hard": {"limits.memory": "16Gi", "pods": "40", "requests.cpu": "8", "requests.memory": "12Gi"},
            "used": {
                "limits.memory": "2Gi",
                "pods": "5",
                "requests.cpu": "500m",
                "requests.memory": "1024Mi",
            },
        },
    )
    limit = {
        "type": "Container",
        "default": {"cpu": "500m", "memory": "256Mi"},
        "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
        "max": {"cpu": "2", "memory": "4Gi"},
    }
    plain.simple(world, "v1", "LimitRange", "defaults", ns, spec={"limits": [limit]})


def _data(world: World) -> None:
    ns = "data"
    for name, img, port, replicas, size in (
        ("catalog-db", "postgres:17.6", 5432, 2, "50Gi"),
        ("orders-db", "postgres:17.6", 5432, 3, "200Gi"),
        ("cart-redis", "redis:8.2", 6379, 3, "8Gi"),
        ("events-mq", "rabbitmq:4.1", 5672, 3, "20Gi"),
    ):
        item = container(
            name.partition("-")[2],
            img,
            ports={"client": port},
            cpu="200m",
            memory="512Mi",
            memory_limit="2Gi",
            mounts={"data": "/var/lib/data"},
            readinessProbe=probe(tcp="client"),
            livenessProbe=probe(tcp="client", initialDelaySeconds=30),
        )
        age = 100 * DAY
        for ordinal in range(replicas):
            storage.claim(
                world,
                f"data-{name}-{ordinal}",
                ns,
                size,
                "moa-ssd",
                age=age,
                labels=labels(name, "data"),
                node=world.nodes[ordinal % len(world.nodes)],
            )
        stateful_set(
            world,
            name,
            ns,
            template(labels(name, "data", "database"), [item], terminationGracePeriodSeconds=60),
            replicas=replicas,
            age=age,
            claims={"data": (size, "moa-ssd")},
            parallel="redis" in name,
        )
        plain.service(
            world,
            name,
            ns,
            {"app.kubernetes.io/name": name},
            {"client": (port, "client")},
            headless=True,
            age=age,
        )


def _batch(world: World) -> None:
    ns = "batch"

    def shape(name: str, path: str, tag: str) -> Obj:
        return template(
            labels(name, "batch"),
            [container(name, image(path, tag), cpu="50m", memory="64Mi")],
            restartPolicy="Never",
        )

    cron_job(
        world,
        "sitemap",
        ns,
        "*/5 * * * *",
        shape("sitemap", "shop/sitemap", "2.0.1"),
        age=90 * DAY,
        every=300,
    )
    cron_job(
        world,
        "price-import",
        ns,
        "*/2 * * * *",
        shape("price-import", "shop/price-import", "1.2.0"),
        age=60 * DAY,
        every=120,
        took=20,
    )
    cron_job(
        world,
        "newsletter",
        ns,
        "0 9 * * 1-5",
        shape("newsletter", "shop/newsletter", "0.9.3"),
        age=70 * DAY,
        every=86400,
        history=2,
        zone="Asia/Seoul",
        last=7 * HOUR,
    )
    cron_job(
        world,
        "backup",
        ns,
        "30 3 * * *",
        shape("backup", "data/backup", "3.3.0"),
        age=100 * DAY,
        every=86400,
        last=9 * HOUR,
    )
    cron_job(
        world,
        "old-report",
        ns,
        "0 * * * *",
        shape("old-report", "shop/report", "1.0.0"),
        age=130 * DAY,
        every=3600,
        history=0,
        suspend=True,
    )
    job(
        world,
        "reindex-2026",
        ns,
        shape("reindex", "shop/report", "1.8.0"),
        age=3 * HOUR,
        took=260,
        completions=4,
        parallelism=2,
    )
    migrate = template(
        labels("migrate", "batch"),
        [container("migrate", image("data/migrate", "6"))],
        restartPolicy="OnFailure",
    )
    job(world, "migrate-6", ns, migrate, age=5 * DAY, took=9)
    long = template(
        labels("embeddings", "batch"),
        [container("embed", image("shop/recommender", "3.1.0"), command=["python", "-m", "embed", "--all"])],
        restartPolicy="Never",
    )
    job(
        world,
        "embeddings",
        ns,
        long,
        age=18 * MINUTE,
        completions=10,
        parallelism=3,
        active=3,
        succeeded=2,
        outcome="",
        took=300,
    )


def _monitoring(world: World) -> None:
    ns = "monitoring"
    item = container(
        "prometheus",
        "quay.io/prometheus/prometheus:v3.7.2",
        args=["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.retention.time=15d"],
        ports={"web": 9090},
        cpu="500m",
        memory="2Gi",
        memory_limit="4Gi",
        mounts={"data": "/prometheus"},
        readinessProbe=probe(path="/-/ready", port="web"),
        livenessProbe=probe(path="/-/healthy", port="web"),
    )
    storage.claim(
        world,
        "data-prometheus-0",
        ns,
        "100Gi",
        "moa-ssd",
        age=170 * DAY,
        labels=labels("prometheus", "monitoring"),
    )
    stateful_set(
        world,
        "prometheus",
        ns,
        template(labels("prometheus", "monitoring"), [item], serviceAccountName="prometheus"),
        replicas=1,
        age=170 * DAY,
        claims={"data": ("100Gi", "moa-ssd")},
    )
    plain.service(world, "prometheus", ns, labels("prometheus"), {"web": (9090, "web")})
    for name, img, port in (
        ("grafana", "grafana/grafana:12.2.0", 3000),
        ("alertmanager", "quay.io/prometheus/alertmanager:v0.28.1", 9093),
        ("kube-state-metrics", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0", 8080),
    ):
        box = container(
            name,
            img,
            ports={"web": port},
            cpu="50m",
            memory="128Mi",
            memory_limit="512Mi",
            readinessProbe=probe(tcp="web"),
        )
        deployment(
            world, name, ns, [Revision(template(labels(name, "monitoring"), [box]), 50 * DAY)], replicas=1
        )
        plain.service(world, name, ns, labels(name), {"web": (port, "web")})
    rules = (
        "groups:\n- name: 상점\n  rules:\n  - alert: 장바구니오류\n    expr: rate(cart_errors_total[5m]) >"
        " 1\n    labels: {severity: page}\n    annotations:\n      summary: 장바구니 오류가 늘고 있습니다\n"
    )
    plain.config_map(world, "prometheus-rules", ns, {"shop.yaml": rules, "recording.yaml": "groups: []\n"})
    plain.ingress(world, "grafana", ns, "grafana.moa.example", {"/": ("grafana", "web")})


def make_backoffice(world: World) -> None:
    """Everything of the shop's company but the shop."""
    _payments(world)
    _data(world)
    _batch(world)
    _monitoring(world)
