from __future__ import annotations

import pytest

from attache.wire.answers import entity_tags, session_answer, unchanged


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        (None, ()),
        ("", ()),
        ('""', ()),
        ('"ab-7"', ('"ab-7"',)),
        ('W/"ab-7"', ('"ab-7"',)),
        ('"ab-7", W/"ab-6","a,b"', ('"ab-7"', '"ab-6"', '"a,b"')),
        ("ab-7, ab-6", ('"ab-7"', '"ab-6"')),
        (" * ", ("*",)),
        ('"*"', ('"*"',)),
    ],
)
def test_entity_tags_are_compared_weakly(sent: str | None, tags: tuple[str, ...]) -> None:
    assert entity_tags(sent) == tags


def test_a_tag_stays_with_a_304() -> None:
    assert session_answer("s", {}, '"ab-7"').headers["etag"] == '"ab-7"'
    assert unchanged("s", '"ab-7"').headers["etag"] == '"ab-7"'
    assert "etag" not in session_answer("s", {}).headers
