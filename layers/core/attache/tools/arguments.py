"""Checking a tool call's arguments, as the model wrote them, against the tool's schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.protocols import Validator

MAX_VIOLATIONS = 10
MAX_SHOWN = 80


def check_arguments(schema: Mapping[str, Any], text: str) -> tuple[dict[str, Any] | None, str | None]:
    """The arguments, or advice for the model that names every violation (ten at most); one of the two is None.

    Empty text means no arguments. Null for an optional argument that does not allow it counts as missing, because
    several models fill in every name.
    """
    try:
        return _checked(schema, text)
    except RecursionError:
        return None, "The arguments are nested too deeply."
    except ValueError as error:
        return None, f"The arguments are not valid JSON ({error}). Send one JSON object."


def _checked(schema: Mapping[str, Any], text: str) -> tuple[dict[str, Any] | None, str | None]:
    given = _parse(text)
    if not isinstance(given, dict):
        return None, f"The arguments must be one JSON object, not {_kind(given)}."
    arguments = _without_empty(schema, given)
    violations = [_advice(error) for error in _Validator(schema, format_checker=_FORMATS).iter_errors(arguments)]
    return (None, _listed(violations)) if violations else (arguments, None)


def _parse(text: str) -> Any:
    if not text.strip():
        return {}
    value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # "\\ud800" is JSON, and no text that can be sent
        raise ValueError("half of a surrogate pair is not a character") from None
    return value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _without_empty(schema: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    return {
        name: value
        for name, value in given.items()
        if value is not None
        or name in required
        or name not in properties
        or _Validator(properties[name]).is_valid(None)
    }


def _listed(violations: list[str]) -> str:
    shown = violations[:MAX_VIOLATIONS]
    if len(violations) > len(shown):
        shown.append(f"and {len(violations) - len(shown)} more")
    return "The arguments do not fit this tool; correct them and call it again: " + "; ".join(shown) + "."


def _advice(error: ValidationError) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    return f"{place}: {_words(error)}" if place else _words(error)


def _words(error: ValidationError) -> str:
    match error.validator:
        case "additionalProperties" if error.validator_value is False:
            return _unknown_names(error)
        case "enum":
            return f"{_shown(error.instance)} is not one of {', '.join(map(_shown, _list(error.validator_value)))}"
        case "type":
            return f"{_shown(error.instance)} is {_kind(error.instance)}, but must be {_types(error.validator_value)}"
        case "oneOf" | "anyOf":
            return _branches(error)
        case _:
            return error.message if len(error.message) <= 4 * MAX_SHOWN else error.message[: 4 * MAX_SHOWN] + "…"


def _unknown_names(error: ValidationError) -> str:
    known = list(error.schema.get("properties", ())) if isinstance(error.schema, Mapping) else []
    unknown = [name for name in _list(error.instance) if name not in known]
    return "; ".join(f"{name!r} is not known here{_meant(name, known)}" for name in unknown)


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(known)})" if known else " (there are no arguments)"


def _branches(error: ValidationError) -> str:
    reasons = dict.fromkeys(_advice(inner) for inner in error.context or ())
    if not reasons:
        return f"{_shown(error.instance)} fits more than one of the forms, but must fit one"
    return f"fits none of the forms that it may have ({'; or '.join(list(reasons)[:4])})"


def _list(value: Any) -> list[Any]:
    return list(value)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _types(value: Any) -> str:
    names = [value] if isinstance(value, str) else value
    return " or ".join(("an " if name[0] in "aio" else "a ") + name if name != "null" else name for name in names)


def _multiple_of(_: Any, divisor: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """`multipleOf` on decimal numbers: in binary fractions, 19.99 would not be a multiple of 0.01."""
    if isinstance(instance, bool) or not isinstance(instance, int | float):
        return
    if Fraction(str(instance)) % Fraction(str(divisor)):
        yield ValidationError(f"{instance} is not a multiple of {divisor}")


def _one_of(validator: Validator, forms: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """`oneOf` as descriptions mean it: a value that fits several forms is refused only if it cannot be told which.

    Most forms allow members that they do not name, so an object of one form fits the others too.
    """
    for error in Draft202012Validator.VALIDATORS["oneOf"](validator, forms, instance, schema):
        if error.context or not _is_one(validator, forms, instance):
            yield error


def _is_one(validator: Validator, forms: Any, instance: Any) -> bool:
    """Whether one form alone names all the members of an object that fits several; other values are no matter."""
    if not isinstance(instance, dict):
        return True
    fitting = [form for form in forms if validator.evolve(schema=form).is_valid(instance)]
    return sum(instance.keys() <= _named_in(form) for form in fitting) == 1


def _named_in(form: Any) -> set[str]:
    parts = form.get("allOf", ()) if isinstance(form, Mapping) else ()
    return set(form.get("properties", ())).union(*map(_named_in, parts)) if isinstance(form, Mapping) else set()


_extend: Callable[..., type[Validator]] = validators.extend  # untyped there
_Validator = _extend(Draft202012Validator, {"multipleOf": _multiple_of, "oneOf": _one_of})
_FORMATS = FormatChecker(("date", "uuid", "ipv4", "ipv6", "email"))
