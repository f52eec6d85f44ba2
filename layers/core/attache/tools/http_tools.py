"""Tools that are operations of HTTP APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

from attache.errors import AttacheError
from attache.tools.arguments import check_arguments
from attache.tools.http_exchange import ExchangeFailedError, Exchanges
from attache.tools.http_tool import HttpTool
from attache.tools.redirects import MAX_REDIRECTS, RedirectRefusedError, origin_of, redirected
from attache.tools.request import HttpRequest, UnsendableError, authorized, request_for
from attache.tools.results import HttpAnswer, result_of, scrubbed
from attache.tools.secret_source import SecretSource
from attache.tools.tool import CallContext, Outcome, ToolCall, ToolResult, ToolSpec

MAX_KEY = 200


class HttpToolset:
    """The Toolset of an app's compiled tools. `exchanges` is one for the whole process."""

    def __init__(self, tools: Sequence[HttpTool], secrets: SecretSource, exchanges: Exchanges) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._specs = tuple(tool.spec for tool in tools)
        self._origins = frozenset(origin_of(tool.server) for tool in tools)
        self._secrets = secrets
        self._exchanges = exchanges

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """What the model is shown, in the order of the manifest."""
        return self._specs

    def check(self, call: ToolCall) -> ToolResult | None:
        """None where the call may be sent; else advice to the model."""
        prepared = self._prepared(call)
        return prepared if isinstance(prepared, ToolResult) else None

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Send the call and shape its answer; a failure is a result too."""
        prepared = self._prepared(call)
        if isinstance(prepared, ToolResult):
            return prepared
        tool, request = prepared
        try:
            secret = await self._secret(tool, context)
            return await self._send(tool, request, secret)
        except (UnsendableError, RedirectRefusedError, AttacheError) as error:
            return ToolResult("error", str(error))

    def _prepared(self, call: ToolCall) -> tuple[HttpTool, HttpRequest] | ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult("error", f"There is no tool {call.name[:64]!r}. There is: {', '.join(self._tools)}.")
        arguments, advice = check_arguments(tool.parameters, call.arguments)
        if arguments is None:
            return ToolResult("error", advice or "")
        try:
            request = request_for(tool, arguments)
        except UnsendableError as error:
            return ToolResult("error", str(error))
        return tool, request.with_header("Idempotency-Key", quote(call.call_id[:MAX_KEY]))

    async def _secret(self, tool: HttpTool, context: CallContext) -> str | None:
        """The value of the tool's secret. Raises UnsendableError where it is needed and not there."""
        if tool.auth is None:
            return None
        value = await self._secrets.value(context.app, tool.auth.secret, context.client_id)
        if value is None and tool.auth.required:
            raise UnsendableError(
                f"The secret {tool.auth.secret} of the app {context.app} is not set, so nothing was sent. Tell the user"
                " that this secret is missing; the user's client or the app's operator can set it."
            )
        return value

    async def _send(self, tool: HttpTool, request: HttpRequest, secret: str | None) -> ToolResult:
        try:
            answer = await self._answer(tool, request, secret)
        except ExchangeFailedError as failure:
            return _failed(tool, failure, secret)
        return result_of(answer, secret)

    async def _answer(self, tool: HttpTool, request: HttpRequest, secret: str | None) -> HttpAnswer:
        """The answer after redirects. The secret goes to the tool's own server only."""
        until = asyncio.get_running_loop().time() + tool.timeout
        for _ in range(MAX_REDIRECTS + 1):
            own = origin_of(request.origin) == origin_of(tool.server)
            sent = authorized(request, tool.auth, secret) if own and tool.auth and secret else request
            answer = await self._exchanges.send(sent, until=until, safe=tool.safe)
            following = redirected(request, answer, self._origins)
            if following is None:
                return answer
            request = following
        raise RedirectRefusedError(f"The API redirects more than {MAX_REDIRECTS} times in a row.")


def _failed(tool: HttpTool, failure: ExchangeFailedError, secret: str | None) -> ToolResult:
    why = scrubbed(str(failure), secret) + (f" ({tool.timeout:g} s)" if failure.timed_out and failure.sent else "")
    late: Outcome = "timed_out" if failure.timed_out else "error"
    if not failure.sent:
        return ToolResult(late, f"The API of {tool.name} cannot be reached: {why}. Nothing was sent.")
    if not tool.safe:
        return ToolResult(
            "outcome_unknown",
            f"The request of {tool.name} was sent, but {why}. It may or may not have taken effect: do not send it again"
            " before that is known, and tell the user.",
        )
    return ToolResult(late, f"{tool.name} failed: {why}.")
