"""Updates: a session's log as a stream of events, for as long as the client listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from attache.wire.access import Access
from attache.wire.event_stream import EventStream
from attache.wire.lambda_context import deadline, seconds_until
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.get("/api/updates")
    async def updates(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        ends = deadline(caller.headers)
        events = await services.updates.stream(session_id, caller.last_event_id(), ends)
        return EventStream(session_id, events, lasts=seconds_until(ends))

    return router
