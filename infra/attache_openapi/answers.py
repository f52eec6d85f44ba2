"""What the API answers, as schemas. Answers may grow: a client ignores the fields that it does not know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel


class Error(BaseModel):
    """Why it was not done, in words a caller can act on."""

    error: str
    request_id: str | None = Field(default=None, description="With 500: what to report it with.")


class Health(BaseModel):
    """The function is there."""

    status: Literal["ok"]
    version: str


class Message(BaseModel):
    """A message of a conversation. A tool's result is one of its own: `agent`, no content, `tool_result`."""

    id: str
    sender: Literal["user", "agent", "system"]
    content: str
    timestamp: str = Field(description="RFC 3339, UTC")
    is_streaming: bool
    tool_result: Annotated[list[str], Field(min_length=2, max_length=2)] | None = Field(
        description="The tool's name, and its result as text."
    )
    sources: list[Any] | None = Field(default=None, description="Where the tool found documents: which.")


class InlineCall(BaseModel):
    """Something that the client is asked to do."""

    type: str = Field(description="As `wallet_tx_request`, `wallet_eip712_request`, `tool_approval_request`.")
    payload: dict[str, Any]


class InlineCallEvent(BaseModel):
    InlineCall: InlineCall


class NoticeEvent(BaseModel):
    SystemNotice: str


class ErrorEvent(BaseModel):
    SystemError: str


class AsyncCallback(BaseModel):
    """What a call has come to that nobody waited for, as `async_tool_result` has it."""

    name: str
    call_id: str
    status: Literal["success", "error"]
    result: Any
    truncated: bool = Field(default=False, description="Whether `result` is an excerpt.")
    sources: list[Any] | None = None


class CallbackEvent(BaseModel):
    AsyncCallback: AsyncCallback


class SystemEvent(RootModel[InlineCallEvent | NoticeEvent | ErrorEvent | CallbackEvent]):
    """An event beside the conversation."""


class SystemEvents(RootModel[list[SystemEvent]]):
    """System events, oldest first."""


class Snapshot(BaseModel):
    """A session as it is now; the newest 1 MB of its messages at most."""

    session_id: str
    status: Literal["idle", "processing", "interrupted"]
    is_processing: bool
    title: str
    messages: list[Message]
    system_events: list[SystemEvent] = Field(description="Those that no earlier snapshot delivered.")
    user_state: dict[str, Any] | None = Field(
        description="Flat and nested at once, beside whatever else the client stored; `pending_txs`, "
        "`pending_eip712s` and `next_id` are the server's."
    )
    last_event_id: str = Field(description="Where updates go on from, as `Last-Event-ID`.")
    truncated: bool | None = Field(default=None, description="There is more: ask with `?before=<message id>`.")


class Interrupted(Snapshot):
    """The session, no longer processing."""

    interrupted: bool = Field(description="Whether there was something to interrupt.")


class SessionMade(BaseModel):
    """A session that was made, or was there already."""

    session_id: str
    title: str
    created: bool


class Thread(BaseModel):
    """A session's only thread: itself."""

    id: str
    title: str
    created_at: str
    updated_at: str


class Session(BaseModel):
    """A session."""

    session_id: str
    title: str
    is_archived: bool
    threads: list[Thread]


class SessionListed(BaseModel):
    """A session of a wallet."""

    session_id: str
    title: str
    is_archived: bool


class SessionsListed(RootModel[list[SessionListed]]):
    """A wallet's sessions, newest first."""


class SessionDeleted(BaseModel):
    """The session, its messages, events and stored files are gone."""

    session_id: str
    deleted: bool


class SystemAnswer(BaseModel):
    """What came of it."""

    res: Message | None


class ModelChosen(BaseModel):
    """The model, from the next turn on."""

    success: bool
    rig: str
    model: str
    baml: str = Field(description="The full provider route of the model.")
    created: bool = Field(description="The call made the session.")


class ModelNames(RootModel[list[str]]):
    """Ids of models, the default first."""


class Model(BaseModel):
    """A model."""

    id: str
    name: str
    provider: str


class Models(BaseModel):
    """Models, the default first."""

    models: list[Model]


class SecretDeclared(BaseModel):
    """A secret that an app's tools use."""

    name: str
    description: str
    required: bool


class AppDeclared(BaseModel):
    """An app, with the secrets that it declares, if it does."""

    name: str
    secrets: list[SecretDeclared] | None = None


class AppsDeclared(RootModel[list[AppDeclared] | list[str]]):
    """Apps; with `X-API-Key` or `format=names` their names alone."""


class AppTitle(BaseModel):
    """An app, for people."""

    id: str
    name: str


class AppTitles(BaseModel):
    """Apps, for people."""

    apps: list[AppTitle]


class SecretHandles(BaseModel):
    """What stands for the secrets from now on."""

    handles: dict[str, str]


class Cleared(BaseModel):
    """All secrets of the client are gone."""

    cleared: bool


class Deleted(BaseModel):
    """Whether there was one."""

    deleted: bool


class ProviderKey(BaseModel):
    """A user's own key, as far as it is shown."""

    provider: str
    key_prefix: str
    label: str | None
    is_active: bool


class ProviderKeyKept(BaseModel):
    """The key that is kept now."""

    key: ProviderKey


class ProviderKeys(BaseModel):
    """A user's own keys."""

    provider_keys: list[ProviderKey]


class WalletNonce(BaseModel):
    """What to sign."""

    nonce: str
    message: str


class WalletToken(BaseModel):
    """Proof of the wallet, sent as `X-Wallet-Token` when binding or listing."""

    wallet_token: str
    expires_at: str = Field(description="RFC 3339, UTC")
