"""Kinds of log text: plain, JSON, logfmt, klog, access logs, traces, colours, Korean, progress bars.

Each generator gives the lines of one minute of a container's life from a random generator seeded by container
and minute. `CRASHES` are the short stories of containers that die at once.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Line = tuple[float, str]

__all__ = ["CRASHES", "KINDS", "Line"]

PATHS = (
    "/",
    "/products/4711",
    "/api/cart",
    "/api/search?q=%EC%8B%A0%EB%B0%9C",
    "/assets/app.js",
    "/healthz",
    "/checkout",
    "/api/orders/88412",
)
AGENTS = (
    "Mozilla/5.0 (Linux; Android 15) Mobile",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1)",
    "kube-probe/1.34",
    "MoaApp/7.2 (iOS)",
)
WORDS = (
    "cache refreshed",
    "worker idle",
    "connection pool resized",
    "config unchanged",
    "lease renewed",
    "batch written",
    "queue drained",
)
KOREAN = (
    "주문 확인 메일을 보냈습니다",
    "알림톡 발송 완료",
    "재고 부족 알림을 대기열에 넣었습니다",
    "쿠폰 만료 안내를 보냈습니다",
    "푸시 토큰이 만료되어 건너뜁니다 🔕",
    "발송 한도에 가까워지고 있습니다 (87%)",
)


def _times(rng: random.Random, minute: int, per_minute: float) -> list[float]:
    count = max(1, int(per_minute * (0.7 + rng.random() * 0.6)))
    base = minute * 60.0
    return sorted(base + rng.random() * 59.99 for _ in range(count))


def _stamp(at: float, middle: str = "T") -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(middle, "milliseconds")[:23]


def _clock(at: float) -> str:
    return _stamp(at)[11:]


def _access_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def plain(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """One short sentence now and then."""
    first: list[Line] = [] if minute else [(0.05, f"{name} 2.4.1 starting"), (0.4, "listening on :8080")]
    return first + [
        (at, f"{_clock(start + at)} INFO {rng.choice(WORDS)} ({rng.randrange(900)} ms)")
        for at in _times(rng, minute, 14)
    ]


def silent(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Nothing."""
    return []


def json_lines(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Structured JSON, one object a line."""
    out = []
    for at in _times(rng, minute, 50):
        level = rng.choices(("info", "debug", "warn", "error"), (80, 12, 6, 2))[0]
        row = {
            "ts": round(start + at, 3),
            "level": level,
            "logger": name,
            "msg": "request handled",
            "path": rng.choice(PATHS),
            "status": 200 if level in ("info", "debug") else rng.choice((404, 429, 500)),
            "ms": rng.randrange(2, 900),
            "trace_id": f"{rng.getrandbits(64):016x}",
        }
        if level == "error":
            row |= {
                "msg": "upstream failed",
                "error": "dial tcp 10.96.14.7:80: connect: connection refused",
                "사유": "결제 대행사 응답 없음",
            }
        out.append((at, json.dumps(row, ensure_ascii=False)))
    return out


def logfmt(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """key=value pairs."""
    out = []
    for at in _times(rng, minute, 30):
        level = rng.choices(("info", "debug", "warn", "error"), (75, 15, 8, 2))[0]
        out.append(
            (
                at,
                (
                    f'ts={_clock(start + at)} level={level} component={name} msg="{rng.choice(WORDS)}"'
                    f" duration={rng.randrange(1, 400)}ms n={rng.randrange(1000)}"
                ),
            )
        )
    return out


def klog(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Kubernetes' own format."""
    out = []
    files = (
        "reflector.go:436",
        "controller.go:221",
        "leaderelection.go:268",
        "server.go:154",
        "trace.go:236",
    )
    for at in _times(rng, minute, 9):
        letter = rng.choices("IWE", (90, 8, 2))[0]
        text = {
            "I": '"Caches populated" type="*v1.Pod"',
            "W": "watch of *v1.Endpoints ended with: an error on the server was followed by a reconnect",
            "E": '"Unhandled Error" err="Timeout: request did not complete within requested timeout"',
        }[letter]
        out.append(
            (
                at,
                (
                    f"{letter}{_stamp(start + at)[5:7]}{_stamp(start + at)[8:10]} {_clock(start + at)}000    "
                    f"   1 {rng.choice(files)}] {text}"
                ),
            )
        )
    return out


def access(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Combined access log."""
    out = []
    for at in _times(rng, minute, 80):
        status = rng.choices((200, 304, 404, 499, 502), (86, 8, 4, 1, 1))[0]
        out.append(
            (
                at,
                (
                    f'203.0.113.{rng.randrange(2, 250)} - - [{_access_time(start + at)}] "GET'
                    f' {rng.choice(PATHS)} HTTP/2.0" {status} {rng.randrange(120, 90000)} "-"'
                    f' "{rng.choice(AGENTS)}" {rng.random():.3f}'
                ),
            )
        )
    return out


def java(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Spring-like lines, now and then with a stack trace over many lines."""
    out: list[Line] = []
    for at in _times(rng, minute, 22):
        level = rng.choices(("INFO", "WARN", "ERROR"), (90, 8, 2))[0]
        head = (
            f"{_stamp(start + at)}Z {level:>5} 1 --- [{name}] [nio-8080-exec-{rng.randrange(1, 20)}]"
            f" e.moa.{name}.Service : "
        )
        if level != "ERROR":
            out.append((at, f"{head}{rng.choice(WORDS)} id={rng.randrange(10**6)}"))
            continue
        trace = [
            "Request processing failed",
            "java.lang.IllegalStateException: 주문 상태를 바꿀 수 없습니다: PAID -> CREATED",
            "\tat example.moa.orders.OrderState.transition(OrderState.java:88)",
            "\tat example.moa.orders.OrderService.update(OrderService.java:141)",
            ("\tat jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Accessor.java:103)"),
            (
                "Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not"
                " available, request timed out after 30000ms."
            ),
            "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:686)",
            "\t... 42 common frames omitted",
        ]
        out += [(at + index * 0.0005, (head if not index else "") + text) for index, text in enumerate(trace)]
    return sorted(out, key=lambda line: line[0])


def python(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Python logging, now and then a traceback."""
    out: list[Line] = []
    for at in _times(rng, minute, 18):
        if rng.random() < 0.04:
            trace = [
                f"ERROR:{name}:scoring failed",
                "Traceback (most recent call last):",
                '  File "/app/score.py", line 72, in score',
                "    weights = model[user.segment]",
                "              ~~~~~^^^^^^^^^^^^^^",
                "KeyError: 'vip-2026'",
            ]
            out += [(at + index * 0.0005, text) for index, text in enumerate(trace)]
        else:
            out.append(
                (
                    at,
                    (
                        f"INFO:{name}:{rng.choice(WORDS)} rss={rng.randrange(90, 380)}MiB"
                        f" batch={rng.randrange(64)}"
                    ),
                )
            )
    return sorted(out, key=lambda line: line[0])


def korean(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Korean sentences, wide characters and emoji."""
    return [
        (
            at,
            (
                f"{_clock(start + at)} [{rng.choice(('정보', '정보', '정보', '경고'))}] {rng.choice(KOREAN)}"
                f" (고객 {rng.randrange(10**5):05d})"
            ),
        )
        for at in _times(rng, minute, 20)
    ]


def ansi(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """Colours: 16, 256 and true colour, bold, dim, underlined."""
    out = []
    for at in _times(rng, minute, 26):
        level, colour = rng.choice(
            (("INFO ", "32"), ("INFO ", "32"), ("DEBUG", "2;37"), ("WARN ", "33"), ("ERROR", "1;31"))
        )
        shade = f"38;2;{rng.randrange(80, 256)};{rng.randrange(80, 256)};{rng.randrange(80, 256)}"
        out.append(
            (
                at,
                (
                    f"\x1b[90m{_clock(start + at)}\x1b[0m \x1b[{colour}m{level}\x1b[0m \x1b[1m{name}\x1b[0m"
                    f" resized \x1b[4m{rng.randrange(10**6)}.webp\x1b[24m to"
                    f" \x1b[38;5;{rng.randrange(17, 231)}m{rng.choice((320, 640, 1280))}px\x1b[0m"
                    f" \x1b[{shade}m{'▇' * rng.randrange(1, 12)}\x1b[0m"
                ),
            )
        )
    return out


def progress(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """A progress bar that returns to the start of its line."""
    out = []
    for step in range(30):
        share = min(100, (step + 1) * 4)
        bar = "#" * (share // 5)
        out.append((minute * 60 + step * 0.8 + 0.2, f"\r{name}: [{bar:<20}] {share:3d}% {share * 412} rows"))
    return out if minute == 0 else []


def postgres(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """A database's checkpoints and slow statements."""
    out = []
    for at in _times(rng, minute, 4):
        text = rng.choice(
            (
                "LOG:  checkpoint starting: time",
                f"LOG:  checkpoint complete: wrote {rng.randrange(40, 9000)} buffers",
                f"LOG:  duration: {rng.randrange(500, 9000)}.231 ms  execute fetch_orders: '배송중', 50",
                "ERROR:  deadlock detected",
                "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            )
        )
        out.append((at, f"{_stamp(start + at, ' ')} UTC [{rng.randrange(20, 900)}] {text}"))
    return out


def etcd(rng: random.Random, minute: int, name: str, start: float) -> list[Line]:
    """JSON of etcd."""
    out = []
    for at in _times(rng, minute, 5):
        row = {
            "level": rng.choice(("info", "info", "warn")),
            "ts": f"{_stamp(start + at)}Z",
            "caller": "mvcc/index.go:214",
            "msg": "compact tree index",
            "revision": rng.randrange(10**7),
        }
        out.append((at, json.dumps(row)))
    return out


KINDS: dict[str, Callable[[random.Random, int, str, float], list[Line]]] = {
    "plain": plain,
    "silent": silent,
    "json": json_lines,
    "logfmt": logfmt,
    "klog": klog,
    "access": access,
    "java": java,
    "python": python,
    "korean": korean,
    "ansi": ansi,
    "progress": progress,
    "postgres": postgres,
    "etcd": etcd,
    "redis": plain,
    "fluentbit": logfmt,
    "plain-dns": klog,
    "plain-mq": plain,
}


def _story(*texts: str) -> Callable[[float, str], list[Line]]:
    def tell(length: float, message: str) -> list[Line]:
        step = length / max(1, len(texts))
        return [(0.05 + index * step, text) for index, text in enumerate(texts)]

    return tell


CRASHES: dict[str, Callable[[float, str], list[Line]]] = {
    "crash-go": _story(
        "time=09:00:01 level=INFO msg=starting version=1.0",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4a1f2c]",
        "",
        "goroutine 1 [running]:",
        "main.(*Server).Routes(0x0)",
        "\t/src/server.go:57 +0x1c",
        "main.main()",
        "\t/src/main.go:21 +0x85",
        "exit status 2",
    ),
    "crash-config": _story(
        "reading /etc/app/config.yaml",
        "open /etc/app/config.yaml: no such file or directory",
        "fatal: no config",
    ),
    "crash-java": _story(
        "  .   ____          _",
        " :: Spring Boot ::                (v3.5.6)",
        "INFO 1 --- [main] e.m.payments.Ledger : Starting Ledger v1.8.1",
        "ERROR 1 --- [main] o.s.boot.SpringApplication : Application run failed",
        "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'dataSource'",
        "\tat org.springframework.beans.factory.support.ConstructorResolver.instantiate(Resolver.java:655)",
        "Caused by: java.net.UnknownHostException: ledger-db.payments.svc",
        "\tat java.base/java.net.InetAddress.getAllByName(InetAddress.java:1532)",
        "\t... 38 common frames omitted",
    ),
    "crash-migrate": _story(
        "migrate: 12 migrations found, 7 applied",
        "applying 008_orders_2026.sql ...",
        'ERROR: relation "orders_2026" already exists (SQLSTATE 42P07)',
        "migrate: 마이그레이션 실패, 종료합니다",
    ),
}
