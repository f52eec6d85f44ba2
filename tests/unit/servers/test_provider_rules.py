"""The provider servers refuse what the real ones do: a test that passes against them means something."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import anthropic_rules, openai_rules

Json = dict[str, Any]
USER = {"role": "user", "content": "Hello?"}
OPENAI_TOOL = {"type": "function", "function": {"name": "Price", "parameters": {"type": "object"}}}
OPENAI_ASKED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "Price", "arguments": "{}"}}],
}
OPENAI_TOLD = {"role": "tool", "tool_call_id": "c1", "content": "1"}
ANTHROPIC_TOOL = {"name": "Price", "input_schema": {"type": "object"}}
ANTHROPIC_ASKED = {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "Price", "input": {}}]}
TOLD = {"type": "tool_result", "tool_use_id": "c1", "content": "1"}
ANTHROPIC_TOLD = {"role": "user", "content": [TOLD]}


def openai(*messages: Json, **more: Any) -> Json:
    return {"model": "gpt-4o", "messages": list(messages), "tools": [OPENAI_TOOL], "stream": True, **more}


def anthropic(*messages: Json, **more: Any) -> Json:
    return {"model": "claude", "messages": list(messages), "tools": [ANTHROPIC_TOOL], "max_tokens": 10, **more}


@pytest.mark.parametrize(
    "body",
    [openai(USER), openai(USER, OPENAI_ASKED, OPENAI_TOLD), openai(USER, USER), openai(USER, tool_choice="none")],
)
def test_openai_takes_what_is_right(body: Json) -> None:
    assert openai_rules.fault(body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "could not parse"),
        (openai(), "too short"),
        (openai(USER, surprise=1), "Unrecognized request argument"),
        (openai(USER, model=""), "model parameter"),
        (openai(USER, tools=[]), "Invalid 'tools'"),
        (openai(USER, tools=None, tool_choice="auto"), "only allowed when 'tools'"),
        (openai(USER, tools=[{"type": "function", "function": {"name": "a b"}}]), "function.name"),
        (openai(USER, tools=[{"type": "function", "function": {"name": "a", "parameters": {}}}]), "type 'object'"),
        (openai({"role": "robot", "content": "x"}), "Invalid value"),
        (openai({**USER, "content": None}), "got null"),
        (openai({**USER, "thinking_blocks": []}), "Additional properties"),
        (openai(USER, {**OPENAI_ASKED, "tool_calls": []}), "got null"),
        (openai(USER, OPENAI_ASKED), "must be followed by tool messages"),
        (openai(USER, OPENAI_ASKED, USER), "must be followed by tool messages"),
        (openai(USER, OPENAI_TOLD), "must be a response"),
        (openai(USER, OPENAI_ASKED, OPENAI_TOLD, OPENAI_TOLD), "must be a response"),
    ],
)
def test_openai_refuses_what_is_wrong(body: Any, words: str) -> None:
    assert words in (openai_rules.fault(body) or "")


@pytest.mark.parametrize(
    "body",
    [
        anthropic(USER, system=[{"type": "text", "text": "Be brief."}]),
        anthropic(USER, ANTHROPIC_ASKED, ANTHROPIC_TOLD),
        anthropic(USER, ANTHROPIC_ASKED, {"role": "user", "content": [TOLD, {"type": "text", "text": "and?"}]}),
    ],
)
def test_anthropic_takes_what_is_right(body: Json) -> None:
    assert anthropic_rules.fault(body) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "not valid JSON"),
        (anthropic(), "messages: Field required"),
        (anthropic(USER, max_tokens=None), "max_tokens: Field required"),
        (anthropic(USER, stream_options={}), "Extra inputs"),
        (anthropic(USER, system=""), "system: text"),
        (anthropic(USER, tools=[], tool_choice={"type": "auto"}), "tool_choice may only"),
        (anthropic(USER, tools=[ANTHROPIC_TOOL] * 2), "unique"),
        (anthropic(USER, tools=[{"name": "a", "input_schema": {}}]), "input_schema.type"),
        (anthropic({"role": "system", "content": "x"}), "Unexpected role"),
        (anthropic({"role": "assistant", "content": "x"}, USER), "first message"),
        (anthropic(USER, {"role": "assistant", "content": "x"}), "prefill"),
        (anthropic(USER, USER), "alternate"),
        (anthropic({"role": "user", "content": []}), "non-empty content"),
        (anthropic({"role": "user", "content": " "}), "non-whitespace"),
        (anthropic(USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}]}, USER), "signature"),
        (anthropic(USER, ANTHROPIC_ASKED, USER), "without `tool_result`"),
        (anthropic(USER, ANTHROPIC_ASKED), "prefill"),
        (anthropic(ANTHROPIC_TOLD), "unexpected `tool_use_id`"),
        (anthropic(USER, ANTHROPIC_ASKED, {"role": "user", "content": [TOLD, TOLD]}), "single result"),
        (
            anthropic(USER, ANTHROPIC_ASKED, {"role": "user", "content": [{"type": "text", "text": "x"}, TOLD]}),
            "must come first",
        ),
        (anthropic(USER, ANTHROPIC_ASKED, ANTHROPIC_TOLD, tools=[]), "must define tools"),
    ],
)
def test_anthropic_refuses_what_is_wrong(body: Any, words: str) -> None:
    assert words in (anthropic_rules.fault(body) or "")
