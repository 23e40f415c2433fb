"""The imagined shop "Moa": storefront, cart, catalog, search, orders, and its staging.

Everything in here works, more or less; what is broken on purpose lives in `scenarios`.
"""

from __future__ import annotations

from typing import Any

from k8stui.demo.world import plain
from k8stui.demo.world.addons import labels
from k8stui.demo.world.context import DAY, HOUR, MINUTE, World
from k8stui.demo.world.images import REGISTRY
from k8stui.demo.world.pods import How, done
from k8stui.demo.world.podspec import container, probe, template
from k8stui.demo.world.scaling import autoscaler, budget
from k8stui.demo.world.workloads import Revision, deployment

Obj = dict[str, Any]

__all__ = ["image", "make_shop", "web", "web_template"]

CAUSES = (
    "첫 배포",
    "장바구니 할인 계산 수정 (SHOP-1412)",
    "upgrade base image",
    "결제 재시도 로직 개선 (PAY-88)",
    "raise memory limit",
    "search: new ranking",
    "bump to {tag}",
)


def image(path: str, tag: str) -> str:
    """An image of the shop's registry."""
    return f"{REGISTRY}/{path}:{tag}"


def web_template(
    name: str,
    path: str,
    tag: str,
    *,
    part: str = "shop",
    port: int = 8080,
    env: dict[str, Any] | None = None,
    cpu: str = "100m",
    memory: str = "128Mi",
    memory_limit: str = "256Mi",
    sidecars: tuple[Obj, ...] = (),
    annotations: dict[str, str] | None = None,
    **spec: Any,
) -> Obj:
    """A web service's pod template: one container with probes, config and a port."""
    item = container(
        name,
        image(path, tag),
        ports={"http": port, "metrics": 9090},
        env=env,
        cpu=cpu,
        memory=memory,
        memory_limit=memory_limit,
        readinessProbe=probe(path="/readyz", port="http", periodSeconds=5),
        livenessProbe=probe(path="/healthz", port="http", initialDelaySeconds=5),
    )
    notes = {"prometheus.io/scrape": "true", "prometheus.io/port": "9090"} | (annotations or {})
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
        }
    ]
    spec.setdefault("topologySpreadConstraints", spread)
    return template(
        labels(name, part, "web") | {"app.kubernetes.io/version": tag},
        [item, *sidecars],
        annotations=notes,
        **spec,
    )


def web(
    world: World,
    name: str,
    namespace: str,
    path: str,
    tags: list[str],
    ages: list[float],
    replicas: int,
    *,
    port: int = 8080,
    how: dict[str, How] | None = None,
    **more: Any,
) -> Obj:
    """A Deployment with a service in front."""
    revisions = [
        Revision(
            web_template(name, path, tag, part=namespace, port=port, **more),
            age,
            world.ids.pick(CAUSES, name, tag).format(tag=tag),
        )
        for tag, age in zip(tags, ages, strict=True)
    ]
    obj = deployment(world, name, namespace, revisions, replicas=replicas, how=how)
    plain.service(
        world,
        name,
        namespace,
        {"app.kubernetes.io/name": name},
        {"http": (80, "http"), "metrics": (9090, "metrics")},
        age=ages[0],
    )
    return obj


def _shop_namespaces(world: World) -> None:
    team = {"moa.example/team": "shop", "pod-security.kubernetes.io/warn": "baseline"}
    plain.namespace(
        world,
        "shop",
        age=180 * DAY,
        labels=team,
        annotations={"moa.example/owner": "쇼핑몰팀 <shop@moa.example>"},
    )
    plain.namespace(
        world,
        "shop-staging",
        age=150 * DAY,
        labels=team,
        annotations={"moa.example/owner": "쇼핑몰팀 (스테이징)"},
    )
    plain.namespace(
        world,
        "payments",
        age=171 * DAY,
        labels={"moa.example/team": "payments"},
        annotations={"moa.example/owner": "결제팀"},
    )
    plain.namespace(world, "data", age=179 * DAY, labels={"moa.example/team": "data"})
    plain.namespace(world, "batch", age=140 * DAY, labels={"moa.example/team": "data"})


def _front(world: World) -> None:
    env = {
        "CATALOG_URL": "http://catalog.shop.svc",
        "CART_URL": "http://cart.shop.svc",
        "LOCALE": "ko_KR.UTF-8",
        "SESSION_KEY": {"secretKeyRef": {"name": "storefront", "key": "session-key"}},
    }
    web(
        world,
        "storefront",
        "shop",
        "shop/storefront",
        ["4.10.2", "4.11.0", "4.12.0"],
        [120 * DAY, 33 * DAY, 2 * DAY],
        4,
        env=env,
        memory="192Mi",
        memory_limit="384Mi",
        priorityClassName="shop-critical",
    )
    web(
        world,
        "cart",
        "shop",
        "shop/cart",
        ["2.6.0", "2.7.1"],
        [100 * DAY, 26 * HOUR],
        3,
        env={"REDIS_URL": "redis://cart-redis.data.svc:6379/0"},
    )
    web(
        world,
        "catalog",
        "shop",
        "shop/catalog",
        ["1.30.0", "1.31.4"],
        [100 * DAY, 12 * DAY],
        3,
        env={"DB_HOST": "catalog-db.data.svc"},
    )
    proxy = container(
        "log-shipper",
        "fluent/fluent-bit:4.1.0",
        cpu="20m",
        memory="32Mi",
        restartPolicy="Always",
        mounts={"spool": "/spool"},
    )
    warm = container(
        "warm-cache", image("shop/search", "8.2.0"), command=["sh", "-c", "echo warming; sleep 2"]
    )
    web(
        world,
        "search",
        "shop",
        "shop/search",
        ["8.1.3", "8.2.0"],
        [90 * DAY, 5 * DAY],
        2,
        cpu="400m",
        memory="768Mi",
        memory_limit="1536Mi",
        initContainers=[proxy, warm],
        volumes=[{"name": "spool", "emptyDir": {}}],
    )
    web(
        world,
        "orders",
        "shop",
        "shop/orders",
        ["5.0.7", "5.1.0"],
        [80 * DAY, 3 * DAY],
        3,
        cpu="250m",
        memory="512Mi",
        memory_limit="1Gi",
        how={"orders": How(restarts=1, since=20 * HOUR, last=done(143, since=20 * HOUR + 2, ran=30 * HOUR))},
    )
    web(
        world,
        "notifier",
        "shop",
        "shop/notifier",
        ["0.14.2"],
        [21 * DAY],
        2,
        env={"SENDER": "모아 알림 <no-reply@moa.example>"},
    )
    web(
        world,
        "image-resizer",
        "shop",
        "shop/image-resizer",
        ["1.3.0", "1.4.0"],
        [60 * DAY, 40 * MINUTE],
        2,
        cpu="500m",
    )


def _shop_extras(world: World) -> None:
    ns = "shop"
    plain.ingress(
        world,
        "storefront",
        ns,
        "shop.moa.example",
        {"/": ("storefront", "http"), "/api/cart": ("cart", 80), "/api/search": ("search", 80)},
        tls="shop-moa-example-tls",
        annotations={"cert-manager.io/cluster-issuer": "letsencrypt"},
    )
    for name, low, high, now_, target in (("storefront", 4, 12, 41, 60), ("cart", 3, 8, 52, 70)):
        autoscaler(world, name, ns, low, high, now_, target)
    for name, rule in (
        ("storefront", {"maxUnavailable": 1}),
        ("cart", {"minAvailable": 2}),
        ("search", {"minAvailable": 1}),
    ):
        budget(world, name, ns, rule)
    plain.config_map(
        world,
        "storefront",
        ns,
        {
            "application.yaml": (
                "server:\n  port: 8080\nlocale:\n  default: ko_KR\n  supported: [ko_KR, en_US,"
                " ja_JP]\nfeatures:\n  newCheckout: true\n  gifts: false\n"
            ),
            "banner.txt": "🎉 추석 특가! 전 상품 10% 할인\n",
            "notice-ko.md": "# 안내\n\n배송은 결제 후 1~2일 걸립니다.\n",
            "log-level": "info",
        },
        binary={"favicon.ico": bytes(range(256)) * 2},
    )
    plain.config_map(
        world,
        "feature-flags",
        ns,
        {"flags.json": '{"newCheckout":true,"gifts":false,"검색개선":"실험중"}'},
        immutable=True,
    )
    plain.config_map(world, "cart", ns, {"MAX_ITEMS": "200", "TTL": "72h", "통화": "KRW"})
    plain.secret(
        world,
        "storefront",
        ns,
        {"session-key": bytes((n * 37) % 256 for n in range(48)), "admin-user": "moa-admin"},
    )
    plain.secret(
        world,
        "catalog-db",
        ns,
        {
            "username": "catalog",
            "password": "날씨가-좋은-날-42",
            "uri": "postgres://catalog@catalog-db.data.svc/catalog",
        },
    )
    plain.secret(
        world,
        "shop-moa-example-tls",
        ns,
        {"tls.crt": plain.CA, "tls.key": plain.CA.replace("CERTIFICATE", "PRIVATE KEY")},
        kind="kubernetes.io/tls",
        annotations={"cert-manager.io/certificate-name": "shop-moa-example"},
    )
    plain.secret(
        world,
        "registry-moa",
        ns,
        {".dockerconfigjson": '{"auths":{"registry.moa.example":{"auth":"bW9hOm1vYQ=="}}}'},
        kind="kubernetes.io/dockerconfigjson",
    )
    plain.service(world, "legacy-erp", ns, None, {}, kind="ExternalName", external="erp.internal.moa.example")
    plain.service(
        world,
        "partner-api",
        ns,
        {"app.kubernetes.io/name": "storefront"},
        {"http": (80, "http")},
        kind="NodePort",
    )
    plain.simple(
        world,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "default-deny",
        ns,
        generation=1,
        spec={"podSelector": {}, "policyTypes": ["Ingress"]},
    )
    allow = {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cart"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "ports": [{"protocol": "TCP", "port": 8080}],
                "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "storefront"}}}],
            }
        ],
    }
    plain.simple(
        world, "networking.k8s.io/v1", "NetworkPolicy", "cart-from-storefront", ns, generation=1, spec=allow
    )


def _staging(world: World) -> None:
    ns = "shop-staging"
    web(world, "storefront", ns, "shop/storefront", ["4.12.0"], [40 * DAY], 1)
    web(world, "cart", ns, "shop/cart", ["2.7.1"], [40 * DAY], 1)
    web(world, "catalog", ns, "shop/catalog", ["1.32.0"], [50 * MINUTE], 1)
    plain.config_map(world, "storefront", ns, {"log-level": "debug", "설명": "스테이징 환경 설정"})


def make_shop(world: World) -> None:
    """The shop itself and its staging."""
    _shop_namespaces(world)
    _front(world)
    _shop_extras(world)
    _staging(world)
