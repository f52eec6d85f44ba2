"""LiteLLM against wire-level providers: what comes of an answer."""

from __future__ import annotations

import asyncio
import json

import pytest

from attache.models.litellm_stream import Silence
from attache.models.model import Completion, ModelFailed, RequestedCall, TextDelta
from tests.functional.models.providers import KEY, OPENAI, OPENROUTER, Provider, asking
from tests.servers.script import Answer, Asked, Received, calls, text

ETH = RequestedCall("GetTokenPrice", '{"symbol": "ETH"}')
BTC = RequestedCall("GetTokenPrice", '{"symbol": "BTC"}')


async def test_text_is_passed_on_piece_by_piece(provider: Provider) -> None:
    async with asking(provider, [text("Hello", " ", "<s>", "thére\n\n", "👋")]) as ask:
        *deltas, completion = await ask.events()
    assert deltas == [TextDelta("Hello"), TextDelta(" "), TextDelta("<s>"), TextDelta("thére\n\n"), TextDelta("👋")]
    assert isinstance(completion, Completion)
    assert (completion.calls, completion.truncated, completion.opaque) == ((), None, None)


async def test_a_piece_is_not_held_back_until_the_next(provider: Provider) -> None:
    go_on = asyncio.Event()
    async with asking(provider, [text("first", go_on, "second")]) as ask:
        stream = ask.stream()
        assert await anext(stream) == TextDelta("first")
        go_on.set()
        assert await anext(stream) == TextDelta("second")
        await stream.aclose()


@pytest.mark.parametrize("repeated", [5, 150])
async def test_a_text_that_repeats_itself_is_a_text(provider: Provider, repeated: int) -> None:
    async with asking(provider, [text(*["again "] * repeated)]) as ask:
        said, _ = await ask.answer()
    assert said == "again " * repeated


@pytest.mark.parametrize("split", [1, 5, 1000])
async def test_tool_calls_come_in_pieces_of_any_size(provider: Provider, split: int) -> None:
    script = [Answer(("Let me see.",), calls=(Asked("GetTokenPrice", {"symbol": "ETH"}),), split=split)]
    async with asking(provider, script) as ask:
        said, completion = await ask.answer()
    assert (said, completion.calls) == ("Let me see.", (ETH,))


@pytest.mark.parametrize("interleaved", [False, True])
async def test_parallel_calls_are_kept_apart(provider: Provider, interleaved: bool) -> None:
    both = (Asked("GetTokenPrice", {"symbol": "ETH"}), Asked("GetTokenPrice", {"symbol": "BTC"}))
    async with asking(provider, [calls(*both, interleaved=interleaved)]) as ask:
        said, completion = await ask.answer()
    assert (said, completion.calls) == ("", (ETH, BTC))


async def test_malformed_arguments_are_passed_on_as_they_are(provider: Provider) -> None:
    async with asking(provider, [calls(Asked("GetTokenPrice", '{"symbol": "ET'))]) as ask:
        _, completion = await ask.answer()
    assert completion.calls == (RequestedCall("GetTokenPrice", '{"symbol": "ET'),)


async def test_a_call_without_arguments_has_an_empty_object(provider: Provider) -> None:
    async with asking(provider, [calls(Asked("ListMarkets", ""))]) as ask:
        _, completion = await ask.answer()
    assert completion.calls == (RequestedCall("ListMarkets", "{}"),)


async def test_tokens_are_the_providers_own_count(provider: Provider) -> None:
    async with asking(provider, [text("Hello", tokens=(1200, 34))]) as ask:
        _, completion = await ask.answer()
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (1200, 34)
    assert not completion.usage.partial


@pytest.mark.parametrize(("provider", "dollars"), [(OPENAI, 1000 * 2.5e-6 + 100 * 1e-5), (OPENROUTER, 0.00042)])
async def test_cost_is_the_price_lists_unless_the_provider_says_it(provider: Provider, dollars: float) -> None:
    async with asking(provider, [text("Hello", tokens=(1000, 100))]) as ask:
        _, completion = await ask.answer()
    assert completion.usage.cost == pytest.approx(dollars)


async def test_no_count_is_unknown_and_not_zero(provider: Provider) -> None:
    async with asking(provider, [text("Hello", tokens=None)]) as ask:
        said, completion = await ask.answer()
    usage = completion.usage
    assert (said, usage.input_tokens, usage.output_tokens, usage.cost) == ("Hello", None, None, None)


async def test_an_answer_at_the_token_limit_is_truncated(provider: Provider) -> None:
    async with asking(provider, [text("And so on and", finish="length")]) as ask:
        said, completion = await ask.answer()
    assert (said, completion.truncated) == ("And so on and", "tokens")


async def test_a_filtered_answer_was_refused(provider: Provider) -> None:
    async with asking(provider, [text("I", finish="content_filter")]) as ask:
        with pytest.raises(ModelFailed) as refused:
            await ask.answer()
    assert (refused.value.code, refused.value.retryable) == ("provider_refused", False)
    assert refused.value.usage is not None
    assert refused.value.usage.input_tokens == 11


async def test_a_count_that_does_not_come_is_not_waited_for_long(provider: Provider) -> None:
    async with asking(provider, [text("Hello", ending="linger")], Silence(first=5, gap=5, tail=0.1)) as ask:
        said, _ = await ask.answer()
    assert said == "Hello"


async def test_the_key_is_sent_and_the_users_own_goes_before(provider: Provider) -> None:
    async with asking(provider, [text("Hello"), text("Hello")]) as ask:
        await ask.answer()
        await ask.answer(api_key="sk-users-own")
    sent = [request.headers.get("x-api-key") or request.headers["authorization"] for request in ask.requests]
    assert [key.removeprefix("Bearer ") for key in sent] == [KEY, "sk-users-own"]


async def test_two_calls_at_once_do_not_mix(provider: Provider) -> None:
    def echo(request: Received) -> Answer:
        word = json.dumps(request.body["messages"][-1]).partition("say ")[2].partition('"')[0]
        return text(*[word] * 9, 0.01, *[word] * 9)

    async with asking(provider, echo) as ask:
        asked = [[{"role": "user", "content": f"say {word}"}] for word in "abcdefgh"]
        answers = await asyncio.gather(*(ask.answer(messages) for messages in asked))
    assert [said for said, _ in answers] == [word * 18 for word in "abcdefgh"]


async def test_each_event_may_be_waited_for_by_a_task_of_its_own(provider: Provider) -> None:
    async with asking(provider, [text("Hello", " ", "there")]) as ask:
        stream = ask.stream()
        events = [await asyncio.ensure_future(anext(stream)) for _ in range(4)]
        await asyncio.ensure_future(stream.aclose())
    assert [type(event) for event in events] == [TextDelta, TextDelta, TextDelta, Completion]
