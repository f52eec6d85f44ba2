"""Units of measure."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attache.errors import BadInput
from attache.tools.general_units import convert


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (5, "mile", "km", "8.04672"),
        (0.1, "m", "cm", "10"),
        (98.6, "degF", "degC", "37"),
        (98.6, "F", "C", "37"),
        (-40, "°C", "°F", "-40"),
        (0, "Celsius", "kelvin", "273.15"),
        (3, "C", "coulomb", "3"),
        (1, "MB", "MiB", "0.95367431640625"),
        (1, "m per second", "km/h", "3.6"),
        (10, "mph", "KM/H", "16.09344"),
        (5, "cubic meter", "L", "5000"),
        (1, "light year", "km", "9460730472580.8"),
        (1, "nautical mile", "m", "1852"),
        (1, "us gallon", "litre", "3.785411784"),
        (6, "feet", "m", "1.8288"),
        (180, "lbs", "kg", "81.6466266"),
        (1, "1/s", "Hz", "1"),
        (2, "m²", "cm^2", "20000"),
        (1, "kg*m/s**2", "newton", "1"),
        (100, "%", "ppm", "1000000"),
        (10**60, "m", "km", str(10**57)),
    ],
)
def test_what_comes_out_exactly(value: float, source: str, target: str, result: str) -> None:
    assert convert(value, source, target) == {
        "value": value,
        "from": source,
        "to": target,
        "result": result,
        "rounded": False,
    }


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (1, "m", "ft", "3.28083989501312"),
        (180, "degree", "radian", "3.14159265358979"),
        (30, "mpg", "km/l", "12.7543112229082"),
        (1, "dBm", "W", "0.00125892541179417"),
        (1e-300, "m", "km", "1E-303"),
    ],
)
def test_what_was_rounded_says_so(value: float, source: str, target: str, result: str) -> None:
    answer = convert(value, source, target)
    assert (answer["result"], answer["rounded"]) == (result, True)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("kilometr", "m", "did you mean kilometer"),
        ("m", "furlnog", "furlong"),
        ("USD", "EUR", "currencies"),
        ("kg", "m", "different things \\(mass; length\\)"),
        ("m**2", "s", "length\\^2; time"),
        ("Hz", "s", "different things"),
        ("9**9**9", "m", "cannot be read"),
        ("m**9999999", "m", "cannot be read"),
        ("9999 m", "m", "cannot be read"),
        ("m; import os", "m", "cannot be read"),
        ("(m)", "m", "cannot be read"),
        ("", "m", "cannot be read"),
        ("m" * 81, "m", "80 characters"),
        ("__class__", "m", "not a unit"),
    ],
)
def test_what_cannot_be_converted_is_answered_with_advice(source: str, target: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        convert(1, source, target)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["mile", "inch", "light_year", "parsec", "fathom"]))
def test_there_and_back_is_where_it_began(value: int, unit: str) -> None:
    there = convert(value, unit, "mm")
    if not there["rounded"]:
        back = convert(float(there["result"]), "mm", unit)
        assert Fraction(back["result"]) == pytest.approx(value, rel=1e-12)


@settings(deadline=None)
@given(st.text(max_size=12) | st.text("mkgsCF°*/^ -12", max_size=12), st.sampled_from(["m", "degC", "1/s"]))
def test_whatever_is_asked_gets_an_answer_or_advice(source: str, target: str) -> None:
    with suppress(BadInput):
        assert convert(1.5, source, target)["result"]
