"""Quantities are numbers, whatever their suffix."""

import pytest

from k8stui.kinds.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("250m", 0.25),
        ("2", 2.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1", -1.0),
        ("+1k", 1000.0),
        ("100Ki", 102400.0),
        ("100Mi", 104857600.0),
        ("1.5Gi", 1610612736.0),
        ("1E", 1e18),
        ("2e3", 2000.0),
        ("2E3", 2000.0),
        ("2e-3", 0.002),
        ("100n", 1e-7),
        ("7u", 7e-6),
    ],
)
def test_a_quantity_has_a_value(text: str, value: float) -> None:
    assert parse_quantity(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "m", "Mi", "1.2.3", "1 Gi", "1gi", "5m30s", "0x10", "<none>", "NaN", "1e"]
)
def test_other_texts_are_no_quantities(text: str) -> None:
    assert parse_quantity(text) is None
