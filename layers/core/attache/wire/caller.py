"""Reading a request in either of the two dialects, or a mixture.

No choice may depend on another: every value is looked up by itself, in each place where either dialect puts it. If a
value is sent twice, the order of places below decides; of a repeated header the last value counts, because only that
one reaches a function behind the Lambda Web Adapter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attache.errors import BadInput, TooLarge
from attache.wire.json_text import parse_object
from attache.wire.negotiation import Form, wanted_form

KEY_HEADERS = ("aomi-app-key", "x-api-key")
MAX_MESSAGE = 32_000  # characters
MAX_USER_STATE = 16 * 1024  # bytes of JSON
# of a user state: only the server sets these, and clients never see the last one
SERVER_KEYS = frozenset({"pending_txs", "pending_eip712s", "next_id", "pending_since"})
MAX_NAME = 255  # characters of an id, address, model or the like
MAX_TITLE = 200
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Caller:
    """A request's headers (names in lower case), query, path parameters and JSON body."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        """The app key, from either header; `AOMI-APP-KEY` if both were sent."""
        return next(filter(None, (self.headers.get(name, "").strip() for name in KEY_HEADERS)), None)

    def session_id(self) -> str:
        """The session id: from the header, else the query. Raises BadInput."""
        session_id = self.optional_session_id()
        if session_id is None:
            raise BadInput("A session id is missing: send a UUID that you made in the X-Session-Id header.")
        return session_id

    def optional_session_id(self) -> str | None:
        """The session id, or None if none was sent; it must still be a UUID. Raises BadInput."""
        sent = self.headers.get("x-session-id", "").strip() or self.query.get("session_id", "").strip()
        return checked_session_id(sent) if sent else None

    def session_of_path(self) -> str:
        """The session id in the path, which may differ from the one in the header."""
        return checked_session_id(self.path["session_id"])

    def app(self) -> str | None:
        """The app's name: from the query, else the body."""
        return self.name("app")

    def message(self) -> str:
        """The message: `text` in the body, else `message` in the query, else in the body. Raises BadInput, TooLarge."""
        said = (self.body.get("text"), self.query.get("message"), self.body.get("message"))
        message = next((text for text in said if text not in (None, "")), "")
        if not isinstance(message, str):
            raise BadInput("The message must be a string.")
        if not message.strip():
            raise BadInput('The message is empty: send ?message=..., or a body such as {"text": "..."}.')
        if len(message) > MAX_MESSAGE:
            raise TooLarge(f"The message has {len(message):,} characters; the most is {MAX_MESSAGE:,}.")
        return message

    def form(self) -> Form:
        """Whether chat streams or returns a snapshot: as `Accept` says; else `text` in the body means a stream."""
        return wanted_form(self.headers.get("accept", ""), "stream" if self.body.get("text") else "snapshot")

    def user_state(self) -> dict[str, Any] | None:
        """The user state: JSON in the query, an object (or JSON) in the body. Raises BadInput."""
        sent = self.query.get("user_state") or self.body.get("user_state")
        if sent is None or sent == "":
            return None
        return _user_state(sent)

    def client_id(self) -> str | None:
        return self.name("client_id")

    def public_key(self) -> str | None:
        """The wallet's address."""
        return self.name("public_key")

    def wallet_token(self) -> str | None:
        """The token that proves the wallet. Raises BadInput."""
        return _short("X-Wallet-Token", self.headers.get("x-wallet-token"))

    def text(self, name: str, most: int) -> str:
        """A string in the body, unchanged, of at most `most` characters. Raises BadInput."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value or len(value) > most:
            raise BadInput(f"{name} must be a text of 1 to {most:,} characters in the body.")
        return value

    def name(self, name: str, *others: str) -> str | None:
        """A short string called `name` or one of `others`: from the query, else the body. Raises BadInput."""
        for place in (self.query, self.body):
            for known_as in (name, *others):
                if (value := _short(known_as, place.get(known_as))) is not None:
                    return value
        return None

    def count(self, name: str, most: int) -> int:
        """A whole number in the query: at most `most`, which is also the default. Raises BadInput."""
        sent = self.query.get(name) or str(most)
        if not (sent.isascii() and sent.isdigit() and len(sent) < 10):
            raise BadInput(f"{name} must be a whole number.")
        return min(int(sent), most)

    def title(self) -> str:
        """The new title of a session. Raises BadInput."""
        title = self.body.get("title")
        if not isinstance(title, str) or not title.strip():
            raise BadInput('A title is missing: send a body such as {"title": "..."}.')
        if len(title) > MAX_TITLE:
            raise BadInput(f"The title has {len(title)} characters; the most is {MAX_TITLE}.")
        return title.strip()

    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key`. Raises BadInput."""
        return _short("Idempotency-Key", self.headers.get("idempotency-key"))

    def last_event_id(self) -> str | None:
        return self.headers.get("last-event-id", "").strip() or None


def checked_session_id(sent: str) -> str:
    """A session id in lower case, as UUIDs are written (RFC 9562, 4). Raises BadInput."""
    if not _UUID.fullmatch(sent):
        raise BadInput("The session id is not a UUID, such as 3f1c2c9e-8a53-4a86-9d7b-0f5d3f6a2b11.")
    return sent.lower()


def _user_state(sent: Any) -> dict[str, Any]:
    """The client's own part of a user state, without the server's keys, which clients echo.

    The size limit is that of compact JSON, so that an echo of the stored state passes however the client formats it.
    """
    state = parse_object(sent, "user_state") if isinstance(sent, str) else sent
    if not isinstance(state, dict):
        raise BadInput("user_state must be a JSON object.")
    state = {name: value for name, value in state.items() if name not in SERVER_KEYS}
    if len(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_USER_STATE:
        raise BadInput(f"user_state is over {MAX_USER_STATE // 1024} KB.")
    return state


def _short(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable():
        raise BadInput(f"{name} must be a plain string.")
    if len(value) > MAX_NAME:
        raise BadInput(f"{name} has over {MAX_NAME} characters.")
    return value.strip() or None
