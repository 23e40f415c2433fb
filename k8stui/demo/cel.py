"""The part of the Common Expression Language that policies and CRD rules are usually written in.

Literals, operators, field access, `has`, `in`, the conditional, the macros `all`, `exists`, `exists_one`,
`map` and `filter`, `size`, conversions, and string functions of Kubernetes' library. What is beyond it raises
CelError, as a wrong expression does: an expression is never taken for true because it was not understood.
Pure: expressions see only the variables that they are given. Source: the language definition of CEL, and
"Common Expression Language in Kubernetes".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Scope = Mapping[str, Any]
Node = Callable[[Scope], Any]

__all__ = ["CelError", "evaluate"]


class CelError(ValueError):
    """The expression cannot be parsed, or has no value."""


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>0x[0-9a-fA-F]+u?|\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+u?)
      | (?P<text>r?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    )""",
    re.VERBOSE,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_MACROS = ("all", "exists", "exists_one", "map", "filter")


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Node:
    return _Parser(expression).whole()


def evaluate(expression: str, variables: Scope) -> Any:
    """The value of an expression. Raises CelError."""
    try:
        return _compiled(expression)(variables)
    except CelError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
        re.error,
    ) as error:
        raise CelError(str(error)) from error


class _Parser:
    """Turns an expression into nested functions, by precedence."""

    def __init__(self, expression: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, end = 0, len(expression.rstrip())
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None:
                raise CelError(
                    f"Syntax error: token recognition error at: '{expression[position:].strip()[:1]}'"
                )
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))
            position = match.end()
        self._at = 0

    def whole(self) -> Node:
        node = self._conditional()
        if self._at < len(self._tokens):
            raise CelError(f"Syntax error: mismatched input '{self._peek()}' expecting <EOF>")
        return node

    # -- tokens -------------------------------------------------------------------------------------

    def _peek(self) -> str:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")
        return text if kind in ("sign", "name", "end") else ""

    def _take(self, *texts: str) -> bool:
        if self._peek() in texts:
            self._at += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise CelError(f"Syntax error: mismatched input '{self._peek()}' expecting '{text}'")

    def _name(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "name":
            self._at += 1
            return self._tokens[self._at - 1][1]
        raise CelError(f"Syntax error: no viable alternative at input '{self._peek()}'")

    # -- grammar ------------------------------------------------------------------------------------

    def _conditional(self) -> Node:
        test = self._binary(0)
        if not self._take("?"):
            return test
        then = self._binary(0)
        self._need(":")
        other = self._conditional()
        return lambda scope: then(scope) if _truth(test(scope)) else other(scope)

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            sign = self._peek()
            self._at += 1
            left = _joined(sign, left, self._binary(level + 1))
        return left

    def _unary(self) -> Node:
        if self._take("!"):
            inner = self._unary()
            return lambda scope: not _truth(inner(scope))
        if self._take("-"):
            inner = self._unary()
            return lambda scope: -inner(scope)
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._take("."):
                name = self._name()
                node = self._call(name, node) if self._take("(") else _field(node, name)
            elif self._take("["):
                index = self._conditional()
                self._need("]")
                node = _indexed(node, index)
            else:
                return node

    def _arguments(self, end: str) -> list[Node]:
        found: list[Node] = []
        while not self._take(end):
            found.append(self._conditional())
            if not self._take(","):
                self._need(end)
                break
        return found

    def _call(self, name: str, target: Node) -> Node:
        if name in _MACROS:
            variable = self._name()
            self._need(",")
            bodies = self._arguments(")")
            return _macro(name, target, variable, bodies)
        method, arguments = _METHODS.get(name), self._arguments(")")
        if method is None:
            raise CelError(f"undeclared reference to '{name}'")
        return lambda scope: method(target(scope), *(argument(scope) for argument in arguments))

    def _primary(self) -> Node:
        if self._take("("):
            node = self._conditional()
            self._need(")")
            return node
        if self._take("["):
            items = self._arguments("]")
            return lambda scope: [item(scope) for item in items]
        if self._at >= len(self._tokens):
            raise CelError("Syntax error: mismatched input '<EOF>'")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind in ("number", "text"):
            value = _number(text) if kind == "number" else ast.literal_eval(text)
            return lambda _scope: value
        if kind == "name":
            return self._named(text)
        raise CelError(f"Syntax error: no viable alternative at input '{text}'")

    def _named(self, name: str) -> Node:
        if name in _CONSTANTS:
            constant = _CONSTANTS[name]
            return lambda _scope: constant
        if not self._take("("):
            return lambda scope: _variable(scope, name)
        if name == "has":
            return self._has()
        function, arguments = _FUNCTIONS.get(name), self._arguments(")")
        if function is None:
            raise CelError(f"undeclared reference to '{name}'")
        return lambda scope: function(*(argument(scope) for argument in arguments))

    def _has(self) -> Node:
        """`has(a.b)`: whether the last field is there; what is before it must be."""
        holder = self._primary()
        parts: list[str] = []
        while self._take("."):
            parts.append(self._name())
        self._need(")")
        if not parts:
            raise CelError("invalid argument to has() macro")
        for part in parts[:-1]:
            holder = _field(holder, part)
        last = parts[-1]
        return lambda scope: isinstance(found := holder(scope), Mapping) and last in found


_CONSTANTS = {"true": True, "false": False, "null": None}


def _number(text: str) -> float:
    text = text.rstrip("u")
    if text.startswith("0x"):
        return int(text, 16)
    return int(text) if text.isdigit() else float(text)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError("no such overload")
    return value


def _variable(scope: Scope, name: str) -> Any:
    if name not in scope:
        raise CelError(f"undeclared reference to '{name}'")
    return scope[name]


def _field(holder: Node, name: str) -> Node:
    def read(scope: Scope) -> Any:
        value = holder(scope)
        if not isinstance(value, Mapping):
            raise CelError(f"no such overload: field '{name}'")
        if name not in value:
            raise CelError(f"no such key: {name}")
        return value[name]

    return read


def _indexed(holder: Node, index: Node) -> Node:
    def read(scope: Scope) -> Any:
        value, key = holder(scope), index(scope)
        if isinstance(value, Mapping):
            if key not in value:
                raise CelError(f"no such key: {key}")
            return value[key]
        if not isinstance(value, list) or not isinstance(key, int) or not 0 <= key < len(value):
            raise CelError(f"index out of bounds: {key}")
        return value[key]

    return read


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, bool) or type(left) is not type(right):
        raise CelError("no such overload")
    return left + right


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _equal(left: Any, right: Any) -> bool:
    # In CEL true is not 1.
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
    "+": _plus,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": lambda left, right: left - right * _divided(left, right),
}


def _joined(sign: str, left: Node, right: Node) -> Node:
    if sign in ("&&", "||"):
        return _logical(left, right, decisive=sign == "||")
    operator = _OPERATORS[sign]
    return lambda scope: operator(left(scope), right(scope))


def _logical(left: Node, right: Node, *, decisive: bool) -> Node:
    """`||` and `&&`: an error on one side does not matter when the other side decides."""

    def join(scope: Scope) -> bool:
        try:
            first = _truth(left(scope))
        except CelError:
            if _truth(right(scope)) == decisive:
                return decisive
            raise
        return first if first == decisive else _truth(right(scope))

    return join


def _macro(name: str, target: Node, variable: str, bodies: list[Node]) -> Node:
    def run(scope: Scope) -> Any:
        items = target(scope)
        if not isinstance(items, list | Mapping):
            raise CelError("expression of type cannot be range of a comprehension")
        scopes = [{**scope, variable: item} for item in items]
        body = bodies[-1]
        if name == "map":
            if len(bodies) == 2:
                scopes = [inner for inner in scopes if _truth(bodies[0](inner))]
            return [body(inner) for inner in scopes]
        if name == "filter":
            return [inner[variable] for inner in scopes if _truth(body(inner))]
        if name == "all":
            return all(_truth(body(inner)) for inner in scopes)
        count = sum(_truth(body(inner)) for inner in scopes)
        return count == 1 if name == "exists_one" else count > 0

    return run


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


_METHODS: dict[str, Callable[..., Any]] = {
    "size": len,
    "startsWith": lambda text, prefix: text.startswith(prefix),
    "endsWith": lambda text, suffix: text.endswith(suffix),
    "contains": lambda text, part: part in text,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
    "lowerAscii": lambda text: text.lower(),
    "upperAscii": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda text, separator: text.split(separator),
    "join": lambda items, separator="": separator.join(items),
    "indexOf": lambda text, part: text.find(part),
    "lastIndexOf": lambda text, part: text.rfind(part),
    "substring": lambda text, start, end=None: text[start:end],
    "isSorted": lambda items: items == sorted(items),
    "sum": sum,
    "min": min,
    "max": max,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "size": len,
    "string": _text_of,
    "int": int,
    "double": float,
    "bool": lambda text: text is True or text in ("true", "True", "1"),
    "type": lambda value: type(value).__name__,
    "dyn": lambda value: value,
}
