"""LiteLLM against wire-level providers: what they are sent. The servers refuse what the real ones would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue, ModelEntry
from attache.models.litellm_models import LitellmModels
from attache.models.model import Completion, Message, ModelRequest
from tests.functional.models.providers import ANTHROPIC, ASKED, KEY, OPENAI, PRICE, Provider, asking
from tests.servers.anthropic_server import AnthropicServer
from tests.servers.openai_server import OpenAIServer
from tests.servers.provider_server import ProviderServer, reply_of
from tests.servers.script import Answer, Asked, text


def call(call_id: str, symbol: str) -> Message:
    arguments = f'{{"symbol": "{symbol}"}}'
    return {"id": call_id, "type": "function", "function": {"name": "GetTokenPrice", "arguments": arguments}}


def result(call_id: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


USER: Message = {"role": "user", "content": "What are ETH and BTC at?"}
SYSTEM: Message = {"role": "system", "content": "Be brief."}
NOTE: Message = {"role": "system", "content": "Go on exactly where you stopped."}
BOTH: Message = {"role": "assistant", "content": None, "tool_calls": [call("c1", "ETH"), call("c2", "BTC")]}
HISTORIES: dict[str, Sequence[Message]] = {
    "parallel calls": (SYSTEM, USER, BOTH, result("c1", "1"), result("c2", "2")),
    "empty text beside calls": (USER, {**BOTH, "content": ""}, result("c1", "1"), result("c2", "2")),
    "text beside calls": (USER, {**BOTH, "content": "Let me see."}, result("c1", "1"), result("c2", "2"), USER),
    "results out of order": (USER, BOTH, result("c2", "2"), result("c1", "1")),
    "an empty result": (USER, BOTH, result("c1", ""), result("c2", "2")),
    "users in a row": (SYSTEM, USER, USER, USER),
    "a note at the end": (SYSTEM, USER, {"role": "assistant", "content": "ETH is"}, NOTE),
    "a note after results": (SYSTEM, USER, BOTH, result("c1", "1"), result("c2", "2"), NOTE),
    "a note before a message": (SYSTEM, USER, {"role": "assistant", "content": "ETH is"}, NOTE, USER),
    "two system messages first": (SYSTEM, NOTE, USER),
    "no system message": (USER,),
    "malformed arguments": (
        USER,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "GetTokenPrice", "arguments": '{"symb'}},
            ],
        },
        result("c1", "These arguments are not JSON."),
        USER,
    ),
}


@pytest.mark.parametrize("messages", HISTORIES.values(), ids=HISTORIES.keys())
async def test_every_history_that_we_write_is_taken(provider: Provider, messages: Sequence[Message]) -> None:
    async with asking(provider, [text("Fine.")]) as ask:
        try:
            said, _ = await ask.answer(messages)
        finally:
            assert ask.server.faults == []
    assert said == "Fine."


async def test_a_note_stays_where_it_stands(provider: Provider) -> None:
    async with asking(provider, [text("Fine.")]) as ask:
        await ask.answer(HISTORIES["a note at the end"])
    *_, before, last = ask.requests[0].body["messages"]
    assert (before["role"], last["role"]) == ("assistant", "user")
    assert "Go on exactly where you stopped." in str(last["content"])


async def test_tools_are_shown_though_calls_are_forbidden(provider: Provider) -> None:
    async with asking(provider, [text("Fine.")]) as ask:
        await ask.answer(HISTORIES["parallel calls"], allow_calls=False)
    body = ask.requests[0].body
    assert len(body["tools"]) == 1
    assert body["tool_choice"] == ({"type": "none"} if provider is ANTHROPIC else "none")


async def test_no_tools_are_no_tools(provider: Provider) -> None:
    async with asking(provider, [text("Fine.")]) as ask:
        await ask.answer(tools=())
    assert not {"tools", "tool_choice"} & ask.requests[0].body.keys()


async def test_the_schema_arrives_as_it_is() -> None:
    async with asking(ANTHROPIC, [text("Fine.")]) as ask:
        await ask.answer()
    (tool,) = ask.requests[0].body["tools"]
    assert (tool["name"], tool["description"], tool["input_schema"]) == (
        PRICE.name,
        PRICE.description,
        PRICE.parameters,
    )


async def test_thinking_goes_back_to_who_thought_it_and_nobody_else() -> None:
    thoughtful = Answer(("Let me see.",), calls=(Asked("GetTokenPrice", {"symbol": "ETH"}),), thinking=("ETH", "..."))
    async with asking(ANTHROPIC, [thoughtful, text("1")]) as ask, asking(OPENAI, [text("1")]) as other:
        said, completion = await ask.answer()
        assert completion.opaque is not None
        asked = {"role": "assistant", "content": said, "tool_calls": [call("c1", "ETH")], **completion.opaque}
        history = (*ASKED, asked, result("c1", "1"))
        await ask.answer(history)
        await other.answer(history)
    thinking, *_ = ask.requests[1].body["messages"][1]["content"]
    assert thinking == {"type": "thinking", "thinking": "ETH...", "signature": "c2lnbmVk"}
    assert other.requests[0].body["messages"][2].keys() == {"role", "content", "tool_calls"}


@pytest.mark.parametrize("entry", [e for e in Catalogue.read().entries.values() if "*" not in e.id], ids=lambda e: e.id)
async def test_every_model_of_the_catalogue_reaches_its_provider_and_has_a_price(entry: ModelEntry) -> None:
    server: type[ProviderServer] = AnthropicServer if entry.provider == "anthropic" else OpenAIServer
    async with server([text("Fine.")]) as at:
        models = LitellmModels(Catalogue.read(), ProviderAccess({entry.provider: KEY}, {entry.provider: at.url}))
        *_, completion = [event async for event in models.stream(ModelRequest(entry.id, ASKED, (PRICE,)))]
        await models.aclose()
    assert at.requests[0].body["model"] == entry.route.partition("/")[2]
    assert isinstance(completion, Completion)
    assert completion.usage.cost


@pytest.mark.parametrize("model", ["claude-sonnet", "gpt-4o", "openrouter/some/model"])
async def test_the_demo_model_stands_in_for_a_provider_without_a_key(model: str) -> None:
    async with OpenAIServer(reply_of(text("I am a demo."))) as demo:
        models = LitellmModels(Catalogue.read(), ProviderAccess(demo_url=demo.url))
        *_, completion = [event async for event in models.stream(ModelRequest(model, ASKED, (PRICE,)))]
        await models.aclose()
    assert demo.requests[0].body["model"] == model
    assert isinstance(completion, Completion)
    assert (completion.usage.input_tokens, completion.usage.cost) == (11, None)
