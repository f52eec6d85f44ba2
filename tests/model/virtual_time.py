"""An event loop whose time jumps to the next timer, and processes in it that freeze, thaw and die at any line.

Everything that happens in a process happens in a callback of the loop, and the loop knows by the context of a callback
whose it is. That of a frozen process is kept until it thaws, that of a dead one for ever: no `finally` of it runs.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, Literal, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
_CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)
MOST_ROUNDS = 400_000  # of the loop, in one schedule: more is a loop that turns without end


class Stuck(Exception):
    """Nothing would ever happen again, or the same for ever."""


class Process:
    """All that runs in one container."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: Literal["runs", "frozen", "dead", "buried"] = "runs"
        self.was_frozen = False
        self._held: list[_Step] = []
        self._spell = 0
        self._when_dead: list[Callable[[], None]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        context = copy_context()
        context.run(_CURRENT.set, self)
        return asyncio.get_running_loop().create_task(work, context=context)

    def freeze(self, seconds: float | None = None) -> None:
        """Until somebody thaws it, or for so long."""
        if self.state in ("dead", "buried"):
            return
        self.state, self._spell = "frozen", self._spell + 1
        if seconds is not None:
            self.was_frozen = True
            outside(seconds, self._thaw_after, self._spell)

    def thaw(self) -> None:
        if self.state == "frozen":
            self.state = "runs"
            self._go_on()

    def crash(self) -> None:
        if self.state not in ("dead", "buried"):
            self.state = "dead"
            for tell in self._when_dead:
                tell()

    def when_dead(self, tell: Callable[[], None]) -> None:
        self._when_dead.append(tell)

    def bury(self) -> None:
        """When all is over: let its tasks be cancelled."""
        self.state = "buried"
        self._go_on()

    def hold(self, step: _Step) -> bool:
        if self.state in ("runs", "buried"):
            return False
        self._held.append(step)
        return True

    def _thaw_after(self, spell: int) -> None:
        if spell == self._spell:
            self.thaw()

    def _go_on(self) -> None:
        held, self._held = self._held, []
        for step in held:
            step.again()


class _Step:
    """A callback of a process; its handle says whether it was cancelled while it was held."""

    def __init__(self, loop: VirtualLoop, process: Process, call: Callable[[], object], context: Context) -> None:
        self._loop = loop
        self._process = process
        self._call = call
        self._context = context
        self.handle: asyncio.Handle | None = None

    def __call__(self) -> None:
        if not self._process.hold(self):
            self._call()

    def again(self) -> None:
        self._loop.call_soon(self._unless_cancelled, context=self._context)

    def _unless_cancelled(self) -> None:
        if self.handle is None or not self.handle.cancelled():
            self()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop without waiting. `time()` is in seconds from its beginning."""

    def __init__(self) -> None:
        self._time = 0.0
        self.tasks: set[asyncio.Task[Any]] = set()  # a loop itself holds them weakly, and a dead process's are garbage
        super().__init__(_Jump(self))

    def time(self) -> float:
        return self._time

    def jump(self, seconds: float) -> None:
        self._time += seconds

    def create_task(self, coro: Any, **named: Any) -> asyncio.Task[Any]:
        task = super().create_task(coro, **named)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        step = self._step(lambda: callback(*args), context)
        if step is None:
            return super().call_soon(callback, *args, context=context)
        step.handle = super().call_soon(step, context=context)
        return step.handle

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        step = self._step(lambda: callback(*args), context)
        if step is None:
            return super().call_at(when, callback, *args, context=context)
        handle = super().call_at(when, step, context=context)
        step.handle = handle
        return handle

    def _step(self, call: Callable[[], object], context: Context | None) -> _Step | None:
        """The callback as one of its process; None outside of all."""
        process = context.get(_CURRENT) if context is not None else _CURRENT.get()
        if process is None:
            return None
        return _Step(self, process, call, context if context is not None else copy_context())


class _Jump(selectors.SelectSelector):
    """Waits for nothing: the time that the loop would have slept is over at once."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop
        self._rounds = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        self._rounds += 1
        if timeout is None:
            raise Stuck("nothing will ever happen again")
        if self._rounds > MOST_ROUNDS:
            raise Stuck("it goes round for ever")
        self._loop.jump(max(timeout, 0.0))
        return []


def current() -> Process | None:
    """The process whose code this is; None outside of all."""
    return _CURRENT.get()


def outside(seconds: float, callback: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
    """Do this after a time, whatever becomes of the process that asks for it."""
    return asyncio.get_running_loop().call_later(seconds, callback, *arguments, context=nobody())


def nobody() -> Context:
    """The context of what belongs to no process."""
    context = copy_context()
    context.run(_CURRENT.set, None)
    return context
