from __future__ import annotations

import logging
import re

import pytest

from attache.telemetry.about import noted
from attache_local.lines import Lines

RECORD = logging.makeLogRecord(
    {"name": "attache.meter", "levelname": "INFO", "msg": "shop: turn %s", "args": ("done",)}
)


@pytest.mark.parametrize(("known", "said"), [({"session": "d0e9", "request": "r"}, r" \(session d0e9\)"), ({}, "")])
def test_a_line_says_whom_it_is_about(known: dict[str, str], said: str) -> None:
    with noted(**known):
        line = Lines().format(RECORD)
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO    attache.meter shop: turn done" + said, line)
