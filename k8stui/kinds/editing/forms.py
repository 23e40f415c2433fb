"""Objects of the forms: namespace, configmap, secret, `run`, `expose`, as kubectl makes them. Pure but for
reading the files that are named. Raises ValueError with a sentence for fields that cannot be used.
"""

from __future__ import annotations

import base64
import re
import shlex
from pathlib import Path
from typing import Any

from k8stui.kinds.yaml_text import emit

MOST_BYTES = 1_048_576
"""So much a ConfigMap or Secret may hold (https://kubernetes.io/docs/concepts/configuration/configmap/)."""
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\Z")
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}\Z")


def checked_name(name: str, *, label: bool = False) -> str:
    """A name that the API takes (RFC 1123 subdomain; `label`: a label of one)."""
    name = name.strip()
    if not (_LABEL if label else _NAME).match(name):
        raise ValueError(f"{name!r} is no name: small letters, digits and -, at both ends a letter or digit.")
    return name


def namespace(name: str, labels: str = "") -> dict[str, Any]:
    """A Namespace."""
    metadata: dict[str, Any] = {"name": checked_name(name, label=True)}
    if labels.strip():
        metadata["labels"] = pairs(labels)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def pairs(text: str) -> dict[str, str]:
    """`key=value` words or lines, quotes as in a shell."""
    found = {}
    try:
        words = shlex.split(text, comments=False)
    except ValueError:
        raise ValueError("A quote is not closed.") from None
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise ValueError(f"{word!r} is not key=value.")
        found[key] = value
    return found


def contents(files: str, literals: str) -> dict[str, bytes]:
    """What a configmap or secret is filled with: files (`PATH`, `key=PATH`, a folder) and `key=value`s."""
    found: dict[str, bytes] = {}
    try:
        words = shlex.split(files)
    except ValueError:
        raise ValueError("A quote in the files is not closed.") from None
    for word in words:
        key, equals, rest = word.partition("=")
        path = Path(rest if equals else word).expanduser()
        if not path.exists():
            raise ValueError(f"There is no file {path}.")
        inner = [path] if path.is_file() else sorted(each for each in path.iterdir() if each.is_file())
        for each in inner:
            try:
                if each.stat().st_size > MOST_BYTES:
                    raise ValueError(f"{each.name} is larger than 1 MiB: the server would not take it.")
                _put(found, key if equals and path.is_file() else each.name, each.read_bytes())
            except OSError as error:
                raise ValueError(f"{each}: {error.strerror or error}.") from None
    for key, value in pairs(literals).items():
        _put(found, key, value.encode())
    if sum(map(len, found.values())) > MOST_BYTES:
        raise ValueError("All together is larger than 1 MiB: the server would not take it.")
    return found


def _put(found: dict[str, bytes], key: str, value: bytes) -> None:
    if not _KEY.match(key):
        raise ValueError(f"{key!r} is no key: letters, digits, -, _ and . only.")
    if key in found:
        raise ValueError(f"The key {key} is given twice.")
    found[key] = value


def config_map(name: str, where: str, files: str = "", literals: str = "") -> dict[str, Any]:
    """A ConfigMap; what is no UTF-8 text becomes `binaryData`."""
    obj: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name, where)}
    for key, value in contents(files, literals).items():
        text = _text(value)
        if text is None:
            obj.setdefault("binaryData", {})[key] = base64.b64encode(value).decode()
        else:
            obj.setdefault("data", {})[key] = text
    return obj


def secret(name: str, where: str, kind: str = "", files: str = "", literals: str = "") -> dict[str, Any]:
    """A Secret; texts as `stringData`, all else in base64."""
    obj: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(name, where),
        "type": kind.strip() or "Opaque",
    }
    for key, value in contents(files, literals).items():
        text = _text(value)
        if text is None:
            obj.setdefault("data", {})[key] = base64.b64encode(value).decode()
        else:
            obj.setdefault("stringData", {})[key] = text
    return obj


def _text(value: bytes) -> str | None:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _metadata(name: str, where: str) -> dict[str, str]:
    return {"name": checked_name(name), "namespace": where.strip() or "default"}


def run_pod(
    name: str, where: str, image: str, command: str = "", environment: str = "", port: str = ""
) -> dict[str, Any]:
    """A pod as `kubectl run` makes it."""
    if not image.strip() or any(sign.isspace() for sign in image.strip()):
        raise ValueError("An image is needed, such as nginx:1.27.")
    container: dict[str, Any] = {"name": checked_name(name, label=True), "image": image.strip()}
    try:
        words = shlex.split(command)
    except ValueError:
        raise ValueError("A quote in the command is not closed.") from None
    if words:
        container["command"] = words
    if environment.strip():
        container["env"] = [{"name": key, "value": value} for key, value in pairs(environment).items()]
    if port.strip():
        container["ports"] = [{"containerPort": _port(port)}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**_metadata(name, where), "labels": {"run": name.strip()}},
        "spec": {"containers": [container]},
    }


def expose(
    name: str, where: str, selector: str, port: str, target_port: str = "", kind: str = ""
) -> dict[str, Any]:
    """A Service as `kubectl expose` makes it."""
    labels = pairs(selector.replace(",", " "))
    if not labels:
        raise ValueError("A selector is needed, such as app=web: it says which pods the service leads to.")
    number = _port(port)
    target: int | str = number
    if target_port.strip():
        target = _port(target_port) if target_port.strip().isdecimal() else target_port.strip()
    spec: dict[str, Any] = {
        "selector": labels,
        "ports": [{"port": number, "protocol": "TCP", "targetPort": target}],
    }
    if kind.strip():
        spec["type"] = kind.strip()
    metadata = {"name": checked_name(name, label=True), "namespace": where.strip() or "default"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _port(text: str) -> int:
    text = text.strip()
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError(f"{text or 'nothing'} is no port: a number from 1 to 65535.")
    return int(text)


def exposed(obj: dict[str, Any]) -> tuple[str, str]:
    """Selector and port that fit a workload, service or pod, as texts for the form; empty where unknown."""
    spec = obj.get("spec") or {}
    selector = (spec.get("selector") or {}).get("matchLabels") or spec.get("selector")
    if obj.get("kind") == "Pod" or not isinstance(selector, dict):
        selector = (obj.get("metadata") or {}).get("labels") or {}
    pod = ((spec.get("template") or {}).get("spec")) or spec
    ports = [
        str(port.get("containerPort") or port.get("port") or "")
        for container in (*(pod.get("containers") or ()), spec)
        for port in container.get("ports") or ()
    ]
    words = ",".join(f"{key}={value}" for key, value in selector.items() if isinstance(value, str))
    return words, next((port for port in ports if port), "")


def as_text(obj: dict[str, Any]) -> str:
    """YAML for an editor."""
    return emit(obj).text()
