"""What the contract says of each endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, RootModel

from attache_openapi import answers, requests, streams
from attache_openapi.parameters import (
    APP,
    CLIENT,
    MAYBE_SESSION,
    MESSAGE,
    RESUME,
    SESSION,
    USER_STATE,
    WALLET,
    WALLET_TOKEN,
    Json,
    header,
    path,
    query,
)

Shape = type[BaseModel] | type[RootModel[Any]]
KEYED = (401, 403)  # a key that is sent is checked everywhere


@dataclass(frozen=True)
class Operation:
    """An endpoint. `refusals` are the statuses beside 200 and those that every endpoint has; `stream` is its events."""

    tag: str
    summary: str
    answer: Shape | None
    parameters: tuple[Json, ...] = ()
    body: Shape | None = None
    refusals: tuple[int, ...] = ()
    stream: Shape | None = None
    keyless: bool = False
    about_a_session: bool = True


OF_A_SESSION = path("session_id", "The session.", schema={"type": "string", "format": "uuid"})

OPERATIONS: Mapping[str, Operation] = {
    "POST /api/chat": Operation(
        "chat",
        "Send a message. The answer is a stream of events where `Accept` asks for one or the body has `text`; "
        "else a snapshot, as soon as the turn ends or the wait is over.",
        answers.Snapshot,
        (
            *SESSION,
            APP,
            MESSAGE,
            USER_STATE,
            CLIENT,
            WALLET,
            WALLET_TOKEN,
            RESUME,
            header("Prefer", "`wait=N` (0 to 25 s) or `respond-async`: how long the snapshot may wait."),
            header("Idempotency-Key", "The same key on the same session never starts a second turn."),
        ),
        requests.ChatBody,
        (400, *KEYED, 404, 409, 413, 429),
        streams.ChatEvent,
    ),
    "GET /api/state": Operation(
        "state",
        "The session as it is now. One that was never used is empty.",
        answers.Snapshot,
        (
            *SESSION,
            USER_STATE,
            CLIENT,
            query("before", "What came before this message."),
            header("If-None-Match", "304 where nothing changed since."),
        ),
        refusals=(304, 400, *KEYED, 404),
    ),
    "GET /api/updates": Operation(
        "state",
        "What happens in the session, as it happens. Every event has an id to go on from.",
        None,
        (*SESSION, RESUME),
        refusals=(400, *KEYED, 429),
        stream=streams.UpdateEvent,
    ),
    "POST /api/interrupt": Operation(
        "chat",
        "Stop the running turn, and withdraw the messages that wait.",
        answers.Interrupted,
        SESSION,
        refusals=(400, *KEYED, 404),
    ),
    "POST /api/system": Operation(
        "state",
        "Say something beside the conversation: an event of the wallet, an approval, a state, or plain words.",
        answers.SystemAnswer,
        (*SESSION, MESSAGE),
        requests.MessageBody,
        (400, *KEYED, 413, 429),
    ),
    "GET /api/events": Operation(
        "state",
        "The latest system events.",
        answers.SystemEvents,
        (*SESSION, query("count", "How many at most.", schema={"type": "integer", "minimum": 0, "default": 100})),
        refusals=(400, *KEYED),
    ),
    "POST /api/sessions": Operation(
        "sessions",
        "Make a session. Again with the same id nothing changes.",
        answers.SessionMade,
        (*SESSION, WALLET, WALLET_TOKEN),
        requests.SessionBody,
        (400, *KEYED),
    ),
    "GET /api/sessions": Operation(
        "sessions",
        "The sessions of a wallet, newest first.",
        answers.SessionsListed,
        (query("public_key", "The wallet's address.", required=True), *MAYBE_SESSION, WALLET_TOKEN),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "GET /api/sessions/{session_id}": Operation(
        "sessions", "A session.", answers.Session, (OF_A_SESSION,), refusals=(400, *KEYED, 404)
    ),
    "PATCH /api/sessions/{session_id}": Operation(
        "sessions",
        "Give a session another title.",
        answers.Session,
        (OF_A_SESSION,),
        requests.TitleBody,
        (400, *KEYED, 404),
    ),
    "DELETE /api/sessions/{session_id}": Operation(
        "sessions",
        "Delete a session: its messages, events and stored files.",
        answers.SessionDeleted,
        (OF_A_SESSION,),
        refusals=(400, *KEYED, 404),
    ),
    "POST /api/sessions/{session_id}/archive": Operation(
        "sessions", "Archive a session.", answers.Session, (OF_A_SESSION,), refusals=(400, *KEYED, 404)
    ),
    "POST /api/sessions/{session_id}/unarchive": Operation(
        "sessions", "Take a session out of the archive.", answers.Session, (OF_A_SESSION,), refusals=(400, *KEYED, 404)
    ),
    "POST /api/control/model": Operation(
        "control",
        "Choose the session's model, from the next turn on.",
        answers.ModelChosen,
        (*SESSION, APP, query("rig", "The model."), query("model", "The model, by its other name.")),
        requests.ModelBody,
        (400, *KEYED, 404),
    ),
    "GET /api/control/models": Operation(
        "control",
        "Ids of the models that the app allows.",
        answers.ModelNames,
        (*MAYBE_SESSION, APP),
        refusals=(400, *KEYED, 404),
        about_a_session=False,
    ),
    "GET /api/session/models": Operation(
        "control",
        "The models that the app allows.",
        answers.Models,
        (*MAYBE_SESSION, APP),
        refusals=(400, *KEYED, 404),
        about_a_session=False,
    ),
    "GET /api/control/apps": Operation(
        "control",
        "The apps that the key authorizes, and `default`.",
        answers.AppsDeclared,
        (*MAYBE_SESSION, query("format", "`names` for names alone, as `X-API-Key` does.", schema={"enum": ["names"]})),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "GET /api/session/apps": Operation(
        "control",
        "The same, for people.",
        answers.AppTitles,
        MAYBE_SESSION,
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "POST /api/secrets": Operation(
        "secrets",
        "Keep secrets of a client. They are write-only; handles stand for them.",
        answers.SecretHandles,
        (CLIENT, *MAYBE_SESSION),
        requests.SecretsBody,
        (400, *KEYED, 413),
        about_a_session=False,
    ),
    "DELETE /api/secrets": Operation(
        "secrets",
        "Forget all secrets of a client.",
        answers.Cleared,
        (CLIENT, *MAYBE_SESSION),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "DELETE /api/secrets/{name}": Operation(
        "secrets",
        "Forget a secret of a client.",
        answers.Deleted,
        (path("name", "The secret."), CLIENT, *MAYBE_SESSION),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "GET /api/control/provider-keys": Operation(
        "secrets",
        "The user's own keys for model providers, as far as they are shown.",
        answers.ProviderKeys,
        (*MAYBE_SESSION, CLIENT),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "POST /api/control/provider-keys": Operation(
        "secrets",
        "Keep a user's own key for a model provider.",
        answers.ProviderKeyKept,
        (*MAYBE_SESSION, CLIENT),
        requests.ProviderKeyBody,
        (400, *KEYED, 413),
        about_a_session=False,
    ),
    "DELETE /api/control/provider-keys/{provider}": Operation(
        "secrets",
        "Forget a user's own key for a model provider.",
        answers.Deleted,
        (path("provider", "The provider."), *MAYBE_SESSION, CLIENT),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "GET /api/wallet/nonce": Operation(
        "wallet",
        "A message to be signed with the wallet (EIP-4361), good once and for a few minutes.",
        answers.WalletNonce,
        (query("public_key", "The wallet's address.", required=True),),
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "POST /api/wallet/verify": Operation(
        "wallet",
        "Prove the wallet by the message's signature.",
        answers.WalletToken,
        body=requests.SignatureBody,
        refusals=(400, *KEYED),
        about_a_session=False,
    ),
    "GET /health": Operation(
        "health", "Whether the service is there.", answers.Health, keyless=True, about_a_session=False
    ),
}
