from __future__ import annotations

import json

import pytest

from attache.wire.sse import Event


@pytest.mark.parametrize(
    ("event", "written"),
    [
        (Event({"type": "complete"}), b'data: {"type":"complete"}\n\n'),
        (Event({"type": "complete"}, id="ab-7"), b'id: ab-7\ndata: {"type":"complete"}\n\n'),
        (Event(id="ab-7"), b"id: ab-7\n\n"),
    ],
)
def test_an_event_is_one_data_line_after_its_id(event: Event, written: bytes) -> None:
    assert event.encode() == written


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\u2028", "\x85", "東京", "😀", "\ud800"])
def test_no_text_can_break_its_line_or_be_cut_between_bytes(text: str) -> None:
    written = Event({"type": "text", "content": text}).encode()
    assert written.isascii()
    (line,) = written.decode().splitlines()[:-1]
    assert json.loads(line.removeprefix("data: "))["content"] == text
