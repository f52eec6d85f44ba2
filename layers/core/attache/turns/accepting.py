"""Accepting a message: what is checked against the session, and what is appended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attache.apps.app import App
from attache.errors import Conflict, TooMany, Unauthenticated
from attache.sessions.changes import check_app
from attache.sessions.entries import User
from attache.sessions.head import Head
from attache.sessions.log import Decision, SessionLog, Wanted, begun
from attache.sessions.owners import owner_of
from attache.sessions.table import Beside, HeadChange, Idempotency, Promise
from attache.sessions.user_state import reconcile, same
from attache.wallets import UNPROVEN, wallet_name


@dataclass(frozen=True)
class ChatRequest:
    """A message as a client sent it, after its key and app were checked.

    `proven`: the caller proved to own the wallet `public_key`. `must_prove`: bind it only if so.
    `deadline`: when the function's time is over, in milliseconds since 1970; None if it is not limited.
    """

    session_id: str
    app: App
    message: str
    key_id: str | None = None
    user_state: Mapping[str, Any] | None = None
    client_id: str | None = None
    public_key: str | None = None
    proven: bool = False
    must_prove: bool = False
    idempotency_key: str | None = None
    last_event_id: str | None = None
    deadline: int | None = None

    @property
    def wallet(self) -> str | None:
        """The wallet's normalised name."""
        return wallet_name(self.public_key) if self.public_key else None

    def owner(self, head: Head | None) -> str | None:
        """The session's owner once this message is accepted; `head` is None for a new session."""
        return owner_of(head, self.app.name, self.wallet, proven=self.proven)

    @property
    def digest(self) -> str:
        """Hash of app and message: an `Idempotency-Key` may be repeated with the same one only."""
        return hashlib.sha256(f"{self.app.name}\n{self.message}".encode()).hexdigest()


def accept(request: ChatRequest, now: int, most_waiting: int, *, streamed: bool) -> Decision:
    """The decision that appends the message; a `streamed` one also takes its turn if nothing runs or waits.

    It raises Forbidden if the session belongs to another app, Unauthenticated if binding the wallet needs a proof that
    is missing, TooMany if `most_waiting` messages wait already.
    """

    def decide(log: SessionLog) -> Wanted:
        check_app(log.head, request.app.name)
        _check_wallet(log.head, request)
        if len(log.view.waiting) >= most_waiting:
            raise TooMany(f"{most_waiting} messages wait already; send the next one when some are answered.", 5)
        user_state = _news(log, request)
        message = User(
            request.message,
            runner=log.writer if streamed and not log.view.busy else None,
            streamed=streamed,
            key=request.key_id,
            client_id=request.client_id,
            public_key=request.public_key,
        )
        return Wanted(message, _beside(log, request, user_state, now))

    return decide


def check_same(request: ChatRequest, made: Idempotency) -> None:
    """Raises Conflict if the `Idempotency-Key` was sent with another message, or to another app."""
    if made.digest != request.digest:
        raise Conflict("This Idempotency-Key was used with another message or app: send a new key with a new message.")


def _check_wallet(head: Head | None, request: ChatRequest) -> None:
    """Clients send their wallet with every message; only the first one binds it."""
    bound = head.wallet if head else None
    if request.must_prove and not request.proven and request.wallet not in (None, bound):
        raise Unauthenticated(UNPROVEN)


def _news(log: SessionLog, request: ChatRequest) -> Mapping[str, Any] | None:
    """The new user state, or None if this request does not change it."""
    if request.user_state is None:
        return None
    stored = log.known.user_state if log.head else None
    state = reconcile(stored, request.user_state)
    return None if same(state, stored or {}) else state


def _beside(log: SessionLog, request: ChatRequest, user_state: Mapping[str, Any] | None, now: int) -> Beside:
    wanted: dict[str, Any] = {
        "app": request.app.name,
        # not within a turn: a message that outlived its end would seem to run
        "days": None if log.view.busy else request.app.retention_days,
        "wallet": request.wallet,
        "client_id": request.client_id,
    }
    values = {name: value for name, value in wanted.items() if value is not None}
    head, new = log.head, None
    values["owner"] = request.owner(head)  # None where the proof does not hold for another wallet
    if head is None:
        new = begun(log, now, **values)
        head, values = new.head, {}
    changes = {name: value for name, value in values.items() if getattr(head, name) != value}
    promises = [Promise(request.idempotency_key, request.digest, head.born)] if request.idempotency_key else []
    change = HeadChange.of(head, changes) if changes else None
    over = log.known.user_state if user_state is not None and new is None else None
    return Beside(new, change, user_state, over, tuple(promises))
