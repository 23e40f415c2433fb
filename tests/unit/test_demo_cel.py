"""Expressions of policies and CRD rules, as the language's definition has them."""

from __future__ import annotations

from typing import Any

import pytest

from k8stui.demo.cel import CelError, evaluate

OBJECT: dict[str, Any] = {
    "spec": {"replicas": 3, "images": ["nginx:1.27", "redis"], "labels": {"a": "1"}, "paused": False}
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3 == 9", True),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("'a' + \"b\"", "ab"),
        ("object.spec.replicas <= 5 && object.spec.replicas > 2", True),
        ("has(object.spec.replicas)", True),
        ("has(object.spec.missing)", False),
        ("!has(object.spec.missing) || object.spec.missing == 1", True),
        ("object.spec.images.all(i, i.contains(':'))", False),
        ("object.spec.images.exists(i, i.endsWith(':1.27'))", True),
        ("object.spec.images.exists_one(i, i.startsWith('redis'))", True),
        ("object.spec.images.filter(i, !i.contains(':'))", ["redis"]),
        ("object.spec.images.map(i, size(i))", [10, 5]),
        ("object.spec.images.map(i, i.contains(':'), i.split(':')[1])", ["1.27"]),
        ("object.spec.labels.all(k, k == 'a')", True),
        ("'a' in object.spec.labels", True),
        ("'redis' in object.spec.images", True),
        ("object.spec.labels['a'] == '1' ? 'yes' : 'no'", "yes"),
        ("object.spec['replicas'] == 3", True),
        ("'nginx:1.27'.matches('^[a-z]+:[0-9.]+$')", True),
        ("string(object.spec.replicas) + ' of ' + string(true)", "3 of true"),
        ("[1, 2, 3].size() == 3 && int('4') == 4", True),
        ("true == 1", False),
        ("object.spec.paused == false", True),
        (r"r'\d' + '\n'", "\\d\n"),
        ("object.nothing.here == 1 || true", True),
    ],
)
def test_values(expression: str, value: Any) -> None:
    assert evaluate(expression, {"object": OBJECT}) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("object.spec.missing == 1", "no such key: missing"),
        ("unknown == 1", "undeclared reference to 'unknown'"),
        ("object.spec.images[7]", "index out of bounds: 7"),
        ("1 +", "Syntax error"),
        ("1 1", "expecting <EOF>"),
        ("#", "token recognition error"),
        ("1 + 'a'", "no such overload"),
        ("object.spec.replicas && true", "no such overload"),
        ("object.spec.replicas.startsWith('a')", ""),
        ("explode(1)", "undeclared reference to 'explode'"),
        ("'a'.explode()", "undeclared reference to 'explode'"),
        ("'a'.__class__", "no such overload"),
        ("1 / 0", ""),
    ],
)
def test_what_has_no_value_is_an_error(expression: str, why: str) -> None:
    with pytest.raises(CelError) as raised:
        evaluate(expression, {"object": OBJECT})
    assert why in str(raised.value)
