"""The embedded AWS keeps what a clean stop saved, and is adopted when its stack is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attache.aws import Aws
from attache_local.embedded_aws import EmbeddedAws
from attache_local.errors import LocalStackError
from attache_local.ports import listen
from attache_local.stacks import deploy_stacks

pytestmark = pytest.mark.aws


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedAws]:
    aws = EmbeddedAws(tmp_path)
    yield aws
    aws.stop()


def put(embedded: EmbeddedAws, outputs: dict[str, str], value: str) -> None:
    key = {"pk": {"S": "x"}, "sk": {"S": "x"}, "value": {"S": value}}
    asyncio.run(Aws(embedded.access).call("dynamodb", "put_item", TableName=outputs["RegistryTable"], Item=key))


def got(embedded: EmbeddedAws, outputs: dict[str, str]) -> Any:
    key = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    found = asyncio.run(Aws(embedded.access).call("dynamodb", "get_item", TableName=outputs["RegistryTable"], Key=key))
    return found["Item"]["value"]["S"]


def deployed(embedded: EmbeddedAws) -> dict[str, str]:
    return asyncio.run(deploy_stacks(Aws(embedded.access)))


def test_a_clean_stop_keeps_everything_even_when_the_port_is_taken_meanwhile(embedded: EmbeddedAws) -> None:
    assert embedded.start() is None
    outputs, port = deployed(embedded), embedded.process.port
    queue = outputs["TurnsQueueUrl"]
    put(embedded, outputs, "kept")
    asyncio.run(Aws(embedded.access).call("sqs", "send_message", QueueUrl=queue, MessageBody="kept"))
    embedded.stop()
    with listen(port):
        assert embedded.start() is None
        assert embedded.process.port != port
        assert deployed(embedded)["RegistryTable"] == outputs["RegistryTable"]
        assert got(embedded, outputs) == "kept"
        received = asyncio.run(Aws(embedded.access).call("sqs", "receive_message", QueueUrl=queue))
        assert [message["Body"] for message in received["Messages"]] == ["kept"]


def test_it_listens_on_loopback_alone_and_in_a_session_of_its_own(embedded: EmbeddedAws) -> None:
    embedded.start()
    assert os.getsid(embedded.process.pid) == embedded.process.pid
    with socket.socket() as everywhere:  # would fail if it had bound all addresses
        everywhere.bind(("127.0.0.2", embedded.process.port))


def test_one_that_runs_is_adopted_with_its_state(embedded: EmbeddedAws, tmp_path: Path) -> None:
    embedded.start()
    outputs = deployed(embedded)
    put(embedded, outputs, "unsaved")
    other = EmbeddedAws(tmp_path)
    assert "adopted" in str(other.start())
    assert other.process == embedded.process
    assert got(other, outputs) == "unsaved"


def test_one_that_was_killed_goes_on_from_its_last_clean_stop(embedded: EmbeddedAws) -> None:
    embedded.start()
    outputs = deployed(embedded)
    put(embedded, outputs, "saved")
    embedded.stop()
    embedded.start()
    put(embedded, outputs, "lost")
    assert not embedded.ended()
    kill(embedded)
    assert embedded.ended()
    assert "going on from its clean stop of 2" in str(embedded.start())
    assert got(embedded, outputs) == "saved"


def test_one_that_was_killed_before_any_clean_stop_says_so(embedded: EmbeddedAws) -> None:
    embedded.start()
    kill(embedded)
    assert "starting empty" in str(embedded.start())


def test_another_server_on_its_port_is_not_taken_for_it(embedded: EmbeddedAws, tmp_path: Path) -> None:
    embedded.start()
    port = embedded.process.port
    kill(embedded)
    with listen(port):
        fresh = EmbeddedAws(tmp_path)
        fresh.start()
        assert fresh.process.port != port
        fresh.stop()


def test_stopping_what_does_not_run_is_nothing(embedded: EmbeddedAws) -> None:
    embedded.stop()
    with pytest.raises(LocalStackError, match="not been started"):
        _ = embedded.access


def test_a_missing_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="make dev"):
        EmbeddedAws(tmp_path, tmp_path / "nothing").start()


def test_a_program_that_ends_at_once_is_said(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="log says why"):
        EmbeddedAws(tmp_path, Path("/bin/false")).start()


def kill(embedded: EmbeddedAws) -> None:
    os.kill(embedded.process.pid, signal.SIGKILL)
    embedded.stop()  # reaps it
