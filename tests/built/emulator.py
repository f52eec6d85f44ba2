"""A buffered function as it was built, under AWS's Runtime Interface Emulator and runtime interface client."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from attache_local.ports import free_port
from tests.built.engines import EMULATOR
from tests.built.layout import LAMBDA_BIN, lay_out
from tests.built.template import BuiltFunction

START_SECONDS = 10
STOP_SECONDS = 5


@dataclass(frozen=True)
class Emulated:
    """A function that takes events; `log` is what it and the emulator say."""

    url: str
    log: Path

    def invoke(self, event: Any) -> Any:
        """What the function returns; where it fails, the error as Lambda puts it."""
        answer = httpx.post(self.url, json=event, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def emulated(function: BuiltFunction, variables: Mapping[str, str], directory: Path) -> Iterator[Emulated]:
    """The function runs while the block does; its environment is `variables`, and what Lambda sets itself."""
    directory.mkdir()
    layout = lay_out(function, directory / "opt")
    port = free_port()
    environment = {
        **layout.environment(),
        **variables,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
    }
    addresses = [
        f"--runtime-interface-emulator-address=127.0.0.1:{port}",
        f"--runtime-api-address=127.0.0.1:{free_port()}",
    ]
    runtime = [str(LAMBDA_BIN / "python"), "-m", "awslambdaric", function.handler]
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(EMULATOR), *addresses, *runtime],
            env=environment,
            cwd=layout.task,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _listening(port, process)
        yield Emulated(f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations", log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the emulator ended at once"
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1, trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the emulator does not answer"
            time.sleep(0.05)
        else:
            return
