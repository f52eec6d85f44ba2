"""Whoever answers what is pending: wallets, users who approve, tool workers. Some answer twice, and at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from attache.errors import AttacheError, BadInput
from attache.turns.answering import Answer
from tests.model.clients import LASTS, Service
from tests.model.containers import Container, Cut
from tests.model.story import Asked

TRIES = 6


async def answer(service: Service) -> None:
    """Answer something that is pending, once or up to three times at once."""
    pending = sorted(service.story().pending.items())
    if not pending:
        return
    chosen = service.rng.choice(pending)[1]
    together = tuple(each for _, each in pending if each.kind == chosen.kind == "wallet_tx")
    asked = together if together and service.rng.random() < 0.5 else (chosen,)
    approved = service.rng.random() < 0.7
    copies = service.rng.choice((1, 1, 2, 3))
    service.note(f"{copies} answer(s) to {[each.id for each in asked]}")
    taken = await asyncio.gather(*(_post(service, asked, approved) for _ in range(copies)))
    if sum(taken) > 1:
        service.found(f"{sum(taken)} answers to {[each.call_id for each in asked]} were taken")


async def _post(service: Service, asked: tuple[Asked, ...], approved: bool) -> bool:
    """Post until it is answered; whether it was taken. What is taken is in the log, what is refused is not pending."""
    for _ in range(TRIES):
        container = service.container()
        try:
            await asyncio.wait_for(container.invoke(_sent(service, container, asked, approved), LASTS), 29)
        except BadInput:
            still = {each.call_id for each in service.story().pending.values()} & {each.call_id for each in asked}
            if still:
                service.found(f"an answer to {still} was refused, which is pending")
            return False
        except (AttacheError, Cut, TimeoutError):
            await asyncio.sleep(service.rng.uniform(0, 4))
            continue
        lost = {each.call_id for each in asked} - service.story().came.keys()
        if len(lost) == len(asked):
            service.found(f"an answer to {lost} was taken, and is not in the log")
        return True
    return False


async def _sent(service: Service, container: Container, asked: tuple[Asked, ...], approved: bool) -> Any:
    services, first = container.services, asked[0]
    match first.kind:
        case "wallet_tx":
            payload: dict[str, Any] = {"status": "success", "txHash": "0x1", "pending_tx_ids": [a.id for a in asked]}
            kind = "wallet:tx_complete"
        case "approval":
            payload, kind = {"request_id": first.id, "approved": approved}, "tool_approval_response"
        case _:
            outcome = Answer("steps", (first.call_id,), "ok", '{"done": true}')
            return await services.outcomes.apply(service.session_id, outcome)
    return await services.system.post(service.session_id, json.dumps({"type": kind, "payload": payload}))
