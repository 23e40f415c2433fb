"""YAML read field by field, so that every complaint can name its file and line.

Only what is asked for is decoded, and a scalar is taken by its text: `token: 0123` is the text "0123", not
a number (kubectl refuses it). The YAML library is imported when the first file is read.
"""

from __future__ import annotations

import base64
import binascii
import functools
from typing import TYPE_CHECKING, Any

from k8stui.kube.errors import KubeconfigError, plain_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Node", "parse_yaml", "read_yaml"]

_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_MERGE = "tag:yaml.org,2002:merge"
_FIX = "correct the file, or name another with --kubeconfig"


@functools.cache
def _loader_class() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(file: Path) -> Node | None:
    """The first document of `file`, None when there is nothing in it.

    Raises FileNotFoundError when there is no such file, KubeconfigError for everything else.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise KubeconfigError("The kubeconfig is no text in UTF-8", file=file, hint=_FIX) from None
    except PermissionError:
        raise KubeconfigError(
            "The kubeconfig may not be read", file=file, hint="check who owns it and its mode"
        ) from None
    except OSError as error:
        raise KubeconfigError(
            f"The kubeconfig cannot be read: {error.strerror or error}", file=file
        ) from None
    return parse_yaml(text, file)


def parse_yaml(text: str, file: Path) -> Node | None:
    """The first document of `text`, which stands or will stand in `file`. Raises KubeconfigError."""
    node = _parse(text, file)
    return None if node is None or node.tag == _NULL else Node(node, file)


def _parse(text: str, file: Path) -> Any:
    import yaml

    loader: Any = None
    try:
        loader = _loader_class()(text)
        return loader.get_node() if loader.check_node() else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        said = plain_text(error.problem or error.context or "it cannot be parsed")
        raise KubeconfigError(
            f"The kubeconfig is broken YAML: {said}", file=file, line=line, hint=_FIX
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        said = plain_text(str(error).partition("\n")[0]) or "it is nested too deeply"
        raise KubeconfigError(f"The kubeconfig is broken YAML: {said}", file=file, hint=_FIX) from None
    finally:
        if loader is not None:
            loader.dispose()


class Node:
    """One value of the file and its place. Reading it as something that it is not raises KubeconfigError."""

    __slots__ = ("_node", "file", "name")

    def __init__(self, node: Any, file: Path, name: str = "the kubeconfig") -> None:
        self._node = node
        self.file = file
        self.name = name

    @property
    def line(self) -> int:
        return int(self._node.start_mark.line) + 1

    @property
    def is_null(self) -> bool:
        return bool(self._node.tag == _NULL)

    def span(self) -> tuple[int, int]:
        """Where the value starts and ends in the text, in characters."""
        return self._node.start_mark.index, self._node.end_mark.index

    def fail(self, said: str, hint: str = _FIX) -> KubeconfigError:
        return KubeconfigError(said, file=self.file, line=self.line, hint=hint)

    def _wrong(self, wanted: str) -> KubeconfigError:
        kinds = {"mapping": "a mapping", "sequence": "a list", "scalar": "a single value"}
        found = "empty" if self.is_null else kinds.get(self._node.id, "something else")
        return self.fail(f"In the kubeconfig, {self.name} should be {wanted}, but is {found}")

    def mapping(self) -> dict[str, Node]:
        """The values by key, the last one where a key stands twice; empty for null."""
        if self.is_null:
            return {}
        if self._node.id != "mapping":
            raise self._wrong("a mapping")
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in self._node.value:
            if key.tag == _MERGE:
                for each in value.value if value.id == "sequence" else [value]:
                    merged = {**self._merged(each), **merged}
            elif key.id == "scalar":
                found[key.value] = Node(value, self.file, plain_text(key.value, 60))
        return {**merged, **found}

    def _merged(self, node: Any) -> dict[str, Node]:
        try:
            return Node(node, self.file, self.name).mapping()
        except RecursionError:
            raise self.fail(f"In the kubeconfig, {self.name} is merged into itself") from None

    def sequence(self) -> list[Node]:
        """The entries; none for null."""
        if self.is_null:
            return []
        if self._node.id != "sequence":
            raise self._wrong("a list")
        return [Node(each, self.file, f"an entry of {self.name}") for each in self._node.value]

    def text(self) -> str:
        """The text of a scalar as it was written; "" for null."""
        if self.is_null:
            return ""
        if self._node.id != "scalar":
            raise self._wrong("text")
        return str(self._node.value)

    def flag(self) -> bool:
        """A boolean; False for null."""
        if self.is_null:
            return False
        if self._node.id != "scalar" or self._node.tag != _BOOL:
            raise self._wrong("true or false")
        return self._node.value.lower() in ("true", "yes", "on", "y")

    def data(self) -> bytes:
        """The bytes of a field in base64; line breaks inside are ignored."""
        try:
            return base64.b64decode("".join(self.text().split()), validate=True)
        except (binascii.Error, ValueError):
            raise self.fail(f"In the kubeconfig, {self.name} is not in base64") from None

    def plain(self) -> Any:
        """The value as JSON would hold it."""
        try:
            return self._plain()
        except RecursionError:
            raise self.fail(f"In the kubeconfig, {self.name} is nested in itself or too deeply") from None

    def _plain(self) -> Any:
        node = self._node
        if node.id == "mapping":
            return {key: value._plain() for key, value in self.mapping().items()}
        if node.id == "sequence":
            return [each._plain() for each in self.sequence()]
        if self.is_null:
            return None
        if node.tag == _BOOL:
            return self.flag()
        try:
            if node.tag == _INT:
                return int(node.value.replace("_", ""), 0)
            if node.tag == _FLOAT:
                return float(node.value.replace("_", ""))
        except ValueError:
            pass
        return node.value
