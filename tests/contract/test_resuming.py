"""`attache chat` behind a connection that is cut again and again, talking to the real service."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from attache_cli.conversation import Conversation
from attache_cli.resuming import Reconnections
from tests.contract.service import SAID, Running


@contextmanager
def cut_after(url: str, lengths: list[int]) -> Iterator[str]:
    """The same service behind connections that are cut after so many bytes of it; those that come then are whole."""
    address = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=_accept, args=(listening, (address.hostname, address.port), lengths))
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listening: socket.socket, service: tuple[str, int], lengths: list[int]) -> None:
    with suppress(OSError):  # nobody listens any more
        while True:
            client, _ = listening.accept()
            length = lengths.pop(0) if lengths else 1_000_000
            threading.Thread(target=_relay, args=(client, service, length), daemon=True).start()


def _relay(client: socket.socket, service: tuple[str, int], length: int) -> None:
    with client, socket.create_connection(service) as upstream, suppress(OSError):
        threading.Thread(target=_copy, args=(client, upstream), daemon=True).start()
        while length and (read := upstream.recv(min(length, 4096))):
            client.sendall(read)
            length -= len(read)
        for each in (client, upstream):
            each.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while read := source.recv(4096):
            target.sendall(read)


@pytest.mark.parametrize(
    ("message", "answer"),
    [("hello", SAID), ("slow", "one two three four "), ("tool", "The tool said so.")],
)
@pytest.mark.parametrize("lengths", [[150, 300, 450], [400, 500, 430, 100], [700, 0, 600], [560, 640]])
def test_an_answer_is_what_history_says_wherever_it_was_cut(
    running: Running, message: str, answer: str, lengths: list[int]
) -> None:
    cuts = [*lengths]
    with cut_after(running.url, cuts) as url:
        conversation = Conversation(
            url, "desk", running.keys.desk, reconnections=lambda: Reconnections(sleep=lambda _: None)
        )
        with closing(conversation):
            events = list(conversation.ask(message))
    assert len(cuts) < len(lengths) - 1, "it was cut"
    assert "".join(event["content"] for event in events if event["type"] == "text") == answer
    assert [event["type"] for event in events if event["type"] != "text"][-1] == "complete"
    headers = {"X-Session-Id": conversation.session_id}
    messages = httpx.get(f"{running.url}/api/state", headers=headers, trust_env=False).json()["messages"]
    assert [each["sender"] for each in messages].count("user") == 1
    assert "".join(each["content"] for each in messages if each["sender"] == "agent") == answer
