"""Exact arithmetic: 0.1 + 0.2 is 0.3, and results that cannot be exact say so."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation, Overflow
from fractions import Fraction
from functools import partial
from typing import Any

from attache.errors import BadInput
from attache.tools.general_numbers import (
    DIGITS_SHOWN,
    WORKING,
    Number,
    decimal,
    exact_text,
    floor,
    kept,
    lifted,
    power,
    rounded_text,
)

MAX_CHARACTERS = 300
MAX_LITERAL_EXPONENT = 1_000
NOISE = 40
MAX_WHOLE = 1_000  # for factorials, combinations and places to round to
_TYPED = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "^": "**"})


def calculate(expression: str) -> dict[str, Any]:
    """`{"expression", "result", "exact"}`; for a fraction also `decimal`, for a rounded number a `note`.

    Raises BadInput with advice if the expression cannot be parsed, is undefined or grows too large.
    """
    value = _value(expression.translate(_TYPED).strip().rstrip("=?"))
    answer = {"expression": expression, "result": exact_text(value), "exact": True}
    if answer["result"] is None:
        note = f"rounded: computed to {WORKING.prec} digits, shown to {DIGITS_SHOWN}"
        return {**answer, "result": rounded_text(value), "exact": False, "note": note}
    return {**answer, "decimal": rounded_text(value)} if "/" in str(answer["result"]) else answer


def _value(source: str) -> Number:
    from simpleeval import InvalidExpression

    try:
        return _evaluated(source)
    except ZeroDivisionError:
        raise BadInput("Division by zero: this has no value.") from None
    except Overflow:
        raise BadInput("The result, or something on the way to it, is too large: over 5,000 digits.") from None
    except ArithmeticError:  # decimal's own: a logarithm or an even root of a negative number
        raise BadInput("This has no value among the real numbers.") from None
    except InvalidExpression as error:
        raise BadInput(f"This cannot be calculated ({str(error).rstrip('.')}). {_HOW}") from None
    except TypeError:
        raise BadInput(f"A function was given the wrong number of values, or none. {_HOW}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadInput(f"The expression cannot be read. {_HOW}") from None


def _evaluated(source: str) -> Number:
    from simpleeval import SimpleEval

    if not source.isascii() or not 0 < len(source) <= MAX_CHARACTERS:
        raise BadInput(f"An expression has 1 to {MAX_CHARACTERS} plain characters. {_HOW}")
    evaluator = SimpleEval(operators=dict(_OPERATORS), functions=dict(_FUNCTIONS))
    allowed = {node: evaluator.nodes[node] for node in (ast.UnaryOp, ast.BinOp, ast.Call)}
    evaluator.nodes = {**allowed, ast.Name: _constant, ast.Constant: partial(_literal, source)}
    value: Number = evaluator.eval(source, ast.parse(source, mode="eval").body)
    return value


def _constant(node: ast.Name) -> Number:
    if node.id not in _CONSTANTS:
        raise BadInput(f"{node.id} is not a constant. {_HOW}")
    return _CONSTANTS[node.id]


def _literal(source: str, node: ast.Constant) -> Fraction:
    """A number as it was written: Python's parser would have rounded 0.1 to a float."""
    if type(node.value) is int:
        return Fraction(node.value)
    if not isinstance(node.value, float):
        raise BadInput(f"{node.value!r} is not a real number. {_HOW}")
    number = Decimal(ast.get_source_segment(source, node) or "")
    if abs(number.adjusted()) > MAX_LITERAL_EXPONENT:
        raise BadInput(f"Exponents of numbers may go to {MAX_LITERAL_EXPONENT}.")
    return Fraction(number)


def _sum(left: Decimal, right: Decimal) -> Decimal:
    """The difference of two rounded numbers that agree in 40 digits is noise, as in sqrt(2) ** 2 - 2: it becomes 0."""
    total = WORKING.add(left, right)
    return Decimal(0) if left and right and total.adjusted() < left.adjusted() - NOISE else total


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    return WORKING.subtract(left, WORKING.multiply(right, decimal(floor(WORKING.divide(left, right)))))


def _round(number: Number, places: Number = Fraction(0)) -> Number:
    """Half away from zero, as taught in school and used for money."""
    scale = Fraction(10) ** _whole(places)
    exact = number if isinstance(number, Fraction) else Fraction(number)
    nearest = math.floor(abs(exact) * scale + Fraction(1, 2)) / scale
    signed = kept(nearest if exact >= 0 else -nearest)
    return signed if isinstance(number, Fraction) else decimal(signed)


def _negated(number: Number) -> Number:
    return -number if isinstance(number, Fraction) else WORKING.minus(number)


def _absolute(number: Number) -> Number:
    return _negated(number) if number < 0 else number


def _ceil(number: Number) -> Number:
    return _negated(floor(_negated(number)))


def _cube_root(number: Number) -> Number:
    return _negated(_cube_root(_negated(number))) if number < 0 else power(number, Fraction(1, 3))


def _logarithm(number: Number, base: Number) -> Number:
    return WORKING.divide(_ln(number), _ln(base))


def _rounded(function: Callable[[Decimal], Decimal]) -> Callable[[Number], Decimal]:
    def on_any(number: Number) -> Decimal:
        value = function(decimal(number))
        if not value.is_finite():  # decimal says that the logarithm of 0 is minus infinity
            raise InvalidOperation
        return value

    return on_any


def _on_integers(function: Callable[..., int], largest: int | None = None) -> Callable[..., Number]:
    return lambda *numbers: kept(Fraction(function(*(_integer(number, largest) for number in numbers))))


def _whole(number: Number) -> int:
    return _integer(number, MAX_WHOLE, -MAX_WHOLE)


def _integer(number: Number, largest: int | None, smallest: int | None = 0) -> int:
    if not isinstance(number, Fraction) or number.denominator != 1:
        raise BadInput(f"{rounded_text(number)} is not an integer, and this function needs one.")
    if largest is not None and not (smallest or 0) <= number <= largest:
        raise BadInput(f"This function takes integers from {smallest} to {largest}.")
    return int(number)


_ln = _rounded(WORKING.ln)
_OPERATORS: Mapping[type[ast.AST], Callable[..., Number]] = {
    ast.Add: lifted(Fraction.__add__, _sum),
    ast.Sub: lifted(Fraction.__sub__, lambda left, right: _sum(left, WORKING.minus(right))),
    ast.Mult: lifted(Fraction.__mul__, WORKING.multiply),
    ast.Div: lifted(Fraction.__truediv__, WORKING.divide),
    ast.FloorDiv: lambda left, right: floor(_OPERATORS[ast.Div](left, right)),
    ast.Mod: lifted(Fraction.__mod__, _remainder),
    ast.Pow: power,
    ast.USub: _negated,
    ast.UAdd: lambda number: number,
}
_FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "abs": _absolute,
    "cbrt": _cube_root,
    "ceil": _ceil,
    "comb": _on_integers(math.comb, MAX_WHOLE),
    "exp": _rounded(WORKING.exp),
    "factorial": _on_integers(math.factorial, MAX_WHOLE),
    "floor": floor,
    "gcd": _on_integers(math.gcd),
    "lcm": _on_integers(math.lcm),
    "ln": _ln,
    "log": _logarithm,
    "log10": _rounded(WORKING.log10),
    "log2": lambda number: _logarithm(number, Fraction(2)),
    "max": lambda *numbers: max(numbers),
    "min": lambda *numbers: min(numbers),
    "round": _round,
    "sqrt": lambda number: power(number, Fraction(1, 2)),
}
_CONSTANTS: Mapping[str, Number] = {
    "pi": Decimal("3.1415926535897932384626433832795028841971693993751"),
    "e": Decimal("2.7182818284590452353602874713526624977572470937000"),
}
_HOW = (
    "Write it like (1 + 2.5) * 3 ** 2, with + - * / // % ** and parentheses, no thousands separators and no units;"
    f" functions: {', '.join(_FUNCTIONS)} (log takes a number and its base); constants: {', '.join(_CONSTANTS)}"
)
