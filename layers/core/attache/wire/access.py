"""Which requests need a key, and for which app it must be good (contract, "Headers")."""

from __future__ import annotations

from typing import Protocol

from attache.keys import KeyRecord
from attache.wire.caller import Caller


class KeyCheck(Protocol):
    """Keys as requests see them."""

    async def authorize(self, key: str | None, app: str) -> KeyRecord | None:
        """The key, if it is good for this app; None where the app needs none and none came."""
        ...

    async def check(self, key: str | None, app: str | None = None) -> KeyRecord | None:
        """The key, if one was sent; what was sent must be good, for `app` if there is one."""
        ...


class SessionApps(Protocol):
    """Sessions, as far as access depends on them."""

    async def app_of(self, session_id: str) -> str | None:
        """The app that the session belongs to; None while it belongs to none."""
        ...


class Access:
    """Raises Unauthenticated where a key is missing or bad, Forbidden where it is for other apps."""

    def __init__(self, keys: KeyCheck, sessions: SessionApps) -> None:
        self._keys = keys
        self._sessions = sessions

    async def to_app(self, caller: Caller, app: str) -> KeyRecord | None:
        """For chat and the choice of a model: every app but `default` needs a key, whether or not it exists."""
        return await self._keys.authorize(caller.key, app)

    async def to_session(self, caller: Caller, session_id: str | None) -> KeyRecord | None:
        """For everything about a session: its id suffices, but a key that is sent must be good for its app."""
        if caller.key is None:
            return None
        key = await self._keys.check(caller.key)
        app = await self._sessions.app_of(session_id) if session_id is not None else None
        return await self._keys.check(caller.key, app) if app is not None else key
