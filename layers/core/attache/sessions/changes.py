"""Changes to a session outside of turns: each is an entry and what it changes, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attache.apps.apps import DEFAULT_APP
from attache.errors import Forbidden, NotFound, Unauthenticated
from attache.sessions.entries import Deleted, Delivered, Entry, Event, User, What
from attache.sessions.head import UNTITLED, Gist, Head, owner_name
from attache.sessions.log import Decision, SessionLog, Wanted, begun
from attache.sessions.owners import in_app
from attache.sessions.table import Beside, HeadChange
from attache.sessions.user_state import reconcile, same
from attache.wallets import UNPROVEN

BOUND_FOR = 60_000  # ms


class NothingToDo(Exception):
    """The session is already as requested."""


def living(log: SessionLog) -> Head:
    """The session's head. Raises NotFound."""
    if log.head is None:
        raise NotFound("There is no such session.")
    return log.head


def create(now: int, wallet: str | None, *, proven: bool = False, must_prove: bool = False) -> Decision:
    """Create a session. Raises NothingToDo, Unauthenticated if the wallet `must_prove` itself to be bound."""
    owner = owner_name(wallet, None) if wallet and proven else None

    def decide(log: SessionLog) -> Wanted:
        if log.head is not None:
            raise NothingToDo
        if wallet and must_prove and not proven:
            raise Unauthenticated(UNPROVEN)
        return Wanted(Event("created"), Beside(new_head=begun(log, now, wallet=wallet, owner=owner)))

    return decide


def change(what: What, **values: Any) -> Decision:
    """Change these attributes of an existing session's head. Raises NotFound, NothingToDo."""

    def decide(log: SessionLog) -> Wanted:
        head = living(log)
        if all(getattr(head, name) == value for name, value in values.items()):
            raise NothingToDo
        return Wanted(Event(what, values), Beside(head_change=HeadChange.of(head, values)))

    return decide


def rename(title: str) -> Decision:
    """Set the user's title. Raises NotFound, NothingToDo."""

    def decide(log: SessionLog) -> Wanted:
        head = living(log)
        if (head.title, head.title_by) == (title, "user"):
            raise NothingToDo
        return _titled(head, title, "user")

    return decide


def name(tag: str, title: str, gist: Gist) -> Decision:
    """Set a generated title, unless the session `tag` is gone or has a title. Raises NothingToDo."""
    about = {"gist": gist.text, "gist_at": gist.at} if gist.text else {}

    def decide(log: SessionLog) -> Wanted:
        if not is_unnamed(log.head, tag):
            raise NothingToDo
        return _titled(log.living, title, "model", **about)

    return decide


def is_unnamed(head: Head | None, tag: str) -> bool:
    """Whether the session `tag` is there and nobody has given it a title."""
    return head is not None and head.tag == tag and head.title_by == UNTITLED


def _titled(head: Head, title: str, by: str, **about: Any) -> Wanted:
    change = HeadChange.of(head, {"title": title, "title_by": by, **about})
    return Wanted(Event("title", {"title": title, "by": by}), Beside(head_change=change))


def declare(what: What, now: int, **values: Any) -> Decision:
    """As `change`, but creates the session if there is none."""

    def decide(log: SessionLog) -> Wanted:
        if log.head is None:
            return Wanted(Event(what, values), Beside(new_head=begun(log, now, **values)))
        return change(what, **values)(log)

    return decide


def bind_polling(now: int, client_id: str) -> Decision:
    """Bind the client id of a poll. Raises NothingToDo.

    Two clients that poll one session in turns would take it from each other with every poll: an id that was bound
    before is bound again only once the session has been another's for a minute.
    """

    def decide(log: SessionLog) -> Wanted:
        bound = [(entry.at, client) for entry in log.entries if (client := _client_in(entry)) is not None]
        if client_id in (client for _, client in bound) and now - bound[-1][0] < BOUND_FOR:
            raise NothingToDo
        return declare("client", now, client_id=client_id)(log)

    return decide


def _client_in(entry: Entry) -> str | None:
    """The client id that this entry binds."""
    match entry.body:
        case User(client_id=client_id):
            return client_id
        case Event(what="client", data=data):
            return str(data["client_id"])
    return None


def choose(now: int, app: str, model: str) -> Decision:
    """Choose a model, and the session's app if it has none yet. Raises Forbidden, NothingToDo."""

    def decide(log: SessionLog) -> Wanted:
        check_app(log.head, app)
        return declare("model", now, model=model, app=app, **in_app(log.head, app))(log)

    return decide


def check_app(head: Head | None, app: str) -> None:
    """Raises Forbidden if the session belongs to another app; it may move once, from `default`."""
    if head is not None and head.app not in (None, DEFAULT_APP, app):
        raise Forbidden(f"This session belongs to the app {head.app!r}: start a new session to talk to {app!r}.")


def hear(user_state: Mapping[str, Any], now: int) -> Decision:
    """Merge a client's user state. Raises NothingToDo if it changes nothing."""

    def decide(log: SessionLog) -> Wanted:
        stored = log.known.user_state if log.head else None
        state = reconcile(stored, user_state)
        if same(state, stored or {}):
            raise NothingToDo
        new = begun(log, now) if log.head is None else None
        return Wanted(Event("user_state"), Beside(new_head=new, user_state=state, over=stored))

    return decide


def say(text: str, now: int) -> Decision:
    """Store a client's system message; no turn answers it."""

    def decide(log: SessionLog) -> Wanted:
        new = begun(log, now) if log.head is None else None
        return Wanted(Event("message", {"text": text}), Beside(new_head=new))

    return decide


def notify(message: str) -> Decision:
    """Store a notice for the user. Raises NotFound."""

    def decide(log: SessionLog) -> Wanted:
        living(log)
        return Wanted(Event("notice", {"message": message}))

    return decide


def deliver() -> Decision:
    """Mark the system events that no snapshot has contained yet as delivered."""

    def decide(log: SessionLog) -> Wanted:
        if not log.view.undelivered:
            raise NothingToDo
        return Wanted(Delivered(log.view.undelivered[-1]))

    return decide


def delete() -> Decision:
    """Append the tombstone, and remove the session from its wallet's list."""

    def decide(log: SessionLog) -> Wanted:
        head = living(log)
        gone = HeadChange(head.born, {"wallet": None, "owner": None}) if head.wallet else None
        return Wanted(Deleted(), Beside(head_change=gone))

    return decide
