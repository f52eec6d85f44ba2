"""A compiled HTTP tool: the schema that the model sees, and the map from its arguments back to a request."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from attache.tools.tool import ToolSpec

Place = Literal["path", "query", "header", "body", "body_property"]
Style = Literal["simple", "form", "spaceDelimited", "pipeDelimited", "deepObject", "json"]
DEFAULT_TIMEOUT = 30.0


class Frozen(BaseModel):
    """What is stored and never changed; fields of a later release are skipped, so that a rollback can read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Binding(Frozen):
    """Where one argument of the model goes in the request.

    `name` is the API's own word, `argument` the model's: they differ where a path, a query and a body use one name for
    two things. `body` is the whole body, `body_property` one member of a JSON object. `style` and `explode` are
    OpenAPI's; `json` is a parameter that carries JSON text. `fill`: the API requires it and its schema has a default,
    which is sent where the model gives nothing; any other default is left to the API.
    """

    argument: str
    place: Place
    name: str
    style: Style = "simple"
    explode: bool = False
    fill: bool = False


class ToolAuth(Frozen):
    """A secret of the app, and the header or query parameter that carries it, after `prefix`.

    Without a value the call is not sent if it is `required`, and sent without it if not.
    """

    place: Literal["header", "query"]
    name: str
    secret: str
    prefix: str = ""
    required: bool = True


class Steps(Frozen):
    """What follows a tool's own request: `poll` is asked until `field` of its answer is one of `done` or `failed`.

    `arguments` of the poll are fields of the first answer, each by its path (`data.id`). `message` is the field that
    says how far it is. `interval` and `limit` in seconds.
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

    `safe`: GET, HEAD or declared idempotent, so a resumed turn may send it again. `timeout` in seconds, for the
    whole exchange. `later`: no turn waits for its answer; with `steps`, not for theirs either.
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
