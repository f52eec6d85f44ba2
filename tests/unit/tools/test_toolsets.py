"""Toolsets made of toolsets."""

from __future__ import annotations

from attache.tools.tool import CallContext, ToolCall, ToolResult
from attache.tools.toolsets import CombinedToolset, unapproved
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


async def test_what_needs_approval_is_shown_and_not_run() -> None:
    tools = saying("a", "b", word="ran")
    held = unapproved(tools, ["b"])
    assert held.specs == tools.specs
    assert (await held.run(call("a"), CONTEXT)).text == "ran"
    assert held.check(call("b")) == await held.run(call("b"), CONTEXT)
    assert (await held.run(call("b"), CONTEXT)).outcome == "rejected"
    assert [ran.name for ran in tools.ran] == ["a"]
