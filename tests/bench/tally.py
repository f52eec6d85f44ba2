"""What a piece of work asked of AWS: every request, in the order of its beginning and end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request, of the function `by`. `began` and `ended` count what was begun or ended before it.

    Units are DynamoDB's: `written` is computed from item sizes, `reported` is what DynamoDB says;
    `byte_months` is how much longer storage holds what is new, until it expires.
    """

    service: str
    operation: str
    began: int
    by: str = ""
    ended: int | None = None
    read: float = 0.0
    written: int = 0
    reported: float = 0.0
    byte_months: float = 0.0


@dataclass
class Tally:
    """The requests of one piece of work, of all functions that have a part in it. `sent`: bodies of queue messages."""

    requests: list[Request] = field(default_factory=list)
    moment: int = 0
    model_called: tuple[int, str] | None = None
    bytes_out: int = 0
    invocations: Counter[str] = field(default_factory=Counter)
    sent: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def begin(self, service: str, operation: str) -> Request:
        request = Request(service, operation, self._next_moment(), _function.get())
        self.requests.append(request)
        return request

    def end(self, request: Request) -> None:
        request.ended = self._next_moment()

    def note_model(self) -> None:
        """The model is called; the first time counts."""
        self.model_called = self.model_called or (self._next_moment(), _function.get())

    def of(self, *functions: str) -> Tally:
        """What these functions asked for."""
        return Tally([request for request in self.requests if request.by in functions])

    @property
    def read_units(self) -> float:
        return sum(request.read for request in self.requests)

    @property
    def write_units(self) -> int:
        return sum(request.written for request in self.requests)

    @property
    def reported_write_units(self) -> float:
        return sum(request.reported for request in self.requests)

    @property
    def byte_months(self) -> float:
        return sum(request.byte_months for request in self.requests)

    def count(self, service: str) -> int:
        return sum(request.service == service for request in self.requests)

    @property
    def round_trips(self) -> int | None:
        """Requests that waited for each other before the model was called, the queue's delivery among them.

        None where it was not called. What another function did beside the one that called it is no part of the chain.
        """
        if self.model_called is None:
            return None
        moment, caller = self.model_called
        its = [request for request in self.requests if request.by == caller and _over(request, moment)]
        began = min((request.began for request in its), default=moment)
        before = [request for request in self.requests if request.by != caller and _over(request, began)]
        return _longest_chain(before) + _longest_chain(its)

    def _next_moment(self) -> int:
        self.moment += 1
        return self.moment


def _over(request: Request, moment: int) -> bool:
    return request.ended is not None and request.ended < moment


def _longest_chain(requests: list[Request]) -> int:
    """The most requests of which each began after the one before had ended."""
    chain, last = 0, 0
    for request in sorted(requests, key=lambda request: request.ended or 0):
        if request.began > last:
            chain, last = chain + 1, request.ended or 0
    return chain


_function: ContextVar[str] = ContextVar("function", default="")
_current: ContextVar[Tally | None] = ContextVar("tally", default=None)


def current() -> Tally | None:
    """The tally of the work that is going on, tasks that it began included."""
    return _current.get()


@contextmanager
def counting(tally: Tally | None = None) -> Iterator[Tally]:
    """Count what is asked of AWS inside, on `tally` or a new one."""
    tally = tally or Tally()
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)


@contextmanager
def acting_as(function: str) -> Iterator[None]:
    """Requests made inside are this function's."""
    token = _function.set(function)
    try:
        yield
    finally:
        _function.reset(token)
