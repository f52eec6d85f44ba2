"""What we count on in LiteLLM: its exceptions, its import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import httpx
import openai
import pytest

from attache.models.litellm_errors import raised, translated
from attache.models.litellm_import import import_litellm

import_litellm()  # imported by itself, it would ask the network for a list of prices
litellm = sys.modules["litellm"]
EXCEPTIONS = [
    kind
    for kind in vars(litellm.exceptions).values()
    if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__module__ == "litellm.exceptions"
]
UNAVAILABLE = {
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "BadGatewayError",
    "InternalServerError",
    "JSONSchemaValidationError",
    "MidStreamFallbackError",
    "MockException",
    "OpenAIError",
    "RateLimitError",
    "ServiceUnavailableError",
    "Timeout",
}
CALL = """
import asyncio, sys
reached = []
def hook(event, arguments):
    if event == "socket.connect" or event == "socket.getaddrinfo":
        reached.append(arguments[1] if event == "socket.connect" else arguments[:2])
sys.addaudithook(hook)

from attache.models.catalogue import Catalogue
from attache.models.litellm_windows import LitellmWindows
from tests.functional.models.providers import ANTHROPIC, OPENAI, asking
from tests.servers.script import text

assert "litellm" not in sys.modules, "imported before it is needed"

async def main():
    for provider in (ANTHROPIC, OPENAI):
        async with asking(provider, [text("Hello")]) as ask:
            print(await ask.answer())
    windows = LitellmWindows(Catalogue.read())
    print(await windows.room("gpt-4o"), await windows.room("openrouter/any/thing"), await windows.count(["Hello"]))

asyncio.run(main())
hosts = {host if isinstance(host, str) else host[0] for host in (address[0] for address in reached)}
assert hosts == {"127.0.0.1"}, hosts
"""


def made(kind: type[Exception]) -> Exception:
    """An exception of a kind, with whatever its constructor wants."""
    if kind.__init__ is Exception.__init__:
        return kind("secret words")
    request = httpx.Request("POST", "http://127.0.0.1")
    values: dict[str, Any] = {
        "message": "secret words",
        "model": "a-model",
        "llm_provider": "a-provider",
        "status_code": 500,
        "request": request,
        "response": httpx.Response(400, request=request),
        "original_exception": None,
        "current_cost": 1.0,
        "max_budget": 1.0,
        "request_data": {},
        "failures": (),
    }
    wanted = {
        name: values.get(name, "secret words")
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }
    return kind(**wanted)


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda kind: kind.__name__)
def test_no_exception_of_litellms_is_missed(kind: type[Exception]) -> None:
    assert issubclass(kind, raised())
    failure = translated(made(kind))
    expected = "provider_unavailable" if kind.__name__ in UNAVAILABLE else "provider_refused"
    assert failure.code == ("too_large" if kind.__name__ == "ContextWindowExceededError" else expected)
    assert failure.retryable is (kind.__name__ in UNAVAILABLE)
    assert "secret words" not in f"{failure.message} {failure.detail}"


def test_there_are_exceptions_to_miss() -> None:
    assert len(EXCEPTIONS) > 25
    assert {kind.__name__ for kind in EXCEPTIONS} > UNAVAILABLE


@pytest.mark.parametrize("error", [httpx.ReadError("x"), httpx.ReadTimeout("x"), openai.OpenAIError("x")])
def test_what_lies_below_litellm_is_not_missed(error: Exception) -> None:
    assert isinstance(error, raised())
    assert translated(error).code == "provider_unavailable"


def test_a_first_call_reaches_its_provider_and_nothing_else() -> None:
    subprocess.run([sys.executable, "-c", CALL], check=True, timeout=60)
