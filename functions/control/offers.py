"""What a caller may choose from: the apps of its key, and the models of an app."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attache.apps import DEFAULT_APP, App
from attache.errors import BadInput, NotFound
from attache.models.catalogue import ModelEntry
from attache.wire.access import Access
from attache.wire.caller import Caller

if TYPE_CHECKING:
    from attache.wiring import Services


class Offers:
    """Apps and models, for callers who may know of them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._access = Access(services.keys, services.sessions)

    async def models(self, caller: Caller) -> tuple[ModelEntry, ...]:
        """The models of the requested app, else of the session's. A session's own app needs no key here."""
        session_id, asked = caller.optional_session_id(), caller.app()
        own = await self._services.sessions.app_of(session_id) if session_id is not None else None
        name = asked or own or DEFAULT_APP
        await (self._access.to_session(caller, session_id) if name == own else self._access.to_app(caller, name))
        app = await self._services.apps.get(name)
        return self._services.catalogue.listing(app.models.default, app.models.allowed)

    async def choice(self, caller: Caller, session_id: str) -> tuple[App, ModelEntry]:
        """The model that the caller chose for the session, and the app that allows it. Raises BadInput."""
        name = caller.app() or await self._services.sessions.app_of(session_id) or DEFAULT_APP
        await self._access.to_app(caller, name)
        app, model = await self._services.apps.get(name), caller.name("rig", "model")
        if model is None:
            raise BadInput('A model is missing: send ?rig=..., or a body such as {"model": "..."}.')
        if not app.models.allows(model):
            allowed = ", ".join(dict.fromkeys([app.models.default, *app.models.allowed]))
            raise BadInput(f"The app {app.name!r} does not allow the model {model!r}; it allows {allowed}.")
        return app, self._services.catalogue.resolve(model)

    async def apps(self, caller: Caller) -> list[App]:
        """The key's apps first: published clients send the first one as `app=`."""
        key = await self._access.to_session(caller, caller.optional_session_id())
        names = dict.fromkeys([*(key.apps if key is not None else ()), DEFAULT_APP])
        found = await asyncio.gather(*(self._deployed(name) for name in names))
        return [app for app in found if app is not None]

    async def _deployed(self, name: str) -> App | None:
        try:
            return await self._services.apps.get(name)
        except NotFound:
            return None
