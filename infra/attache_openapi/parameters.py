"""Headers and query parameters, of both dialects."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
UUID = {"type": "string", "format": "uuid"}
TEXT = {"type": "string", "maxLength": 255}


def header(name: str, description: str, *, schema: Json | None = None, required: bool = False) -> Json:
    return _parameter(name, "header", description, schema, required)


def query(name: str, description: str, *, schema: Json | None = None, required: bool = False) -> Json:
    return _parameter(name, "query", description, schema, required)


def path(name: str, description: str, *, schema: Json | None = None) -> Json:
    return _parameter(name, "path", description, schema, required=True)


def _parameter(name: str, place: str, description: str, schema: Json | None, required: bool) -> Json:
    return {"name": name, "in": place, "description": description, "required": required, "schema": schema or TEXT}


# not required, as it may stand in the query instead; without either the answer is 400
SESSION = (
    header("X-Session-Id", "The session: a UUID made by the client.", schema=UUID),
    query("session_id", "The session, where the header is not sent.", schema=UUID),
)
MAYBE_SESSION = SESSION
APP = query("app", "The app; `default` needs no key.")
CLIENT = query("client_id", "A client, to which its secrets and keys belong: a capability, so make it a UUID.")
USER_STATE = query(
    "user_state",
    "JSON, flat or nested, at most 16 KB.",
    schema={"type": "string", "contentMediaType": "application/json"},
)
WALLET = query("public_key", "A wallet's address.")
WALLET_TOKEN = header(
    "X-Wallet-Token", "Proof of the wallet, where the operator requires it.", schema={"type": "string"}
)
RESUME = header("Last-Event-ID", "Go on after this event.")
MESSAGE = query("message", "The message.", schema={"type": "string", "maxLength": 32_000})
