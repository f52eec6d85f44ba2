"""LiteLLM against providers that misbehave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.litellm_models import LitellmModels
from attache.models.litellm_stream import Silence
from attache.models.model import ModelFailed, ModelRequest, TextDelta
from attache.models.provider_keys import ProviderKeys
from tests.fakes.clock import FakeClock
from tests.fakes.provider_keys import FakeProviderKeyStore
from tests.functional.models.providers import ANTHROPIC, ASKED, KEY, OPENAI, Asking, Provider, asking
from tests.servers.script import Answer, Asked, Closes, Ending, Hangs, Raw, Refusal, Reply, Script, calls, text

SOON = 10.0
FOREVER = 1000.0
SHORT = Silence(first=1.0, gap=0.5, tail=0.5)
ONCE_BEGUN = Silence(first=SOON, gap=0.5, tail=0.5)
SLOW_DOWN = Refusal(429, "Rate limit reached", {"retry-after": "3"})
EMPTY_CHOICES = b'data: {"choices": []}\n\n'
GARBAGE = {
    "html": Raw(b"<html>Bad gateway</html>", "text/html"),
    "json, not a stream": Raw(b'{"hello": "world"}', "application/json"),
    "nothing": Raw(b""),
    "not utf-8": Raw(b"data: \xff\xfe\xfa\n\n"),
    "not json": Raw(b"data: {{{\n\n"),
    "half json": Raw(b'data: {"choices": [{"delta": {"cont'),
    "a number": Raw(b"data: 42\n\n"),
    "a list": Raw(b"data: [1, 2]\n\n"),
    "null": Raw(b"data: null\n\n"),
    "other json": Raw(b'data: {"a": 1}\n\n'),
    "no choices": Raw(EMPTY_CHOICES * 3),
    "choices of another type": Raw(b'data: {"choices": "none", "type": 7}\n\n'),
    "a block that never began": Raw(b'data: {"type": "content_block_delta", "index": 3, "delta": {}}\n\n'),
    "an end alone": Raw(b"data: [DONE]\n\n"),
    "binary": Raw(bytes(range(256)) * 20, "application/octet-stream"),
}


async def failing(ask: Asking) -> tuple[str, ModelFailed]:
    """The text that came before the failure, and the failure."""
    said: list[str] = []
    try:
        async for event in ask.stream():
            said += [event.text] if isinstance(event, TextDelta) else []
    except ModelFailed as failure:
        return "".join(said), failure
    raise AssertionError(f"it did not fail, and said {said}")


async def after_failures(provider: Provider, *failures: Reply) -> Asking:
    """An answer that comes once the provider has failed a few times."""
    async with asking(provider, [*failures, text("There you are.")]) as ask:
        said, _ = await ask.answer()
        assert said == "There you are."
        assert len(ask.requests) == len(failures) + 1
        return ask


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_tried_three_times(provider: Provider, status: int) -> None:
    async with asking(provider, [Refusal(status)] * 3) as ask:
        _, failure = await failing(ask)
    assert (failure.code, failure.retryable, len(ask.requests)) == ("provider_unavailable", True, 3)
    assert ask.waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
async def test_a_refusal_is_not_tried_again(provider: Provider, status: int) -> None:
    async with asking(provider, [Refusal(status)]) as ask:
        _, failure = await failing(ask)
    assert (failure.code, failure.retryable, len(ask.requests)) == ("provider_refused", False, 1)
    assert failure.key_refused is (status == 401)


@pytest.mark.parametrize(
    ("provider", "refusal"),
    [
        (OPENAI, Refusal(400, "This model's maximum context length is 128000 tokens.", kind="context_length_exceeded")),
        (ANTHROPIC, Refusal(400, "prompt is too long: 208310 tokens > 200000 maximum")),
        (ANTHROPIC, Refusal(413, "Request exceeds the maximum size")),
    ],
)
async def test_a_conversation_too_long_is_said_to_be(provider: Provider, refusal: Refusal) -> None:
    async with asking(provider, [refusal]) as ask:
        _, failure = await failing(ask)
    assert (failure.code, failure.retryable, len(ask.requests)) == ("too_large", False, 1)


@pytest.mark.parametrize("failures", [[Refusal(500)], [SLOW_DOWN], [Closes()], [Closes(), Refusal(503)]])
async def test_a_failure_that_passes_is_not_noticed(provider: Provider, failures: Sequence[Reply]) -> None:
    await after_failures(provider, *failures)


async def test_a_wait_that_the_provider_asks_for_is_kept(provider: Provider) -> None:
    ask = await after_failures(provider, SLOW_DOWN)
    assert ask.waits == [3.0]


async def test_a_provider_that_asks_for_long_is_not_tried_again(provider: Provider) -> None:
    async with asking(provider, [Refusal(429, headers={"retry-after": "3600"})]) as ask:
        _, failure = await failing(ask)
    assert (failure.code, failure.retryable, ask.waits) == ("provider_unavailable", True, [])


@pytest.mark.parametrize("ending", ["cut", "drop", "error"])
async def test_a_stream_that_breaks_before_its_first_word_is_tried_again(provider: Provider, ending: Ending) -> None:
    await after_failures(provider, Answer(ending=ending))


@pytest.mark.parametrize("ending", ["cut", "drop", "error", "hang", "idle"])
async def test_a_stream_that_breaks_later_has_failed(provider: Provider, ending: Ending) -> None:
    async with asking(provider, [text("Half an ", "answ", ending=ending)], ONCE_BEGUN) as ask:
        said, failure = await failing(ask)
    assert (said, failure.code, failure.retryable) == ("Half an answ", "provider_unavailable", True)
    assert len(ask.requests) == 1
    assert failure.usage is not None
    assert failure.usage.partial
    # Anthropic counts what it was asked when it begins, the others when they end
    assert failure.usage.input_tokens == (11 if provider is ANTHROPIC else None)


async def test_calls_that_break_off_are_no_calls(provider: Provider) -> None:
    async with asking(provider, [calls(Asked("GetTokenPrice", {"symbol": "ETH"}), ending="cut")] * 3) as ask:
        said, failure = await failing(ask)
    assert (said, failure.code) == ("", "provider_unavailable")


@pytest.mark.parametrize("script", [[Hangs()], [text(ending="hang")], [text(ending="idle")], [text(before=SOON)]])
async def test_silence_has_an_end_and_is_not_tried_again(provider: Provider, script: Script) -> None:
    async with asking(provider, script, SHORT) as ask:
        _, failure = await asyncio.wait_for(failing(ask), SOON)
    assert (failure.code, failure.retryable, len(ask.requests)) == ("provider_unavailable", True, 1)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_provider_that_does_not_answer(provider: Provider, garbage: Raw) -> None:
    async with asking(provider, [garbage] * 3) as ask:
        said, failure = await failing(ask)
    assert (said, failure.code, failure.retryable) == ("", "provider_unavailable", True)


async def test_a_provider_that_is_not_there_is_unavailable(provider: Provider) -> None:
    async with asking(provider, []) as ask:
        await ask.server.__aexit__(None, None, None)
        _, failure = await failing(ask)
    assert (failure.code, failure.retryable) == ("provider_unavailable", True)


async def test_closing_the_stream_closes_the_connection(provider: Provider) -> None:
    async with asking(provider, [text("Half", FOREVER)]) as ask:
        async with aclosing(ask.stream()) as stream:
            assert await anext(stream) == TextDelta("Half")
        await asyncio.wait_for(ask.requests[0].left.wait(), SOON)


@pytest.mark.parametrize("script", [[Hangs()], [text(FOREVER)], [text("Half", FOREVER)]])
async def test_cancelling_closes_the_connection(provider: Provider, script: Script) -> None:
    async with asking(provider, script) as ask:
        asked = asyncio.ensure_future(ask.answer())
        received = await asyncio.wait_for(ask.server.arrived.get(), SOON)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await asyncio.wait_for(received.left.wait(), SOON)


async def test_a_failed_call_leaves_no_connection(provider: Provider) -> None:
    async with asking(provider, [text("Half", ending="hang")], ONCE_BEGUN) as ask:
        await failing(ask)
        await asyncio.wait_for(ask.requests[0].left.wait(), SOON)


@pytest.mark.parametrize(
    "reply",
    [
        Refusal(401, f"Incorrect API key provided: {KEY}"),
        Refusal(400, f"Bad message: {ASKED[1]['content']}"),
        Refusal(500, KEY),
        text("Half", ending="error"),
        Raw(f"data: {KEY}\n\n".encode()),
        text("Fine."),
    ],
)
async def test_nothing_is_told_of_keys_or_messages(
    provider: Provider, reply: Reply, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    told = ""
    async with asking(provider, [reply] * 3) as ask:
        try:
            await ask.answer()
        except ModelFailed as failure:
            told = f"{failure.message} {failure.detail} {failure.__cause__}"
    printed = capfd.readouterr()
    for secret in (KEY, "Hello?", "Be brief."):
        assert secret not in told + caplog.text + printed.out + printed.err


async def test_a_provider_without_a_key_is_refused_in_plain_words() -> None:
    models = LitellmModels(Catalogue.read(), ProviderAccess())
    with pytest.raises(ModelFailed, match="There is no key for the provider of GPT-4o") as failed:
        await anext(models.stream(ModelRequest("gpt-4o", ASKED)))
    assert failed.value.code == "provider_refused"


async def test_a_model_that_the_catalogue_lacks_is_refused_in_plain_words(caplog: pytest.LogCaptureFixture) -> None:
    models = LitellmModels(Catalogue.read(), ProviderAccess())
    with pytest.raises(ModelFailed, match="The model gone is not offered any more") as failed:
        await anext(models.stream(ModelRequest("gone", ASKED)))
    assert (failed.value.code, failed.value.retryable) == ("provider_refused", False)
    assert "no model gone in the catalogue" in caplog.text


async def test_a_key_that_was_replaced_meanwhile_is_used_at_once(provider: Provider) -> None:
    store = FakeProviderKeyStore({provider.name: "sk-old"})
    async with provider.server([Refusal(401), text("Hi."), Refusal(401)]) as server:
        access = ProviderAccess({}, {provider.name: server.url}, kept=ProviderKeys(store, FakeClock()))
        await access.to(Catalogue.read().resolve(provider.model))  # remembers it
        store.keys[provider.name] = "sk-new"
        models = LitellmModels(Catalogue.read(), access)
        ask = Asking(provider, server, models)
        assert (await ask.answer())[0] == "Hi."
        assert ["sk-old" in str(each.headers) for each in server.requests] == [True, False]
        assert "sk-new" in str(server.requests[1].headers)
        _, failure = await failing(ask)
        assert (failure.key_refused, len(server.requests)) == (True, 3)
        await models.aclose()


async def test_a_key_that_cannot_be_read_may_be_read_in_a_moment(caplog: pytest.LogCaptureFixture) -> None:
    store = FakeProviderKeyStore()
    store.down = True
    models = LitellmModels(Catalogue.read(), ProviderAccess(kept=ProviderKeys(store, FakeClock())))
    with pytest.raises(ModelFailed, match="cannot be read right now") as failed:
        await anext(models.stream(ModelRequest("gpt-4o", ASKED)))
    assert (failed.value.code, failed.value.retryable) == ("provider_unavailable", True)
    assert "the key of openai" in caplog.text
