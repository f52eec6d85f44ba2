"""A sandbox of a streamed function: the Lambda Web Adapter, the function behind it, frozen between invocations."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from attache_local.ports import free_port
from tests.built.layout import Layout
from tests.built.runtime_api import Invocation, RuntimeApi
from tests.built.template import BuiltFunction

INIT_SECONDS = 30
STOP_SECONDS = 2
TICKS = os.sysconf("SC_CLK_TCK")


class Sandbox:
    """One of a function's; it takes one invocation at a time, and stands still when there is none."""

    def __init__(self, function: BuiltFunction, layout: Layout, environment: Mapping[str, str], log: Path) -> None:
        self._function, self._layout, self._given, self._log = function, layout, environment, log
        self._api = RuntimeApi(function.timeout, self._freeze, self._thaw)
        self._processes: list[asyncio.subprocess.Process] = []
        self.idle = asyncio.Event()
        self.frozen = 0  # how often it was

    async def start(self) -> None:
        """Start the processes in Lambda's order, extensions first, and wait until the runtime asks for an event."""
        environment = {
            **self._layout.environment(),
            "AWS_LAMBDA_RUNTIME_API": await self._api.start(),
            "AWS_LAMBDA_FUNCTION_NAME": self._function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory),
            "_HANDLER": self._function.handler,
            **self._layout.own(dict(self._given)),
            "AWS_LWA_PORT": str(free_port()),  # in Lambda no other sandbox has the same
        }
        for program in (self._layout.opt / "extensions" / "lambda-adapter", environment["AWS_LAMBDA_EXEC_WRAPPER"]):
            with self._log.open("ab") as log:
                self._processes.append(
                    await asyncio.create_subprocess_exec(
                        program,
                        env=environment,
                        cwd=self._layout.task,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        async with asyncio.timeout(INIT_SECONDS):
            await self._api.ready.wait()
        assert self._api.init_error is None, self._api.init_error

    def invoke(self, event: bytes, timeout: float | None = None) -> Invocation:
        """Hand it an event. `timeout`: seconds that the function has, where it is not what the template says."""
        assert self.idle.is_set(), "a sandbox takes one invocation at a time"
        self.idle.clear()
        self._api.timeout = self._function.timeout if timeout is None else timeout
        invocation = Invocation(event)
        self._api.invoke(invocation)
        return invocation

    async def run_without_event(self, seconds: float) -> float:
        """Let it run for so long though there is no event; the seconds of processor that it took."""
        before = self._processor()
        self._signal(signal.SIGCONT)
        await asyncio.sleep(seconds)
        self._signal(signal.SIGSTOP)
        return self._processor() - before

    async def stop(self) -> None:
        self._signal(signal.SIGCONT)  # a stopped process would not see the next one
        self._signal(signal.SIGTERM)
        for process in self._processes:
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        self._api.stop()

    def _freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        self.frozen += 1
        self.idle.set()

    def _thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            if process.returncode is None:  # the number of one that ended may be somebody else's
                os.killpg(process.pid, number)

    def _processor(self) -> float:
        return sum(_processor_seconds(process.pid) for process in self._processes)


def _processor_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), `stat`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
