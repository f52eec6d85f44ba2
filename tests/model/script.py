"""A model that knows what it wants to say: whatever was cut off, it goes on with exactly there.

So the text of every turn that is done is known beforehand, to the letter, however often its runner died. Its summaries
are the names of the messages that it was shown.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from attache.models.model import (
    Completion,
    Message,
    ModelEvent,
    ModelFailed,
    ModelRequest,
    ModelUsage,
    RequestedCall,
    TextDelta,
)
from attache.models.prompt import arguments
from attache.turns.prompt import SO_FAR
from attache.turns.summaries import TASK as SUMMARY_TASK
from attache.turns.titles import TASK
from tests.model.far_things import ORDER, PAY, SAFE, SHIP, UNSAFE
from tests.model.network import Network
from tests.servers import anthropic_rules, openai_rules

NAME = re.compile(r"m[0-9]+")
RECORDED = re.compile(r"^(?:User: )?(m[0-9]+(?: m[0-9]+)*)$", re.MULTILINE)
OUTCOME = re.compile(r"\[Note from the system: (?:the user approved )?\w+ \((call_\w+)\)(?:, which was pending|\.)")
TOLD = "«"  # begins every word of an answer to an outcome
_CUT = ModelFailed("The connection to the model broke.", code="provider_unavailable", retryable=True)
_REFUSED = ModelFailed("The model's provider refused this.", code="provider_refused", retryable=False)


@dataclass(frozen=True)
class Step:
    """Words, then calls: (tool, order)."""

    words: tuple[str, ...]
    calls: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "".join(self.words)


@dataclass(frozen=True)
class Script:
    """The answer to one message. `insists`: where the outcome of a trade is unknown, it is asked for once more."""

    steps: tuple[Step, ...]
    insists: bool = False

    @property
    def text(self) -> str:
        return "".join(step.text for step in self.steps)


@dataclass
class Progress:
    """What of a script a prompt shows as said and done."""

    text: str = ""
    asked: list[int] = field(default_factory=list)
    orders: dict[str, list[str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


def draw_script(name: str, rng: random.Random, asks: float) -> Script:
    """An answer of one to three steps; some of its words are blank, some longer than an event may be.

    `asks`: the share of its calls that wait for something.
    """
    count = rng.choice((1, 1, 2, 3))
    steps = [_draw_step(name, number, rng, asks, last=number == count - 1) for number in range(count)]
    return Script(tuple(steps), insists=rng.random() < 0.7)


def _draw_step(name: str, number: int, rng: random.Random, asks: float, *, last: bool) -> Step:
    blank = [rng.choice(("\n", "\n\n"))] if rng.random() < 0.2 else []
    words = [f"{name}.{number}.{word} " for word in range(rng.choice((0, 1, 3, 8) if not last else (1, 3, 8, 20)))]
    if rng.random() < 0.05:
        words.append(f"{name} is long" + "!" * 3000)
    tools = [(PAY, ORDER, SHIP) if rng.random() < asks else (SAFE, UNSAFE) for _ in range(rng.choice((1, 1, 2)))]
    calls = [] if last else [(rng.choice(each), f"{name}/{number}/{n}") for n, each in enumerate(tools)]
    return Step((*blank, *words), tuple(calls))


def outcome_name(call_ids: Sequence[str]) -> str:
    """What the turn is called that tells what came of these calls."""
    return f"outcome of {' '.join(call_ids)}"


def script_of(scripts: Mapping[str, Script], name: str) -> Script:
    """The answer to a message, or to an outcome."""
    return scripts[name] if name in scripts else Script((Step(tuple(f"{TOLD}{n} {name} " for n in range(5))),))


class Provider:
    """`Models` over the network. `faults` are what providers would have said against its requests.

    `shown` are the messages that each prompt of a turn had, the one that it answers last, be it word for word or in a
    summary.
    """

    def __init__(self, network: Network, scripts: Mapping[str, Script], pace: Callable[[], float], rng: random.Random):
        self._network = network
        self._scripts = scripts
        self._pace = pace
        self._rng = rng
        self.failures = 0.0
        self.faults: list[str] = []
        self.shown: list[tuple[str, ...]] = []

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.faults += faults(request)
        words, calls = self._answer(request)
        for word in words:
            await self._network.request("model", lambda: None, _NoModel, takes=self._pace())
            if self._rng.random() < self.failures:
                raise self._rng.choice((_CUT, _CUT, _REFUSED))
            yield TextDelta(word)
        await self._network.request("model", lambda: None, _NoModel, takes=self._pace())
        yield Completion(calls if request.allow_calls else (), ModelUsage(1, 1, 0.0))

    def _answer(self, request: ModelRequest) -> tuple[Sequence[str], tuple[RequestedCall, ...]]:
        if request.messages[0]["content"] == TASK:
            return ("A ", "title"), ()
        if request.messages[0]["content"] == SUMMARY_TASK:
            return [f"{name} " for name in _recorded(request.messages[1])], ()
        name, told = _of_turn(request.messages)
        script, progress = script_of(self._scripts, name), _progress(told)
        if name not in self._scripts:
            return _rest(self, name, script.text, progress.text, script.steps[0].words), ()
        self.shown.append(tuple(_shown(request.messages)))
        if not request.allow_calls:
            return _rest(self, name, script.text, progress.text, [script.text]), ()
        again = [order for order in sorted(progress.unknown) if len(progress.orders[order]) == 1]
        if again and script.insists:
            return (), tuple(RequestedCall(progress.orders[order][0], order) for order in again)
        step = len(set(progress.asked))
        so_far = "".join(each.text for each in script.steps[: step + 1])
        words = _rest(self, name, so_far, progress.text, script.steps[step].words)
        calls = (RequestedCall(tool, _order(step, order)) for tool, order in script.steps[step].calls)
        return words, tuple(calls)


class _NoModel(ModelFailed):
    """The connection to the provider broke."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="provider_unavailable", retryable=True)


def _order(step: int, order: str) -> str:
    return json.dumps({"step": step, "order": order})


def bare(text: str) -> str:
    """Without blank lines: a prompt leaves out a step that has nothing else, so the model may say them again."""
    return text.replace("\n", "")


def _rest(provider: Provider, name: str, whole: str, said: str, words: Sequence[str]) -> Sequence[str]:
    """The words that are left of `whole`, which ends with `words`."""
    if not bare(whole).startswith(bare(said)):
        provider.faults.append(f"{name}: the prompt has said {said!r}, the script says {whole!r}")
        return ()
    left, rest = len(bare(whole)) - len(bare(said)), list[str]()
    for word in reversed(words):
        if left >= len(bare(word)):
            rest.append(word)
        elif left > 0:
            rest.append(word[-left:])
        left -= len(bare(word))
    return rest[::-1]


def _of_turn(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """The message that is to be answered, and what has been said since."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if message["role"] == "user" and NAME.fullmatch(str(message["content"])):
            return message["content"], messages[place + 1 :]
        if _outcome(message):
            return outcome_name(_outcomes_up_to(messages[: place + 1])), messages[place + 1 :]
    raise AssertionError(f"there is no message to answer in {messages}")


def _recorded(message: Message) -> list[str]:
    """The messages that are named in a record, or in what is to go into one."""
    return [name for line in RECORDED.findall(message["content"]) for name in line.split()]


def _shown(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        if message["role"] == "user" and str(message["content"]).startswith(SO_FAR):
            yield from _recorded(message)
        elif message["role"] == "user" and NAME.fullmatch(str(message["content"])):
            yield message["content"]


def _outcome(message: Message) -> str | None:
    """The call that a note tells the outcome of."""
    found = OUTCOME.match(str(message["content"])) if message["role"] == "user" else None
    return found[1] if found else None


def _outcomes_up_to(messages: Sequence[Message]) -> list[str]:
    """The calls of the notes with which these messages end: one outcome may be that of several."""
    last = itertools.takewhile(lambda call: call is not None, (_outcome(message) for message in reversed(messages)))
    return [call for call in last if call is not None][::-1]


def _progress(told: Sequence[Message]) -> Progress:
    progress, asked = Progress(), dict[str, str]()
    for message in told:
        if message["role"] == "assistant":
            progress.text += message.get("content") or ""
            for call in message.get("tool_calls") or ():
                function = call["function"]
                asked[call["id"]] = function["arguments"]
                progress.asked.append(json.loads(function["arguments"])["step"])
                progress.orders.setdefault(function["arguments"], []).append(function["name"])
        elif message["role"] == "tool" and "outcome_unknown" in message["content"]:
            progress.unknown.add(asked[message["tool_call_id"]])
    return progress


def faults(request: ModelRequest) -> Iterator[str]:
    """What OpenAI and Anthropic have against a request."""
    body = {"model": "any", **arguments(request, "openai", 1000)}
    if fault := openai_rules.fault(body):
        yield f"OpenAI: {fault} in {body['messages']}"
    form = anthropic_form(body)
    if fault := anthropic_rules.fault(form):
        yield f"Anthropic: {fault} in {form['messages']}"


def anthropic_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """A chat-completions body as Anthropic takes it: neighbours of one role are one message, results come first."""
    messages: list[dict[str, Any]] = []
    for message in body["messages"]:
        if message["role"] == "system":
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        if not messages or messages[-1]["role"] != role:
            messages.append({"role": role, "content": []})
        messages[-1]["content"] += _blocks(message)
    tools = [
        {"name": tool["function"]["name"], "input_schema": tool["function"]["parameters"]}
        for tool in body.get("tools", ())
    ]
    return {"model": "any", "max_tokens": 1000, "messages": messages, "tools": tools}


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    if message["role"] == "tool":
        yield {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}
        return
    if message["content"]:
        yield {"type": "text", "text": message["content"]}
    for call in message.get("tool_calls") or ():
        function = call["function"]
        yield {
            "type": "tool_use",
            "id": call["id"],
            "name": function["name"],
            "input": json.loads(function["arguments"]),
        }
