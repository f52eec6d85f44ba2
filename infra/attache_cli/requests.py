"""What a session asks of its user, in words, and what the user's answer is on the wire."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["tool_approval_request", "wallet_tx_request", "wallet_eip712_request"]


@dataclass(frozen=True)
class Request:
    """One request; `id` is what an answer names it by."""

    kind: Kind
    id: str
    payload: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Names the request in its session."""
        return f"{self.kind} {self.id}"

    @property
    def words(self) -> str:
        """What the user is asked, in a few lines."""
        said = self.payload
        match self.kind:
            case "tool_approval_request":
                return f"{said['name']} waits for your approval: {_compact(said['args'])}"
            case "wallet_tx_request":
                data = f", data {said['data']}" if said.get("data") else ""
                return (
                    f"Your wallet is asked for transaction {self.id}: {said['description']}\n"
                    f"  {said['value']} wei to {said['to']} on chain {said['chain_id']}{data}"
                )
            case "wallet_eip712_request":
                typed_data = _compact(said["typed_data"])
                return f"Your wallet is asked for signature {self.id}: {said['description']}\n  {typed_data}"

    @property
    def proof(self) -> str:
        """What shows that the user did it: a transaction's hash, or the signature; empty for an approval."""
        return {"wallet_tx_request": "hash", "wallet_eip712_request": "signature"}.get(self.kind, "")

    def accepted(self, proof: str = "") -> Json:
        """The system message that says that the user approved, or did it."""
        match self.kind:
            case "tool_approval_request":
                return self._answer(approved=True)
            case "wallet_tx_request":
                return self._answer(status="success", txHash=proof)
            case "wallet_eip712_request":
                return self._answer(status="success", signature=proof)

    def rejected(self, words: str = "") -> Json:
        """The system message that says that the user did not, with the reason if there is one."""
        if self.kind == "tool_approval_request":
            return self._answer(approved=False, **({"comment": words} if words else {}))
        return self._answer(status="failed", error=words or "The user rejected the request.")

    def _answer(self, **payload: Any) -> Json:
        match self.kind:
            case "tool_approval_request":
                return {"type": "tool_approval_response", "payload": {"request_id": self.id, **payload}}
            case "wallet_tx_request":
                return {"type": "wallet:tx_complete", "payload": {"pending_tx_ids": [int(self.id)], **payload}}
            case "wallet_eip712_request":
                return {"type": "wallet_eip712_response", "payload": {"pending_eip712_id": int(self.id), **payload}}


@dataclass(frozen=True)
class Waiting:
    """What a session waits for. `going_on`: tools that are at work without anybody's doing.

    `notices`: what the user is told beside that; the service says it once.
    """

    requests: tuple[Request, ...]
    going_on: tuple[str, ...]
    title: str
    last_event_id: str
    notices: tuple[str, ...] = ()


def waiting(events: list[Json], snapshot: Json) -> Waiting:
    """What is still pending, from all system events and the newest snapshot of a session."""
    results = _results(snapshot)
    state = snapshot.get("user_state") or {}
    asked = [_request(event["InlineCall"]) for event in events if "InlineCall" in event]
    requests = tuple(each for each in asked if each is not None and _is_pending(each, state, results))
    calls = {event["InlineCall"]["payload"].get("request_id") for event in events if "InlineCall" in event}
    going_on = tuple(
        came[-1].name
        for call_id, came in results.items()
        if came[-1].is_pending and (call_id not in calls or len(came) > 1)  # the second result of an approved call
    )
    new = snapshot.get("system_events", ())
    notices = tuple(event["SystemNotice"] for event in new if "SystemNotice" in event)
    return Waiting(requests, going_on, snapshot["title"], snapshot["last_event_id"], notices)


def curl(url: str, session_id: str, message: Json) -> str:
    """A line for a shell that posts a system message."""
    body = json.dumps({"message": json.dumps(message)})
    headers = f"-H {shlex.quote(f'X-Session-Id: {session_id}')} -H 'Content-Type: application/json'"
    return f"curl {shlex.quote(f'{url}/api/system')} {headers} -d {shlex.quote(body)}"


def _request(call: Json) -> Request | None:
    payload = call["payload"]
    match call["type"]:
        case "tool_approval_request":
            return Request("tool_approval_request", str(payload["request_id"]), payload)
        case "wallet_tx_request":
            return Request("wallet_tx_request", str(payload["tx_ids"][0]), payload)
        case "wallet_eip712_request":
            return Request("wallet_eip712_request", str(payload["pending_eip712_id"]), payload)
    return None


def _is_pending(request: Request, user_state: Json, results: Mapping[str, list[_Result]]) -> bool:
    match request.kind:
        case "wallet_tx_request":
            return request.id in user_state.get("pending_txs", {})
        case "wallet_eip712_request":
            return request.id in user_state.get("pending_eip712s", {})
        case "tool_approval_request":
            came = results.get(request.id, [])
            return len(came) == 1 and came[0].is_pending


@dataclass(frozen=True)
class _Result:
    name: str
    result: Json

    @property
    def is_pending(self) -> bool:
        """Whether something is awaited that is not the wallet's answer."""
        return self.result.get("outcome") == "pending" and "request" not in self.result


def _results(snapshot: Json) -> dict[str, list[_Result]]:
    """The results of each call, oldest first; the id of a result's message ends with its call's."""
    found: dict[str, list[_Result]] = {}
    for message in snapshot["messages"]:
        if message["tool_result"] and message["id"].count("-") > 1:
            name, text = message["tool_result"]
            found.setdefault(message["id"].split("-", 2)[2], []).append(_Result(name, _object(text)))
    return found


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
