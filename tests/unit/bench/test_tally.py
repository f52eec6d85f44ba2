from __future__ import annotations

from tests.bench.tally import Request, Tally, acting_as


def request(began: int, ended: int, by: str = "chat") -> Request:
    return Request("dynamodb", "query", began, by, ended)


def test_requests_beside_each_other_are_one_round_trip() -> None:
    tally = Tally([request(1, 4), request(2, 3), request(5, 6)], model_called=(7, "chat"))
    assert tally.round_trips == 2


def test_what_comes_after_the_model_is_no_round_trip_before_it() -> None:
    tally = Tally([request(1, 2), request(4, 5)], model_called=(3, "chat"))
    assert tally.round_trips == 1


def test_what_one_function_does_beside_the_one_that_calls_the_model_is_not_waited_for() -> None:
    chat = [request(1, 2), request(3, 4), request(6, 7), request(8, 9)]
    worker = [request(5, 10, "turns"), request(11, 12, "turns")]
    assert Tally(chat + worker, model_called=(13, "turns")).round_trips == 4


def test_without_a_model_there_are_none() -> None:
    assert Tally([request(1, 2)]).round_trips is None


def test_requests_are_counted_by_function() -> None:
    tally = Tally()
    with acting_as("chat"):
        tally.end(tally.begin("sqs", "send_message"))
    tally.end(tally.begin("s3", "get_object"))
    assert [request.operation for request in tally.of("chat").requests] == ["send_message"]
    assert (tally.count("sqs"), tally.count("s3")) == (1, 1)
