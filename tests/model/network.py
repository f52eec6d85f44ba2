"""What lies between a process and all that it calls: latency, loss, and the moments at which it may break down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from attache.errors import AttacheError, Unavailable
from tests.model.virtual_time import Process, current, outside

T = TypeVar("T")
What = Literal["read", "put", "send", "model", "tool", "usage", "blob"]
Request = Literal["arrives", "lost", "late"]


@dataclass(frozen=True)
class Trouble:
    """What befalls a process: it dies, or it stands still for `seconds`."""

    seconds: float | None = None

    def befall(self, process: Process) -> None:
        if self.seconds is None:
            process.crash()
        else:
            process.freeze(self.seconds)


@dataclass(frozen=True)
class Fate:
    """What becomes of one request.

    `going` and `coming` are seconds. `request`: it arrives, never does, or only `late` seconds after its sender was
    told that its outcome is unknown. `answered`: whether the answer comes. `before` and `after` befall the sender:
    before it has sent anything, and when the request has taken effect but is not answered.
    """

    going: float = 0.01
    coming: float = 0.01
    request: Request = "arrives"
    answered: bool = True
    late: float = 5.0
    before: Trouble | None = None
    after: Trouble | None = None


class Chaos(Protocol):
    """Decides what becomes of requests and wake-ups."""

    def fate(self, what: What) -> Fate: ...

    def deliveries(self) -> list[float]:
        """Seconds by which each delivery of a wake-up comes late; none where it is lost."""
        ...


class Network:
    """Carries requests. `log` is told of everything unusual."""

    def __init__(self, chaos: Chaos, log: Callable[[str], None]) -> None:
        self.chaos = chaos
        self.over = False
        self._log = log

    async def request(
        self, what: What, effect: Callable[[], T], lost: type[AttacheError] = Unavailable, *, takes: float = 0.0
    ) -> T:
        """The result of `effect`, which takes place elsewhere, after `takes` seconds more. Raises `lost`."""
        if self.over:
            raise asyncio.CancelledError
        process, fate = current(), self.chaos.fate(what)
        if fate.before and process:
            await self._break_down(process, fate.before, f"before {what}")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        outside(fate.going + takes, self._arrive, what, fate, process, effect, lost, answer)
        return await answer

    async def _break_down(self, process: Process, trouble: Trouble, where: str) -> None:
        self._befall(process, trouble, where)
        await asyncio.sleep(0)

    def _arrive(
        self,
        what: What,
        fate: Fate,
        process: Process | None,
        effect: Callable[[], T],
        lost: type[AttacheError],
        answer: asyncio.Future[T],
    ) -> None:
        result: T | AttacheError
        if fate.request != "arrives":
            self._log(f"{process and process.name}'s {what} is {fate.request}")
            result = lost("The network lost it.")
            if fate.request == "late":
                outside(fate.late, _quietly, effect)
        else:
            result = _tried(effect)
            if not fate.answered:
                self._log(f"the answer to {process and process.name}'s {what} is lost")
                result = lost("The network lost the answer.")
        if fate.after and process and process.state == "runs":
            self._befall(process, fate.after, f"after {what}")
        outside(fate.coming, _resolve, answer, result)

    def _befall(self, process: Process, trouble: Trouble, where: str) -> None:
        fell = "dies" if trouble.seconds is None else f"freezes for {trouble.seconds:.1f} s"
        self._log(f"{process.name} {fell} {where}")
        trouble.befall(process)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("this was to wait for nothing")


def _tried(effect: Callable[[], T]) -> T | AttacheError:
    try:
        return effect()
    except AttacheError as refusal:
        return refusal


def _quietly(effect: Callable[[], object]) -> None:
    _tried(effect)


def _resolve(answer: asyncio.Future[T], result: T | AttacheError) -> None:
    if answer.done():
        return
    if isinstance(result, AttacheError):
        answer.set_exception(result)
    else:
        answer.set_result(result)
