"""A company's API that tells whoever asks all that it was sent, and three apps that call it."""

from __future__ import annotations

import asyncio
import json

from attache.apps.app import App, ModelChoice, SecretDeclaration
from attache.tools.http_tool import HttpTool, Steps, ToolAuth
from tests.functional.tools.wire import Wire
from tests.unit.tools.tools import binding, http_tool

API_KEY = SecretDeclaration(name="API_KEY", description="Vendor API key", required=True)
PIN = SecretDeclaration(name="PIN", description="For transfers")


async def tells(served: Wire, writer: asyncio.StreamWriter) -> None:
    """The path says how: `/refuse` with an error that is no JSON, `/hang` never, `/close` not to the end."""
    request = served.requests[-1]
    path = request.split(" ")[1].split("?")[0]
    if path == "/hang":
        await asyncio.Event().wait()
    status, kind, body = "200 OK", "application/json", json.dumps({"you sent": request})
    if path == "/refuse":
        status, kind, body = "401 Unauthorized", "text/html", f"<b>No.</b> You sent: {request}"
    content = body.encode()
    writer.write(f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n".encode())
    if path == "/close":
        writer.close()
    else:
        writer.write(content)


def vendor_apps(server: str) -> tuple[App, App, App]:
    """`vault`, `bank` and `mint`: each knows a secret API_KEY, `vault` also a PIN; the others have a fallback model.

    The operator sets a secret for `mint` alone: containers remember one for a while after it is deleted.
    """
    models = ModelChoice(default="gpt-4o-mini", allowed=("gpt-4o-mini", "gpt-4o", "claude-*"))
    vault = App(
        name="vault", title="Vault", version="", models=models, tools=_tools(server), secrets=(API_KEY, PIN)
    )  # fmt: skip
    behind = models.model_copy(update={"fallback": "gpt-4o"})
    bank = App(name="bank", title="Bank", version="", models=behind, tools=_tools(server), secrets=(API_KEY,))
    return vault, bank, bank.model_copy(update={"name": "mint", "title": "Mint"})


def _tools(server: str) -> tuple[HttpTool, ...]:
    in_header = ToolAuth(place="header", name="X-Api-Key", secret="API_KEY")
    in_query = ToolAuth(place="query", name="key", secret="API_KEY")
    body = {"method": "POST", "path": "/notes", "safe": False, "body_type": "application/json", "body_required": True}
    look = {"path": "/{where}", "timeout": 0.5}
    poll = http_tool(name="poll", server=server, auth=in_query, path="/status")
    steps = Steps(poll=poll, arguments={}, field="state", done=("done",), message="you sent", interval=1, limit=1)
    return (
        http_tool(binding("note", "body_property"), name="Send", server=server, auth=in_header, **body),
        http_tool(binding("note", "body_property"), name="Give", server=server, auth=in_header, confirm=True, **body),
        http_tool(
            binding("note", "body_property"),
            name="Slow",
            server=server,
            auth=in_header,
            later=True,
            steps=steps,
            **body,
        ),
        http_tool(binding("where", "path"), name="Look", server=server, auth=in_query, **look),
    )
