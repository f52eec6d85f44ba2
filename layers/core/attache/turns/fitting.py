"""Making a prompt fit its model: whole turns are left out, the oldest first, and the running one never."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import accumulate

from attache.models.model import Message, ModelFailed
from attache.models.window import Windows
from attache.tools.tool import ToolSpec
from attache.turns.prompt import Prompt

ALWAYS = 8_000  # bytes, and so tokens at most, that every model reads: nobody need be asked


async def fitted(prompt: Prompt, tools: Sequence[ToolSpec], model: str, windows: Windows) -> Prompt:
    """The prompt with as many of the newest turns as the model reads beside these tools.

    Raises ModelFailed (`too_large`) where the running turn alone is too long. A token has a byte at least, so texts
    with fewer bytes than there is room for are not counted.
    """
    fixed = _text([*prompt.opening, *prompt.closing]) + json.dumps([asdict(tool) for tool in tools])
    texts = [fixed, *map(_text, prompt.turns)]
    size = sum(len(text.encode()) for text in texts)
    room = await windows.room(model) if size > ALWAYS else None
    if room is None or size <= room:
        return prompt
    least, *turns = await windows.count(texts)
    fitting = sum(taken <= room - least for taken in accumulate(reversed(turns)))
    if fitting < len(turns) - prompt.running:
        raise _too_long(prompt)
    return prompt.newest(fitting)


def _text(messages: Sequence[Message]) -> str:
    return json.dumps(messages, ensure_ascii=False)


def _too_long(prompt: Prompt) -> ModelFailed:
    if len(prompt.turns[prompt.running]) == 1:
        words = "This message is longer than the model can read. Send a shorter one, or choose another model."
    else:
        words = "What was said and looked up for this message has become longer than the model can read. Ask for less."
    return ModelFailed(words, code="too_large", retryable=False, detail="longer than the model's window")
