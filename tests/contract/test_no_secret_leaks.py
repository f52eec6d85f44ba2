"""After a busy run, no secret's bytes stand anywhere but where they were meant to go."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from attache.clock import Clock
from attache.secrets import Secrets, app_scope
from attache.secrets.dynamo_secrets import DynamoSecrets
from attache.secrets.kms_sealer import KmsSealer
from attache.telemetry.about import ContextFilter
from attache.telemetry.powertools_logs import OURS, PowertoolsLines
from tests.contract.service import Running
from tests.contract.shapes import snapshot
from tests.unit.wallets.wallet import Wallet

LOUD = ("", "attache", "LiteLLM", "openai", "httpx", "httpcore", "botocore", "boto3", "urllib3", "asyncio", "uvicorn")
SERVICES = ("dynamodb", "sqs", "s3", "kms")
STREAM, SNAPSHOT = "text/event-stream", "application/json"
CANARY = f"canary-{uuid4()}"
MESSAGES = (
    f"hi {CANARY}",
    f'call Send {{"note": "{CANARY} $SECRET:PIN"}}',
    'call Look {"where": "things"}',
    'call Look {"where": "refuse"}',
    'call Look {"where": "hang"}',
    'call Look {"where": "close"}',
    'call Look {"where": "../things"}',
    'call Send {"note": "$SECRET:NOTHING"}',
    "fail",
)
WAITING = ('call Give {"note": "$SECRET:PIN"}', 'call Slow {"note": "$SECRET:PIN"}', 'call Slow {"note": "hi"}')


def secret(kind: str) -> str:
    """One whose every form is another: escaped in JSON, in addresses, in HTML."""
    return f'{kind}/{uuid4()}+"&'


@dataclass
class Heard:
    """All that went by, by where it went."""

    by_place: dict[str, list[str]] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)

    def note(self, place: str, what: Any) -> None:
        self.by_place.setdefault(place, []).append(what if isinstance(what, str) else repr(what))
        for text in _unpacked_in(what):
            self.by_place.setdefault(f"{place}, packed", []).append(text)

    def places_of(self, text: str) -> list[str]:
        forms = {text, quote(text, safe=""), text.replace('"', '\\"'), b64encode(text.encode()).decode()}
        return [
            place for place, heard in self.by_place.items() if any(form in each for each in heard for form in forms)
        ]


def _unpacked_in(what: Any) -> Iterator[str]:
    """The texts that are packed in items (`sessions/packing.py`), wherever they are in `what`."""
    match what:
        case {"B": bytes(packed)}:
            with suppress(zlib.error):
                yield zlib.decompress(packed).decode()
        case dict():
            yield from (text for value in what.values() for text in _unpacked_in(value))
        case list() | tuple():
            yield from (text for value in what for text in _unpacked_in(value))


@pytest.fixture
def heard(running: Running, caplog: pytest.LogCaptureFixture) -> Iterator[Heard]:
    """What is said to AWS, and every log line, as loud as it gets."""
    heard = Heard()

    def to_aws(model: Any, params: Any, **_: Any) -> None:
        heard.note(f"sent to {model.service_model.service_name}", (params["url"], params["headers"], params["body"]))

    def meant_for_aws(model: Any, params: Any, **_: Any) -> None:
        heard.note(f"sent to {model.service_model.service_name}", params)

    for name in LOUD:
        caplog.set_level(logging.DEBUG, name)
    clients = [running.aws.client(service) for service in SERVICES]
    for client in clients:
        client.meta.events.register("before-call", to_aws, unique_id="heard")
        client.meta.events.register("before-parameter-build", meant_for_aws, unique_id="meant")
    lines = io.StringIO()
    written = logging.StreamHandler(lines)
    written.setFormatter(PowertoolsLines({"stage": "dev"}))
    written.addFilter(ContextFilter())
    for name in OURS:
        logging.getLogger(name).addHandler(written)
    yield heard
    for name in OURS:
        logging.getLogger(name).removeHandler(written)
    heard.note("our own lines", lines.getvalue())
    no_word_of_users(heard)
    for client in clients:
        client.meta.events.unregister("before-call", to_aws, unique_id="heard")
        client.meta.events.unregister("before-parameter-build", meant_for_aws, unique_id="meant")


def no_word_of_users(heard: Heard) -> None:
    """Our own lines, as Lambda has them, say whom they are about, by marks; no message, and no session's id."""
    (lines,) = heard.by_place["our own lines"]
    said = [json.loads(line) for line in lines.splitlines()]
    assert any("session" in line and "app" in line for line in said)
    assert "our own lines" not in heard.places_of(CANARY)
    assert all("our own lines" not in heard.places_of(session_id) for session_id in heard.sessions)


def talk(http: httpx.Client, heard: Heard, accept: str, app: str, key: str, client_id: str) -> None:
    """Every message, what waits, an interrupt of a model and one of a tool; then whatever else tells of the session."""
    session_id = str(uuid4())
    heard.sessions.append(session_id)
    headers = {"X-Session-Id": session_id, "X-API-Key": key}

    def ask(method: str, path: str, **more: Any) -> httpx.Response:
        answer = http.request(method, path, headers={**headers, **more.pop("headers", {})}, **more)
        heard.note("answers", answer.text + repr(answer.headers))
        return answer

    for message in MESSAGES:
        params = {"app": app, "client_id": client_id, "message": message}
        ask("POST", "/api/chat", params=params, headers={"Accept": accept, "Prefer": "wait=20"})
    for message in WAITING:
        ask("POST", "/api/chat", params={"app": app, "client_id": client_id, "message": message})
    what_is_pending_ends(ask)
    for message in ("hang", 'call Look {"where": "hang"}'):
        params = {"app": app, "client_id": client_id, "message": message}
        ask("POST", "/api/chat", params=params, headers={"Prefer": "respond-async"})
        ask("POST", "/api/interrupt")
    for path in ("/api/state", "/api/events", f"/api/sessions/{session_id}", "/api/control/provider-keys"):
        ask("GET", path)
    for path in ("/api/control/apps", "/api/control/models", "/api/session/apps", "/api/session/models"):
        ask("GET", path, params={"app": app})
    follow(http, heard, headers)


def what_is_pending_ends(ask: Callable[..., httpx.Response]) -> None:
    """Approves what waits for it, until every call that takes a while has ended and the user was told of it."""
    approved: set[str] = set()
    until = time.monotonic() + 100
    while True:
        events = ask("GET", "/api/events").json()
        requests = [event["InlineCall"]["payload"]["request_id"] for event in events if "InlineCall" in event]
        for request_id in set(requests) - approved:
            payload = {"request_id": request_id, "approved": True}
            message = json.dumps({"type": "tool_approval_response", "payload": payload})
            assert ask("POST", "/api/system", json={"message": message}).status_code == 200
            approved.add(request_id)
        snapshot = ask("GET", "/api/state").json()
        results = [message["tool_result"] for message in snapshot["messages"] if message["tool_result"]]
        begun = [name for name, text in results if name == "Slow" and '"outcome":"pending"' in text]
        if not snapshot["is_processing"] and len(begun) == sum("AsyncCallback" in event for event in events):
            return
        assert time.monotonic() < until, snapshot
        time.sleep(0.3)


def follow(http: httpx.Client, heard: Heard, headers: dict[str, str]) -> None:
    """The session as updates tell it, from its first event to its last, which is a new title."""
    last = snapshot(http.get("/api/state", headers=headers)).last_event_id
    http.patch(f"/api/sessions/{headers['X-Session-Id']}", json={"title": CANARY}, headers=headers)
    first = f"{last.partition('-')[0]}-1"
    with http.stream("GET", "/api/updates", headers={**headers, "Last-Event-ID": first}) as answer:
        for line in answer.iter_lines():
            heard.note("updates", line)
            if "title_changed" in line:
                return


def proven(http: httpx.Client, heard: Heard) -> str:
    """A wallet's token, after it was used for all that it is good for."""
    wallet = Wallet()
    params = {"public_key": wallet.address}
    message = http.get("/api/wallet/nonce", params=params).json()["message"]
    signed = {"message": message, "signature": wallet.sign(message)}
    token = str(http.post("/api/wallet/verify", json=signed).json()["wallet_token"])
    for _ in range(2):  # the second one is told of the first
        headers = {"X-Wallet-Token": token, "X-Session-Id": str(uuid4())}
        for method, path in (("POST", "/api/sessions"), ("POST", "/api/chat?message=hi"), ("GET", "/api/sessions")):
            heard.note("answers", http.request(method, path, params=params, headers=headers).text)
    return token


def stored(running: Running, heard: Heard) -> None:
    """All items and objects that there are."""
    dynamodb, s3 = running.aws.client("dynamodb"), running.aws.client("s3")
    for table in ("SessionsTable", "RegistryTable"):
        for page in dynamodb.get_paginator("scan").paginate(TableName=running.outputs[table]):
            heard.note(table, page["Items"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=running.outputs["DataBucket"]):
        for item in page.get("Contents", []):
            body = s3.get_object(Bucket=running.outputs["DataBucket"], Key=item["Key"])["Body"].read()
            heard.note("objects", (item["Key"], body))


def logged(caplog: pytest.LogCaptureFixture, heard: Heard) -> None:
    heard.note("log", caplog.text)
    for record in caplog.records:
        heard.note("log records", (record.getMessage(), record.__dict__))


@pytest.mark.timeout(240)
def test_no_secret_is_anywhere_but_where_it_was_sent(
    http: httpx.Client, running: Running, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    of_app, of_client, pin = secret("of-app"), secret("of-client"), secret("pin")
    own, bad, client, unlucky = f"sk-own-{uuid4()}", f"sk-bad-{uuid4()}", str(uuid4()), str(uuid4())
    secrets = Secrets(
        DynamoSecrets(running.aws, running.outputs["RegistryTable"], Clock()),
        KmsSealer(running.aws, running.outputs["SecretsKey"]),
        Clock(),
    )
    asyncio.run(secrets.put(app_scope("mint"), "API_KEY", SecretStr(of_app)))
    given = {"client_id": client, "secrets": {"API_KEY": of_client, "PIN": pin}}
    heard.note("answers", http.post("/api/secrets", json=given, headers={"X-API-Key": running.keys.vault}).text)
    for whose, key in ((client, own), (unlucky, bad)):
        sent = {"client_id": whose, "provider": "openai", "api_key": key}
        heard.note("answers", http.post("/api/control/provider-keys", json=sent).text)
    asked = len(running.provider.requests)
    wallet_token = proven(http, heard)

    with ThreadPoolExecutor() as threads:
        talks = [
            threads.submit(talk, http, heard, accept, app, getattr(running.keys, app), whose)
            for accept in (STREAM, SNAPSHOT)
            for app, whose in (("vault", client), ("mint", client), ("mint", unlucky))
        ]
    for each in talks:
        each.result()

    keys = [request.headers["authorization"].removeprefix("Bearer ") for request in running.provider.requests[asked:]]
    for request in running.provider.requests[asked:]:
        heard.note("prompts", (request.path, request.body))
    asyncio.run(secrets.delete(app_scope("mint"), "API_KEY"))
    stored(running, heard)
    logged(caplog, heard)

    everywhere = heard.places_of(CANARY)
    assert {"answers", "updates", "prompts", "SessionsTable", "sent to dynamodb"} <= set(everywhere)
    assert {
        "SessionsTable, packed",
        "sent to dynamodb, packed",
        "RegistryTable",
        "objects",
        "sent to sqs",
        "sent to kms",
        "log",
        "log records",
    } <= set(heard.by_place)
    calls = "\n".join(running.vendor.requests)
    assert all(quote(used, safe="") in calls for used in (of_client, of_app))
    assert pin.replace('"', '\\"') in calls
    assert "GET /status" in calls, "a call that takes a while was asked after"
    assert {own, bad} <= set(keys)
    hidden = {"of app": of_app, "of client": of_client, "pin": pin, "own": own, "bad": bad}
    hidden |= {"app key": running.keys.vault, "other app key": running.keys.mint}
    hidden |= {"wallet token": wallet_token}
    assert {name: places for name, value in hidden.items() if (places := heard.places_of(value))} == {}
