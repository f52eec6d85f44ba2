"""The places where a process can die: before and after everything that leaves it.

The parts of the service are wrapped where it is put together; nothing in it knows.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from attache.aws import Aws
from attache.models.access import ProviderAccess
from attache.models.catalogue import Catalogue
from attache.models.litellm_models import LitellmModels
from attache.models.model import ModelEvent, ModelRequest
from attache.tools.guarded_network import GuardedNetwork
from attache.tools.http_exchange import Exchanges
from attache.tools.request import HttpRequest
from attache.tools.results import HttpAnswer
from attache.turns.app_toolsets import AppToolsets
from attache.wiring import Services


class Points:
    """Names the points that a process comes past, and ends it by SIGKILL at the `last` one.

    A name says what is done there and the how manieth time, as in `before dynamodb put_item of text 2`. `passed` are
    all names in order; `say` is told the last one, just before.
    """

    def __init__(self, last: str | None, say: Callable[[str], None]) -> None:
        self.passed: list[str] = []
        self._times: Counter[str] = Counter()
        self._last = last
        self._say = say

    def at(self, what: str) -> None:
        self._times[what] += 1
        self.passed.append(f"{what} {self._times[what]}")
        if self.passed[-1] == self._last:
            self._say(self._last)
            os.kill(os.getpid(), signal.SIGKILL)

    @asynccontextmanager
    async def around(self, what: str) -> AsyncIterator[None]:
        self.at(f"before {what}")
        yield
        self.at(f"after {what}")


class CrashingAws(Aws):
    """The same clients as `shared`, each call between two points."""

    def __init__(self, shared: Aws, points: Points) -> None:
        super().__init__(shared.access)
        self._shared = shared
        self._points = points

    def client(self, service: str) -> Any:
        return self._shared.client(service)

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        async with self._points.around(f"{service} {operation}{_kind(parameters)}"):
            return await super().call(service, operation, **parameters)


def _kind(parameters: Mapping[str, Any]) -> str:
    """The kind of the entry that is written, if one is."""
    put = next((item["Put"] for item in parameters.get("TransactItems", ()) if "Put" in item), parameters)
    kind = put.get("Item", {}).get("kind")
    return f" of {kind['S']}" if kind else ""


class CrashingExchanges(Exchanges):
    def __init__(self, points: Points) -> None:
        super().__init__(GuardedNetwork(allow_loopback=True))
        self._points = points

    async def send(self, request: HttpRequest, *, until: float, safe: bool) -> HttpAnswer:
        async with self._points.around(f"tool {request.method}"):
            return await super().send(request, until=until, safe=safe)


class CrashingModels(LitellmModels):
    """A point before each request, and one at each thing that the model says, which is not shown yet."""

    def __init__(self, catalogue: Catalogue, access: ProviderAccess, points: Points) -> None:
        super().__init__(catalogue, access)
        self._points = points

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self._points.at("before model request")
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                self._points.at(f"after model {type(event).__name__}")
                yield event


@dataclass(frozen=True)
class CrashingToolsets(AppToolsets):
    points: Points

    @cached_property
    def _exchanges(self) -> Exchanges:
        return CrashingExchanges(self.points)


@dataclass(frozen=True)
class CrashingServices(Services):
    points: Points

    @cached_property
    def models(self) -> LitellmModels:
        return CrashingModels(self.catalogue, ProviderAccess.from_environ(self.environ), self.points)

    @cached_property
    def _toolsets(self) -> AppToolsets:
        return CrashingToolsets(self.secrets, self.clock, self.meter, allow_loopback=True, points=self.points)
