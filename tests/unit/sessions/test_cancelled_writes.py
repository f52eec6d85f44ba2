"""What a cancelled transaction says about an entry: of each write, why it was not done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from attache.aws import Aws
from attache.errors import AttacheError, Unavailable
from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.entries import Entry, User
from attache.sessions.head import Lifetime
from attache.sessions.table import Beside, HeadChange, KeyTaken, Promise, SlotTaken
from tests.fakes.clock import FakeClock

FAILED, CONFLICT, NONE = "ConditionalCheckFailed", "TransactionConflict", "None"


class FakeAws(Aws):
    """Cancels every transaction for these reasons; the slot holds another's entry."""

    def __init__(self, *reasons: str) -> None:
        super().__init__()
        self.reasons = reasons

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        if operation == "get_item":
            return {"Item": {"nonce": {"S": "b.1"}}}
        error = {"Error": {"Code": "TransactionCanceledException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        raise ClientError({**error, "CancellationReasons": [{"Code": each} for each in self.reasons]}, "Any")


@pytest.mark.parametrize(
    ("reasons", "raised"),
    [
        ((FAILED, NONE, NONE), SlotTaken),
        ((FAILED, FAILED, FAILED), SlotTaken),
        ((NONE, FAILED, NONE), SlotTaken),
        ((NONE, NONE, FAILED), KeyTaken),
        ((NONE, CONFLICT, NONE), Unavailable),
        ((CONFLICT, NONE, NONE), Unavailable),
        ((CONFLICT, FAILED, NONE), Unavailable),
        ((CONFLICT, NONE, FAILED), Unavailable),
        (("ThrottlingError", FAILED, FAILED), Unavailable),
    ],
)
async def test_no_condition_is_believed_while_the_slot_is_undecided(
    reasons: tuple[str, ...], raised: type[AttacheError]
) -> None:
    table = DynamoSessions(FakeAws(*reasons), "sessions", FakeClock())
    beside = Beside(head_change=HeadChange(1, {"title": "x"}), promises=(Promise("k", "", 1),))
    with pytest.raises(raised):
        await table.put("s", Entry(2, 0, "a.1", User("Hi")), beside, Lifetime(1000))
