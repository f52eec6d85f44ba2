"""Toolsets made of toolsets."""

from __future__ import annotations

from dataclasses import replace

from attache.tools.tool import CallContext, Request, ToolCall, ToolResult
from attache.tools.toolsets import CombinedToolset, ConfirmedToolset
from tests.fakes.toolset import FakeToolset

CONTEXT = CallContext(app="shop", session_id="s")


def call(name: str) -> ToolCall:
    return ToolCall("1", name, "{}")


def saying(*names: str, word: str) -> FakeToolset:
    async def answer(_: ToolCall) -> ToolResult:
        return ToolResult("ok", word)

    return FakeToolset(dict.fromkeys(names, answer))


async def test_combined_toolsets_are_one_and_the_first_wins() -> None:
    combined = CombinedToolset(saying("a", "b", word="first"), saying("b", "c", word="second"))
    assert [spec.name for spec in combined.specs] == ["a", "b", "c"]
    assert [(await combined.run(call(name), CONTEXT)).text for name in "abc"] == ["first", "first", "second"]
    assert combined.check(call("a")) is None
    unknown = combined.check(call("x"))
    assert unknown == await combined.run(call("x"), CONTEXT)
    assert unknown == ToolResult("error", "There is no tool 'x'; the tools are: a, b, c.")


async def test_what_needs_approval_asks_for_it_and_runs_with_it() -> None:
    tools = saying("a", "b", word="ran")
    held = ConfirmedToolset(tools, ["b"])
    assert [(spec.name, spec.confirm) for spec in held.specs] == [("a", False), ("b", True)]
    assert (await held.run(call("a"), CONTEXT)).text == "ran"
    assert held.check(call("b")) is None
    asked = await held.run(call("b"), CONTEXT)
    assert (asked.outcome, asked.request) == ("pending", Request("approval"))
    assert [ran.name for ran in tools.ran] == ["a"]
    assert (await held.run(call("b"), replace(CONTEXT, approved=True))).text == "ran"


async def test_what_the_tool_refuses_is_not_asked_for() -> None:
    held = ConfirmedToolset(saying("a", word="ran"), ["a", "x"])
    refused = held.check(call("x"))
    assert refused is not None
    assert refused.outcome == "error"


async def test_what_could_not_be_sent_is_not_asked_for() -> None:
    tools = saying("a", "b", word="ran")

    async def lacking(call: ToolCall, context: CallContext) -> ToolResult | None:
        assert context == CONTEXT
        return ToolResult("error", "No key.") if call.name == "a" else None

    held = ConfirmedToolset(tools, ["a", "b"], lacking)
    assert await held.run(call("a"), CONTEXT) == ToolResult("error", "No key.")
    assert (await held.run(call("b"), CONTEXT)).outcome == "pending"
    assert tools.ran == []
