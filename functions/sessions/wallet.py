"""Proof of a wallet: a message to sign, and a token for its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from attache.clock import rfc3339
from attache.errors import BadInput
from attache.wallets.sign_in import domain_for
from attache.wire.access import Access
from attache.wire.caller import Caller
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services

MOST_MESSAGE = 4_000  # characters
MOST_SIGNATURE = 20_000  # one of a contract wallet is long, and told so


def wallet_routes(services: Services) -> APIRouter:
    router, access = APIRouter(), Access(services.keys, services.sessions)
    ours = [domain.strip().lower() for domain in services.settings.wallet_domains.split(",") if domain.strip()]

    @router.get("/api/wallet/nonce")
    async def nonce(caller: Asking) -> Response:
        await access.to_session(caller, caller.optional_session_id())
        wallet = caller.public_key()
        if wallet is None:
            raise BadInput("A wallet is missing: say whose with ?public_key=0x...")
        asked = await services.proofs.ask(wallet, domain(caller))
        return _secret({"nonce": asked.nonce, "message": asked.text})

    @router.post("/api/wallet/verify")
    async def verify(caller: Asking) -> Response:
        await access.to_session(caller, caller.optional_session_id())
        message, signature = caller.text("message", MOST_MESSAGE), caller.text("signature", MOST_SIGNATURE)
        made = await services.proofs.verify(message, signature)
        return _secret({"wallet_token": made.token, "expires_at": rfc3339(made.expires)})

    def domain(caller: Caller) -> str:
        return domain_for(caller.headers.get("host", ""), caller.headers.get("origin", ""), ours)

    return router


def _secret(body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"cache-control": "no-store"})
