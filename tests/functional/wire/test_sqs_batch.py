from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from attache.errors import Unavailable
from attache.telemetry.about import about, noted
from attache.wire.deliveries import MOST_TRIES, AnotherVersion, NotOurs
from attache.wire.sqs_batch import each_message

OTHER = "a-bug"


def sent(*bodies: str, tries: int = 1) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m-{place}",
                "receiptHandle": f"r-{place}",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": str(tries)},
            }
            for place, body in enumerate(bodies)
        ]
    }


ERRORS: Mapping[str, Exception] = {
    "poison": NotOurs("not ours"),
    "outage": Unavailable("no"),
    "upgrade": AnotherVersion("2"),
    OTHER: ValueError("no"),
}


class Queue:
    """What the handlers are called with, and what they want of the queue."""

    def __init__(self, *, answers: bool = True) -> None:
        self.done: list[tuple[str, int]] = []
        self.pauses: dict[str, int] = {}
        self._answers = answers

    async def do(self, body: str, tries: int) -> None:
        self.done.append((body, tries))
        if body in ERRORS:
            raise ERRORS[body]

    async def again(self, receipt: str, pause: int) -> None:
        if not self._answers:
            raise Unavailable("The queue does not answer.")
        self.pauses[receipt] = pause

    def handle(self, event: Mapping[str, Any]) -> list[str]:
        """The messages that failed."""
        answer = each_message(event, self.do, self.again)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_what_failed_comes_again(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue()
    assert queue.handle(sent("one", "poison", "two")) == ["m-1"]
    assert queue.done == [("one", 1), ("poison", 1), ("two", 1)]
    assert "not ours" in caplog.text


@pytest.mark.parametrize("body", ["poison", "outage", "upgrade"])
def test_a_failure_known_in_words_is_one_line(body: str, caplog: pytest.LogCaptureFixture) -> None:
    Queue().handle(sent(body))
    (line,) = caplog.records
    assert (line.getMessage(), line.exc_info) == (f"a message failed: {ERRORS[body]}", None)


def test_any_other_failure_has_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    Queue().handle(sent(OTHER))
    (line,) = caplog.records
    assert (line.getMessage(), line.levelname) == ("a message failed", "ERROR")
    assert line.exc_info is not None
    assert "raise ERRORS[body]" in caplog.text


@pytest.mark.parametrize(("bodies", "failed"), [(("one",), 0), (("one", "two"), 0), (("poison", "poison"), 2)])
def test_all_or_none_may_fail(bodies: tuple[str, ...], failed: int) -> None:
    assert len(Queue().handle(sent(*bodies))) == failed


@pytest.mark.parametrize(("delay", "late"), [(None, [4_000]), ("3", [1_000]), ("23", [0])])
def test_a_message_is_late_by_what_it_waited_beyond_its_delay(delay: str | None, late: list[int]) -> None:
    event, told = sent("one"), list[int]()
    event["Records"][0]["attributes"]["SentTimestamp"] = "1700000000000"
    event["Records"][0]["messageAttributes"] = {}
    if delay:
        event["Records"][0]["messageAttributes"]["delay"] = {"stringValue": delay, "dataType": "Number"}
    queue = Queue()
    each_message(event, queue.do, queue.again, told.append, now=lambda: 1_700_000_004.0)
    assert told == late


def test_a_message_without_its_time_is_not_late() -> None:
    told = list[int]()
    queue = Queue()
    each_message(sent("one"), queue.do, queue.again, told.append)
    assert told == []


def test_each_message_is_handled_knowing_what_its_function_knows() -> None:
    known = list[str]()

    async def ask(_: str, tries: int) -> None:
        known.append(about()["request"])

    for request in ("r1", "r2"):
        with noted(request=request):
            each_message(sent("one"), ask, Queue().again)
    assert known == ["r1", "r2"]


@pytest.mark.parametrize("body", ["outage", "upgrade", OTHER])
def test_what_may_work_comes_again_later_each_time(body: str) -> None:
    pauses = []
    for tries in range(1, MOST_TRIES + 1):
        queue = Queue()
        assert queue.handle(sent(body, tries=tries)) == ["m-0"]
        pauses.append(queue.pauses["r-0"])
    assert pauses == [10, 30, 90, 270, 0]


def test_what_never_works_is_set_aside_at_once() -> None:
    queue = Queue()
    queue.handle(sent("poison", "outage"))
    assert queue.pauses == {"r-0": 0, "r-1": 10}


def test_a_queue_that_does_not_answer_brings_it_again_in_its_own_time() -> None:
    assert Queue(answers=False).handle(sent("outage", "two")) == ["m-0"]
