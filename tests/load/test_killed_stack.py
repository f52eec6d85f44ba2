"""The local stack is killed in the middle of a streamed answer and started again: the answer goes on, and ends."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attache_local.embedded_aws import EmbeddedAws
from tests.e2e.stack_process import StackProcess
from tests.load.clients import Said, answer_in
from tests.load.conftest import clients, of_provider
from tests.load.echo import echoed
from tests.servers.openai_server import OpenAIServer

pytestmark = [pytest.mark.e2e, pytest.mark.aws, pytest.mark.slow, pytest.mark.timeout(180)]

MESSAGE = "All that is told here, one word after the other, is cut off in the middle, and nobody shall see it."
SHOWN = 0.9  # seconds of the answer that are seen before the end; half a second of it is stored by then
SECONDS = 35  # design, invariant 5; from the last sign of life


@pytest.fixture
def start(provider: OpenAIServer, tmp_path: Path) -> Iterator[Callable[[int | None], StackProcess]]:
    """Starts a stack on this test's folder, as often as it is called."""
    begun: list[StackProcess] = []

    def again(port: int | None) -> StackProcess:
        begun.append(StackProcess.begin(tmp_path, port, of_provider(provider)))
        return begun[-1].ready()

    yield again
    for each in begun:
        each.end()
    EmbeddedAws(tmp_path / ".attache" / "aws").stop()


async def test_the_client_gets_the_rest_exactly(start: Callable[[int | None], StackProcess]) -> None:
    first = start(None)
    said, key = Said(), str(uuid.uuid4())
    async with clients(first) as made:
        client = made.new()
        await client.say("Warm up.")
        watching = asyncio.create_task(client.say(MESSAGE, said, key))
        await said.begun.wait()
        await asyncio.sleep(SHOWN)
        first.end(signal.SIGKILL)
        killed = time.monotonic()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    shown = said.text
    said.drop_provisional()
    stored = said.text
    assert stored
    assert echoed(MESSAGE).startswith(stored.strip())

    second = start(first.port)
    async with clients(second) as made:
        client.http = made.http
        await client.say(MESSAGE, said, key)
        took = time.monotonic() - killed
        snapshot = await client.state()
        assert said.text == answer_in(snapshot)
        assert said.text.strip() == echoed(MESSAGE)
        assert said.resets == 0
        assert [m["content"] for m in snapshot["messages"] if m["sender"] == "user"] == ["Warm up.", MESSAGE]
        assert (await client.say("And now?")).text.strip() == echoed("And now?")
    print(f"\nshown {len(shown)} characters, stored {len(stored)}; ended {took:.1f} s after the kill")
    assert took < SECONDS
