from __future__ import annotations

import pytest

from attache.wire.lambda_context import HEADER, deadline, seconds_until


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        ({}, None),
        ({HEADER: "no json"}, None),
        ({HEADER: "[]"}, None),
        ({HEADER: '{"deadline": null}'}, None),
        ({HEADER: '{"deadline": 1e999}'}, None),
        ({HEADER: '{"request_id": "1"}'}, None),
        ({HEADER: '{"request_id": "1", "deadline": 1010000}'}, 1_010_000),
    ],
)
def test_when_the_function_must_end(headers: dict[str, str], at: int | None) -> None:
    assert deadline(headers) == at


@pytest.mark.parametrize(("at", "seconds"), [(None, None), (1_010_000, 7.0), (900_000, 0.0)])
def test_how_long_an_answer_may_go_on(at: int | None, seconds: float | None) -> None:
    assert seconds_until(at, now=lambda: 1000.0) == seconds
