"""The embedded AWS: `ministack` in its own process, which survives if the stack is killed.

It keeps its state in memory and saves it only on a clean stop. So it runs detached, in its own process session, and the
next start on the same directory adopts it. The directory contains

    lock           held by the process for as long as it lives, however it ends
    process.json   pid, port, token, and when it was started
    state/, s3/    what it saved
    log            its output
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO

import httpx

from attache.aws import AwsAccess
from attache_local.errors import LocalStackError
from attache_local.ports import LOOPBACK, free_port

MINISTACK = Path(__file__).resolve().parents[2] / ".venv-ministack" / "bin" / "ministack"
REGION = "us-east-1"
START_SECONDS = 60.0  # a start takes 2; the first one of a slow machine that is busy has taken 15
ADOPT_SECONDS = 20.0
STOP_SECONDS = 10.0
GONE_SECONDS = 2.0  # a process that was killed holds its lock for a moment yet
STEP_SECONDS = 0.02
NO_MORE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class AwsProcess:
    """A running embedded AWS. Its health check returns `token`, so that no other server is mistaken for it."""

    pid: int
    port: int
    token: str
    started: float

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


class EmbeddedAws:
    """An AWS on a private loopback port, with its state in `directory`.

    `with EmbeddedAws(tmp_path) as aws: Aws(aws.access)` starts it and stops it; `start` and `stop` do the same by hand.
    `variables`: further settings of ministack's.
    """

    def __init__(self, directory: Path, program: Path = MINISTACK, variables: Mapping[str, str] = NO_MORE) -> None:
        self._directory = directory
        self._program = program
        self._variables = variables
        self._process: AwsProcess | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> EmbeddedAws:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process(self) -> AwsProcess:
        if self._process is None:
            raise LocalStackError("the embedded AWS has not been started")
        return self._process

    @property
    def access(self) -> AwsAccess:
        """What `attache.aws.Aws` needs to call it."""
        return AwsAccess(self.process.endpoint, REGION, "local", "local")

    def start(self) -> str | None:
        """Adopt the process that runs on this directory, or start one; returns when it answers.

        The result describes, for people, how this start differed from an ordinary one. Raises LocalStackError.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._lock_file() as lock:
            if not _locked(lock):
                self._process = self._adopt()
                return f"adopted the embedded AWS that a killed stack left running (process {self._process.pid})"
            note = self._last_ending()
            self._spawn(lock)
        return note

    def ended(self) -> bool:
        """Whether the process is gone, however it ended."""
        with self._lock_file() as lock:
            return _locked(lock)

    def stop(self) -> None:
        """Stop it cleanly, which saves its state; does nothing if none runs."""
        with self._lock_file() as lock:
            if not _locked(lock):
                self._end(lock)
        if self._child is not None:
            self._child.wait(STOP_SECONDS)
        self._process = self._child = None

    def _end(self, lock: IO[str]) -> None:
        process = self._process or self._recorded()
        known = process is not None and _answers(process)
        if known and process:
            os.kill(process.pid, signal.SIGTERM)
        if not _locked(lock, STOP_SECONDS if known else GONE_SECONDS):
            raise LocalStackError(f"what holds {lock.name} does not stop, or is no embedded AWS of ours: {process}")

    def _adopt(self) -> AwsProcess:
        deadline = time.monotonic() + ADOPT_SECONDS
        while time.monotonic() < deadline:
            process = self._recorded()
            if process is not None and _answers(process):
                return process
            time.sleep(STEP_SECONDS)
        held = f"an embedded AWS that does not answer holds {self._directory / 'lock'}"
        raise LocalStackError(f"{held}: end that process ({self._recorded()}), and start again")

    def _spawn(self, lock: IO[str]) -> None:
        if not self._program.exists():
            raise LocalStackError(f"{self._program} is missing: `make dev` sets it up")
        port, token = free_port(self._last_port()), secrets.token_hex(8)
        with (self._directory / "log").open("a") as log:
            self._child = subprocess.Popen(
                [self._program],
                env=self._environment(port, token),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )
        self._process = AwsProcess(self._child.pid, port, token, time.time())
        self._record(self._process)
        self._await(self._child, self._process)

    def _await(self, child: subprocess.Popen[bytes], process: AwsProcess) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(process):
            if child.poll() is not None or time.monotonic() > deadline:
                child.kill()
                child.wait()
                raise LocalStackError(f"the embedded AWS did not start; {self._directory / 'log'} says why")
            time.sleep(STEP_SECONDS)

    def _environment(self, port: int, token: str) -> dict[str, str]:
        place = self._directory.resolve()
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(place),
            "TMPDIR": str(place),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_REGION": REGION,
            "MINISTACK_EDITION": token,  # a free text of its settings that its health check repeats
            "PERSIST_STATE": "1",
            "STATE_DIR": str(place / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(place / "s3"),
            "LOG_LEVEL": "WARNING",
            # it would remove other people's containers, and open ports for services that we don't use
            "DOCKER_HOST": f"unix://{place / 'no-docker'}",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            **self._variables,
        }

    def _last_ending(self) -> str | None:
        before = self._recorded()
        if before is None:
            return None
        saved = max((file.stat().st_mtime for file in (self._directory / "state").glob("*.json")), default=None)
        if saved is None:
            return "the embedded AWS had been killed before its first clean stop: starting empty"
        if saved < before.started:
            when = datetime.fromtimestamp(saved).astimezone().isoformat(sep=" ", timespec="seconds")
            return f"the embedded AWS had been killed: going on from its clean stop of {when}"
        return None

    def _last_port(self) -> int | None:
        # The same port again: addresses that it handed out, as a queue's URL, stay true.
        before = self._recorded()
        return before.port if before else None

    def _lock_file(self) -> IO[str]:
        return (self._directory / "lock").open("a")

    def _recorded(self) -> AwsProcess | None:
        with suppress(OSError, ValueError, TypeError):
            return AwsProcess(**json.loads((self._directory / "process.json").read_text()))
        return None

    def _record(self, process: AwsProcess) -> None:
        written = self._directory / "process.json.new"
        written.write_text(json.dumps(asdict(process)))
        written.replace(self._directory / "process.json")


def _locked(lock: IO[str], patience: float = 0) -> bool:
    """Take the lock, if its holder releases it within `patience` seconds. A child that inherits the file keeps it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(STEP_SECONDS)
        else:
            return True


def _answers(process: AwsProcess) -> bool:
    with suppress(httpx.HTTPError, ValueError, AttributeError):
        answer = httpx.get(f"{process.endpoint}/_ministack/health", timeout=2, trust_env=False)
        return bool(answer.json().get("edition") == process.token)
    return False
