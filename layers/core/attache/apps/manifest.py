"""`app.yaml`, the manifest in which an operator describes an app. Unknown keys are errors."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from attache.apps.app import MAX_STEPS, RETENTION_DAYS, ModelChoice, SecretDeclaration
from attache.tools.http_tool import DEFAULT_TIMEOUT, ToolAuth
from attache.tools.wallet_tool import ADDRESS, WalletTool

MAX_PREAMBLE = 32_000
SECRET_NAME = r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$"  # noqa: S105  the pattern of a name
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
AppName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
SecretName = Annotated[str, StringConstraints(pattern=SECRET_NAME)]
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Timeout = Annotated[float, Field(gt=0, le=300)]


class Strict(BaseModel):
    """A part of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Models(Strict):
    """The models of an app, by ids or patterns of ids. `title` names and summarises; a cheap model will do."""

    default: Text
    allowed: tuple[Text, ...] = ()
    fallback: Text | None = None
    title: Text | None = None

    @property
    def choice(self) -> ModelChoice:
        return ModelChoice(default=self.default, allowed=self.allowed, fallback=self.fallback, title=self.title)


class Secret(Strict):
    """A secret that the tools need; its value is set separately."""

    name: SecretName
    description: str = ""
    required: bool = False

    @property
    def declaration(self) -> SecretDeclaration:
        return SecretDeclaration(name=self.name, description=self.description, required=self.required)


class Auth(Strict):
    """How a secret is sent: in a header, in a query parameter, or as a bearer token."""

    secret: SecretName
    header: Annotated[str, StringConstraints(pattern=HEADER_NAME)] | None = None
    query: Text | None = None
    bearer: Literal[True] | None = None
    prefix: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.header, self.query, self.bearer)) != 1:
            raise ValueError("Say one of `header: NAME`, `query: NAME` and `bearer: true`.")
        if re.search(r"[^\x20-\x7e]", self.prefix):
            raise ValueError("`prefix` must be plain ASCII text.")
        return self

    def tool_auth(self, required: bool) -> ToolAuth:
        if self.query:
            return ToolAuth(place="query", name=self.query, secret=self.secret, prefix=self.prefix, required=required)
        name, prefix = (self.header, self.prefix) if self.header else ("Authorization", "Bearer ")
        return ToolAuth(place="header", name=name, secret=self.secret, prefix=prefix, required=required)


def _operation_alone(value: Any) -> Any:
    return {"operation": value} if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]


class StepsOf(Strict):
    """After the request, poll the operation `poll` until `field` of its answer is one of `done` or `failed`.

    `arguments`: the poll's arguments, each a field of the first answer (`data.id`). `message`: the field with the
    progress. `interval` and `limit` are seconds.
    """

    poll: Text
    arguments: dict[str, Text] = {}
    field: Text
    done: Annotated[Words, Field(min_length=1)]
    failed: Words = ()
    message: Text | None = None
    interval: Annotated[float, Field(ge=1, le=900)] = 5
    limit: Annotated[float, Field(gt=0, le=7 * 86_400)] = 600


class Expose(Strict):
    """An operation, as `GET /prices/{symbol}` or by operationId, and how it differs as a tool.

    `async: true`: no turn waits for its answer; `steps` imply that.
    """

    operation: Text
    name: ToolName | None = None
    description: Text | None = None
    idempotent: bool | None = None
    confirm: bool = False
    later: Annotated[bool, Field(alias="async")] = False
    steps: StepsOf | None = None
    timeout: Timeout | None = None


class ApiTools(Strict):
    """Tools of one API: every operation, or those that any of `expose`, `tags` and `paths` names.

    `openapi`: a file in the app's folder, or a URL. `paths` may contain `*`. `server` replaces the description's own.
    """

    openapi: Text
    server: Text | None = None
    auth: Auth | None = None
    expose: tuple[Annotated[Expose, BeforeValidator(_operation_alone)], ...] = ()
    tags: tuple[Text, ...] = ()
    paths: tuple[Text, ...] = ()
    timeout: Timeout = DEFAULT_TIMEOUT


class WalletRequest(Strict):
    """A tool that asks the user's wallet for a transaction or an EIP-712 signature.

    `chain_id` and `to` fix what the model may otherwise choose.
    """

    name: ToolName
    request: Literal["transaction", "eip712"]
    description: Text
    chain_id: Annotated[int, Field(gt=0, lt=2**53)] | None = None
    to: Annotated[str, StringConstraints(pattern=ADDRESS)] | None = None

    @model_validator(mode="after")
    def _to_of_transactions(self) -> Self:
        if self.to and self.request == "eip712":
            raise ValueError("`to` is for transactions only: a signature goes nowhere.")
        return self

    @property
    def tool(self) -> WalletTool:
        return WalletTool(**self.model_dump())


def _in_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Manifest(Strict):
    """An app as it is described; `tools` is one API or a list of them.

    `documents` is a folder beside `app.yaml`; `true` where somebody else puts them into the bucket.
    """

    name: AppName
    title: Text | None = None
    preamble: Annotated[str, StringConstraints(max_length=MAX_PREAMBLE)] = ""
    models: Models
    tools: Annotated[tuple[ApiTools, ...], BeforeValidator(_in_list)] = ()
    wallet: tuple[WalletRequest, ...] = ()
    secrets: tuple[Secret, ...] = ()
    documents: Text | Literal[True] | None = None
    max_steps: Annotated[int, Field(ge=1, le=100)] = MAX_STEPS
    retention_days: Annotated[int, Field(ge=1, le=3650)] = RETENTION_DAYS
