"""The outcome of a pending call: found, applied once, and answered by a new turn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from attache.errors import BadInput
from attache.sessions.entries import CallResult, Entry, Interrupt, OutcomeOf, Pending, Result
from attache.sessions.head import DAY
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.table import Beside, Promise
from attache.sessions.wallet_requests import answered
from attache.tools.tool import Outcome, PendingKind

NO_MORE = "This answers nothing that is pending, or it was answered before."
WITHDRAWN = "This request was withdrawn when the user interrupted, and nothing was sent: it must be asked for again."
KEPT = 15 * DAY  # seconds in which an outcome is not applied twice: longer than any queue keeps a message


class NothingPending(BadInput):
    """Nothing pending matches this outcome, or it was applied before."""


class NotAtHand(Exception):
    """Older entries must be read first: they may hold what is pending."""


@dataclass(frozen=True)
class Answer:
    """The outcome of pending calls. `ids` are as the request named them; empty means the only one pending.

    `outcome` and `text` become the calls' result; `whole` is the complete text if `text` is only a part. `approved`:
    the call may run now, so there is no result yet.
    """

    kind: PendingKind
    ids: tuple[str, ...]
    outcome: Outcome
    text: str
    whole: str | None = None
    approved: bool = False
    comment: str | None = None


def apply(answer: Answer) -> Decision:
    """The decision that appends the outcome and removes what was pending. It raises NothingPending, NotAtHand."""

    def decide(log: SessionLog) -> Wanted:
        open_ = _chosen(log, answer)
        first = open_[0][1]
        outcome = OutcomeOf(
            of=tuple(entry.number for entry, _ in open_),
            results=() if answer.approved else tuple(_result(answer, pending) for _, pending in open_),
            approved=first.asked if answer.approved else None,
            comment=answer.comment,
            key=first.key,
            client_id=first.client_id,
            kind=answer.kind,
        )
        return Wanted(outcome, _beside(log, answer, [pending for _, pending in open_]))

    return decide


def answered_calls(log: SessionLog, answer: Answer) -> tuple[str, ...]:
    """Ids of the calls that this is the outcome of. Raises NothingPending, NotAtHand."""
    return tuple(pending.asked.call_id for _, pending in _chosen(log, answer))


def has_pending(log: SessionLog, entries: Iterable[Entry]) -> bool:
    """Whether `entries` hold everything that is pending."""
    return set(log.view.pending) <= {entry.number for entry in entries}


def pending_call(log: SessionLog, call_id: str) -> tuple[Entry, Pending] | None:
    """The pending call of a tool with steps, and the entry that recorded it; None if it is not pending."""
    if log.head is None:
        return None
    return next((each for each in _open(log, "steps") if each[1].id == call_id), None)


def _open(log: SessionLog, kind: PendingKind) -> list[tuple[Entry, Pending]]:
    if log.head is None:
        raise NothingPending("There is nothing pending in this session.")
    if not has_pending(log, log.entries) and not log.known.complete:
        raise NotAtHand
    found = [(entry, entry.body.pending) for entry in log.entries
             if entry.number in log.view.pending and isinstance(entry.body, Result)]  # fmt: skip
    return [(entry, pending) for entry, pending in found if pending is not None and pending.kind == kind]


def _chosen(log: SessionLog, answer: Answer) -> list[tuple[Entry, Pending]]:
    """The pending calls that are answered; unknown ids are ignored as long as one is known."""
    open_ = _open(log, answer.kind)
    if not answer.ids and len(open_) > 1:
        ids = ", ".join(pending.id for _, pending in open_)
        raise NothingPending(f"Several requests are pending ({ids}): say which of them this answers.")
    chosen = [each for each in open_ if not answer.ids or each[1].id in answer.ids]
    if not chosen:
        raise NothingPending(WITHDRAWN if _withdrawn(log, answer) else NO_MORE)
    return chosen


def _withdrawn(log: SessionLog, answer: Answer) -> bool:
    """Whether an interrupt withdrew what this answers, according to the entries at hand."""
    interrupts = [entry.body for entry in log.entries if isinstance(entry.body, Interrupt)]
    return any(result.call_id in answer.ids for interrupt in interrupts for result in interrupt.results)


def _result(answer: Answer, pending: Pending) -> CallResult:
    return CallResult(
        pending.asked.call_id, pending.asked.name, answer.outcome, answer.text, whole=answer.whole is not None
    )


def _beside(log: SessionLog, answer: Answer, pending: list[Pending]) -> Beside:
    name = "approval" if answer.kind == "approval" else "call"  # an approved call may become pending again, with steps
    promises = [Promise(f"{name}:{each.asked.call_id}", "", log.living.born, KEPT) for each in pending]
    if answer.kind not in ("wallet_tx", "wallet_eip712"):
        return Beside(promises=tuple(promises))
    stored = log.known.user_state
    state = answered(stored, answer.kind, [each.id for each in pending])
    return Beside(user_state=state, over=stored, promises=tuple(promises))


def rejection(comment: str | None) -> str:
    """What the model is told about a call that the user rejected."""
    told = {"outcome": "rejected", "message": "The user did not approve this call; nothing was sent."}
    return json.dumps(told | ({"comment": comment} if comment else {}), ensure_ascii=False)
