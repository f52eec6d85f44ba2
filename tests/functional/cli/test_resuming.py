"""An answer whose stream breaks is heard to its end, and nothing of it twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from attache_cli.conversation import Conversation
from attache_cli.errors import CommandError
from attache_cli.resuming import PAUSES, Lost, Reconnections
from tests.functional.cli.scripted import Cut, Scripted, Told, Way, written


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def call(call_id: str) -> dict[str, Any]:
    return {"type": "tool_call", "name": "Price", "call_id": call_id, "args": {}}


STARTED: Told = ("ab-1", {"type": "started", "turn_id": "ab-1", "message_id": "ab-1"})
COMPLETE: Told = ("ab-9", {"type": "complete", "status": "done"})
ANSWER: list[Told] = [
    STARTED,
    (None, text("I look ")),
    (None, text("it up. ")),
    ("ab-2", None),
    (None, None),
    (None, call("1")),
    ("ab-3", call("2")),
    ("ab-4", {"type": "tool_result", "name": "Price", "call_id": "1", "result": "3,000"}),
    (None, text("ETH is ")),
    ("ab-5", text("at ")),
    (None, text("3,000.")),
    COMPLETE,
]
WHOLE = b"".join(written(*told) for told in ANSWER)
SAID = "I look it up. ETH is at 3,000."
OTHERS = [event for _, event in ANSWER if event and event["type"] != "text"]


def client(service: Scripted, sleep: Callable[[float], None] = lambda _: None) -> Conversation:
    return Conversation(service.url, "shop", None, reconnections=lambda: Reconnections(sleep=sleep))


def heard(service: Scripted, sleep: Callable[[float], None] = lambda _: None) -> Iterator[dict[str, Any]]:
    with closing(client(service, sleep)) as conversation:
        yield from conversation.ask("What is ETH at?")


def said(events: list[dict[str, Any]]) -> str:
    """What is left on the screen."""
    left = ""
    for event in events:
        if event["type"] == "dropped":
            assert event["content"]
            left = left.removesuffix(event["content"])
        elif event["type"] == "text":
            left += event["content"]
    return left


def others(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] != "text"]


@pytest.mark.parametrize("way", ["ends", "breaks", "resets"])
def test_an_answer_is_whole_wherever_its_stream_breaks(way: Way) -> None:
    service = Scripted([ANSWER])
    with service.running(), closing(client(service)) as conversation:
        for after in range(0, len(WHOLE) - 1, 5):
            service.losses = [Cut(after, way), Cut(after // 3, way)]
            events = list(conversation.ask("What is ETH at?"))
            assert (said(events), others(events)) == (SAID, OTHERS), f"cut after {after} bytes"


def test_it_is_the_same_message_from_the_last_id_on() -> None:
    service = Scripted([ANSWER], [Cut(WHOLE.index(b"id: ab-3"), "breaks"), Cut(0)])
    with service.running():
        list(heard(service))
        list(heard(service))
    assert [asked.get("last-event-id") for asked in service.asked] == [None, "ab-2", "ab-2", None]
    keys = [asked["idempotency-key"] for asked in service.asked]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


def test_text_that_another_runner_says_otherwise_replaces_what_was_provisional() -> None:
    otherwise = [*ANSWER[:8], (None, text("ETH was ")), ("ab-5", text("dear.")), COMPLETE]
    service = Scripted([ANSWER, otherwise], [Cut(WHOLE.index(b"id: ab-5"))])
    with service.running():
        events = list(heard(service))
    assert events[-4:] == [
        {"type": "dropped", "content": "ETH is "},
        text("ETH was "),
        text("dear."),
        COMPLETE[1],
    ]


def test_text_that_does_not_come_again_is_taken_back() -> None:
    shorter = [*ANSWER[:8], ("ab-5", text("ETH")), COMPLETE]
    service = Scripted([ANSWER, shorter], [Cut(WHOLE.index(b"id: ab-5"))])
    with service.running():
        events = list(heard(service))
    assert said(events) == "I look it up. ETH"
    assert events[-2:] == [{"type": "dropped", "content": " is "}, COMPLETE[1]]


def message(number: int, sender: str, content: str) -> dict[str, Any]:
    return {"id": f"ab-{number}", "sender": sender, "content": content, "tool_result": None}


@pytest.mark.parametrize("kept", ["I look it up. ETH is at", "I look it up. ETH", "I looked it up. ETH is at"])
def test_a_reset_shows_the_answer_of_its_snapshot(kept: str) -> None:
    messages = [
        message(0, "agent", "An earlier answer."),
        message(1, "user", "What is ETH at?"),
        message(3, "agent", kept[:14]),
        message(4, "agent", kept[14:]),
        {**message(5, "agent", "It failed."), "id": "ab-5-error"},
        message(6, "user", "And then?"),
        message(7, "agent", "Nobody asked."),
    ]
    again: list[Told] = [
        ("ab-8", {"type": "reset", "snapshot": {"messages": messages}}),
        (None, text(" last")),
        COMPLETE,
    ]
    service = Scripted([ANSWER, again], [Cut(WHOLE.index(b"id: ab-5"))])
    with service.running():
        events = list(heard(service))
    assert said(events) == f"{kept} last"
    assert events[-1] == COMPLETE[1]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_service_that_fails_for_a_moment_is_asked_again(status: int) -> None:
    service = Scripted([ANSWER], [status, Cut(300), status, status])
    with service.running():
        assert said(list(heard(service))) == SAID
    assert len(service.asked) == 5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429])
def test_a_refusal_stays_one(status: int) -> None:
    service = Scripted([ANSWER], [Cut(300), status])
    with service.running(), pytest.raises(CommandError, match=f"Refused with {status}"):
        list(heard(service))
    assert len(service.asked) == 2


def test_a_service_that_starts_again_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    service, slept = Scripted([ANSWER], [Cut(300, "breaks")]), list[float]()
    with ExitStack() as stack:
        stack.enter_context(service.running())

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 1:
                stack.close()
            if len(slept) == 4:
                stack.enter_context(service.running())

        assert said(list(heard(service, sleep))) == SAID
    assert slept == list(PAUSES[:4])
    assert capsys.readouterr().err.count("reconnecting") == 1


def test_what_stays_away_is_given_up_after_longer_than_a_takeover_takes() -> None:
    service, slept = Scripted([ANSWER], [Cut(300), *[Cut(0)] * 99]), list[float]()
    events: list[dict[str, Any]] = []
    with service.running(), pytest.raises(Lost, match=r"was cut\. The answer goes on"):
        events.extend(heard(service, slept.append))
    assert slept == list(PAUSES)
    assert said(events)
    assert 40 < sum(slept) < 50
    assert slept == sorted(slept)


def test_a_stream_that_comes_on_is_resumed_as_often_as_it_breaks() -> None:
    many: list[Told] = [STARTED, *((f"ab-{number}", text(f"{number} ")) for number in range(10, 50)), COMPLETE]
    service = Scripted([many], [Cut(120), *[Cut(70)] * 29])
    with service.running():
        assert said(list(heard(service))).split() == [str(number) for number in range(10, 50)]
    assert len(service.asked) > len(PAUSES) + 5


def test_what_was_never_there_is_not_waited_for() -> None:
    service, slept = Scripted([ANSWER]), list[float]()
    with service.running():
        pass
    with pytest.raises(CommandError, match=r"cannot be reached \(ConnectError\): see `attache doctor`"):
        list(heard(service, slept.append))
    assert slept == []


def test_updates_are_followed_to_the_end_wherever_they_break() -> None:
    updates: list[Told] = [
        ("ab-5", None),
        ("ab-6", text("It is ")),
        ("ab-7", text("settled.")),
        ("ab-8", {"type": "state_changed", "status": "idle"}),
    ]
    service, slept = Scripted([updates], [Cut(80, "breaks"), 503, Cut(90, "resets")]), list[float]()
    with service.running(), closing(client(service, slept.append)) as conversation:
        events = list(conversation.follow("ab-4"))
    assert events == [event for _, event in updates if event]
    assert [asked["last-event-id"] for asked in service.asked] == ["ab-4", "ab-6", "ab-6", "ab-7"]
    assert slept == [PAUSES[0], PAUSES[1], PAUSES[0]]
