"""`/api/secrets`: write-only secrets of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from attache.errors import BadInput
from attache.wire.access import Access
from attache.wire.caller import Caller
from attache.wire.request import Asking

if TYPE_CHECKING:
    from attache.wiring import Services


def secret_routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.post("/api/secrets")
    async def put_secrets(caller: Asking) -> Response:
        """If a key is sent, the secrets are for the apps that it authorizes, and no others."""
        key = await access.to_session(caller, caller.optional_session_id())
        apps = None if key is None else key.apps
        handles = await services.client_secrets.put(_client_id(caller), _secrets(caller), apps)
        return JSONResponse({"handles": handles})

    @router.delete("/api/secrets")
    async def clear_secrets(caller: Asking) -> Response:
        await access.to_session(caller, caller.optional_session_id())
        await services.client_secrets.clear(_client_id(caller))
        return JSONResponse({"cleared": True})

    @router.delete("/api/secrets/{name}")
    async def delete_secret(caller: Asking) -> Response:
        await access.to_session(caller, caller.optional_session_id())
        deleted = await services.client_secrets.delete(_client_id(caller), caller.path["name"])
        return JSONResponse({"deleted": deleted})

    return router


def _client_id(caller: Caller) -> str:
    client_id = caller.client_id()
    if client_id is None:
        raise BadInput("A client id is missing: send client_id, a name that only this client knows.")
    return client_id


def _secrets(caller: Caller) -> dict[str, SecretStr]:
    sent: Any = caller.body.get("secrets")
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise BadInput('Secrets are missing: send a body such as {"client_id": "...", "secrets": {"NAME": "value"}}.')
    return {name: SecretStr(value) for name, value in sent.items()}
