"""Handles of secrets in arguments: which there are, and what stands in their place."""

from __future__ import annotations

from typing import Any

import pytest

from attache.tools.handles import MOST_HANDLES, filled, handles_in
from attache.tools.request import UnsendableError

DECLARED = ["PIN", "API.KEY", "API"]
VALUES = {"PIN": "4711", "API.KEY": "sk-1", "API": "$SECRET:PIN"}


@pytest.mark.parametrize(
    ("arguments", "names", "sent"),
    [
        ({"a": "$SECRET:PIN"}, {"PIN"}, {"a": "4711"}),
        ({"a": "Bearer $SECRET:API.KEY."}, {"API.KEY"}, {"a": "Bearer sk-1."}),
        ({"a": ["$SECRET:PIN$SECRET:PIN", 1, None, True]}, {"PIN"}, {"a": ["47114711", 1, None, True]}),
        ({"a": {"$SECRET:PIN": "($SECRET:PIN)"}}, {"PIN"}, {"a": {"$SECRET:PIN": "(4711)"}}),
        ({"a": "$SECRET:API"}, {"API"}, {"a": "$SECRET:PIN"}),
        ({"a": "SECRET:PIN $SECRET: $SECRET"}, set(), {"a": "SECRET:PIN $SECRET: $SECRET"}),
    ],
)
def test_handles_are_found_and_filled(arguments: Any, names: set[str], sent: Any) -> None:
    assert handles_in(arguments, DECLARED) == names
    assert filled(arguments, {name: VALUES[name] for name in names}) == sent


@pytest.mark.parametrize("text", ["$SECRET:NONE", "$SECRET:PIN2", "x$SECRET:pin", "$SECRET:PROVIDER_KEY:openai"])
def test_what_is_not_declared_is_refused(text: str) -> None:
    with pytest.raises(UnsendableError, match="no secret of this app"):
        handles_in({"deep": [{"er": text}]}, DECLARED)


def test_a_call_holds_only_so_many() -> None:
    handles_in(["$SECRET:PIN"] * MOST_HANDLES, DECLARED)
    with pytest.raises(UnsendableError, match="the most is 16"):
        handles_in(["$SECRET:PIN"] * (MOST_HANDLES + 1), DECLARED)
