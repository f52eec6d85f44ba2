"""Sessions: create, show, list, rename, archive, delete; and proof of the wallets that they are listed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from attache.clock import rfc3339
from attache.errors import BadInput
from attache.sessions.head import Head, Listed
from attache.wire.access import Access
from attache.wire.answers import session_answer
from attache.wire.caller import Caller
from attache.wire.request import Asking
from attache.wire.wallet_access import WalletAccess
from functions.sessions.wallet import wallet_routes

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    for part in (list_routes, session_routes, wallet_routes):
        router.include_router(part(services))
    return router


def list_routes(services: Services) -> APIRouter:
    router = APIRouter()
    access, sessions = Access(services.keys, services.sessions), services.sessions
    wallets = WalletAccess(services.proofs, required=services.settings.wallet_proof == "required")

    @router.post("/api/sessions")
    async def create(caller: Asking) -> Response:
        session_id = caller.session_id()
        await access.to_session(caller, session_id)
        wallet = caller.public_key()
        proven = await wallets.proven(caller, wallet)
        head, created = await sessions.create(session_id, wallet, proven=proven, must_prove=wallets.required)
        return session_answer(session_id, {"session_id": session_id, "title": head.title, "created": created})

    @router.get("/api/sessions")
    async def by_wallet(caller: Asking) -> Response:
        wallet = caller.public_key()
        if wallet is None:
            raise BadInput("A wallet is missing: say whose sessions to list with ?public_key=...")
        await access.to_session(caller, caller.optional_session_id())
        await wallets.needed(caller, wallet)
        return JSONResponse([_item(session) for session in await sessions.by_wallet(wallet)])

    return router


def session_routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/api/sessions/{session_id}")
    access, sessions = Access(services.keys, services.sessions), services.sessions

    async def meant(caller: Caller) -> str:
        session_id = caller.session_of_path()
        await access.to_session(caller, session_id)
        return session_id

    @router.get("")
    async def show(caller: Asking) -> Response:
        return _shown(await sessions.head(await meant(caller)))

    @router.patch("")
    async def rename(caller: Asking) -> Response:
        title = caller.title()
        return _shown(await sessions.rename(await meant(caller), title))

    @router.delete("")
    async def delete(caller: Asking) -> Response:
        session_id = await meant(caller)
        await sessions.delete(session_id)
        return session_answer(session_id, {"session_id": session_id, "deleted": True})

    @router.post("/archive")
    async def archive(caller: Asking) -> Response:
        return _shown(await sessions.archive(await meant(caller), True))

    @router.post("/unarchive")
    async def unarchive(caller: Asking) -> Response:
        return _shown(await sessions.archive(await meant(caller), False))

    return router


def _item(session: Listed) -> dict[str, Any]:
    return {"session_id": session.session_id, "title": session.title, "is_archived": session.archived}


def _shown(head: Head) -> Response:
    times = {"created_at": rfc3339(head.created), "updated_at": rfc3339(head.updated)}
    thread = {"id": head.session_id, "title": head.title, **times}
    body = {"session_id": head.session_id, "title": head.title, "is_archived": head.archived, "threads": [thread]}
    return session_answer(head.session_id, body)
