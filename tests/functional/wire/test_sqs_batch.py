from __future__ import annotations

from typing import Any

import pytest

from attache.telemetry.about import about, noted
from attache.wire.sqs_batch import each_message


def sent(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m-{place}", "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"}
            for place, body in enumerate(bodies)
        ]
    }


async def do(body: str) -> None:
    if body == "poison":
        raise ValueError("not ours")


def test_only_what_failed_comes_again(caplog: pytest.LogCaptureFixture) -> None:
    answer = each_message(sent("one", "poison", "two"), do)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert "not ours" in caplog.text


@pytest.mark.parametrize(("bodies", "failed"), [(("one",), 0), (("one", "two"), 0), (("poison", "poison"), 2)])
def test_all_or_none_may_fail(bodies: tuple[str, ...], failed: int) -> None:
    assert len(each_message(sent(*bodies), do)["batchItemFailures"]) == failed


@pytest.mark.parametrize(("delay", "late"), [(None, [4_000]), ("3", [1_000]), ("23", [0])])
def test_a_message_is_late_by_what_it_waited_beyond_its_delay(delay: str | None, late: list[int]) -> None:
    event, told = sent("one"), list[int]()
    event["Records"][0] |= {"attributes": {"SentTimestamp": "1700000000000"}, "messageAttributes": {}}
    if delay:
        event["Records"][0]["messageAttributes"]["delay"] = {"stringValue": delay, "dataType": "Number"}
    each_message(event, do, told.append, now=lambda: 1_700_000_004.0)
    assert told == late


def test_a_message_without_its_time_is_not_late() -> None:
    told = list[int]()
    each_message(sent("one"), do, told.append)
    assert told == []


def test_each_message_is_handled_knowing_what_its_function_knows() -> None:
    known = list[str]()

    async def ask(_: str) -> None:
        known.append(about()["request"])

    for request in ("r1", "r2"):
        with noted(request=request):
            each_message(sent("one"), ask)
    assert known == ["r1", "r2"]
