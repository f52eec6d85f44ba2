"""Session tables that the contract holds for: the fake and DynamoDB."""

from __future__ import annotations

import uuid

import pytest

from attache.sessions.dynamo_sessions import DynamoSessions
from attache.sessions.table import (
    SessionTable,
)
from tests.embedded import Embedded
from tests.fakes.clock import FakeClock
from tests.fakes.session_table import FakeSessionTable


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["fake", "dynamo"])
def table(request: pytest.FixtureRequest, clock: FakeClock) -> SessionTable:
    if request.param == "fake":
        return FakeSessionTable(clock)
    embedded: Embedded = request.getfixturevalue("embedded")
    return DynamoSessions(embedded.aws, embedded.outputs["SessionsTable"], clock)


@pytest.fixture
def session_id() -> str:
    return str(uuid.uuid4())
