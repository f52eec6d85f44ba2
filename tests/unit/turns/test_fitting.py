"""A prompt fits the model that it is for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from attache.apps.app import ModelChoice
from attache.models.model import ModelFailed, ModelRequest
from attache.turns.fitting import ALWAYS, fitted
from attache.turns.prompt import Prompt
from tests.fakes.models import FakeModels, Says, asks, says
from tests.fakes.toolset import FakeToolset, answers
from tests.unit.turns.harness import APP, House, types

WORDS = "word " * 1_000  # 5,000 bytes, 1,000 tokens


@dataclass
class FakeWindows:
    """A token is a word, and every model has the same room."""

    tokens: int | None
    asked: list[str] = field(default_factory=list)

    async def room(self, model: str) -> int | None:
        self.asked.append(model)
        return self.tokens

    async def count(self, texts: Sequence[str]) -> Sequence[int]:
        return [len(text.split()) for text in texts]


def user(text: str) -> tuple[dict[str, str], ...]:
    return ({"role": "user", "content": text},)


async def test_as_many_of_the_newest_turns_as_fit_are_sent() -> None:
    prompt = Prompt(user("system"), tuple(user(f"{n} {WORDS}") for n in range(10)), running=9)
    short = await fitted(prompt, (), "m", FakeWindows(3_100))
    assert [turn[0]["content"][0] for turn in short.turns] == ["7", "8", "9"]
    assert (short.opening, short.running) == (prompt.opening, 2)


@pytest.mark.parametrize("room", [None, 100_000])
async def test_what_fits_is_left_alone(room: int | None) -> None:
    prompt = Prompt((), tuple(user(WORDS) for _ in range(10)), running=9)
    assert await fitted(prompt, (), "m", FakeWindows(room)) is prompt


async def test_nobody_is_asked_about_a_short_prompt() -> None:
    windows = FakeWindows(1)
    prompt = Prompt((), (user("x" * (ALWAYS - 100)),))
    assert await fitted(prompt, (), "m", windows) is prompt
    assert windows.asked == []


async def test_notes_behind_the_running_turn_stay_with_it() -> None:
    prompt = Prompt((), (user(WORDS), user(WORDS), user("note")), running=1)
    assert len((await fitted(prompt, (), "m", FakeWindows(1_100))).turns) == 2
    with pytest.raises(ModelFailed):
        await fitted(prompt, (), "m", FakeWindows(900))


async def test_tools_take_their_part_of_the_room() -> None:
    specs = FakeToolset({WORDS: answers("{}")}).specs
    prompt = Prompt((), (user(WORDS), user(WORDS)), running=1)
    assert len((await fitted(prompt, specs, "m", FakeWindows(3_500))).turns) == 1


async def test_a_message_that_is_too_long_fails_in_words_and_no_model_is_called() -> None:
    house = House(FakeModels([says("Hi.")]), windows=FakeWindows(900))
    await house.stream("Hello")
    events = await house.stream(WORDS * 2)
    assert types(events)[-1] == "error"
    final = events[-1][1]
    assert final is not None
    assert (final["code"], final["retryable"]) == ("too_large", False)
    assert "shorter" in final["message"]
    assert len(house.models.requests) == 1


async def test_the_next_message_works_where_one_was_too_long() -> None:
    house = House(FakeModels([says("Hi.")]), windows=FakeWindows(900))
    await house.stream(WORDS * 2)
    assert types(await house.stream("Hello"))[-1] == "complete"
    assert WORDS not in json.dumps(house.models.requests[0].messages)


@dataclass
class UnlikeWindows(FakeWindows):
    """`small` has a third of the room."""

    async def room(self, model: str) -> int | None:
        room = await super().room(model)
        return room // 3 if room is not None and model == "small" else room


async def test_a_fallback_with_a_smaller_window_is_sent_fewer_turns() -> None:
    down = ModelFailed("It does not answer.", code="provider_unavailable", retryable=True)
    app = APP.model_copy(update={"models": ModelChoice(default="claude-sonnet", fallback="small")})
    models = FakeModels(
        lambda request: says("Yes.") if len(words(request)) < 4 or request.model == "small" else says(down)
    )
    house = House(models, windows=UnlikeWindows(6_100), app=app)
    for n in range(4):
        assert types(await house.stream(f"{n} {WORDS}"))[-1] == "complete"
    tried, answered = models.requests[-2:]
    assert (tried.model, words(tried)) == ("claude-sonnet", ["0", "1", "2", "3"])
    assert (answered.model, words(answered)) == ("small", ["2", "3"])


def words(request: ModelRequest) -> list[str]:
    """The first words of the messages."""
    return [message["content"].split()[0] for message in request.messages if WORDS in str(message["content"])]


async def test_calls_and_their_results_leave_together() -> None:
    def answer(request: ModelRequest) -> Says:
        if request.messages[-1]["role"] == "tool":
            return says("Done.")
        return asks(("Look", "{}"), ("Look", "{}"))

    house = House(FakeModels(answer), FakeToolset({"Look": answers(WORDS)}), windows=FakeWindows(5_000))
    for n in range(6):
        await house.stream(f"message {n}")
    for request in house.models.requests:
        asked = [call["id"] for message in request.messages for call in message.get("tool_calls", ())]
        assert [m["tool_call_id"] for m in request.messages if m["role"] == "tool"] == asked
        assert request.messages[1]["role"] == "user"
    assert len(house.models.requests[-1].messages) == 1 + 5 + 4  # system, the turn before whole, this one so far
