"""Interrupt: stop the running turn and withdraw waiting messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from attache.wire.access import Access
from attache.wire.answers import session_answer
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.post("/api/interrupt")
    async def interrupt(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        return session_answer(session_id, await services.interrupts.interrupt(session_id))

    return router
