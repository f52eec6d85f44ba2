"""What the boundary promises for every answer, whatever is behind it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from attache.errors import AttacheError, Forbidden, TooMany, Unavailable
from attache.wire.event_stream import EventStream
from attache.wire.request import MAX_BODY, Asking
from attache.wire.sse import Event
from attache.wire.web_app import web_app
from tests.servers.http_server import serving

ROUTER = APIRouter()
SETTLED: list[str] = []


@ROUTER.post("/echo")
async def echo(caller: Asking) -> dict[str, Any]:
    return {"headers": dict(caller.headers), "query": dict(caller.query), "body": dict(caller.body)}


@ROUTER.get("/fails/{how}")
async def fails(how: str) -> Response:
    raise {
        "forbidden": Forbidden("Not yours."),
        "limited": TooMany("Slower.", retry_after=3),
        "unavailable": Unavailable("The store does not answer."),
        "untold": AttacheError("a detail of ours"),
        "bug": ValueError("sk-secret"),
    }[how]


@ROUTER.get("/number")
async def number(count: int) -> int:
    return count


@ROUTER.get("/tagged")
async def tagged() -> Response:
    return Response("{}", headers={"cache-control": "no-store"})


@ROUTER.get("/breaks")
async def breaks() -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ValueError("sk-secret")

    return StreamingResponse(pieces())


@ROUTER.get("/stream")
async def stream() -> Response:
    async def events() -> AsyncIterator[Event]:
        yield Event({"type": "text", "content": "one"})
        raise ValueError("sk-secret")

    return EventStream("s-1", events())


async def settle() -> None:
    await asyncio.sleep(0)
    SETTLED.append("settled")


async def settle_badly() -> None:
    raise ValueError("sk-secret")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(web_app([ROUTER], settle)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "error", "headers"),
    [
        ("/fails/forbidden", 403, "Not yours.", {}),
        ("/fails/limited", 429, "Slower.", {"retry-after": "3"}),
        ("/fails/unavailable", 503, "The store does not answer.", {"retry-after": "1"}),
        ("/nothing", 404, "There is no endpoint /nothing.", {}),
        ("/number/", 404, "There is no endpoint /number/.", {}),
        ("/echo", 405, "/echo does not take GET, only POST.", {"allow": "POST"}),
    ],
)
def test_errors_are_json(client: httpx.Client, path: str, status: int, error: str, headers: dict[str, str]) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert headers.items() <= answer.headers.items()


def test_a_parameter_of_the_wrong_type_is_bad_input(client: httpx.Client) -> None:
    answer = client.get("/number", params={"count": "many"})
    assert answer.status_code == 400
    assert "count" in answer.json()["error"]


@pytest.mark.parametrize("how", ["untold", "bug"])
def test_what_is_our_fault_is_logged_once_and_told_by_its_id(
    client: httpx.Client, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(f"/fails/{how}", params={"message": "private"})
    request_id = answer.json()["request_id"]
    assert answer.status_code == 500
    assert request_id in answer.json()["error"]
    assert "secret" not in answer.text
    assert "detail" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert request_id in record.getMessage()
    assert "private" not in caplog.text


def test_an_innocent_request_on_the_same_connection_is_answered(client: httpx.Client) -> None:
    for _ in range(3):
        assert client.get("/fails/bug").status_code == 500
        assert client.post("/echo").status_code == 200


def test_an_answer_that_breaks_off_says_nothing_of_it(client: httpx.Client) -> None:
    assert client.get("/breaks").text == "one"


def test_a_stream_that_breaks_off_ends_with_an_error_event(client: httpx.Client) -> None:
    first, last = [json.loads(line.removeprefix("data: ")) for line in client.get("/stream").text.split("\n\n")[:-1]]
    assert first["content"] == "one"
    assert last["type"] == "error"
    assert "secret" not in last["message"]


@pytest.mark.parametrize("path", ["/echo", "/nothing", "/fails/bug", "/fails/forbidden", "/stream"])
def test_every_answer_may_be_read_by_a_browser_and_kept_by_nobody(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-expose-headers"] == "X-Session-Id, ETag, Retry-After"
    assert headers["cache-control"].startswith("private, no-cache")
    assert headers["vary"] == "X-Session-Id, AOMI-APP-KEY, X-API-Key"


def test_an_answer_that_knows_better_keeps_its_headers(client: httpx.Client) -> None:
    assert client.get("/tagged").headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize("path", ["/echo", "/nothing", "/fails/bug"])
def test_preflights_are_answered_everywhere(client: httpx.Client, path: str) -> None:
    answer = client.options(path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"})
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert answer.status_code == 200
    assert allowed == {
        "x-session-id", "aomi-app-key", "x-api-key", "last-event-id", "prefer", "idempotency-key",
        "content-type", "accept", "if-none-match", "x-wallet-token",
    }  # fmt: skip
    assert set(answer.headers["access-control-allow-methods"].split(", ")) >= {"GET", "POST", "PATCH", "DELETE"}
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_is_json_whatever_it_is_called(client: httpx.Client, content_type: str) -> None:
    answer = client.post("/echo", content=b'{"text": "hi"}', headers={"content-type": content_type})
    assert answer.json()["body"] == {"text": "hi"}


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_no_body_is_an_empty_one(client: httpx.Client, body: bytes) -> None:
    assert client.post("/echo", content=body).json()["body"] == {}


@pytest.mark.parametrize(
    "body", [b"{", b"text=hi", b"[]", b"null", b'"hi"', b"\xff\xff", b'{"a": NaN}', b"[" * 100_000]
)
def test_a_body_that_is_no_object_is_bad_input(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/echo", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The body")


@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413), (3 * MAX_BODY, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_at_most_1_mb(client: httpx.Client, size: int, status: int, chunked: bool) -> None:
    body = b'{"a": "' + b"x" * (size - 9) + b'"}'
    assert client.post("/echo", content=iter([body]) if chunked else body).status_code == status


def test_a_body_without_end_is_not_read_to_its_end(client: httpx.Client) -> None:
    host, port = client.base_url.host, client.base_url.port
    assert port is not None
    with socket.create_connection((host, port)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000000\r\n\r\n")
        with connection.makefile("rwb") as file:
            for _ in range(11 * 16):
                file.write(b"x" * 65_536)
            file.flush()
            assert file.readline().startswith(b"HTTP/1.1 413 ")


def test_a_header_that_is_repeated_counts_with_its_last_value(client: httpx.Client) -> None:
    sent = [("X-Api-Key", "first"), ("X-Api-Key", "last"), ("Prefer", "wait=1"), ("Prefer", "respond-async")]
    headers = client.post("/echo", headers=sent).json()["headers"]
    assert headers["x-api-key"] == "last"
    assert headers["prefer"] == "wait=1, respond-async"


def test_what_a_request_left_running_is_waited_for(client: httpx.Client) -> None:
    SETTLED.clear()
    client.post("/echo")
    assert SETTLED == ["settled"]


def test_what_was_left_running_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    with serving(web_app([ROUTER], settle_badly)) as url:
        assert httpx.post(f"{url}/echo", trust_env=False).status_code == 200
    assert len(caplog.records) == 1


def test_nothing_is_logged_of_a_request_that_went_well(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.post("/echo", params={"message": "private"})
    assert not [record for record in caplog.records if record.name.startswith("attache")]


def test_a_session_in_a_path_is_not_logged(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/fails/unavailable").status_code == 503
    assert client.get("/fails/bug").status_code == 500
    assert [record.getMessage().split(",")[0] for record in caplog.records if record.name.startswith("attache")] == [
        "GET /fails/{how}: The store does not answer.",
        "GET /fails/{how} failed",
    ]
