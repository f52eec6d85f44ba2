"""The outcome of something pending: found, applied once, and given a turn of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from attache.errors import BadInput
from attache.sessions.entries import CallResult, Entry, OutcomeOf, Pending, Result
from attache.sessions.head import DAY
from attache.sessions.log import Decision, SessionLog, Wanted
from attache.sessions.table import Beside, Promise
from attache.sessions.wallet_requests import answered
from attache.tools.tool import Outcome, PendingKind

KEPT = 15 * DAY  # seconds for which an outcome is not applied again: longer than any queue keeps a message


class NothingPending(BadInput):
    """There is nothing that this answers, or not any more."""


class NotAtHand(Exception):
    """What is pending must be read first."""


@dataclass(frozen=True)
class Answer:
    """What came of something: `ids` as its request named it; without any, it is the only one that is pending.

    `outcome` and `text` are what its calls came to; `whole` is all of it, where `text` is a part. `approved`: the
    call may run, and there is no result yet.
    """

    kind: PendingKind
    ids: tuple[str, ...]
    outcome: Outcome
    text: str
    whole: str | None = None
    approved: bool = False
    comment: str | None = None


def apply(answer: Answer) -> Decision:
    """Append the outcome, remove what was pending. The decision raises NothingPending, NotAtHand."""

    def decide(log: SessionLog) -> Wanted:
        open_ = _chosen(answer, _open(log, answer.kind))
        first = open_[0][1]
        outcome = OutcomeOf(
            of=tuple(entry.number for entry, _ in open_),
            results=() if answer.approved else tuple(_result(answer, pending) for _, pending in open_),
            approved=first.asked if answer.approved else None,
            comment=answer.comment,
            key=first.key,
            client_id=first.client_id,
        )
        return Wanted(outcome, _beside(log, answer, [pending for _, pending in open_]))

    return decide


def answered_calls(log: SessionLog, answer: Answer) -> tuple[str, ...]:
    """The ids of the calls whose outcome this is. Raises NothingPending, NotAtHand."""
    return tuple(pending.asked.call_id for _, pending in _chosen(answer, _open(log, answer.kind)))


def has_pending(log: SessionLog, entries: Iterable[Entry]) -> bool:
    """Whether `entries` hold everything that is pending."""
    return set(log.view.pending) <= {entry.number for entry in entries}


def pending_call(log: SessionLog, call_id: str) -> tuple[Entry, Pending] | None:
    """The call of a tool with steps that is still pending, with the entry that says so."""
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


def _chosen(answer: Answer, open_: list[tuple[Entry, Pending]]) -> list[tuple[Entry, Pending]]:
    """Those that are answered; ids that are not pending are passed over, as long as one is."""
    if not answer.ids and len(open_) > 1:
        ids = ", ".join(pending.id for _, pending in open_)
        raise NothingPending(f"Several requests are pending ({ids}): say which of them this answers.")
    chosen = [each for each in open_ if not answer.ids or each[1].id in answer.ids]
    if not chosen:
        raise NothingPending("This answers nothing that is pending, or it was answered before.")
    return chosen


def _result(answer: Answer, pending: Pending) -> CallResult:
    return CallResult(
        pending.asked.call_id, pending.asked.name, answer.outcome, answer.text, whole=answer.whole is not None
    )


def _beside(log: SessionLog, answer: Answer, pending: list[Pending]) -> Beside:
    name = "approval" if answer.kind == "approval" else "call"  # an approved call may be pending once more, as steps
    promises = [Promise(f"{name}:{each.asked.call_id}", "", log.living.born, KEPT) for each in pending]
    if answer.kind not in ("wallet_tx", "wallet_eip712"):
        return Beside(promises=tuple(promises))
    stored = log.known.user_state
    state = answered(stored, answer.kind, [each.id for each in pending])
    return Beside(user_state=state, over=stored, promises=tuple(promises))


def rejection(comment: str | None) -> str:
    """What the model is told of a call that the user rejected."""
    told = {"outcome": "rejected", "message": "The user did not approve this call; nothing was sent."}
    return json.dumps(told | ({"comment": comment} if comment else {}), ensure_ascii=False)
