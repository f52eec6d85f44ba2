"""A pending call is recorded together with its result, so that neither is ever there alone."""

from __future__ import annotations

import json
from dataclasses import replace

from attache.sessions.entries import CallAsked, CallResult, Pending, Result
from attache.sessions.log import SessionLog, Wanted
from attache.sessions.shown_results import parsed
from attache.sessions.table import Beside
from attache.sessions.wallet_requests import CannotAsk, WalletRequest, ask_wallet
from attache.tools.tool import Request

MOST_PENDING = 20  # of a session
_TOO_MANY = "Too much is pending in this conversation; something of it must be answered first."


def recorded(log: SessionLog, result: CallResult, pending: Pending, request: Request) -> Wanted:
    """The result of a pending call with what it waits for; an `error` with the reason if it cannot wait.

    `pending` names the call; its `id` and what the client is asked are filled in here.
    """
    if len(log.pending) >= MOST_PENDING:
        return Wanted(Result(_refused(result, _TOO_MANY)))
    match request.kind:
        case "wallet_tx" | "wallet_eip712" as kind:
            try:
                asked = ask_wallet(log.user_state, kind, request.payload, log.now)
            except CannotAsk as reason:
                return Wanted(Result(_refused(result, str(reason))))
            return _of_wallet(log, asked, result, pending)
        case "approval":
            return Wanted(Result(result, replace(pending, id=result.call_id, asks=_approval(pending.asked))))
        case "steps":
            return Wanted(Result(result, replace(pending, id=result.call_id)))


def _of_wallet(log: SessionLog, request: WalletRequest, result: CallResult, pending: Pending) -> Wanted:
    told = {"outcome": "pending", "request": request.number, "message": result.text}
    body = Result(
        replace(result, text=json.dumps(told, ensure_ascii=False)),
        replace(pending, id=str(request.number), asks=request.asks),
    )
    return Wanted(body, Beside(user_state=request.user_state, over=log.known.user_state))


def _approval(asked: CallAsked) -> dict[str, object]:
    payload = {"request_id": asked.call_id, "name": asked.name, "args": parsed(asked.arguments)}
    return {"type": "tool_approval_request", "payload": payload}


def _refused(result: CallResult, reason: str) -> CallResult:
    text = json.dumps({"outcome": "error", "message": f"Nothing was asked or sent. {reason}"})
    return replace(result, outcome="error", text=text)
