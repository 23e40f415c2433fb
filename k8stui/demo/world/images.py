"""What images do when they run: the bugs of the imagined shop live here, not in annotations.

A pod spec in the demo cluster looks like any other; why its container crashes is a property of the
image (`shop/recommender:3.2.0` leaks memory) or of its command (`sh -c "exit 3"`). Hence changing the
image, or undoing a rollout, really mends it. Pure lookups: nothing here knows about pods or time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

Obj = dict[str, Any]

__all__ = ["IMAGES", "REGISTRY", "Image", "behaviour", "image_digest", "image_of", "pull_failure"]

REGISTRY = "registry.moa.example"


@dataclass(frozen=True, slots=True)
class Image:
    """How a container of this image behaves. Times are seconds after its start."""

    log: str = "plain"
    """Which generator of `log_texts` speaks for it."""
    megabytes: int = 48
    exit_code: int | None = None
    """None: runs until it is stopped."""
    after: float = 0.0
    """When it ends by itself."""
    reason: str = ""
    """`OOMKilled`, `StartError`; empty: Completed or Error by the exit code."""
    message: str = ""
    """What it leaves in its termination log."""
    ready_after: float = 1.0
    """When readiness and startup probes begin to pass; infinite: never."""
    live_for: float = math.inf
    """When liveness probes begin to fail."""
    probe_failure: str = "HTTP probe failed with statuscode: 503"
    """What the failing probe says."""
    pull_error: str = ""
    """`not found`, `unauthorized` or `timeout`: the image cannot be pulled."""
    port: int = 8080
    """The port that it listens on."""

    @property
    def end_reason(self) -> str:
        """The reason of its terminated state."""
        return self.reason or ("Completed" if not self.exit_code else "Error")


def _shop(name: str) -> str:
    return f"{REGISTRY}/{name}"


_OOM = {"exit_code": 137, "reason": "OOMKilled"}
#: By full name, or by name without tag for all tags that are not listed themselves.
IMAGES: dict[str, Image] = {
    _shop("shop/storefront"): Image("access", 212),
    _shop("shop/storefront:4.13.0-rc1"): Image("access", 214, ready_after=math.inf),
    _shop("shop/cart"): Image("json", 96),
    _shop("shop/catalog"): Image("logfmt", 88),
    _shop("shop/search"): Image("java", 341),
    _shop("shop/orders"): Image("java", 298),
    _shop("shop/recommender"): Image("python", 612),
    _shop("shop/recommender:3.2.0"): Image("python", 655, after=34.0, ready_after=math.inf, **_OOM),  # type: ignore[arg-type]
    _shop("shop/notifier"): Image("korean", 74),
    _shop("shop/image-resizer"): Image("ansi", 131),
    _shop("shop/sitemap"): Image("plain", 52, exit_code=0, after=12.0),
    _shop("shop/price-import"): Image("progress", 64, exit_code=0, after=20.0),
    _shop("shop/newsletter"): Image("korean", 58, exit_code=0, after=8.0),
    _shop("shop/report"): Image("python", 190, exit_code=0, after=15.0),
    _shop("shop/report:1.9.0-broken"): Image(
        "python", 190, exit_code=1, after=4.0, message="KeyError: 'exchange_rate'\n"
    ),
    _shop("payments/gateway"): Image("json", 143),
    _shop("payments/ledger"): Image("java", 276),
    _shop("payments/ledger:1.8.1"): Image(
        "crash-java",
        276,
        exit_code=1,
        after=3.0,
        message="Caused by: java.net.UnknownHostException: ledger-db.payments.svc\n",
    ),
    _shop("payments/fraud"): Image("python", 890),
    _shop("payments/fraud:0.9.4"): Image(
        "python",
        890,
        live_for=40.0,
        probe_failure=(
            'Get "http://{ip}:8080/healthz": context deadline exceeded '
            "(Client.Timeout exceeded while awaiting headers)"
        ),
    ),
    _shop("payments/settlement"): Image("logfmt", 61, exit_code=0, after=18.0),
    _shop("payments/vault-agent"): Image("logfmt", 71),
    _shop("data/backup"): Image("progress", 83, exit_code=0, after=25.0),
    _shop("data/migrate"): Image("plain", 44, exit_code=0, after=3.0),
    _shop("data/migrate:7-broken"): Image(
        "crash-migrate",
        44,
        exit_code=1,
        after=2.0,
        message='ERROR: relation "orders_2026" already exists (SQLSTATE 42P07)\n',
    ),
    _shop("clinic/crash"): Image(
        "crash-go", 18, exit_code=2, after=2.0, message="panic: runtime error: invalid memory address\n"
    ),
    _shop("clinic/no-config"): Image(
        "crash-config", 22, exit_code=3, after=1.0, message="fatal: no config\n"
    ),
    _shop("clinic/memory-hog"): Image("python", 96, after=9.0, **_OOM),  # type: ignore[arg-type]
    _shop("clinic/segfault"): Image("plain", 33, exit_code=139, after=6.0),
    _shop("clinic/never-ready"): Image("logfmt", 31, ready_after=math.inf),
    _shop("clinic/slow-start"): Image(
        "java",
        240,
        ready_after=math.inf,
        probe_failure='Get "http://{ip}:8080/started": dial tcp {ip}:8080: connect: connection refused',
    ),
    _shop("clinic/hangs"): Image("logfmt", 31, live_for=30.0),
    _shop("clinic/steady"): Image("plain", 12),
    _shop("clinic/failing-job"): Image(
        "python", 40, exit_code=1, after=3.0, message="벌크 업로드 실패: 응답 504\n"
    ),
    _shop("private/vip-pricing"): Image(pull_error="unauthorized"),
    "registry.slow.example/mirror/tools": Image(pull_error="timeout"),
    "registry.k8s.io/pause": Image("silent", 1),
    "registry.k8s.io/etcd": Image("etcd", 58),
    "registry.k8s.io/kube-apiserver": Image("klog", 27),
    "registry.k8s.io/kube-controller-manager": Image("klog", 22),
    "registry.k8s.io/kube-scheduler": Image("klog", 17),
    "registry.k8s.io/kube-proxy": Image("klog", 25),
    "registry.k8s.io/coredns/coredns": Image("plain-dns", 20, port=53),
    "registry.k8s.io/metrics-server/metrics-server": Image("klog", 19, port=10250),
    "registry.k8s.io/ingress-nginx/controller": Image("access", 104),
    "registry.k8s.io/kube-state-metrics/kube-state-metrics": Image("klog", 15),
    "registry.k8s.io/sig-storage/csi-provisioner": Image("klog", 28),
    "quay.io/cilium/cilium": Image("logfmt", 240),
    "quay.io/prometheus/prometheus": Image("logfmt", 103, port=9090),
    "quay.io/prometheus/alertmanager": Image("logfmt", 31, port=9093),
    "quay.io/prometheus/node-exporter": Image("logfmt", 11, port=9100),
    "quay.io/jetstack/cert-manager-controller": Image("klog", 21),
    "grafana/grafana": Image("logfmt", 175, port=3000),
    "fluent/fluent-bit": Image("fluentbit", 34),
    "postgres": Image("postgres", 155, port=5432),
    "redis": Image("redis", 41, port=6379),
    "rabbitmq": Image("plain-mq", 98, port=5672),
    "nginx": Image("access", 72, port=80),
    "httpd": Image("access", 60, port=80),
}

#: Images whose own command is a shell: without a terminal it ends at once.
SHELLS = frozenset({"busybox", "alpine", "ubuntu", "debian", "bash", "fedora", "centos"})
_MISSING = re.compile(r"missing|not-?found|non-?existent|does-?not-?exist|no-such|bogus|typo|nope")


def split_image(image: str) -> tuple[str, str]:
    """Name and tag; the tag of an untagged image is `latest`, that of a digest is the digest."""
    if "@" in image:
        name, _, digest = image.partition("@")
        return name, digest
    head, slash, tail = image.rpartition("/")
    name, _, tag = tail.partition(":")
    return head + slash + name, tag or "latest"


def image_of(image: str) -> Image:
    """What is known about an image; unknown ones run on and log plainly."""
    name, tag = split_image(image)
    known = IMAGES.get(f"{name}:{tag}") or IMAGES.get(name) or IMAGES.get(name.removeprefix("docker.io/"))
    known = known or IMAGES.get(name.removeprefix("docker.io/library/"))
    if known is None:
        known = Image(exit_code=0, log="silent", megabytes=4) if short_name(name) in SHELLS else Image()
    if _MISSING.search(image.lower()):
        return replace(known, pull_error="not found")
    return known


def short_name(name: str) -> str:
    """`busybox` of `docker.io/library/busybox:1.36`."""
    return name.rpartition("/")[2].partition(":")[0]


def image_digest(image: str) -> str:
    """The image id that the runtime reports."""
    return "sha256:" + blake2b(split_image(image)[0].encode() + image.encode(), digest_size=32).hexdigest()


def pull_failure(image: str) -> str:
    """The runtime's message when an image cannot be pulled, or an empty text when it can."""
    error = image_of(image).pull_error
    if not error:
        return ""
    name, tag = split_image(image)
    host, _, path = name.partition("/")
    if "." not in host:
        host, path = "docker.io", name if "/" in name else f"library/{name}"
    full = f"{host}/{path}:{tag}"
    if error == "unauthorized":
        return (
            f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": failed to '
            f"authorize: failed to fetch anonymous token: unexpected status from GET request to "
            f"https://{host}/token?scope=repository%3A{path.replace('/', '%2F')}%3Apull: 401 Unauthorized"
        )
    if error == "timeout":
        return (
            f'failed to pull and unpack image "{full}": failed to resolve reference "{full}": failed to do '
            f'request: Head "https://{host}/v2/{path}/manifests/{tag}": dial tcp 203.0.113.9:443: i/o timeout'
        )
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{full}": failed to resolve '
        f'reference "{full}": {full}: not found'
    )


_STEP = re.compile(r"\s*(?:;|&&|\n)\s*")


def behaviour(container: Obj) -> Image:
    """How this container behaves: its command where it has a simple one, else its image."""
    image = image_of(container["image"])
    argv = [*container.get("command", []), *container.get("args", [])]
    if not argv:
        if image.exit_code == 0 and (container.get("stdin") or container.get("tty")):
            return replace(image, exit_code=None)
        return image
    if container["image"].startswith(REGISTRY) and not _is_shell(argv[0]):
        return _start_error(image, argv[0]) if argv[0].startswith("/opt/missing") else image
    program = argv[0].rpartition("/")[2]
    if program in ("sh", "bash", "ash") and len(argv) >= 3 and argv[1].startswith("-") and "c" in argv[1]:
        return _script(image, argv[2])
    if program in ("sh", "bash", "ash"):
        return replace(image, exit_code=None if container.get("tty") or container.get("stdin") else 0)
    return _simple(image, argv)


def _is_shell(program: str) -> bool:
    return program.rpartition("/")[2] in ("sh", "bash", "ash")


def _start_error(image: Image, program: str) -> Image:
    text = (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc"
        " create "
        f'failed: unable to start container process: error during container init: exec: "{program}": stat '
        f"{program}: no such file or directory: unknown"
    )
    return replace(image, exit_code=128, reason="StartError", message=text, after=0.0, log="silent")


_ENDS: dict[str, int] = {
    "true": 0,
    "false": 1,
    "echo": 0,
    "printf": 0,
    "date": 0,
    "env": 0,
    "ls": 0,
    "cat": 0,
    "hostname": 0,
    "id": 0,
    "uname": 0,
    "nslookup": 0,
    "wget": 0,
    "curl": 0,
    "perl": 0,
    "cp": 0,
    "mkdir": 0,
    "touch": 0,
    "chmod": 0,
    "chown": 0,
    "rm": 0,
    "test": 0,
}


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not match:
        return math.inf
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def _simple(image: Image, argv: list[str]) -> Image:
    program = argv[0].rpartition("/")[2]
    if program == "sleep" and len(argv) > 1:
        length = _seconds(argv[1])
        if length > 7 * 86400:
            return replace(image, exit_code=None, log="silent", after=0.0)
        return replace(image, exit_code=0, log="silent", after=length, reason="", message="")
    if program == "exit":
        code = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else 0
        return replace(image, exit_code=code, after=0.3, reason="", message="")
    if program in _ENDS:
        return replace(image, exit_code=_ENDS[program], after=0.4, reason="", message="")
    return replace(image, exit_code=None, after=0.0)


def _script(image: Image, text: str) -> Image:
    """A shell script by its steps: sleeps add up, `exit N` ends it, an endless loop never ends."""
    if re.search(r"\bwhile\s+(true|:|sleep)|\bfor\s*\(\(;;\)\)|\bexec\s+tail\b|tail -f|\bhttpd\b", text):
        return replace(image, exit_code=None, after=0.0, reason="", message="", log=image.log)
    length, message = 0.3, ""
    if match := re.search(r"echo\s+[\"']?([^\"'>]*?)[\"']?\s*>\s*/dev/termination-log", text):
        message = match[1] + "\n"
    for step in _STEP.split(text.strip()):
        argv = step.split()
        if not argv:
            continue
        if argv[0] == "sleep" and len(argv) > 1:
            length += _seconds(argv[1])
        elif argv[0] == "exit":
            code = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else 0
            return replace(image, exit_code=code, after=length, reason="", message=message)
        elif argv[0] in ("false",):
            return replace(image, exit_code=1, after=length, reason="", message=message)
        elif argv[0].startswith("/opt/missing") or argv[0] == "no-such-command":
            return replace(image, exit_code=127, after=length, reason="", message=message)
    if length > 7 * 86400:
        return replace(image, exit_code=None)
    return replace(image, exit_code=0, after=length, reason="", message=message)
