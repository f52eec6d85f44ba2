"""Tools that are operations of HTTP APIs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from attache.errors import AttacheError
from attache.tools.arguments import check_arguments
from attache.tools.call_secrets import CallSecrets, Opened
from attache.tools.handles import filled, handles_in
from attache.tools.http_exchange import ExchangeFailedError, Exchanges
from attache.tools.http_tool import HttpTool
from attache.tools.redirects import MAX_REDIRECTS, RedirectRefusedError, origin_of, redirected
from attache.tools.request import HttpRequest, UnsendableError, authorized, request_for
from attache.tools.results import HttpAnswer, result_of, scrubbed
from attache.tools.secret_source import SecretSource
from attache.tools.tool import CallContext, Outcome, ToolCall, ToolResult, ToolSpec

MAX_KEY = 200


@dataclass(frozen=True)
class _Prepared:
    """A call that may be sent: its request as the model asked for it, with handles where secrets will be."""

    tool: HttpTool
    arguments: Mapping[str, Any]
    handles: Collection[str]
    key: str

    def request(self, secrets: Mapping[str, str] | None = None) -> HttpRequest:
        """The request, with these secrets for their handles. Raises UnsendableError."""
        arguments = filled(self.arguments, secrets) if secrets else self.arguments
        return request_for(self.tool, arguments).with_header("Idempotency-Key", self.key)


class HttpToolset:
    """The Toolset of an app's compiled tools. `exchanges` is one for the whole process.

    `declared` are the secrets that the app's users are told of: those may have handles.
    """

    def __init__(
        self, tools: Sequence[HttpTool], secrets: SecretSource, exchanges: Exchanges, declared: Sequence[str] = ()
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._specs = tuple(tool.spec for tool in tools)
        self._origins = frozenset(origin_of(tool.server) for tool in tools)
        self._declared = tuple(declared)
        used = [tool.auth.secret for tool in tools if tool.auth]
        self._secrets = CallSecrets(secrets, list(dict.fromkeys([*declared, *used])))
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
        try:
            secrets = await self._secrets.open(prepared.tool.auth, prepared.handles, context)
            return await self._send(prepared, secrets)
        except (UnsendableError, AttacheError) as error:
            return ToolResult("error", str(error))

    async def lacking(self, call: ToolCall, context: CallContext) -> ToolResult | None:
        """None where the call has all that it needs; else what it would come to, which is known without sending it."""
        prepared = self._prepared(call)
        if isinstance(prepared, ToolResult):
            return prepared
        try:
            await self._secrets.open(prepared.tool.auth, prepared.handles, context)
        except (UnsendableError, AttacheError) as error:
            return ToolResult("error", str(error))
        return None

    def _prepared(self, call: ToolCall) -> _Prepared | ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult("error", f"There is no tool {call.name[:64]!r}. There is: {', '.join(self._tools)}.")
        arguments, advice = check_arguments(tool.parameters, call.arguments)
        if arguments is None:
            return ToolResult("error", advice or "")
        try:
            prepared = _Prepared(tool, arguments, handles_in(arguments, self._declared), quote(call.call_id[:MAX_KEY]))
            prepared.request()
        except UnsendableError as error:
            return ToolResult("error", str(error))
        return prepared

    async def _send(self, call: _Prepared, secrets: Opened) -> ToolResult:
        try:
            answer = await self._answer(call, secrets)
        except ExchangeFailedError as failure:
            return _failed(call.tool, failure, secrets.hidden)
        except RedirectRefusedError as refused:
            return ToolResult("error", scrubbed(str(refused), secrets.hidden))
        return result_of(answer, secrets.hidden)

    async def _answer(self, call: _Prepared, secrets: Opened) -> HttpAnswer:
        """The answer after redirects. Secrets go to the tool's own server only."""
        tool, without, request = call.tool, call.request(), call.request(secrets.handles)
        until = asyncio.get_running_loop().time() + tool.timeout
        for _ in range(MAX_REDIRECTS + 1):
            own = origin_of(request.origin) == origin_of(tool.server)
            sent = request if own else replace(request, headers=without.headers)
            if own and tool.auth and secrets.auth:
                sent = authorized(request, tool.auth, secrets.auth)
            answer = await self._exchanges.send(sent, until=until, safe=tool.safe)
            following = redirected(request, answer, self._origins)
            if following is None:
                return answer
            request = following
        raise RedirectRefusedError(f"The API redirects more than {MAX_REDIRECTS} times in a row.")


def _failed(tool: HttpTool, failure: ExchangeFailedError, secrets: Collection[str]) -> ToolResult:
    why = scrubbed(str(failure), secrets) + (f" ({tool.timeout:g} s)" if failure.timed_out and failure.sent else "")
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
