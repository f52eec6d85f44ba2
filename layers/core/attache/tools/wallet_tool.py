"""A compiled wallet tool: a request to the user's own wallet, which only the user can fulfil."""

from __future__ import annotations

from typing import Any, Literal

from attache.tools.http_tool import Frozen
from attache.tools.tool import ToolSpec

ADDRESS = "^0x[0-9a-fA-F]{40}$"


class WalletTool(Frozen):
    """Asks for an EVM transaction or an EIP-712 signature.

    `chain_id` and `to` are fixed by the operator; if they are None, the model chooses `to`, and may choose a chain.
    """

    name: str
    description: str
    request: Literal["transaction", "eip712"]
    chain_id: int | None = None
    to: str | None = None

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it. Asking changes nothing: the user signs, or does not."""
        return ToolSpec(self.name, self.description, self._parameters(), safe=True)

    def _parameters(self) -> dict[str, Any]:
        asked = _TRANSACTION if self.request == "transaction" else _SIGNATURE
        fixed = {name for name in ("to", "chain_id") if getattr(self, name) is not None}
        properties = {name: schema for name, schema in asked.items() if name not in fixed}
        required = [name for name in ("to", "typed_data", "description") if name in properties]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_DESCRIPTION = {
    "type": "string",
    "minLength": 1,
    "maxLength": 300,
    "description": "What the user is asked to sign, in a sentence that they read in their wallet.",
}
_TRANSACTION: dict[str, Any] = {
    "to": {"type": "string", "pattern": ADDRESS, "description": "The address that the transaction goes to."},
    "value": {
        "type": "string",
        "pattern": "^[0-9]{1,78}$",
        "default": "0",
        "description": "The amount of the chain's own coin in wei, as a decimal text: 1 ETH is 1000000000000000000.",
    },
    "data": {
        "type": "string",
        "pattern": "^0x([0-9a-fA-F]{2})*$",
        "maxLength": 8_000,
        "description": "The encoded contract call, as a tool or the user gave it; nothing for a plain payment.",
    },
    "chain_id": {"type": "integer", "minimum": 1, "description": "The chain, if it is not the one the wallet is on."},
    "description": _DESCRIPTION,
}
_FIELD = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
    "required": ["name", "type"],
}
_SIGNATURE: dict[str, Any] = {
    "typed_data": {
        "type": "object",
        "description": "The EIP-712 typed data, as a tool gave it.",
        "properties": {
            "types": {"type": "object", "additionalProperties": {"type": "array", "items": _FIELD}},
            "primaryType": {"type": "string"},
            "domain": {"type": "object"},
            "message": {"type": "object"},
        },
        "required": ["types", "primaryType", "domain", "message"],
    },
    "description": _DESCRIPTION,
}
