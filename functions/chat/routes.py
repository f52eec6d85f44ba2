"""Chat: a message in, the assistant's answer as a stream of events or as a snapshot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from attache.apps import DEFAULT_APP
from attache.turns.chats import ChatRequest
from attache.wire.access import Access
from attache.wire.answers import session_answer
from attache.wire.caller import Caller
from attache.wire.event_stream import EventStream
from attache.wire.lambda_context import deadline, seconds_until
from attache.wire.negotiation import snapshot_wait
from attache.wire.request import Asking
from attache.wire.wallet_access import WalletAccess

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)
    wallets = WalletAccess(services.proofs, required=services.settings.wallet_proof == "required")

    @router.post("/api/chat")
    async def chat(caller: Asking) -> Response:
        request = await accepted(caller)
        if caller.form() == "stream":
            events = await services.chats.stream(request)
            return EventStream(request.session_id, events, lasts=seconds_until(request.deadline))
        prefer, polls = caller.headers.get("prefer", ""), request.client_id is not None
        wait = snapshot_wait(prefer, polls=polls, otherwise=services.settings.snapshot_wait)
        return session_answer(request.session_id, await services.chats.answer(request, wait))

    async def accepted(caller: Caller) -> ChatRequest:
        session_id, app = caller.session_id(), caller.app() or DEFAULT_APP
        wallet = caller.public_key()
        key, proven = await asyncio.gather(access.to_app(caller, app), wallets.proven(caller, wallet))
        return ChatRequest(
            session_id=session_id,
            app=await services.apps.get(app),
            message=caller.message(),
            key_id=key.id if key is not None else None,
            user_state=caller.user_state(),
            client_id=caller.client_id(),
            public_key=wallet,
            proven=proven,
            must_prove=wallets.required,
            idempotency_key=caller.idempotency_key(),
            last_event_id=caller.last_event_id(),
            deadline=deadline(caller.headers),
        )

    return router
