"""Which requests need a key, and for which app it must be valid (contract, "Headers")."""

from __future__ import annotations

from typing import Protocol

from attache.keys import KeyRecord
from attache.wire.caller import Caller


class KeyCheck(Protocol):
    """Checks app keys. Raises Unauthenticated, Forbidden."""

    async def authorize(self, key: str | None, app: str) -> KeyRecord | None:
        """The key, if it is valid for this app; None if the app needs none and none was sent."""
        ...

    async def check(self, key: str | None, app: str | None = None) -> KeyRecord | None:
        """The key if one was sent, else None; a sent key must be valid, and valid for `app` if that is given."""
        ...


class SessionApps(Protocol):
    """Finds the app of a session."""

    async def app_of(self, session_id: str) -> str | None:
        """The session's app; None while it has none."""
        ...


class Access:
    """Raises Unauthenticated if a key is missing or invalid, Forbidden if it is for other apps."""

    def __init__(self, keys: KeyCheck, sessions: SessionApps) -> None:
        self._keys = keys
        self._sessions = sessions

    async def to_app(self, caller: Caller, app: str) -> KeyRecord | None:
        """For chat and the choice of a model: every app but `default` needs a key, whether or not the app exists."""
        return await self._keys.authorize(caller.key, app)

    async def to_session(self, caller: Caller, session_id: str | None) -> KeyRecord | None:
        """For everything about a session: its id suffices, but a key that is sent must be valid for its app."""
        if caller.key is None:
            return None
        key = await self._keys.check(caller.key)
        app = await self._sessions.app_of(session_id) if session_id is not None else None
        return await self._keys.check(caller.key, app) if app is not None else key
