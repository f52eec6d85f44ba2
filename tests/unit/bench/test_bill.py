"""What the bill takes from the template."""

from __future__ import annotations

import pytest

from tests.bench.bill import memory


@pytest.mark.parametrize("function", ["ChatFunction", "TurnsFunction", "StateFunction"])
def test_the_memory_of_a_function_is_found_be_it_a_number_or_a_parameter(function: str) -> None:
    assert 128 <= memory(function) <= 10_240
