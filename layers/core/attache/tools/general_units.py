"""Converting units of measure, exactly if the units allow it."""

from __future__ import annotations

import re
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import Any

from attache.errors import BadInput
from attache.tools.general_numbers import Number, exact_text, kept, rounded_text

DIGITS_SHOWN = 15
MAX_PLACES = 30  # a factor with pi in it has 50
MAX_CHARACTERS = 80
_NAME = r"[^\W\d]\w*|°[CF]?|%"
_FACTOR = rf"(?:{_NAME})(?:\s*(?:\*\*|\^)\s*-?\d{{1,2}})?"
# only products and quotients of units: the registry would calculate any number, even 9**9**9
_UNIT = re.compile(rf"(?:1\s*/\s*)?{_FACTOR}(?:(?:\s*[*/]\s*|\s+){_FACTOR})*")
_TEMPERATURES = {
    **dict.fromkeys(("c", "°c", "celsius", "centigrade", "degrees celsius", "degree celsius"), "degC"),
    **dict.fromkeys(("f", "°f", "fahrenheit", "degrees fahrenheit", "degree fahrenheit"), "degF"),
    **dict.fromkeys(("k", "kelvin", "kelvins"), "kelvin"),
}
_ALSO = {
    "imperial gallon": "imperial_gallon",
    "kmh": "km / hour",
    "kmph": "km / hour",
    "mpg": "mile / gallon",
    "sqft": "foot ** 2",
    "sqm": "m ** 2",
    "uk gallon": "imperial_gallon",
    "us gallon": "gallon",
}
_HOW = "Units look like kilometer, km/h, kg*m/s**2 or degC; currencies are not among them."


def convert(value: float, source: str, target: str) -> dict[str, Any]:
    """`{"value", "from", "to", "result", "rounded"}`; `result` is a decimal number as text, of 15 digits if rounded.

    Raises BadInput with advice for unknown units, and for units of different quantities.
    """
    source_name, target_name = _meant(source, target)
    amount = Fraction(Decimal(str(value)))
    number = _converted(amount, _unit(source_name), _unit(target_name), (source, target))
    exact = exact_text(number) or ""
    rounded = not exact or "/" in exact or len(exact.partition(".")[2]) > MAX_PLACES
    result = rounded_text(number, DIGITS_SHOWN) if rounded else exact
    return {"value": value, "from": source, "to": target, "result": result, "rounded": rounded}


def _meant(source: str, target: str) -> tuple[str, str]:
    """C and F mean temperatures if both units can be, else coulomb and farad."""
    temperatures = [_TEMPERATURES.get(" ".join(name.lower().split())) for name in (source, target)]
    if all(temperatures):
        return str(temperatures[0]), str(temperatures[1])
    return _plain(source), _plain(target)


def _plain(name: str) -> str:
    plain = " ".join(name.split())
    if len(plain) > MAX_CHARACTERS:
        raise BadInput(f"A unit has {MAX_CHARACTERS} characters at most. {_HOW}")
    known = _ALSO.get(plain.lower()) or _TEMPERATURES.get(plain.lower() if len(plain) > 1 else "")
    return known or plain.replace("²", "**2").replace("³", "**3")


def _unit(name: str) -> Any:
    import pint

    if not _UNIT.fullmatch(name.strip()):
        raise BadInput(f"{name!r} cannot be read as a unit. {_HOW}")
    joined = name.replace(" ", "_")  # or a light year would be a product
    for spelled in (joined, joined.lower(), name):
        try:
            return _registry().parse_units(spelled)
        except (pint.PintError, ValueError, TypeError):
            continue
    raise BadInput(f"{name!r} is not a unit that is known here{_alike(name)}. {_HOW}")


def _alike(name: str) -> str:
    close = get_close_matches(name.lower(), _unit_names(), n=4)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _converted(amount: Fraction, source: Any, target: Any, names: tuple[str, str]) -> Number:
    import pint

    if source.dimensionality != target.dimensionality:
        raise BadInput(f"{names[0]} and {names[1]} measure different things ({_kinds(source)}; {_kinds(target)}).")
    try:
        magnitude = _registry().Quantity(amount, source).to(target).magnitude
    except (pint.PintError, ArithmeticError, ValueError):
        raise BadInput(f"{names[0]} cannot be converted to {names[1]} as a plain number.") from None
    # logarithmic units are calculated in floats
    return kept(magnitude) if isinstance(magnitude, Fraction) else Decimal(str(magnitude))


def _kinds(unit: Any) -> str:
    """The quantity that a unit measures, e.g. `length time^-2`."""
    powers = {str(kind).strip("[]"): power for kind, power in unit.dimensionality.items()}
    return " ".join(kind if power == 1 else f"{kind}^{power}" for kind, power in powers.items()) or "a plain number"


@cache
def _registry() -> Any:
    """All units, with their factors as fractions; it takes half a second, with the import."""
    import pint

    return pint.UnitRegistry(non_int_type=Fraction)


@cache
def _unit_names() -> tuple[str, ...]:
    return tuple(_registry())
