"""Owners: the wallet that a session is bound to, if it was proven, in one app."""

from __future__ import annotations

from typing import Any

from attache.sessions.head import Head, owner_name


def owner_of(head: Head | None, app: str | None, wallet: str | None = None, *, proven: bool = False) -> str | None:
    """The session's owner once it is in `app` and bound to `wallet` (if that is given).

    A proof lasts as long as the wallet stays bound: it need not be repeated with each message.
    """
    bound = wallet or (head.wallet if head else None)
    stays = head is not None and head.owner is not None and head.wallet == bound
    return owner_name(bound, app) if bound and (stays or (wallet and proven)) else None


def in_app(head: Head | None, app: str) -> dict[str, Any]:
    """The change of a session's owner when the session moves to `app`."""
    owner = owner_of(head, app)
    return {"owner": owner} if head is not None and head.owner != owner else {}
