"""Conversations that are summarised, for tests: messages `m1`, `m2`... and a model whose summaries list them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from attache.models.model import ModelFailed, ModelRequest
from attache.sessions.summary import Summary
from attache.turns.summaries import (
    TASK,
    Blocks,
)
from attache.turns.wakeups import Summarize
from tests.fakes.models import FakeModels, Says, says
from tests.unit.turns.harness import House

SMALL = Blocks(full=8, kept=4)  # 4 turns, of which 2 stay


UNAVAILABLE = ModelFailed("It is down.", code="provider_unavailable", retryable=True)


NAME = re.compile(r"\bm\d+\b")


def is_summing(request: ModelRequest) -> bool:
    return bool(request.messages[0]["content"] == TASK)


def names(request: ModelRequest) -> list[str]:
    """The messages that a request shows, in a summary or word for word, in their order; `m1`, `m2` are their texts."""
    return [name for message in request.messages[1:] for name in NAME.findall(str(message["content"]))]


def keeps_names(request: ModelRequest) -> Says:
    """A model whose summaries are the messages that it has been shown."""
    return says(" ".join(names(request))) if is_summing(request) else says("Yes.")


def house(reply: Callable[[ModelRequest], Says] = keeps_names, **more: Any) -> House:
    return House(FakeModels(reply), blocks=SMALL, **more)


async def chat(house: House, first: int, last: int, *, work: bool = True) -> None:
    for number in range(first, last + 1):
        await house.another().stream(f"m{number}")
        if work:
            await house.another().work(Summarize)


def asked(house: House) -> list[ModelRequest]:
    return [request for request in house.models.requests if not is_summing(request)]


def summed(house: House) -> list[ModelRequest]:
    return [request for request in house.models.requests if is_summing(request)]


async def summary(house: House) -> Summary | None:
    return (await house.log()).known.summary


def opening(request: ModelRequest) -> str:
    return str(request.messages[1]["content"])
