"""Fitting a prompt into the model's context window: the oldest turns are left out, never the running one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import accumulate

from attache.models.model import Message, ModelFailed
from attache.models.window import Windows
from attache.tools.tool import ToolSpec
from attache.turns.prompt import Prompt

ALWAYS = 8_000  # bytes, so at most as many tokens: every model's window is larger
CROWDED = 0.75  # share of the room for turns above which the older ones are summarised


@dataclass(frozen=True)
class Sizes:
    """Tokens of each turn, oldest first, and the `room` for turns beside what is always sent."""

    room: int
    turns: Sequence[int]

    @property
    def crowded(self) -> bool:
        return sum(self.turns) > self.room * CROWDED

    def newest(self, share: float) -> int:
        """How many of the newest turns fit into that share of the room."""
        return sum(taken <= self.room * share for taken in accumulate(reversed(self.turns)))


async def fitted(prompt: Prompt, tools: Sequence[ToolSpec], model: str, windows: Windows) -> Prompt:
    """The prompt with as many of the newest turns as fit into the model's window, together with these tools.

    Raises ModelFailed (`too_large`) if the running turn alone is too long.
    """
    sizes = await measured(prompt, tools, model, windows)
    if sizes is None:
        return prompt
    fitting = sizes.newest(1)
    if fitting < len(sizes.turns) - prompt.running:
        raise _too_long(prompt)
    return replace(prompt.newest(fitting), crowded=sizes.crowded)


async def measured(prompt: Prompt, tools: Sequence[ToolSpec], model: str, windows: Windows) -> Sizes | None:
    """Tokens of the prompt's turns; None if they certainly fit.

    A token is at least one byte, so texts with fewer bytes than the window has tokens are not counted.
    """
    fixed = _text([*prompt.opening, *prompt.closing]) + json.dumps([asdict(tool) for tool in tools])
    texts = [fixed, *map(_text, prompt.turns)]
    size = sum(len(text.encode()) for text in texts)
    room = await windows.room(model) if size > ALWAYS else None
    if room is None or size <= room * CROWDED:
        return None
    least, *turns = await windows.count(texts)
    return Sizes(room - least, turns)


def _text(messages: Sequence[Message]) -> str:
    return json.dumps(messages, ensure_ascii=False)


def _too_long(prompt: Prompt) -> ModelFailed:
    if len(prompt.turns[prompt.running]) == 1:
        words = "This message is longer than the model can read. Send a shorter one, or choose another model."
    else:
        words = "What was said and looked up for this message has become longer than the model can read. Ask for less."
    return ModelFailed(words, code="too_large", retryable=False, detail="longer than the model's window")
