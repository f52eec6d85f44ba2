"""Each call of AWS fails in every way: the caller is told clearly or never notices, nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import gc
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from attache.apps.deploy import publish
from attache.apps.s3_releases import S3Releases
from attache.aws import Aws
from attache.clock import Clock
from attache.keys import KeyRing
from attache.keys.dynamo_keys import DynamoKeys
from attache.models.litellm_import import import_litellm
from attache.wire.web_app import web_app
from attache.wiring import wire
from attache_local.ports import listen
from attache_local.queue_pollers import polling
from attache_local.service import ROUTES, settings_for
from attache_local.serving import serving
from functions.turns.jobs import do_job
from tests.crash.faults import Fault, FaultyAws, break_calls_of, faults_of
from tests.crash.scenario import DONE, LOOK, UNKNOWN, Desk, app_with, openai_reply, order_message, shorter
from tests.crash.waiting import TOLD, WAITS
from tests.embedded import Embedded
from tests.load.clients import Client, answer_in
from tests.servers import http_server
from tests.servers.openai_server import OpenAIServer
from tests.servers.script import Answer, Received, Reply

pytestmark = [pytest.mark.aws, pytest.mark.timeout(600)]

AT_ONCE = 12
COMES_AGAIN = 10  # seconds, for a wake-up whose handling failed
HANG = "Never end."
MUCH = 200_000  # objects


def reply(request: Received) -> Reply:
    if any(message.get("content") == HANG for message in request.body["messages"][-1:]):
        return Answer(pieces=["So far ", 60.0])
    return openai_reply(request)


@dataclass(frozen=True)
class Place:
    """Where services are made, each over an AWS of its own kind."""

    embedded: Embedded
    environ: dict[str, str]
    key: str
    desk: Desk

    @asynccontextmanager
    async def client(self, aws: Aws, queue_url: str, session_id: str) -> AsyncIterator[Client]:
        """A client of a service over `aws`, which works on a queue as well."""
        settings = settings_for(self.embedded.outputs, None).model_copy(update={"turns_queue_url": queue_url})
        services = wire(settings, aws, self.environ, timings=shorter(by=20))
        app = web_app([routes(services) for routes in ROUTES], services.keys.settle)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(services.aclose)
            await stack.enter_async_context(polling(self.embedded.aws, queue_url, partial(do_job, services)))
            url = await stack.enter_async_context(serving(app, listen(0)))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60, trust_env=False))
            yield Client(http, "desk", self.key, session_id)

    async def queue(self) -> str:
        made = await self.embedded.aws.call(
            "sqs", "create_queue", QueueName=str(uuid.uuid4()), Attributes={"VisibilityTimeout": str(COMES_AGAIN)}
        )
        return str(made["QueueUrl"])


@pytest.fixture
def collected_between_cases() -> Iterator[None]:
    """Garbage is collected by `collect_much` alone.

    Below Python 3.12 a collection may begin within `ContextVar.set`, and the interpreter crashes if one of the broken
    calls that it closes sets a variable, too (python/cpython#148891).
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def collect_much() -> None:
    if gc.get_count()[0] > MUCH:
        gc.collect()


@pytest.fixture
async def place(embedded: Embedded, collected_between_cases: None) -> AsyncIterator[Place]:
    import_litellm()
    break_calls_of(embedded.aws)
    desk = Desk()
    with http_server.serving(desk.app) as tools:
        table, bucket = embedded.outputs["RegistryTable"], embedded.outputs["DataBucket"]
        await publish(app_with(tools), S3Releases(embedded.aws, bucket, table, Clock()))
        issued = await KeyRing(DynamoKeys(embedded.aws, table), Clock()).create(["desk"], "desk")
        async with OpenAIServer(reply) as openai:
            environ = {"OPENAI_API_KEY": "sk-of-a-test-0123456789", "OPENAI_API_BASE": openai.url}
            yield Place(embedded, environ, issued.key, desk)
        assert not openai.faults


Flow = Callable[[Place, Client, Client], Awaitable[None]]  # the second client's service has no faults


async def streamed(place: Place, client: Client, steady: Client) -> None:
    message = order_message(client.session_id, insistent=False)
    said = await client.say(message)
    assert said.last
    assert said.last["type"] == "complete"
    snapshot = await steady.settled()
    assert said.text == answer_in(snapshot)
    _check(place, snapshot, message)


async def asked(place: Place, client: Client, steady: Client) -> None:
    message = order_message(client.session_id, insistent=False)
    await client.ask(message)
    _check(place, await steady.settled(), message)


def _check(place: Place, snapshot: dict[str, Any], message: str) -> None:
    assert [m["content"] for m in snapshot["messages"] if m["sender"] == "user"] == [message]
    results = dict(m["tool_result"] for m in snapshot["messages"] if m["tool_result"])
    unknown = json.loads(results["Trade"]).get("outcome") == "outcome_unknown"
    assert answer_in(snapshot) == LOOK + (UNKNOWN if unknown else DONE)
    assert place.desk.orders[snapshot["session_id"]] <= 1


async def named(steady: Client) -> None:
    """Wait until the conversation has its title, which comes beside whatever follows the first answer."""
    for _ in range(300):
        if (await steady.state())["title"] != "New chat":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody named the conversation")


async def polled(place: Place, client: Client, steady: Client) -> None:
    await steady.ask("Hello?")
    await named(steady)
    state = json.dumps({"address": "0xabc", "chain_id": 1, "is_connected": True})
    first = await client.state(user_state=state, client_id="a-client")
    assert first == {**await steady.state(), "system_events": first["system_events"]}
    assert first["user_state"]["address"] == "0xabc"


async def interrupted(place: Place, client: Client, steady: Client) -> None:
    await steady.ask("Hello?")
    await steady.begin(HANG)
    snapshot = await client.interrupt()
    assert (snapshot["is_processing"], snapshot["status"]) == (False, "interrupted")
    following = await steady.ask("And now?")
    assert [m["content"] for m in following["messages"] if m["sender"] == "user"] == ["Hello?", HANG, "And now?"]


async def made_and_deleted(place: Place, client: Client, steady: Client) -> None:
    path = f"/api/sessions/{client.session_id}"
    await client.repeated("POST", "/api/sessions", json={"public_key": "0xAbC"})
    assert (await steady.repeated("GET", path))["title"] == "New chat"
    await steady.ask("Hello?")
    await client.repeated("PATCH", path, json={"title": "Another"})
    assert (await steady.repeated("GET", path))["title"] == "Another"
    answer = await client.http.delete(path)
    while answer.status_code >= 500:
        assert answer.json()["error"]
        answer = await client.http.delete(path)
    assert answer.status_code in (200, 404)
    assert (await steady.state())["messages"] == []


async def approved(place: Place, client: Client, steady: Client) -> None:
    await steady.ask(f"Confirm {client.session_id}")
    message = json.dumps({"type": "tool_approval_response", "payload": {"approved": True}})
    headers, params = {"X-Session-Id": client.session_id, "X-API-Key": client.key}, {"message": message}
    answer = await client.http.post("/api/system", params=params, headers=headers)
    while answer.status_code >= 500:
        assert answer.json()["error"]
        answer = await client.http.post("/api/system", params=params, headers=headers)
    assert answer.status_code in (200, 400), "it was taken just now, or before"
    snapshot = await steady.settled()
    results = [message["tool_result"][1] for message in snapshot["messages"] if message["tool_result"]]
    came = json.loads(results[-1]).get("outcome", "ok")
    assert (len(results), answer_in(snapshot)) == (2, WAITS + TOLD[came])
    orders = place.desk.orders[client.session_id]
    assert orders == 1 if came == "ok" else orders <= 1


FLOWS = (streamed, asked, polled, interrupted, made_and_deleted, approved)


async def tried(place: Place, flow: Flow, aws: FaultyAws) -> tuple[int, int]:
    """How many refusals and cuts the client met."""
    session_id, queue_url = str(uuid.uuid4()), await place.queue()
    async with (
        place.client(aws, queue_url, session_id) as client,
        place.client(place.embedded.aws, await place.queue(), session_id) as steady,
    ):
        await flow(place, client, steady)
    return client.refusals, client.cuts


async def all_faults(place: Place, flow: Flow, *, each: bool) -> None:
    unharmed = FaultyAws(place.embedded.aws)
    await tried(place, flow, unharmed)
    cases: list[tuple[str, Fault]] = []
    for place_of, call in enumerate(unharmed.made):
        faults = faults_of(call)
        cases += [(call, fault) for fault in (faults if each else [faults[place_of % len(faults)]])]
    free = asyncio.Semaphore(AT_ONCE)
    met: Counter[str] = Counter()

    async def case(call: str, fault: Fault) -> None:
        async with free:
            aws = FaultyAws(place.embedded.aws, call, fault)
            try:
                refusals, cuts = await tried(place, flow, aws)
            except Exception as error:
                error.add_note(f"{call}: {fault}; all calls: {', '.join(aws.made)}")
                raise
            collect_much()
            met.update(refused=bool(refusals), cut=bool(cuts), unnoticed=not refusals and not cuts)

    async with asyncio.TaskGroup() as group:
        for call, fault in cases:
            group.create_task(case(call, fault))
    print(f"\n{flow.__name__}: {len(unharmed.made)} calls, {len(cases)} faults: {dict(met)}")


@pytest.mark.parametrize("flow", [interrupted])
async def test_every_call_fails_in_some_way(place: Place, flow: Flow) -> None:
    await all_faults(place, flow, each=False)


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
async def test_every_call_fails_in_every_way(place: Place, flow: Flow) -> None:
    await all_faults(place, flow, each=True)
