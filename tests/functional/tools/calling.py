"""Calls of HTTP tools, for tests."""

from __future__ import annotations

import json
from typing import Any

from attache.tools.http_exchange import Exchanges
from attache.tools.http_tool import HttpTool, ToolAuth
from attache.tools.http_tools import HttpToolset
from attache.tools.tool import CallContext, ToolCall, ToolResult
from tests.fakes.secret_source import FakeSecretSource
from tests.functional.tools.wire import Wire
from tests.unit.tools.tools import binding, http_tool

KEY = "sk-very-secret"


CONTEXT = CallContext(app="shop", session_id="s", client_id="c")


SECRETS = FakeSecretSource({("shop", "KEY"): KEY})


HANDLE = "$SECRET:PIN"


HEADER = ToolAuth(place="header", name="X-Api-Key", secret="KEY")


def call(**arguments: Any) -> ToolCall:
    return ToolCall("call-1", "call", json.dumps(arguments))


def reading(served: Wire, **more: Any) -> HttpTool:
    return http_tool(binding("q"), **{"server": served.url, **more})


def writing(served: Wire, **more: Any) -> HttpTool:
    body = {"method": "POST", "safe": False, "body_type": "application/json", "body_required": True}
    return http_tool(binding("amount", "body_property"), **{"server": served.url, **body, **more})


async def run(exchanges: Exchanges, *tools: HttpTool, secrets: Any = SECRETS, **arguments: Any) -> ToolResult:
    return await HttpToolset(tools, secrets, exchanges, ["KEY", "PIN"]).run(call(**arguments), CONTEXT)
