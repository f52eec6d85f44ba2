"""`/api/control/provider-keys`: users' own keys for model providers, by client id."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from attache.errors import BadInput
from attache.wire.access import Access
from attache.wire.caller import Caller
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services


def provider_key_routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.get("/api/control/provider-keys")
    async def provider_keys(caller: Asking) -> Response:
        keys = await services.client_secrets.keys(await client_of(caller))
        await bind(caller)
        return JSONResponse({"provider_keys": [asdict(key) for key in keys]})

    @router.post("/api/control/provider-keys")
    async def put_provider_key(caller: Asking) -> Response:
        provider, api_key, label = _text(caller, "provider"), _text(caller, "api_key"), caller.name("label")
        client_id = await client_of(caller)
        key = await services.client_secrets.put_key(client_id, provider, SecretStr(api_key), label)
        await bind(caller)
        return JSONResponse({"key": asdict(key)})

    @router.delete("/api/control/provider-keys/{provider}")
    async def delete_provider_key(caller: Asking) -> Response:
        deleted = await services.client_secrets.delete_key(await client_of(caller), caller.path["provider"])
        await bind(caller)
        return JSONResponse({"deleted": deleted})

    async def client_of(caller: Caller) -> str:
        """The client id in the request, or the one that is bound to its session. Raises BadInput."""
        session_id, client_id = caller.optional_session_id(), caller.client_id()
        await access.to_session(caller, session_id)
        if client_id is None and session_id is not None:
            client_id = await services.sessions.client_of(session_id)
        if client_id is None:
            raise BadInput("No client id is bound to this session: send ?client_id=..., or chat with one first.")
        return client_id

    async def bind(caller: Caller) -> None:
        """Bind the request's client id to its session, after the request was accepted."""
        session_id, client_id = caller.optional_session_id(), caller.client_id()
        if session_id is not None and client_id is not None:
            await services.sessions.bind_client(session_id, client_id)

    return router


def _text(caller: Caller, name: str) -> str:
    """A string in the body, of any length; never in the query, which others may see."""
    sent = caller.body.get(name)
    if not isinstance(sent, str) or not sent.strip():
        raise BadInput(f'{name} is missing: send a body such as {{"provider": "openai", "api_key": "..."}}.')
    return sent
