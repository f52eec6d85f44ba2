from __future__ import annotations

import json

import pytest

from attache.errors import BadInput
from attache.turns.client_messages import Said, StateChanged, read_message


@pytest.mark.parametrize(
    "text",
    [
        "the page has changed",
        '{"type": "page:opened", "payload": {"page": 3}}',
        '{"payload": {}}',
        '{"type": 3}',
        '["wallet:state_changed"]',
        "3",
        "null",
        '{"type": "page',
        "[" * 5_000,
    ],
)
def test_what_is_not_known_is_kept_as_it_came(text: str) -> None:
    assert read_message(text) == Said(text)


@pytest.mark.parametrize("kind", ["wallet:state_changed", "user_state_response"])
def test_a_state_is_read(kind: str) -> None:
    assert read_message(json.dumps({"type": kind, "payload": {"chain_id": 1}})) == StateChanged({"chain_id": 1})


@pytest.mark.parametrize("payload", ["", ', "payload": null', ', "payload": "0x1"', ', "payload": [NaN]'])
def test_a_state_said_wrongly_is_refused(payload: str) -> None:
    with pytest.raises(BadInput):
        read_message(f'{{"type": "wallet:state_changed"{payload}}}')
