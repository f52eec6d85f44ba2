"""Arguments against schemas: what passes, and the advice that the rest gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.tools.arguments import check_arguments

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "symbol": {"type": "string", "enum": ["BTC", "ETH"]},
        "amount": {"type": "number", "multipleOf": 0.01},
        "when": {"type": "string", "format": "date"},
        "note": {"type": ["string", "null"]},
        "target": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["id"]}]},
    },
    "required": ["symbol"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"symbol": "ETH"}', {"symbol": "ETH"}),
        ('{"symbol": "ETH", "amount": 19.99}', {"symbol": "ETH", "amount": 19.99}),
        ('{"symbol": "ETH", "amount": null, "when": null}', {"symbol": "ETH"}),
        ('{"symbol": "ETH", "note": null}', {"symbol": "ETH", "note": None}),
        ('{"symbol": "ETH", "amount": 1e300}', {"symbol": "ETH", "amount": 1e300}),
        ('{"symbol": "ETH", "target": {"id": 1}}', {"symbol": "ETH", "target": {"id": 1}}),
    ],
)
def test_what_fits_is_passed_on(text: str, arguments: dict[str, Any]) -> None:
    assert check_arguments(SCHEMA, text) == (arguments, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["'symbol' is a required property"]),
        ('{"symbol": null}', ["symbol: null is not one of"]),
        ("{", ["not valid JSON"]),
        ("[1]", ["must be one JSON object, not an array"]),
        ("[" * 100_000, ["nested too deeply"]),
        ('{"symbol": "ETH", "amount": NaN}', ["NaN is not a JSON number"]),
        ('{"symbol": "ETH", "amount": 1e999}', ["1e999 is too large"]),
        ('{"symbol": "ETH", "amount": %s}' % ("9" * 5000), ["not valid JSON"]),
        ('{"symbol": "\\ud800"}', ["half of a surrogate pair"]),
        ('{"symbol": "XRP"}', ['"XRP" is not one of "BTC", "ETH"']),
        ('{"symbol": "ETH", "amonut": 1}', ["'amonut' is not known here (did you mean 'amount'?)"]),
        ('{"symbol": "ETH", "zzz": 1}', ["'zzz' is not known here (known: symbol, amount"]),
        ('{"symbol": "ETH", "amount": "5"}', ['amount: "5" is a string, but must be a number']),
        ('{"symbol": "ETH", "amount": true}', ["amount: true is a boolean, but must be a number"]),
        ('{"symbol": "ETH", "amount": 19.999}', ["19.999 is not a multiple of 0.01"]),
        ('{"symbol": "ETH", "when": "tomorrow"}', ["when: 'tomorrow' is not a 'date'"]),
        ('{"symbol": "ETH", "target": {}}', ["target: fits none of the forms", "'id' is a required property"]),
        ('{"symbol": "XRP", "amount": "5", "when": "x"}', ["XRP", "amount", "when"]),
    ],
)
def test_every_violation_becomes_advice(text: str, words: list[str]) -> None:
    arguments, advice = check_arguments(SCHEMA, text)
    assert arguments is None
    assert advice is not None
    assert all(word in advice for word in words), advice


CARD = {"type": "object", "properties": {"card": {"type": "string"}}}
BANK = {"allOf": [{"type": "object", "properties": {"iban": {"type": "string"}}}]}
EITHER = {"properties": {"id": {}, "name": {}}, "oneOf": [{"required": ["id"]}, {"required": ["name"]}]}


def pays(value: Any, forms: Any) -> str | None:
    schema = {"type": "object", "properties": {"with": forms}}
    return check_arguments(schema, json.dumps({"with": value}))[1]


@pytest.mark.parametrize(
    ("value", "forms"),
    [
        ({"card": "4111"}, {"oneOf": [CARD, BANK]}),
        ({"iban": "DE89"}, {"oneOf": [CARD, BANK]}),
        (5, {"oneOf": [{"type": "integer"}, {"type": "number"}]}),
        ("usd", {"oneOf": [{"type": "string"}, {"enum": ["usd"]}]}),
        ([], {"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "array", "items": CARD}]}),
        ({"id": 1}, EITHER),
    ],
)
def test_a_value_of_one_form_may_fit_others_too(value: Any, forms: Any) -> None:
    """Forms that allow members which they do not name all fit: read to the letter, no value could ever be sent."""
    assert pays(value, forms) is None


@pytest.mark.parametrize(
    ("value", "forms", "words"),
    [
        ({}, {"oneOf": [CARD, BANK]}, "fits more than one of the forms"),
        ({"card": "4111", "iban": "DE89"}, {"oneOf": [CARD, BANK]}, "fits more than one of the forms"),
        ({"id": 1, "name": "x"}, EITHER, "fits more than one of the forms"),
        ({"card": 4111}, {"oneOf": [CARD, {**BANK, "required": ["iban"]}]}, "fits none of the forms"),
    ],
)
def test_a_value_of_no_form_or_of_two_is_refused(value: Any, forms: Any, words: str) -> None:
    assert words in str(pays(value, forms))


def test_advice_stays_short_whatever_the_model_sent() -> None:
    schema = {"type": "object", "properties": {"ids": {"type": "array", "items": {"type": "integer"}}}}
    _, advice = check_arguments(schema, json.dumps({"ids": ["x" * 10_000] * 500}))
    assert advice is not None
    assert "490 more" in advice
    assert len(advice) < 3_000


@given(st.text())
def test_any_text_is_either_arguments_or_advice(text: str) -> None:
    arguments, advice = check_arguments(SCHEMA, text)
    assert (arguments is None) != (advice is None)
