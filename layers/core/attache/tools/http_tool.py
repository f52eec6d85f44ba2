"""A compiled HTTP tool: the schema that the model sees, and the map from its arguments to a request."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from attache.tools.tool import ToolSpec

Place = Literal["path", "query", "header", "body", "body_property"]
Style = Literal["simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "json"]
DEFAULT_TIMEOUT = 30.0


class Frozen(BaseModel):
    """Stored and immutable; unknown fields are ignored, so that older code can read what newer code wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Binding(Frozen):
    """Where one of the model's arguments goes in the request.

    `name` is the API's name, `argument` the model's: they differ if path, query or body use one name twice. `body` is
    the whole body, `body_property` one member of a JSON object. `style` and `explode` are OpenAPI's; `json`: the
    parameter contains JSON text. `fill`: the schema's default of a required input, sent if the model gives no value;
    other defaults are left to the API.
    """

    argument: str
    place: Place
    name: str
    style: Style = "simple"
    explode: bool = False
    fill: bool = False


class ToolAuth(Frozen):
    """A secret of the app, and the header or query parameter that carries it, after `prefix`.

    Without a value, a call is not sent if the secret is `required`; otherwise it is sent without it.
    """

    place: Literal["header", "query"]
    name: str
    secret: str
    prefix: str = ""
    required: bool = True


class Steps(Frozen):
    """What follows a tool's request: `poll` is repeated until `field` of its answer is one of `done` or `failed`.

    `arguments` of the poll are fields of the first answer, each by its path (`data.id`). `message`: the field with the
    progress. `interval` and `limit` are seconds.
    """

    poll: HttpTool
    arguments: dict[str, str]
    field: str
    done: tuple[str, ...]
    failed: tuple[str, ...] = ()
    message: str | None = None
    interval: float
    limit: float


class HttpTool(Frozen):
    """One operation of an API as a tool. `server` is an absolute URL without a trailing slash, `path` a template.

    `safe`: GET, HEAD or declared idempotent, so a resumed turn may repeat it. `timeout`: seconds for the whole
    exchange. `later`: no turn waits for the answer, nor for its `steps`.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    method: str
    server: str
    path: str
    bindings: tuple[Binding, ...] = ()
    body_type: str | None = None
    body_required: bool = False
    auth: ToolAuth | None = None
    safe: bool
    confirm: bool = False
    later: bool = False
    steps: Steps | None = None
    timeout: float = Field(default=DEFAULT_TIMEOUT, gt=0, le=300)

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(self.name, self.description, self.parameters, self.safe)


Steps.model_rebuild()
