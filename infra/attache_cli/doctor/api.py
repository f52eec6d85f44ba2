"""The API as clients see it: reachable, with a correct clock, and really streaming."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import uuid4

import httpx

from attache import __version__
from attache.apps.apps import DEFAULT_APP
from attache_cli.doctor.finding import Examined, Finding, note, ok, wrong

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
PATIENCE = 8.0  # seconds until the first line of a stream; a cold start is in them
APART = 300.0  # seconds between two clocks, after which AWS refuses what one has signed
QUESTION = "Count slowly from one to twenty, in words."
ANOTHER = "name an app that is served with --app, and give its key as ATTACHE_APP_KEY"
BUFFERED = "the route buffers: see that its ResponseTransferMode is RESPONSE_STREAM, and that no proxy stands before it"


async def api(examined: Examined) -> list[Finding]:
    """Check health, version and clock."""
    if not examined.target.url:
        return [wrong("API", "the stack does not say its address", "deploy again: `sam deploy`")]
    async with _client(examined) as http:
        try:
            answer = await http.get("/health")
        except httpx.HTTPError as error:
            return [wrong("API", f"{examined.target.url} does not answer ({type(error).__name__})", _start(examined))]
    if answer.status_code != 200:
        return [wrong("API", f"/health answers {answer.status_code}", "see the state function's log lines")]
    return [_version(answer), *_clock(answer.headers.get("date", ""))]


def _version(answer: httpx.Response) -> Finding:
    version = answer.json().get("version")
    if version != __version__:
        return note("API", f"version {version} runs there, this is {__version__}", "deploy, or use that version here")
    return ok("API", f"answers, version {version}")


def _clock(date: str, now: datetime | None = None) -> list[Finding]:
    try:
        apart = abs((parsedate_to_datetime(date) - (now or datetime.now(UTC))).total_seconds())
    except (TypeError, ValueError):
        return []
    if apart > APART:
        return [wrong("clock", f"this machine's is {apart:,.0f} s off: AWS refuses what it signs", "set it")]
    return [ok("clock", f"within {apart:.0f} s")]


async def updates(examined: Examined) -> list[Finding]:
    """Check that updates are streamed: a buffering route says nothing for two minutes."""
    began = time.monotonic()
    try:
        async with (
            _client(examined, read=PATIENCE) as http,
            http.stream("GET", "/api/updates", headers={"X-Session-Id": str(uuid4())}) as answer,
        ):
            first = await anext(answer.aiter_lines(), "")
    except httpx.ReadTimeout:
        return [wrong("updates", f"nothing for {PATIENCE:g} s", BUFFERED)]
    except httpx.HTTPError:
        return []  # `api` has said so
    if answer.status_code != 200 or not first.startswith("id:"):
        return [wrong("updates", f"answers {answer.status_code}: {first[:80]}", "see the updates function's log lines")]
    return [ok("updates", f"streams; first line after {time.monotonic() - began:.1f} s")]


async def chat(examined: Examined) -> list[Finding]:
    """With `call`: check that an answer of the app comes in pieces, the first well before the last."""
    if not examined.call:
        return []
    session_id = str(uuid4())
    try:
        async with _client(examined) as http:
            findings = await _chatted(http, session_id, examined)
            await http.delete(f"/api/sessions/{session_id}")
    except httpx.HTTPError as error:
        return [wrong("chat", f"the stream broke off ({type(error).__name__})", "see the chat function's log lines")]
    return findings


async def _chatted(http: httpx.AsyncClient, session_id: str, examined: Examined) -> list[Finding]:
    began, came, last = time.monotonic(), list[float](), {"type": "nothing"}
    keyed = {"X-API-Key": examined.key} if examined.key and examined.app != DEFAULT_APP else {}
    headers = {"X-Session-Id": session_id, "Accept": "text/event-stream", **keyed}
    query = {"app": examined.app}
    async with http.stream("POST", "/api/chat", params=query, json={"text": QUESTION}, headers=headers) as answer:
        if answer.status_code != 200:
            return [await _refused(answer, examined.app)]
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                last = json.loads(line.removeprefix("data:"))
                came.append(time.monotonic() - began)
    if last["type"] != "complete":
        return [wrong("chat", f"the turn failed: {last.get('message', last['type'])}", "see the provider's finding")]
    return [streamed(came)]


async def _refused(answer: httpx.Response, app: str) -> Finding:
    """Nobody has to serve the default app."""
    await answer.aread()
    words = answer.json().get("error", "") if answer.headers.get("content-type") == "application/json" else ""
    told = note if app == DEFAULT_APP else wrong
    return told("chat", f"the app {app} answers {answer.status_code}: {words}", ANOTHER)


def streamed(came: list[float]) -> Finding:
    """Whether events with these arrival times (seconds) were streamed, not held back and sent together."""
    first, last = came[0], came[-1]
    if last <= 1:
        return ok("chat", f"answers: {len(came)} events within {last:.1f} s, too quick to say whether it streams")
    if first > 0.9 * last:
        return wrong("chat", f"{len(came)} events, all between {first:.1f} and {last:.1f} s", BUFFERED)
    return ok("chat", f"streams: {len(came)} events, the first after {first:.1f} s, the last after {last:.1f} s")


def _client(examined: Examined, read: float | None = None) -> httpx.AsyncClient:
    timeout = httpx.Timeout(TIMEOUT.read if read is None else read, connect=TIMEOUT.connect)
    return httpx.AsyncClient(base_url=examined.target.url, timeout=timeout)


def _start(examined: Examined) -> str:
    return "start it: `make dev`" if examined.stage is None else "see API Gateway's access log, and the state function"
