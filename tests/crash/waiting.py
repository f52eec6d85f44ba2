"""Calls that wait: for approval, for the wallet, for steps; what the model says of them, and what tools there are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attache.models.model import Message
from attache.tools.http_tool import Binding, HttpTool, Steps
from attache.tools.wallet_tool import WalletTool
from tests.crash.telling import going_on
from tests.servers.script import Asked, Reply, calls

Kind = Literal["Confirm", "Pay", "Withdraw"]  # the first word of a wish
TO = "0x" + "1" * 40
USER_STATE = {"address": "0x" + "a" * 40, "chain_id": 1, "is_connected": True}
WAITS = "It is prepared, and it waits for its outcome now; nothing more can be said of it. "
UNKNOWN = "Whether it was done is not known: look at it before you try it again."
TOLD: Mapping[str, str] = {
    "ok": "It is done, as was wished: everything went well, and nothing is left to do.",
    "outcome_unknown": UNKNOWN,
    "timed_out": UNKNOWN,  # on a machine that is busy with other trials
}
PAY = WalletTool(name="Pay", description="Pays.", request="transaction")


def waiting_tools(server: str) -> tuple[HttpTool, ...]:
    """A tool that wants approval, and one whose end is asked for, at this address."""
    order = Binding(argument="order", place="body_property", name="order")
    confirmed = _tool("Order", "POST", "/trades", order, server=server, safe=False, body_type="application/json")
    poll = _tool("poll", "GET", "/trades/{order}", order.model_copy(update={"place": "path"}), server=server, safe=True)
    steps = Steps(poll=poll, arguments={"order": "placed"}, field="state", done=("settled",), interval=1, limit=60)
    withdraw = confirmed.model_copy(update={"name": "Withdraw", "later": True, "steps": steps, "timeout": 5})
    return confirmed.model_copy(update={"confirm": True}), withdraw


def _tool(name: str, method: str, path: str, binding: Binding, **more: Any) -> HttpTool:
    schema = {"type": "object", "properties": {binding.argument: {"type": "string"}}}
    return HttpTool(
        name=name, description=f"{name}.", parameters=schema, method=method, path=path, bindings=(binding,), **more
    )


def waiting_reply(messages: Sequence[Message]) -> Reply | None:
    """What the model says to a wish of one of these kinds; None where there is none."""
    wishes = [at for at, m in enumerate(messages) if m["role"] == "user" and _word(m) in ("Confirm", "Pay", "Withdraw")]
    if not wishes:
        return None
    wish, since = messages[wishes[-1]], messages[wishes[-1] + 1 :]
    if not any(message["role"] == "tool" for message in since):
        return calls(_asked(_word(wish), str(wish["content"]).split()[1]))
    said = "".join(message.get("content") or "" for message in since if message["role"] == "assistant")
    outcome = _outcome(since)
    return going_on(WAITS + (TOLD[outcome] if outcome else ""), said)


def _word(message: Message) -> str:
    return str(message["content"]).partition(" ")[0]


def _asked(word: str, order: str) -> Asked:
    if word == "Pay":
        return Asked("Pay", {"to": TO, "value": "5", "description": order})
    return Asked("Order" if word == "Confirm" else "Withdraw", {"order": order})


def _outcome(since: Sequence[Message]) -> str | None:
    """What came of it, as the notes say it; None where nothing has yet."""
    notes = [str(message["content"]) for message in since if message["role"] == "user"]
    told = [found[1] for note in notes if (found := re.search(r"has come to this \((\w+)\)", note))]
    if told:
        return told[-1]
    if any("the user approved" in note for note in notes):
        result = [message for message in since if message["role"] == "tool"][-1]
        return str(json.loads(result["content"]).get("outcome", "ok"))
    return None
