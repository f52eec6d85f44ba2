"""What the API takes as bodies, as schemas."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

Json = dict[str, Any]


class ChatBody(BaseModel):
    """A message: `text` of the streaming dialect, or `message`; the rest as in the query."""

    text: str | None = Field(default=None, max_length=32_000)
    message: str | None = Field(default=None, max_length=32_000)
    app: str | None = None
    public_key: str | None = None
    user_state: Json | str | None = Field(default=None, description="At most 16 KB of JSON.")
    client_id: str | None = None


class SessionBody(BaseModel):
    """What a session begins with."""

    public_key: str | None = Field(default=None, description="The wallet that it is bound to.")


class TitleBody(BaseModel):
    """A new title."""

    title: str = Field(min_length=1, max_length=200)


class ModelBody(BaseModel):
    """The model, where it is not in the query."""

    model: str | None = None
    rig: str | None = None


class MessageBody(BaseModel):
    """The message, where it is not in the query."""

    message: str | None = None


class SecretsBody(BaseModel):
    """Secrets of a client."""

    client_id: str | None = Field(default=None, description="Here or in the query.")
    secrets: dict[str, str]


class ProviderKeyBody(BaseModel):
    """A user's own key for a model provider."""

    provider: str
    api_key: str
    label: str | None = None
    client_id: str | None = None


class SignatureBody(BaseModel):
    """The message as it came, and its signature."""

    message: str = Field(max_length=4_000)
    signature: str = Field(max_length=20_000)
