from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from attache.wire.sqs_batch import each_message
from functions.tools.handler import handler


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


def test_no_message_of_the_tool_calls_queue_is_ours_yet() -> None:
    assert handler(sent("{}"), LambdaContext())["batchItemFailures"] == [{"itemIdentifier": "m-0"}]
