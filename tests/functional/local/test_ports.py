"""Ports that cannot be had, and what to do instead."""

from __future__ import annotations

import re

import pytest

from attache_local.errors import LocalStackError
from attache_local.ports import listen, listen_near, port_of


def test_a_port_in_use_is_said_with_one_that_is_free() -> None:
    with listen(0) as taken, pytest.raises(LocalStackError, match=f"port {port_of(taken)} is in use") as refused:
        listen(port_of(taken))
    proposed = re.search(r"PORT=(\d+)", str(refused.value))
    assert proposed
    listen(int(proposed[1])).close()


@pytest.mark.parametrize("number", [65_536, -1])
def test_a_number_that_is_no_port_is_said(number: int) -> None:
    with pytest.raises(LocalStackError, match=f"{number} is no port"):
        listen(number)


@pytest.mark.parametrize("preferred", [None, 65_536])
def test_near_what_cannot_be_had_is_any_other(preferred: int | None) -> None:
    with listen_near(preferred) as found:
        assert port_of(found) > 0
