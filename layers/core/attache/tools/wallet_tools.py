"""Tools of the user's wallet: a call becomes a request to it, and waits for the user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attache.tools.arguments import check_arguments
from attache.tools.tool import CallContext, Request, ToolCall, ToolResult, ToolSpec
from attache.tools.wallet_tool import WalletTool

_ASKED = (
    "The user's wallet is asked to sign this; nothing has happened yet. Tell the user to look at it in their wallet. "
    "Do not call this again for it: what the user did will be told to you later."
)


class WalletToolset:
    """The toolset of an app's wallet tools."""

    def __init__(self, tools: Sequence[WalletTool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._specs = tuple(tool.spec for tool in tools)

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return self._specs

    def check(self, call: ToolCall) -> ToolResult | None:
        asked = self._asked(call)
        return asked if isinstance(asked, ToolResult) else None

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        del context  # whose wallet it is says the session
        asked = self._asked(call)
        return asked if isinstance(asked, ToolResult) else ToolResult("pending", _ASKED, request=asked)

    def _asked(self, call: ToolCall) -> Request | ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult("error", f"There is no tool {call.name[:64]!r}. There is: {', '.join(self._tools)}.")
        arguments, advice = check_arguments(tool.spec.parameters, call.arguments)
        if arguments is None:
            return ToolResult("error", advice or "")
        if tool.request == "transaction":
            return Request("wallet_tx", _transaction(tool, arguments))
        return _signature(tool, arguments)


def _transaction(tool: WalletTool, arguments: dict[str, Any]) -> dict[str, Any]:
    fixed = {"to": tool.to, "chain_id": tool.chain_id}
    return {"value": "0", **arguments, **{name: value for name, value in fixed.items() if value is not None}}


def _signature(tool: WalletTool, arguments: dict[str, Any]) -> Request | ToolResult:
    """The chain is that of the data's own domain (EIP-712, "domainSeparator"), if it has one."""
    data = arguments["typed_data"]
    if data["primaryType"] not in data["types"]:
        return ToolResult("error", f"typed_data.types has no {data['primaryType'][:64]!r}, which is its primaryType.")
    said = data["domain"].get("chainId")
    chain_id = tool.chain_id if said is None else _chain(said)
    if said is not None and (chain_id is None or tool.chain_id not in (None, chain_id)):
        wanted = f"it must be {tool.chain_id}" if tool.chain_id else "it must be a number"
        return ToolResult("error", f"typed_data.domain.chainId is {str(said)[:40]!r}; {wanted}.")
    return Request("wallet_eip712", {**arguments, **({} if chain_id is None else {"chain_id": chain_id})})


def _chain(said: Any) -> int | None:
    """A chain's number, as `1`, `"1"` or `"0x1"`."""
    try:
        number = int(said, 0) if isinstance(said, str) and len(said) < 40 else said
    except ValueError:
        return None
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None
