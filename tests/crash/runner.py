"""A process that runs turns and may die of it: `python -m tests.crash.runner <place as JSON>`.

Each line on its standard input is an `Order` as JSON. The first one it carries out itself, so that all is imported and
made ready that a turn wants; for each further one it forks a child. When an order's process is done with it, or gone,
it prints the order's id. What was done is in the order's report, one JSON object a line, written as it goes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import ClientError

from attache.aws import Aws, AwsAccess
from attache.clock import Clock
from attache.errors import BadInput
from attache.models.litellm_import import import_litellm
from attache.sessions.sessions import Sessions
from attache.settings import Settings
from attache.turns.chats import ChatRequest
from attache.turns.timings import Timings
from attache.wiring import Services, wire
from functions.tools.jobs import do_tool_job
from functions.turns.jobs import do_job
from tests.crash.points import CrashingAws, CrashingServices, Points

IDLE_SECONDS = 60.0
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Place:
    """Where the service's parts are, the same for all children."""

    access: AwsAccess
    settings: Settings
    environ: Mapping[str, str]
    timings: Timings

    @staticmethod
    def read(text: str) -> Place:
        given = json.loads(text)
        return Place(
            AwsAccess(**given["access"]),
            Settings.model_validate(given["settings"]),
            given["environ"],
            Timings(**given["timings"]),
        )

    def json(self) -> str:
        return json.dumps(
            {
                "access": asdict(self.access),
                "settings": self.settings.model_dump(),
                "environ": self.environ,
                "timings": asdict(self.timings),
            }
        )


@dataclass(frozen=True)
class Chat:
    """A message to send; `stream` is the older dialect."""

    message: str
    key: str
    stream: bool = True
    last_event_id: str | None = None
    model: str | None = None
    user_state: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Order:
    """What a child does: send messages, post answers, work on the queue until the session is idle, `then` send more.

    `crash`: the point at which it dies. With `tools_url`, the tool-calls queue is worked on too, until no call with
    steps is pending.
    """

    session_id: str
    queue_url: str
    report: str
    chats: tuple[Chat, ...] = ()
    posts: tuple[str, ...] = ()
    tools_url: str = ""
    work: bool = False
    then: tuple[Chat, ...] = ()
    crash: str | None = None
    id: int = 0

    @staticmethod
    def read(line: str) -> Order:
        given = json.loads(line)
        chats = {name: tuple(Chat(**chat) for chat in given[name]) for name in ("chats", "then")}
        return Order(**{**given, **chats, "posts": tuple(given["posts"])})

    def json(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Report:
    """Unbuffered, so that what was said before a crash is there after it."""

    path: Path
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            self.say(error="".join(traceback.format_exception(error)))
        return True

    def say(self, **what: Any) -> None:
        os.write(self._file, json.dumps(what).encode() + b"\n")


async def carry_out(order: Order, place: Place, shared: Aws) -> None:
    report = Report(Path(order.report))
    points = Points(order.crash, lambda name: report.say(died=name))
    queues = {"turns_queue_url": order.queue_url, "tool_calls_queue_url": order.tools_url}
    settings = place.settings.model_copy(update=queues)
    services = CrashingServices(
        settings, CrashingAws(shared, points), place.environ, Clock(), place.timings, points=points
    )
    with report:
        for chat in order.chats:
            await _chat(services, order.session_id, chat, report)
        for text in order.posts:
            await _post(services, order.session_id, text, report)
        if order.work:
            onlooker = wire(settings, shared, {}, timings=place.timings).sessions
            await _work(services, onlooker, shared, order)
        for chat in order.then:
            await _chat(services, order.session_id, chat, report)
        report.say(passed=points.passed)


async def _chat(services: Services, session_id: str, chat: Chat, report: Report) -> None:
    app = await services.apps.get("desk")
    if chat.model:
        await services.sessions.choose_model(session_id, app.name, chat.model)
    request = ChatRequest(
        session_id, app, chat.message, idempotency_key=chat.key, last_event_id=chat.last_event_id,
        user_state=chat.user_state,
    )  # fmt: skip
    if chat.stream:
        async for event in await services.chats.stream(request):
            report.say(key=chat.key, id=event.id, data=event.data)
    else:
        report.say(key=chat.key, snapshot=await services.chats.answer(request, wait=0))


async def _post(services: Services, session_id: str, text: str, report: Report) -> None:
    """What a client does with an answer: a refusal says that it was taken before."""
    try:
        report.say(taken=await services.system_messages.post(session_id, text))
    except BadInput as refusal:
        report.say(refused=refusal.message)


async def _work(services: Services, onlooker: Sessions, aws: Aws, order: Order) -> None:
    """What Lambda does with the queue, one message after the other; nobody but the queue says that there is work."""
    deadline = time.monotonic() + IDLE_SECONDS
    while await _busy(onlooker, order):
        if time.monotonic() > deadline:
            raise TimeoutError("the session does not become idle")
        await _handle_next(aws, order.queue_url, partial(do_job, services))
        if order.tools_url:
            await _handle_next(aws, order.tools_url, partial(do_tool_job, services))


async def _handle_next(aws: Aws, queue_url: str, handle: Callable[[str], Awaitable[None]]) -> None:
    answer = await aws.call("sqs", "receive_message", QueueUrl=queue_url, WaitTimeSeconds=1)
    for message in answer.get("Messages", ()):
        await handle(message["Body"])
        with suppress(ClientError):  # handled for so long that it came again
            await aws.call("sqs", "delete_message", QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


async def _busy(onlooker: Sessions, order: Order) -> bool:
    log = onlooker.log(order.session_id)
    view = await log.read()
    return view.busy or bool(order.tools_url and view.pending)


def main() -> None:
    place = Place.read(sys.argv[1])
    import_litellm()
    with os.fdopen(sys.stdin.fileno(), "rb", buffering=0) as lines:  # or select would miss what was read ahead
        rehearsal = Order.read(lines.readline().decode())
        asyncio.run(carry_out(rehearsal, place, Aws(place.access)))
        print(rehearsal.id, flush=True)
        shared = Aws(place.access)
        for service in ("dynamodb", "sqs", "s3"):
            shared.client(service)  # made, and not connected yet
        gc.collect()
        gc.freeze()  # a collection would copy what the children share
        serve(lines, lambda order: asyncio.run(carry_out(order, place, shared)))


def serve(lines: IO[bytes], do: Callable[[Order], None]) -> None:
    """A child for each line, until there are no more."""
    children: dict[int, int] = {}
    while True:
        for child in [child for child in children if os.waitpid(child, os.WNOHANG)[0]]:
            print(children.pop(child), flush=True)
        if select.select([lines], [], [], LOOK_SECONDS)[0]:
            line = lines.readline()
            if not line:
                return
            order = Order.read(line.decode())
            child = os.fork()
            if child == 0:
                do(order)
                os._exit(0)
            children[child] = order.id


if __name__ == "__main__":
    main()
