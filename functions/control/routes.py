"""Control: the apps and models that a caller may use, and the choice of a model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from attache.apps import DEFAULT_APP, App
from attache.errors import BadInput, NotFound
from attache.models.catalogue import ModelEntry
from attache.wire.access import Access
from attache.wire.answers import session_answer
from attache.wire.caller import Caller
from attache.wire.request import Asking
from functions.control.provider_keys import provider_key_routes
from functions.control.secrets import secret_routes

if TYPE_CHECKING:
    from attache.wiring import Services


def routes(services: Services) -> APIRouter:
    router = APIRouter()
    access = Access(services.keys, services.sessions)

    @router.post("/api/control/model")
    async def choose_model(caller: Asking) -> Response:
        session_id = caller.session_id()
        name = caller.app() or await services.sessions.app_of(session_id) or DEFAULT_APP
        await access.to_app(caller, name)
        entry = _choice(services, await services.apps.get(name), caller.name("rig", "model"))
        created = await services.sessions.choose_model(session_id, name, entry.id)
        body = {"success": True, "rig": entry.id, "model": entry.id, "baml": entry.route, "created": created}
        return session_answer(session_id, body)

    @router.get("/api/control/models")
    async def model_names(caller: Asking) -> Response:
        return JSONResponse([entry.id for entry in await models(caller)])

    @router.get("/api/session/models")
    async def model_list(caller: Asking) -> Response:
        return JSONResponse({"models": [_model(entry) for entry in await models(caller)]})

    @router.get("/api/control/apps")
    async def app_list(caller: Asking) -> Response:
        found = await apps(caller)
        wants_names = caller.headers.get("x-api-key") or caller.query.get("format") == "names"
        return JSONResponse([app.name if wants_names else _app(app) for app in found])

    @router.get("/api/session/apps")
    async def app_titles(caller: Asking) -> Response:
        return JSONResponse({"apps": [{"id": app.name, "name": app.title} for app in await apps(caller)]})

    async def models(caller: Caller) -> tuple[ModelEntry, ...]:
        """The models of the requested app, else of the session's. A session's own app needs no key here."""
        session_id, asked = caller.optional_session_id(), caller.app()
        own = await services.sessions.app_of(session_id) if session_id is not None else None
        name = asked or own or DEFAULT_APP
        await (access.to_session(caller, session_id) if name == own else access.to_app(caller, name))
        app = await services.apps.get(name)
        return services.catalogue.listing(app.models.default, app.models.allowed)

    async def apps(caller: Caller) -> list[App]:
        """The key's apps first: published clients send the first one as `app=`."""
        key = await access.to_session(caller, caller.optional_session_id())
        names = dict.fromkeys([*(key.apps if key is not None else ()), DEFAULT_APP])
        found = await asyncio.gather(*(_deployed(services, name) for name in names))
        return [app for app in found if app is not None]

    router.include_router(provider_key_routes(services))
    router.include_router(secret_routes(services))
    return router


def _choice(services: Services, app: App, model: str | None) -> ModelEntry:
    if model is None:
        raise BadInput('A model is missing: send ?rig=..., or a body such as {"model": "..."}.')
    if not app.models.allows(model):
        raise BadInput(f"The app {app.name!r} does not allow the model {model!r}.")
    return services.catalogue.resolve(model)


async def _deployed(services: Services, name: str) -> App | None:
    try:
        return await services.apps.get(name)
    except NotFound:
        return None


def _app(app: App) -> dict[str, Any]:
    secrets = [secret.model_dump(include={"name", "description", "required"}) for secret in app.secrets]
    return {"name": app.name, "secrets": secrets} if secrets else {"name": app.name}


def _model(entry: ModelEntry) -> dict[str, str]:
    return {"id": entry.id, "name": entry.name, "provider": entry.provider}
