"""Whose a session is: the wallet that it is bound to, and whether that was proven."""

from __future__ import annotations

from typing import Any

from attache.sessions.head import Head, owner_name


def owner_of(head: Head | None, app: str | None, wallet: str | None = None, *, proven: bool = False) -> str | None:
    """The owner of a session, once it is in `app` and `wallet` (where one is said) is bound to it.

    A proof lasts while the wallet stays: it need not be shown again with each message.
    """
    bound = wallet or (head.wallet if head else None)
    stays = head is not None and head.owner is not None and head.wallet == bound
    return owner_name(bound, app) if bound and (stays or (wallet and proven)) else None


def in_app(head: Head | None, app: str) -> dict[str, Any]:
    """What changes of a session's owner where it moves to `app`."""
    owner = owner_of(head, app)
    return {"owner": owner} if head is not None and head.owner != owner else {}
