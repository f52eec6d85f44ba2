from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.errors import BadInput, TooLarge
from attache.wire.caller import Caller
from attache.wire.json_text import parse_object
from attache.wire.negotiation import Form

SESSION = "3f1c2c9e-8a53-4a86-9d7b-0f5d3f6a2b11"
OTHER = "7d0e3a52-52d3-4f7e-8a5c-6f0b8f3f9f10"
WALLET = "0xAbCdEf0123456789aBcDeF0123456789ABCDEF01"


def header(**headers: str) -> Caller:
    return Caller(headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("caller", "key"),
    [
        (header(), None),
        (header(x_api_key="sk-1"), "sk-1"),
        (header(aomi_app_key="sk-2"), "sk-2"),
        (header(x_api_key="sk-1", aomi_app_key="sk-2"), "sk-2"),
        (header(x_api_key="sk-1", aomi_app_key=" "), "sk-1"),
        (header(x_api_key=""), None),
    ],
)
def test_either_key_header_is_good(caller: Caller, key: str | None) -> None:
    assert caller.key == key


@pytest.mark.parametrize(
    "caller",
    [
        header(x_session_id=SESSION),
        header(x_session_id=SESSION.upper()),
        Caller(query={"session_id": SESSION}),
        Caller(headers={"x-session-id": SESSION}, query={"session_id": OTHER}),
        Caller(headers={"x-session-id": ""}, query={"session_id": SESSION}),
    ],
)
def test_the_session_is_in_the_header_or_else_in_the_query(caller: Caller) -> None:
    assert caller.session_id() == SESSION


@pytest.mark.parametrize(
    "sent", ["", "new", SESSION[:-1], SESSION + "0", f"{{{SESSION}}}", SESSION.replace("-", ""), f"urn:uuid:{SESSION}"]
)
def test_what_is_no_uuid_is_no_session(sent: str) -> None:
    with pytest.raises(BadInput):
        header(x_session_id=sent).session_id()


def test_an_optional_session_may_be_left_out_but_not_be_wrong() -> None:
    assert Caller().optional_session_id() is None
    with pytest.raises(BadInput):
        header(x_session_id="new").optional_session_id()


def test_the_path_names_the_session_that_is_meant() -> None:
    caller = Caller(headers={"x-session-id": OTHER}, path={"session_id": SESSION})
    assert caller.session_of_path() == SESSION


@pytest.mark.parametrize(
    ("caller", "message", "form"),
    [
        (Caller(body={"text": "hi"}), "hi", "stream"),
        (Caller(query={"message": "hi"}), "hi", "snapshot"),
        (Caller(body={"message": "hi"}), "hi", "snapshot"),
        (Caller(query={"message": "query"}, body={"text": "hi"}), "hi", "stream"),
        (Caller(query={"message": "hi"}, body={"text": ""}), "hi", "snapshot"),
        (Caller(query={"message": "hi"}, body={"message": "body"}), "hi", "snapshot"),
        (Caller(headers={"accept": "application/json"}, body={"text": "hi"}), "hi", "snapshot"),
        (Caller(headers={"accept": "text/event-stream"}, query={"message": "hi"}), "hi", "stream"),
        (Caller(headers={"accept": "*/*"}, body={"text": " hi\n"}), " hi\n", "stream"),
        (Caller(body={"text": "x" * 32_000}), "x" * 32_000, "stream"),
    ],
)
def test_the_message_and_the_form_of_its_answer(caller: Caller, message: str, form: Form) -> None:
    assert caller.message() == message
    assert caller.form() == form


@pytest.mark.parametrize(
    ("caller", "error"),
    [
        (Caller(), BadInput),
        (Caller(body={"text": ""}), BadInput),
        (Caller(body={"text": " \n\t"}), BadInput),
        (Caller(body={"text": None}), BadInput),
        (Caller(body={"text": 5}), BadInput),
        (Caller(body={"text": 0}), BadInput),
        (Caller(body={"text": ["hi"]}), BadInput),
        (Caller(body={"message": {"text": "hi"}}), BadInput),
        (Caller(query={"text": "hi"}), BadInput),
        (Caller(body={"text": "x" * 32_001}), TooLarge),
        (Caller(query={"message": "x" * 32_001}), TooLarge),
    ],
)
def test_what_is_no_message(caller: Caller, error: type[Exception]) -> None:
    with pytest.raises(error):
        caller.message()


@pytest.mark.parametrize(
    ("caller", "state"),
    [
        (Caller(), None),
        (Caller(query={"user_state": ""}), None),
        (Caller(body={"user_state": None}), None),
        (Caller(query={"user_state": '{"chain_id": 1}'}), {"chain_id": 1}),
        (Caller(body={"user_state": {"chain_id": 1}}), {"chain_id": 1}),
        (Caller(body={"user_state": '{"chain_id": 1}'}), {"chain_id": 1}),
        (Caller(body={"user_state": {}}), {}),
        (Caller(query={"user_state": '{"a": 1}'}, body={"user_state": {"a": 2}}), {"a": 1}),
    ],
)
def test_user_state(caller: Caller, state: dict[str, Any] | None) -> None:
    assert caller.user_state() == state


@pytest.mark.parametrize("sent", ["{", "[]", "null", "5", '"x"', "NaN", '{"a": NaN}', '{"a": 1e999}', "[" * 10_000])
def test_user_state_must_be_an_object_in_a_query(sent: str) -> None:
    with pytest.raises(BadInput):
        Caller(query={"user_state": sent}).user_state()


@pytest.mark.parametrize("sent", [[], 5, 0, False, "x", {"a": "x" * 16_384}])
def test_user_state_must_be_an_object_in_a_body(sent: Any) -> None:
    with pytest.raises(BadInput):
        Caller(body={"user_state": sent}).user_state()


@pytest.mark.parametrize("sent", [lambda state: state, json.dumps])
def test_what_is_the_servers_is_dropped_before_anything_is_measured(sent: Callable[[Any], Any]) -> None:
    """Shipped clients echo the whole state, pending requests and all."""
    pending = {"pending_txs": {"1": {"data": "0x" + "0" * 20_000}}, "pending_eip712s": {}, "next_id": 2}
    assert Caller(body={"user_state": sent({**pending, "address": "0xab"})}).user_state() == {"address": "0xab"}
    assert Caller(query={"user_state": json.dumps({**pending, "address": "0xab"})}).user_state() == {"address": "0xab"}
    with pytest.raises(BadInput, match="16 KB"):
        Caller(body={"user_state": sent({**pending, "note": "x" * 17_000})}).user_state()


def test_a_user_state_is_as_large_as_it_is_stored() -> None:
    state = {"name": "é" * 8_000, "seen": list(range(10))}
    assert Caller(query={"user_state": json.dumps(state, indent=1)}).user_state() == state


@pytest.mark.parametrize(("length", "fits"), [(16_384, True), (16_385, False)])
def test_user_state_is_at_most_16_kb(length: int, fits: bool) -> None:
    text = '{"a":"' + "x" * (length - 8) + '"}'
    assert len(text) == length
    if fits:
        assert Caller(query={"user_state": text}).user_state()
        assert Caller(body={"user_state": {"a": "x" * (length - 8)}}).user_state()
        return
    with pytest.raises(BadInput):
        Caller(query={"user_state": text}).user_state()


@pytest.mark.parametrize(
    ("read", "caller", "value"),
    [
        (Caller.app, Caller(query={"app": "shop"}), "shop"),
        (Caller.app, Caller(body={"app": "shop"}), "shop"),
        (Caller.app, Caller(query={"app": "shop"}, body={"app": "other"}), "shop"),
        (Caller.app, Caller(query={"app": ""}), None),
        (Caller.client_id, Caller(query={"client_id": "c1"}), "c1"),
        (Caller.client_id, Caller(body={"client_id": "c1"}), "c1"),
        (Caller.public_key, Caller(body={"public_key": WALLET}), WALLET),
        (Caller.public_key, Caller(query={"public_key": "So1ana"}), "So1ana"),
        (Caller.idempotency_key, header(idempotency_key="k"), "k"),
        (Caller.idempotency_key, header(idempotency_key=" "), None),
        (Caller.idempotency_key, header(), None),
        (Caller.last_event_id, header(last_event_id="ab-7"), "ab-7"),
        (Caller.last_event_id, header(last_event_id=""), None),
        (lambda caller: caller.name("rig", "model"), Caller(body={"model": "gpt-4o"}), "gpt-4o"),
        (lambda caller: caller.name("rig", "model"), Caller(query={"rig": "a"}, body={"model": "b"}), "a"),
        (lambda caller: caller.count("count", 50), Caller(), 50),
        (lambda caller: caller.count("count", 50), Caller(query={"count": "7"}), 7),
        (lambda caller: caller.count("count", 50), Caller(query={"count": "700"}), 50),
        (Caller.title, Caller(body={"title": " Mine "}), "Mine"),
    ],
)
def test_values_by_name(read: Callable[[Caller], Any], caller: Caller, value: Any) -> None:
    assert read(caller) == value


@pytest.mark.parametrize(
    ("read", "caller"),
    [
        (Caller.app, Caller(body={"app": 5})),
        (Caller.app, Caller(query={"app": "a\nb"})),
        (Caller.client_id, Caller(query={"client_id": "x" * 256})),
        (Caller.public_key, Caller(body={"public_key": ["0x"]})),
        (Caller.idempotency_key, header(idempotency_key="x" * 256)),
        (lambda caller: caller.count("count", 50), Caller(query={"count": "-1"})),
        (lambda caller: caller.count("count", 50), Caller(query={"count": "many"})),
        (lambda caller: caller.count("count", 50), Caller(query={"count": "9" * 5000})),
        (Caller.title, Caller(body={})),
        (Caller.title, Caller(body={"title": " "})),
        (Caller.title, Caller(body={"title": 5})),
        (Caller.title, Caller(body={"title": "x" * 201})),
    ],
)
def test_values_that_are_refused(read: Callable[[Caller], Any], caller: Caller) -> None:
    with pytest.raises(BadInput):
        read(caller)


@given(st.text())
def test_any_text_is_an_object_or_refused(text: str) -> None:
    with suppress(BadInput):
        assert isinstance(parse_object(text, "The body"), dict)


@pytest.mark.parametrize(
    "text",
    [b'{"a": "\\ud800"}', b"\xff\xfe\xfa", b"\x00", b'{"a": ' + b"9" * 5_000 + b"}", b'{"a":' * 70 + b"1" + b"}" * 70],
)
def test_what_could_not_be_stored_is_refused(text: bytes) -> None:
    with pytest.raises(BadInput):
        parse_object(text, "The body")
