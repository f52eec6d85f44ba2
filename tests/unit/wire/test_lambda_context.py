from __future__ import annotations

import pytest

from attache.wire.lambda_context import HEADER, seconds_left


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({}, None),
        ({HEADER: "no json"}, None),
        ({HEADER: "[]"}, None),
        ({HEADER: '{"deadline": null}'}, None),
        ({HEADER: '{"request_id": "1"}'}, None),
        ({HEADER: '{"deadline": 1010000}'}, 7.0),
        ({HEADER: '{"deadline": 900000}'}, 0.0),
    ],
)
def test_how_long_an_answer_may_go_on(headers: dict[str, str], left: float | None) -> None:
    assert seconds_left(headers, now=lambda: 1000.0) == left
