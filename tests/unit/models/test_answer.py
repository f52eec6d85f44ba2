from __future__ import annotations

from types import SimpleNamespace as Obj
from typing import Any

import pytest

from attache.models.answer import Answer
from attache.models.model import RequestedCall


def chunk(content: str | None = None, **delta: Any) -> Obj:
    return Obj(choices=[Obj(delta=Obj(content=content, **delta))])


def piece(index: int | None, call_id: str | None = None, name: str | None = None, arguments: str | None = None) -> Obj:
    return Obj(index=index, id=call_id, function=Obj(name=name, arguments=arguments))


def answered(*chunks: Obj) -> Answer:
    answer = Answer()
    for each in chunks:
        answer.add(each)
    return answer


def test_a_chunk_without_choices_says_nothing() -> None:
    answer = Answer()
    assert answer.add(Obj(choices=[])) == ""
    assert answer.empty


def test_calls_are_told_apart_by_index() -> None:
    first, second = piece(0, "a", "One", ""), piece(1, "b", "Two", "")
    answer = answered(
        chunk(tool_calls=[first, second]),
        chunk(tool_calls=[piece(1, arguments='{"b"'), piece(0, arguments='{"a"')]),
        chunk(tool_calls=[piece(0, arguments=": 1}"), piece(1, arguments=": 2}")]),
    )
    assert answer.calls == (RequestedCall("One", '{"a": 1}'), RequestedCall("Two", '{"b": 2}'))


def test_calls_that_share_an_index_are_told_apart_by_id() -> None:
    answer = answered(
        chunk(tool_calls=[piece(0, "a", "One", "{}")]),
        chunk(tool_calls=[piece(0, "b", "One", '{"x": ')]),
        chunk(tool_calls=[piece(0, "b", None, "1}")]),
        chunk(tool_calls=[piece(None, "c", "Two", None)]),
    )
    assert answer.calls == (RequestedCall("One", "{}"), RequestedCall("One", '{"x": 1}'), RequestedCall("Two", "{}"))


def test_thinking_is_kept_block_by_block_with_its_signature() -> None:
    def thought(text: str, signature: str | None = None) -> dict[str, Any]:
        return {"type": "thinking", "thinking": text, **({"signature": signature} if signature else {})}

    redacted = {"type": "redacted_thinking", "data": "xyz"}
    answer = answered(
        chunk(thinking_blocks=[thought("a")]),
        chunk(thinking_blocks=[thought("b")]),
        chunk(thinking_blocks=[thought("", "s1")]),
        chunk(thinking_blocks=[redacted]),
        chunk(thinking_blocks=[thought("c")]),
        chunk(thinking_blocks=[thought("", "s2")]),
    )
    opaque = answer.opaque("anthropic")
    assert opaque is not None
    assert opaque["thinking_blocks"] == [thought("ab", "s1"), redacted, thought("c", "s2")]


def test_thinking_without_a_signature_does_not_go_back() -> None:
    answer = answered(chunk(thinking_blocks=[{"type": "thinking", "thinking": "cut sh"}]))
    assert answer.opaque("anthropic") is None


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["a", "\ud83d", "\ude00b"], ["a", "", "😀b"]),
        (["a\ud83d", "b"], ["a", "\ufffdb"]),
        (["\ude00"], ["\ufffd"]),
        (["\ufeffa"], ["\ufeffa"]),
        (["a\ud83d"], ["a"]),
    ],
)
def test_half_a_surrogate_pair_waits_for_the_other_half(pieces: list[str], said: list[str]) -> None:
    answer = Answer()
    assert [answer.add(chunk(each)) for each in pieces] == said


def test_no_half_of_a_surrogate_pair_is_in_a_call() -> None:
    answer = answered(
        chunk(tool_calls=[piece(0, "a", "One", '{"a": "\ud83d')]), chunk(tool_calls=[piece(0, arguments='\ude00"}')])
    )
    assert answer.calls == (RequestedCall("One", '{"a": "😀"}'),)
    assert answered(chunk(tool_calls=[piece(0, "a", "One\ud83d")])).calls == (RequestedCall("One\ufffd", "{}"),)
