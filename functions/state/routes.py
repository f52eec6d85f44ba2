"""State: a session's snapshot, its system events, and system messages from its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from attache.wire.access import Access
from attache.wire.answers import entity_tags, session_answer, unchanged
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services

EVENTS = 100


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.get("/api/state")
    async def state(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        found = await services.sessions.state(
            session_id,
            user_state=caller.user_state(),
            client_id=caller.client_id(),
            before=caller.name("before"),
            etags=entity_tags(caller.headers.get("if-none-match")),
        )
        if found.snapshot is None:
            return unchanged(session_id, found.etag)
        return session_answer(session_id, found.snapshot, found.etag)

    @router.get("/api/events")
    async def events(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        count = caller.count("count", EVENTS)
        return JSONResponse(await services.sessions.events(session_id, count))

    @router.post("/api/system")
    async def system(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        said = await services.system_messages.post(session_id, caller.message())
        return session_answer(session_id, {"res": said})

    return router
