"""Control: the apps and models that a caller may use, and the choice of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from attache.apps import App
from attache.models.catalogue import ModelEntry
from attache.wire.answers import session_answer
from attache.wire.request import Asking
from functions.control.offers import Offers
from functions.control.provider_keys import provider_key_routes
from functions.control.secrets import secret_routes

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    for part in (model_routes, app_routes, provider_key_routes, secret_routes):
        router.include_router(part(services))
    return router


def model_routes(services: Services) -> APIRouter:
    router, offers = APIRouter(), Offers(services)

    @router.post("/api/control/model")
    async def choose(caller: Asking) -> Response:
        session_id = caller.session_id()
        app, entry = await offers.choice(caller, session_id)
        created = await services.sessions.choose_model(session_id, app.name, entry.id)
        body = {"success": True, "rig": entry.id, "model": entry.id, "baml": entry.route, "created": created}
        return session_answer(session_id, body)

    @router.get("/api/control/models")
    async def names(caller: Asking) -> Response:
        return JSONResponse([entry.id for entry in await offers.models(caller)])

    @router.get("/api/session/models")
    async def described(caller: Asking) -> Response:
        return JSONResponse({"models": [_model(entry) for entry in await offers.models(caller)]})

    return router


def app_routes(services: Services) -> APIRouter:
    router, offers = APIRouter(), Offers(services)

    @router.get("/api/control/apps")
    async def apps(caller: Asking) -> Response:
        found = await offers.apps(caller)
        wants_names = caller.headers.get("x-api-key") or caller.query.get("format") == "names"
        return JSONResponse([app.name if wants_names else _app(app) for app in found])

    @router.get("/api/session/apps")
    async def titles(caller: Asking) -> Response:
        return JSONResponse({"apps": [{"id": app.name, "name": app.title} for app in await offers.apps(caller)]})

    return router


def _app(app: App) -> dict[str, Any]:
    secrets = [secret.model_dump(include={"name", "description", "required"}) for secret in app.secrets]
    return {"name": app.name, "secrets": secrets} if secrets else {"name": app.name}


def _model(entry: ModelEntry) -> dict[str, str]:
    return {"id": entry.id, "name": entry.name, "provider": entry.provider}
