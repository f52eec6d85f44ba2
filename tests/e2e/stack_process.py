"""The local stack as a process, as a user starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attache_local.ports import free_port

STEP_SECONDS = 0.05
READY_SECONDS = 60
STOP_SECONDS = 20


@dataclass
class StackProcess:
    """A stack in `folder/.attache`; `output` is what it printed."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @staticmethod
    def begin(folder: Path, port: int | None = None, variables: Mapping[str, str] | None = None) -> StackProcess:
        """Start one, with more variables in its environment, and don't wait for it."""
        port = port or free_port()
        arguments = ["--port", str(port), "--state-dir", str(folder / ".attache")]
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "attache_local", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(variables or {})},
                start_new_session=True,
            )
        return StackProcess(folder, port, process)

    def ready(self) -> StackProcess:
        """Wait until it says where it is."""
        return self.says("Ctrl-C")

    def says(self, words: str) -> StackProcess:
        """Wait until it has printed this."""
        deadline = time.monotonic() + READY_SECONDS
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(STEP_SECONDS)
        return self

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    @property
    def dev(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".attache" / "dev.json").read_text())
        return found

    @property
    def seconds(self) -> float:
        """What it says it took to be ready."""
        found = re.search(r"ready after ([\d.]+) s", self.output)
        assert found
        return float(found[1])

    @property
    def aws_pid(self) -> int:
        return int(json.loads((self.folder / ".attache" / "aws" / "process.json").read_text())["pid"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; its exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        return self.process.wait(STOP_SECONDS)
