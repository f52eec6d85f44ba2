"""Answers as results: what the model reads, how much of it, and nothing that is secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attache.tools.results import MAX_TEXT, SECRET, HttpAnswer, fitted, result_of

JSON = {"content-type": "application/json; charset=utf-8"}
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def answer(body: bytes | str, status: int = 200, **headers: str) -> HttpAnswer:
    content = body if isinstance(body, bytes) else body.encode()
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()} or JSON, content)


@pytest.mark.parametrize(
    ("given_answer", "outcome", "text"),
    [
        (answer('{ "price":  4200.5 }'), "ok", '{"price":4200.5}'),
        (answer('"ETH"'), "ok", "ETH"),
        (answer("null"), "ok", '{"status":200}'),
        (answer(b"", 204), "ok", '{"status":204}'),
        (answer(b"", 201, location="/trades/1"), "ok", '{"status":201,"location":"/trades/1"}'),
        (answer("hello", content_type="text/plain"), "ok", "hello"),
        (answer(b"caf\xe9", content_type="text/plain; charset=latin-1"), "ok", "café"),
        (answer(b"caf\xe9", content_type="text/plain; charset=nothing"), "ok", "caf\ufffd"),
        (answer("{broken"), "ok", "{broken"),
        (answer('{"a": NaN}'), "ok", '{"a":"NaN"}'),
        (answer('"\\ud800"'), "ok", "?"),
        (answer('{"a": 1}', x="no content type"), "ok", '{"a":1}'),
        (answer('{"error": "no"}', 404), "error", '{"status":404,"body":{"error":"no"}}'),
        (answer(b"", 500), "error", '{"status":500,"body":null}'),
        (
            answer("slow", 429, retry_after="7", content_type="text/plain"),
            "error",
            '{"status":429,"retry_after":"7","body":"slow"}',
        ),
    ],
)
def test_an_answer_becomes_a_compact_result(given_answer: HttpAnswer, outcome: str, text: str) -> None:
    result = result_of(given_answer)
    assert (result.outcome, result.text) == (outcome, text)


@pytest.mark.parametrize(
    ("given_answer", "words"),
    [
        (answer(b"\x89PNG\x00", content_type="image/png"), '{"content_type":"image/png","bytes":5}'),
        (answer(b"\x00\xff", x="no content type"), '{"content_type":"unknown","bytes":2}'),
        (answer("x", 302, location="https://elsewhere"), "This is a redirect, which is not followed here."),
        (HttpAnswer(200, JSON, b'[1, 2, 3, "cu', cut=True), "Only the first 13 bytes of the answer were read"),
        (answer("[" * 900 + "]" * 900), "[[[[["),
        (answer("[" * 100_000 + "]" * 100_000), "[[[[["),
    ],
)
def test_what_is_odd_is_described(given_answer: HttpAnswer, words: str) -> None:
    assert words in result_of(given_answer).text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"id": number, "name": "x" * 20} for number in range(5_000)], "the result: the first 300 of 5,000 items"),
        ({"items": list(range(50_000)), "total": 50_000}, "items: the first 300 of 50,000 items"),
        ({"text": "x" * 100_000}, "text: 4000 of 100,000 characters"),
        ({str(number): number for number in range(50_000)}, "the first 300 of 50,000 members"),
        ([["x" * 500] * 100] * 100, "items"),
        ("x" * 100_000, "the result: 4000 of 100,000 characters"),
        ([[[[["é" * 50] * 20] * 20] * 20] * 5] * 5, "Shortened"),
    ],
)
def test_what_is_long_is_cut_and_says_what_was_cut(value: Any, words: str) -> None:
    text = result_of(answer(json.dumps(value))).text
    assert len(text.encode()) <= MAX_TEXT
    assert words in json.loads(text)["note"]
    assert json.loads(text)["result"]


def test_an_error_is_cut_too() -> None:
    result = result_of(answer(json.dumps({"trace": ["x" * 100] * 1_000}), 500))
    assert len(result.text.encode()) <= MAX_TEXT
    assert json.loads(result.text)["result"]["status"] == 500


@given(VALUES)
def test_any_value_fits_and_is_json(value: Any) -> None:
    assert json.loads(fitted(value)) == json.loads(json.dumps(value))


@settings(max_examples=25)
@given(st.lists(VALUES, min_size=1).map(lambda values: values * 300))
def test_any_long_value_fits_and_is_json(value: Any) -> None:
    text = fitted(value)
    json.loads(text)
    assert len(text.encode()) <= MAX_TEXT


@pytest.mark.parametrize("secret", ["sk-1234", 'quo"te\\', "sl/ash+&", "päss wörd", "12345678"])
@pytest.mark.parametrize("status", [200, 401])
def test_no_form_of_a_secret_is_shown(secret: str, status: int) -> None:
    bodies = [
        json.dumps({"headers": {"X-Key": secret, f"of {secret}": [f"<{secret}>"]}}),
        f"text with {secret} in it",
        json.dumps({"long": ["x" * 50 + secret] * 2_000}),
        json.dumps(secret),
        secret + " not JSON {",
    ] + ([secret] if secret.isdigit() else [])
    for body in bodies:
        text = result_of(answer(body, status), [secret]).text
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
        assert SECRET in text


def test_a_location_hides_the_secret() -> None:
    assert "sk-1234" not in result_of(answer(b"", 201, location="/x?key=sk-1234"), ["sk-1234"]).text


def test_a_result_without_its_secret_is_not_touched() -> None:
    assert result_of(answer('{"a": "abc"}'), [""]).text == '{"a":"abc"}'
    assert result_of(answer('{"a": "abc"}'), ["a"]).text == '{"a":"abc"}'
