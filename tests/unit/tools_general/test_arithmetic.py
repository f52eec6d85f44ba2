"""Arithmetic: exact while it can be, said so where it is not, bounded always."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.errors import BadInput
from attache.tools.general_arithmetic import MAX_CHARACTERS, calculate
from attache.tools.general_numbers import exact_root, exact_text


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("0.1 + 0.2", "0.3"),
        ("1/3", "1/3"),
        ("1/3*3", "1"),
        ("0.1 * 3 - 0.3", "0"),
        ("1.005 * 1000", "1005"),
        ("12345678901234567890.123456789 + 0.000000001", "12345678901234567890.12345679"),
        ("2 ** 10", "1024"),
        ("2 ^ 10", "1024"),
        ("2 * 3 ^ 2", "18"),
        ("2 ** -3", "0.125"),
        ("-2 ** 2", "-4"),
        ("3 × 4 ÷ 2 − 1", "5"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("5.5 % 2", "1.5"),
        ("sqrt(16/9)", "4/3"),
        ("8 ** (1/3)", "2"),
        ("(16/81) ** (3/4)", "8/27"),
        ("cbrt(-27)", "-3"),
        ("0 ** 0", "1"),
        ("round(2.5)", "3"),
        ("round(-2.675, 2)", "-2.68"),
        ("round(1234, -2)", "1200"),
        ("floor(-1.5) + ceil(-1.5)", "-3"),
        ("abs(-5)", "5"),
        ("max(1, 2.5, pi - 3)", "2.5"),
        ("gcd(12, 18) + lcm(4, 6)", "18"),
        ("comb(52, 5)", "2598960"),
        ("factorial(20)", "2432902008176640000"),
        ("0x1F + 1_000", "1031"),
        ("1e3", "1000"),
        ("2+2=", "4"),
        ("sqrt(2) ** 2 - 2", "0"),
    ],
)
def test_what_it_comes_to(expression: str, result: str) -> None:
    assert calculate(expression)["result"] == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("sqrt(2)", "1.41421356237309504880168872421"),
        ("exp(1)", "2.71828182845904523536028747135"),
        ("e", "2.71828182845904523536028747135"),
        ("pi", "3.14159265358979323846264338328"),
        ("ln(10)", "2.30258509299404568401799145468"),
        ("log(8, 2)", "3"),
        ("log10(1000)", "3"),
        ("floor(pi * 100)", "314"),
        ("pi % 1", "0.14159265358979323846264338328"),
        ("round(pi, 4)", "3.1416"),
        ("1.0000001 ** 1000000000", "2.68810370126492381050560030148E+43"),
    ],
)
def test_what_was_rounded_says_so(expression: str, result: str) -> None:
    answer = calculate(expression)
    assert answer["result"] == result
    assert answer["exact"] is False
    assert "rounded" in answer["note"]


def test_a_fraction_has_its_decimal_beside_it() -> None:
    assert calculate("2/3") == {
        "expression": "2/3",
        "result": "2/3",
        "exact": True,
        "decimal": "0.666666666666666666666666666667",
    }


def test_long_results_are_still_exact() -> None:
    assert calculate("factorial(1000)")["result"] == str(math.factorial(1000))
    assert calculate("2 ** 9999")["result"] == str(2**9999)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1 / 0", "Division by zero"),
        ("1 % 0", "Division by zero"),
        ("1 // (pi - pi)", "Division by zero"),
        ("0 ** -1", "Division by zero"),
        ("sqrt(-1)", "real numbers"),
        ("ln(0)", "real numbers"),
        ("exp(ln(0))", "real numbers"),
        ("9 ** 9 ** 9", "too large"),
        ("10 ** 6000", "too large"),
        ("exp(1e9)", "too large"),
        ("1e999999999", "Exponents"),
        ("factorial(1001)", "0 to 1000"),
        ("factorial(-1)", "0 to 1000"),
        ("factorial(factorial(100))", "0 to 1000"),
        ("factorial(2.5)", "not an integer"),
        ("gcd(pi, 2)", "not an integer"),
        ("round(1, 100000)", "-1000 to 1000"),
        ("1,000 + 1", "no thousands separators"),
        ("5 km", "no units"),
        ("log(8)", "log takes a number and its base"),
        ("max()", "Write it like"),
        ("sqrt", "Write it like"),
        ("sqrt + 1", "Write it like"),
        ("x + 1", "not a constant"),
        ("", "1 to 300"),
        ("1" * (MAX_CHARACTERS + 1), "1 to 300"),
        ("１+１", "plain characters"),
        ("'a' * 9", "not a real number"),
        ("1j * 1j", "not a real number"),
        ("True", "not a real number"),
        ("None", "not a real number"),
        ("...", "not a real number"),
        ("(1).__class__", "cannot be calculated"),
        ("().__class__.__bases__", "cannot be calculated"),
        ("__import__('os')", "cannot be calculated"),
        ("(lambda: 1)()", "cannot be calculated"),
        ("[1 for i in (1, 2)]", "cannot be calculated"),
        ("max(*3)", "cannot be calculated"),
        ("round(number=1)", "cannot be calculated"),
        ("1 < 2", "cannot be calculated"),
        ("f'{1}'", "cannot be calculated"),
        ("x := 1", "cannot be read"),
        ("1; 2", "cannot be read"),
        ("import os", "cannot be read"),
        ("(" * 250 + "1" + ")" * 40, "cannot be read"),
        ("\0", "cannot be read"),
    ],
)
def test_what_has_no_value_is_answered_with_advice(expression: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        calculate(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "**".join(["9"] * 90),
        "*".join(["factorial(1000)"] * 18),
        "lcm(" + "*".join(["factorial(1000)"] * 8) + "," + "*".join(["factorial(999)"] * 8) + ")",
        "-" * 299 + "1",
        "(" * 90 + "1" + ")" * 90,
        "1.0000001 ** 1e20",
        "(1/3) ** (10 ** 900)",
        "1 ** (10 ** 900)",
        "2 ** (1 / 10 ** 900)",
        "(10 ** 1000 / 7) ** (1/64)",
        "round(10 ** 2900 / 7, 1000)",
        "exp(" * 40 + "1" + ")" * 40,
        "1e-1000 ** 2 / 3",
    ],
)
def test_no_expression_burns_time(expression: str) -> None:
    began = time.process_time()
    with suppress(BadInput):
        calculate(expression)
    assert time.process_time() - began < 0.5


@given(st.fractions(), st.fractions(), st.sampled_from("+-*"))
def test_fractions_are_exact(left: Fraction, right: Fraction, sign: str) -> None:
    expected = {"+": left + right, "-": left - right, "*": left * right}[sign]
    answer = calculate(f"({left}) {sign} ({right})")
    assert Fraction(answer["result"]) == expected
    assert answer["exact"] is True


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_decimal_is_what_was_written(number: object) -> None:
    assert Fraction(calculate(f"{number:f}")["result"]) == Fraction(f"{number:f}")


@given(st.fractions(min_value=0), st.integers(2, 7))
def test_a_root_that_comes_out_is_found(root: Fraction, degree: int) -> None:
    assert exact_root(root**degree, degree) == root


@given(st.integers(2), st.integers(2, 5))
def test_a_root_that_does_not_come_out_is_not(number: int, degree: int) -> None:
    assert exact_root(Fraction(number**degree + 1), degree) is None


@given(st.fractions())
def test_an_exact_text_is_the_number(number: Fraction) -> None:
    text = exact_text(number)
    assert text is None or Fraction(text) == number


@given(st.text(max_size=40) | st.text("0123456789.+-*/%()e sqrtmax,", max_size=40))
def test_whatever_is_written_gets_an_answer_or_advice(expression: str) -> None:
    with suppress(BadInput):
        assert calculate(expression)["result"]
