"""What the service records of its own doing."""

from __future__ import annotations

import logging

import pytest

from attache.models.model import ModelFailed
from tests.fakes.models import FakeModels, says
from tests.unit.turns.harness import House


async def test_no_record_names_a_session_by_the_id_that_opens_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    house = House(FakeModels())  # which fail: they have nothing to say
    await house.stream()
    tag = (await house.log()).living.tag
    assert [record.message for record in caplog.records] == ["a turn failed"]
    assert vars(caplog.records[0])["tag"] == tag
    assert house.session_id not in str([vars(record) for record in caplog.records])


async def test_why_a_model_failed_is_recorded_for_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    failure = ModelFailed("Try again.", code="provider_refused", retryable=False, detail="AuthenticationError 401")
    await House(FakeModels([says(failure)])).stream()
    assert [record.message for record in caplog.records] == [
        "a model failed: provider_refused (AuthenticationError 401)"
    ]
