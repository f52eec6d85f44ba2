"""The contract of the buffered routes, through the API Gateway of a deployment; turns run in the deployed worker."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import httpx
import pytest

from tests.built.engines import BUILT, REHEARSAL, needed
from tests.contract.service import SAID, Running
from tests.contract.shapes import snapshot, spoken, stream

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
# What cannot be seen here, and why; the same tests run over the service in one process.
ELSEWHERE = {
    # a second deployment, with DefaultApp=off
    "test_without_the_default_app_nothing_is_open_without_a_key",
    "test_a_chosen_model_is_known_to_every_container",
    # the embedded API Gateway takes neither gateway responses nor preflights from an API's description, and reads
    # every body as text
    "test_what_is_no_endpoint",
    "test_there_is_no_other_action",
    "test_answers_about_a_session_are_kept_by_nobody_and_read_by_any_browser",
    "test_a_chat_that_is_refused_writes_nothing",
    # API Gateway decodes a query itself, and puts U+FFFD for what is no UTF-8
    "test_a_query_that_is_no_text",
    # answers as they come: here chat answers when its turn is over, and updates is a long poll
    "test_an_interrupt_stops_what_runs_and_keeps_what_was_said",
    "test_too_many_messages_wait_for_nobody",
    "test_a_call_with_steps_is_told_when_it_has_ended",
    "test_both_dialects_on_one_session_at_once",
    # one process, where what is set is known at once; functions know what was absent for 3 s, what was there for 30 s
    "test_turns_of_a_client_use_its_key_for_that_providers_models",
    "test_a_clients_secret_is_for_that_client_until_it_is_taken_back",
    "test_what_comes_with_a_key_is_for_the_apps_of_that_key",
    "test_nobody_is_asked_to_approve_what_lacks_a_secret",
}
CONTRACT = (
    "access",
    "bad_input",
    "control",
    "pending",
    "provider_keys",
    "secrets",
    "sessions",
    "state",
    "summaries",
    "system",
    "wallet",
)
FIXTURES = {"waiting", "wallet"}


def runs_here(name: str, each: object) -> bool:
    """Wallets are proven in test_deployed_wallets, where the deployment asks for it."""
    if name in ELSEWHERE or not name.startswith("test_"):
        return name in FIXTURES
    return callable(each) and "proving" not in inspect.signature(each).parameters


for module in (import_module(f"tests.contract.test_http_{name}") for name in CONTRACT):
    globals().update({name: each for name, each in vars(module).items() if runs_here(name, each)})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    needed(BUILT, REHEARSAL)
    from tests.built.deployed_service import deployed_service

    with deployed_service(tmp_path_factory.mktemp("deployed")) as running:
        yield running


@pytest.fixture(scope="module")
def http(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=120) as client:
        yield client


def test_a_turn_goes_through_the_queue_to_the_deployed_worker(http: httpx.Client, running: Running) -> None:
    headers = {"X-Session-Id": "6f1f1f5e-6d5e-4a9c-9f64-0d3b5f7a1c11", "AOMI-APP-KEY": running.keys.shop}
    answer = snapshot(http.post("/api/chat?app=shop&message=tool", headers=headers))
    assert answer.answer == "The tool said so."
    assert spoken(stream(http.post("/api/chat?app=shop", headers=headers, json={"text": "hi"}))) == SAID
