"""Numbers that stay exact as long as possible: a Fraction is exact, a Decimal was rounded."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction

Number = Fraction | Decimal

WORKING = Context(prec=50, Emax=5_000, Emin=-5_000, traps=[DivisionByZero, InvalidOperation, Overflow])
DIGITS_SHOWN = 30
MAX_BITS = 10_000  # of a numerator or denominator: about 3,000 digits
MAX_EXACT_CHARACTERS = 3_100
MAX_ROOT = 64


def kept(number: Fraction) -> Number:
    """The number, rounded to 50 digits if it is too long to keep exact."""
    return number if _bits(number) <= MAX_BITS else decimal(number)


def decimal(number: Number) -> Decimal:
    """The number in 50 digits."""
    if isinstance(number, Decimal):
        return number
    return WORKING.divide(Decimal(number.numerator), Decimal(number.denominator))


def lifted(
    exact: Callable[[Fraction, Fraction], Fraction], rounded: Callable[[Decimal, Decimal], Decimal]
) -> Callable[[Number, Number], Number]:
    """An operation from its exact and its rounded form: exact on exact numbers, if the result is short."""

    def operation(left: Number, right: Number) -> Number:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return kept(exact(left, right))
        return rounded(decimal(left), decimal(right))

    return operation


def power(base: Number, exponent: Number) -> Number:
    """`base ** exponent`; exact for whole exponents and exact roots, if the result is short."""
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        exact = _exact_power(base, exponent)
        if exact is not None:
            return kept(exact)
    return WORKING.power(decimal(base), decimal(exponent))


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    # checked before it is computed: 9**9**9 would have 370 million digits
    if (_bits(base) - 1) * abs(exponent) > MAX_BITS:
        return None
    root = base if exponent.denominator == 1 else exact_root(base, exponent.denominator)
    return None if root is None else Fraction(root**exponent.numerator)


def exact_root(number: Fraction, degree: int) -> Fraction | None:
    """The root of a non-negative number if it is a fraction; else None."""
    if number < 0 or degree > MAX_ROOT:
        return None
    root = Fraction(_whole_root(number.numerator, degree), _whole_root(number.denominator, degree))
    return root if root**degree == number else None


def _whole_root(number: int, degree: int) -> int:
    """The root rounded down, by Newton's method from above."""
    if number == 0:
        return 0
    guess = 1 << -(-number.bit_length() // degree)
    while (better := ((degree - 1) * guess + number // guess ** (degree - 1)) // degree) < guess:
        guess = better
    return guess


def _bits(number: Fraction) -> int:
    return max(abs(number.numerator).bit_length(), number.denominator.bit_length())


def exact_text(number: Number) -> str | None:
    """An integer, a finite decimal or `n/d`; None for a rounded number, or one of over 3,100 characters."""
    if isinstance(number, Decimal):
        return None
    text = _finite_decimal(number) or f"{number.numerator}/{number.denominator}"
    return text if len(text) <= MAX_EXACT_CHARACTERS else None


def _finite_decimal(number: Fraction) -> str | None:
    """All digits, e.g. `0.125`; None if they repeat forever."""
    places = _decimal_places(number.denominator)
    if places is None:
        return None
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _decimal_places(denominator: int) -> int | None:
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    return places if rest == 1 and places < MAX_EXACT_CHARACTERS else None


def rounded_text(number: Number, digits: int = DIGITS_SHOWN) -> str:
    """The number in at most so many significant digits, e.g. `1.41421356` or `6.02E+23`."""
    context = Context(prec=digits, Emax=WORKING.Emax, Emin=WORKING.Emin, traps=[])
    short = context.plus(decimal(number)).normalize(context)
    return f"{short:f}" if -7 < short.adjusted() < digits else str(short)


def floor(number: Number) -> Number:
    """The greatest integer that is not above it; a rounded number stays a rounded number."""
    if isinstance(number, Fraction):
        return Fraction(math.floor(number))
    return number.to_integral_value("ROUND_FLOOR", WORKING)
