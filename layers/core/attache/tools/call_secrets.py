"""The secrets that a tool call is sent with, and those that its result must not show."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from attache.tools.handles import MARK
from attache.tools.http_tool import ToolAuth
from attache.tools.request import UnsendableError
from attache.tools.secret_source import SecretSource
from attache.tools.tool import CallContext


@dataclass(frozen=True)
class Opened:
    """In plain text: the tool's own secret, those that handles stand for, and all that must not be shown."""

    auth: str | None
    handles: Mapping[str, str]
    hidden: Collection[str]


class CallSecrets:
    """Reads the secrets for calls of one app; `names` are all secrets that the app knows.

    All of them are hidden in every result, because what is sent to one tool another may return.
    """

    def __init__(self, source: SecretSource, names: Sequence[str]) -> None:
        self._source = source
        self._names = names

    async def open(self, auth: ToolAuth | None, handles: Collection[str], context: CallContext) -> Opened:
        """The secrets of a call. Raises UnsendableError if a required one is missing, AttacheError."""
        of_app, own = await asyncio.gather(self._of_app(context), self._own(context))
        secret = own.get(auth.secret, of_app.get(auth.secret)) if auth else None
        if auth and auth.required and secret is None:
            raise _missing(
                f"The secret {auth.secret} of the app {context.app} is not set",
                "the user's client or the app's operator can set it.",
            )
        if unset := sorted(set(handles).difference(own)):
            raise _missing(
                f"{MARK}{unset[0]} stands for nothing: this user's client has set no secret {unset[0]} for the app"
                f" {context.app}",
                "only the user's client can set it.",
            )
        return Opened(secret, {name: own[name] for name in handles}, {*of_app.values(), *own.values()})

    async def _of_app(self, context: CallContext) -> Mapping[str, str]:
        values = await asyncio.gather(*(self._source.value(context.app, name) for name in self._names))
        return _set(self._names, values)

    async def _own(self, context: CallContext) -> Mapping[str, str]:
        if context.client_id is None:
            return {}
        asked = (self._source.own(context.app, name, context.client_id) for name in self._names)
        return _set(self._names, await asyncio.gather(*asked))


def _set(names: Sequence[str], values: Sequence[str | None]) -> Mapping[str, str]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _missing(what: str, who: str) -> UnsendableError:
    return UnsendableError(f"{what}, so nothing was sent. Tell the user that this secret is missing; {who}")
