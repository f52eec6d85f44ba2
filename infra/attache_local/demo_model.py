"""The demo model: a server in OpenAI's chat-completions format that answers if there is no provider key.

It only knows keywords. A tool is called if words of the message are words of its name, description or arguments, and if
the message has what it requires; an answer repeats what the tools or the user said.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from attache_local.demo_embeddings import EMBEDDINGS
from attache_local.demo_records import aside, remembered, said_in

Json = Mapping[str, Any]
SIGNATURE = "(Demo model: I only match keywords. Set a provider's key, such as ANTHROPIC_API_KEY, for a real one.)"
ENOUGH, MOST_CALLS, MOST_TEXT = 3, 6, 1500  # for a word of the name or an argument 2, of the description 1

STOP_WORDS = re.compile(
    "a|about|an|and|any|are|at|be|by|can|could|current|did|do|does|for|from|get|give|has|have|how|i|if|in|into|is|it"
    "|its|many|me|much|my|no|now|of|on|one|or|please|s|show|so|tell|than|that|the|their|them|then|there|these|this|to"
    "|up|use|user|was|we|were|what|when|where|which|who|will|with|would|you|your"
)
WORD = r"[A-Za-z0-9](?:[\w./:+-]*[A-Za-z0-9])?"
NUMBER = re.compile(r"(?<![\w.,-])-?\d[\d,]*(?:\.\d+)?(?![\w-])")
ARITHMETIC = re.compile(r"[\d(][\d\s.()+*/^-]*[+*/^-][\d\s.()+*/^-]*[\d)]")
MEASURE = re.compile(r"\d\s*([A-Za-z°]\w*)\s+(?:to|in|into|as)\s+([A-Za-z°]\w*)")
EXAMPLE = re.compile(r"(?:for example|e\.g\.|such as|like)\s+[`\"']?([\w./-]*\w)")
NOTES = re.compile(r"\[Note from the system: (your answer was cut|no more tools)")  # it goes on by itself
OUTCOME = re.compile(r"\A\[Note from the system: ([\w-]+) \(\w+\), which was pending[^\]]*\]\n(.*)", re.DOTALL)
FORMULA, TELLING = re.compile(r"expr|formula|calc"), re.compile(r"expr|formula|calc|unit")
FREE_TEXT = re.compile(r"query|question|text|message|prompt|search|term|input|q")
LOOKS = (  # what an argument is called, and what it then looks like
    (r"address|recipient|^to$", r"0x[0-9A-Fa-f]+"),
    (r"pair|market", r"[A-Z]{2,6}[-/][A-Z]{2,6}"),
    (r"symbol|ticker|token|coin|asset|currency|code", r"[A-Z]{2,6}"),
    (r"date|day|since|until", r"\d{4}-\d\d-\d\d"),
    (r"id|key|number|ref|address|hash|account|user", r"(?=[\w-]*\d)[A-Za-z][\w-]*"),
)


def demo_model(pause: float = 0.02) -> Starlette:
    """The model's server; its base URL, for LiteLLM, is `http://.../v1`. `pause`: seconds per word."""

    async def completions(request: Request) -> Response:
        try:
            asked = json.loads(await request.body())
            tools = [] if asked.get("tool_choice") == "none" else asked.get("tools") or []
            step = answer(asked["messages"], [Tool.of(tool["function"]) for tool in tools])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"error": {"message": repr(error), "type": "invalid_request_error"}}, 400)
        if asked.get("stream"):
            return StreamingResponse(_events(asked, step, pause), media_type="text/event-stream")
        return JSONResponse(_completion(asked, step))

    return Starlette(routes=[Route("/v1/chat/completions", completions, methods=["POST"]), EMBEDDINGS])


def _completion(asked: Json, step: Step) -> Json:
    message = {"role": "assistant", "content": step.text or None, "tool_calls": step.wire_calls()}
    choice = {"index": 0, "message": message, "finish_reason": step.reason()}
    return _envelope(asked, "chat.completion") | {"choices": [choice], "usage": _usage(asked, step)}


async def _events(asked: Json, step: Step, pause: float) -> AsyncIterator[str]:
    for chunk in _chunks(asked, step):
        yield f"data: {json.dumps(_envelope(asked, 'chat.completion.chunk') | chunk)}\n\n"
        await asyncio.sleep(pause)
    yield "data: [DONE]\n\n"


def _chunks(asked: Json, step: Step) -> Iterator[dict[str, Any]]:
    for delta in step.deltas():
        yield {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": step.reason()}]}
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield {"choices": [], "usage": _usage(asked, step)}


def _envelope(asked: Json, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-demo", "created": int(time.time()), "object": kind, "model": asked.get("model")}


def _usage(asked: Json, step: Step) -> Json:
    read, written = (len(json.dumps(part)) // 4 for part in (asked["messages"], [step.text, step.calls]))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


@dataclass(frozen=True)
class Step:
    """The model's next step: a text, or tool calls."""

    text: str = ""
    calls: Sequence[tuple[str, Json]] = ()

    def reason(self) -> str:
        return "tool_calls" if self.calls else "stop"

    def wire_calls(self) -> list[Json] | None:
        asked = [{"name": name, "arguments": json.dumps(arguments)} for name, arguments in self.calls]
        return [{"id": f"call_{secrets.token_hex(8)}", "type": "function", "function": one} for one in asked] or None

    def deltas(self) -> Iterator[Json]:
        yield {"role": "assistant", "content": ""}
        for word in re.findall(r"\s*\S+", self.text):
            yield {"content": word}
        for index, call in enumerate(self.wire_calls() or ()):
            name, whole = call["function"]["name"], call["function"]["arguments"]
            yield {"tool_calls": [{**call, "index": index, "function": {"name": name, "arguments": whole[:5]}}]}
            yield {"tool_calls": [{"index": index, "function": {"arguments": whole[5:]}}]}


@dataclass(frozen=True)
class Tool:
    """A tool that was offered, with the schemas of its arguments."""

    name: str
    description: str
    arguments: Mapping[str, Json]
    required: Sequence[str]

    @staticmethod
    def of(function: Json) -> Tool:
        schema = function.get("parameters") or {}
        arguments = {name: _plain(inner) for name, inner in schema.get("properties", {}).items()}
        required = [name for name in schema.get("required", ()) if name in arguments]
        return Tool(function["name"], function.get("description", ""), arguments, required)

    def calls(self, said: Sequence[str]) -> list[Json]:
        """The calls of this tool that the last message asks for."""
        found, complete = self.found(said[-1]), self.complete(said)
        words, name = _words(said[-1]), _words(self.name)
        score = 2 * len(words & name) + len(words & _words(self.description) - name)
        named = score or any("enum" in self.arguments[argument] for argument in found)  # much fits a user's id
        telling = [argument for argument in found if TELLING.search(argument)]
        score += ENOUGH * len(telling) + bool(named) * 2 * (len(found) - len(telling))
        score += ENOUGH * ("".join(_split(self.name)) in "".join(_split(said[-1])))
        if score < ENOUGH or self.required - complete.keys():
            return []
        several = next((argument for argument in self.required if len(found.get(argument, ())) > 1), None)
        return [complete | {several: value} for value in found[several]] if several else [complete]

    def complete(self, said: Sequence[str]) -> dict[str, Any]:
        """Arguments for a call. Texts may be in an earlier message; numbers and choices must be in this one."""
        optional = [name for name in self.required if "default" in self.arguments[name]]
        arguments = {name: self.arguments[name]["default"] for name in optional}
        plain = [name for name in self.required if "enum" not in self.arguments[name]]
        for found in map(self.found, said[:-1]):
            arguments |= {name: found[name][0] for name in plain if isinstance(found.get(name, [None])[0], str)}
        return arguments | {name: values[0] for name, values in self.found(said[-1]).items()}

    def found(self, text: str) -> dict[str, list[Any]]:
        """Candidates for each argument in this text: choices, then numbers, then texts that no choice has taken."""
        tokens, numbers = re.findall(WORD, text), iter(NUMBER.findall(text))
        said = {token.lower() for token in tokens}
        choices = {name: schema.get("enum", ()) for name, schema in self.arguments.items()}
        found = {name: [one for one in some if str(one).lower() in said][:1] for name, some in choices.items()}
        taken = {str(value).lower() for values in found.values() for value in values}
        free = [token for token in tokens if token.lower() not in taken]
        for name, schema in self.arguments.items():
            if not choices[name] and (explicit := _explicit(name, schema, text)):
                found[name] = [explicit]
            elif not choices[name] and name in self.required:
                found[name] = _guesses(name, schema, text, free, numbers)
        return {name: values for name, values in found.items() if values}


def answer(messages: Sequence[Json], tools: Sequence[Tool]) -> Step:
    """One step: tool calls, or a text if there are results already or no tool fits."""
    messages = [message for message in messages if not NOTES.match(_text(message))]
    asked = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=-1)
    users = [_text(message) for message in messages[: asked + 1] if message["role"] == "user"]
    said = [one for text in users for one in said_in(text)] or [""]
    if (beside := aside([*map(_text, messages)])) is not None:
        return Step(beside)
    names = {call["id"]: call["function"]["name"] for message in messages for call in message.get("tool_calls") or ()}
    since = messages[asked + 1 :]
    results = [(names.get(one["tool_call_id"]), _in_words(_text(one))) for one in since if one["role"] == "tool"]
    results += [(name, _in_words(outcome)) for name, outcome in OUTCOME.findall(said[-1])]
    told = "\n\n".join(f"{name}: {words}" for name, words in results) or remembered(said[-1], said[:-1])
    step = _signed(told) if told else _with_tools(said, tools)
    spoken = "".join(_text(one) for one in since if one["role"] == "assistant")
    return Step(step.text.removeprefix(spoken), step.calls)


def _with_tools(said: Sequence[str], tools: Sequence[Tool]) -> Step:
    fitting = [(tool.name, arguments) for tool in tools for arguments in tool.calls(said)]
    if fitting:
        return Step(calls=fitting[:MOST_CALLS])
    for tool in tools:
        if len(_words(said[-1])) > 1 and tool.required and all(FREE_TEXT.fullmatch(name) for name in tool.required):
            return Step(calls=[(tool.name, dict.fromkeys(tool.required, said[-1]))])
    for tool in tools:
        if _words(said[-1]) & _words(tool.name) and (missing := tool.required - tool.complete(said).keys()):
            return _signed(f"To use {tool.name} I need {', '.join(sorted(missing))}.")
    offer = f" I can call {', '.join(tool.name for tool in tools)}." if tools else ""
    return _signed(f"You said: “{said[-1][:300]}”.{offer}")


def _signed(text: str) -> Step:
    return Step(f"{text[:MOST_TEXT]}\n\n{SIGNATURE}")


def _in_words(result: str) -> str:
    with suppress(ValueError):
        return ", ".join(_phrases("", json.loads(result))) + "."
    return result


def _phrases(name: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value, 1):
            yield from _phrases(f"{name} {key}".strip(), inner)
            name = ""
    elif value is not None:
        yield f"{name} {value}".strip()


def _explicit(name: str, schema: Json, text: str) -> Any:
    called = rf"\b{'[ _-]*'.join(_split(name))}"
    if schema["type"] in ("number", "integer"):
        said = re.search(rf"{called}\s*(?:=|:|is|of)?\s*({NUMBER.pattern})", text, re.IGNORECASE)
        return _figure(said[1]) if said else None
    if schema["type"] == "object":
        return _object(text)
    said = re.search(rf"{called}\s*(?:=|:|\bis\b)\s*[\"'“]?({WORD})", text, re.IGNORECASE)
    return said[1] if said and schema["type"] == "string" else None


def _object(text: str) -> Any:
    """The first JSON object in a text, or None."""
    with suppress(ValueError):
        return json.JSONDecoder().raw_decode(text, text.index("{"))[0]
    return None


def _guesses(name: str, schema: Json, text: str, tokens: Sequence[str], numbers: Iterator[str]) -> list[Any]:
    if schema["type"] in ("number", "integer"):
        return [_figure(number) for number in islice(numbers, 1)]
    return list(dict.fromkeys(_texts(name.lower(), schema, text, tokens))) if schema["type"] == "string" else []


def _texts(name: str, schema: Json, text: str, tokens: Sequence[str]) -> list[str]:
    examples = [*EXAMPLE.findall(schema.get("description", "")), *schema.get("examples", ()), schema.get("example")]
    shapes = {_shape(str(example)) for example in examples if example}
    meant = [token for token in tokens if not STOP_WORDS.fullmatch(token.lower())]
    if alike := [token for token in meant if _shape(token) in shapes]:
        return alike
    if (end := re.search(r"from|to|source|target", name)) and (measure := MEASURE.search(text)):
        return [measure[1 if end[0] in ("from", "source") else 2]]
    if FORMULA.search(name):
        return [found[0].strip() for found in [ARITHMETIC.search(text)] if found]
    for called, look in LOOKS:
        if re.search(called, name):
            return [token for token in meant if re.fullmatch(look, token)]
    return re.findall(r"[\"“]([^\"”]+)[\"”]", text) or [token for token in meant[1:] if token[0].isupper()]


def _plain(schema: Json) -> Json:
    """A schema with a single type: the first that is not null."""
    choices = schema.get("anyOf") or schema.get("oneOf") or [{}]
    one = {**schema, **next((choice for choice in choices if choice.get("type") != "null"), {})}
    kinds = one.get("type", "string")
    return one | {"type": kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null")}


def _figure(text: str) -> float:
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() else value


def _shape(token: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", token)))


def _split(text: str) -> list[str]:
    return re.findall(r"[a-z]+|\d+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower())


def _words(text: str) -> set[str]:
    return {re.sub(r"(?<=\w{3})(ings?|ed|es|s|e)$", "", one) for one in _split(text) if not STOP_WORDS.fullmatch(one)}


def _text(message: Json) -> str:
    parts = message.get("content") or ""
    return parts if isinstance(parts, str) else " ".join(part.get("text", "") for part in parts)
