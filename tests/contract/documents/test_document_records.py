"""One contract for every DocumentRecords."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pytest

from attache.documents.dynamo_records import DynamoRecords
from attache.documents.records import DocumentRecord, DocumentRecords, run_after
from tests.embedded import Embedded
from tests.fakes.document_records import FakeDocumentRecords

pytestmark = pytest.mark.aws
INDEXED = DocumentRecord("help/fees.md", "etag 1", "indexed", 1_800_000_000_123, "r2", 7, "model@512", "a note")


@pytest.fixture(params=["fake", "dynamo"])
def records(request: pytest.FixtureRequest) -> DocumentRecords:
    if request.param == "fake":
        return FakeDocumentRecords()
    embedded: Embedded = request.getfixturevalue("embedded")
    return DynamoRecords(embedded.aws, embedded.outputs["RegistryTable"])


@pytest.fixture
def app() -> str:
    return f"app-{secrets.token_hex(4)}"


async def test_a_record_comes_back_as_it_was_put(records: DocumentRecords, app: str) -> None:
    assert await records.get(app, INDEXED.path) is None
    assert await records.put(app, INDEXED)
    assert await records.get(app, INDEXED.path) == INDEXED
    assert await records.all(app) == [INDEXED]
    assert await records.all(f"{app}-2") == []


async def test_a_record_gives_way_to_a_later_run_only(records: DocumentRecords, app: str) -> None:
    await records.put(app, INDEXED)
    assert not await records.put(app, replace(INDEXED, run="r1", revision="older"))
    assert not await records.put(app, replace(INDEXED, revision="the same run"))
    assert await records.get(app, INDEXED.path) == INDEXED
    later = DocumentRecord(INDEXED.path, "etag 3", "failed", 1, "r3", why="It is damaged.")
    assert await records.put(app, later)
    assert await records.get(app, INDEXED.path) == later


async def test_what_is_gone_is_on_record_and_on_no_list(records: DocumentRecords, app: str) -> None:
    await records.put(app, INDEXED)
    gone = DocumentRecord(INDEXED.path, "", "gone", 1_800_000_000_000, "r3")
    await records.put(app, gone)
    assert await records.get(app, INDEXED.path) == gone
    assert await records.all(app) == []
    assert not await records.put(app, INDEXED)


async def test_of_many_at_once_the_last_run_counts(records: DocumentRecords, app: str) -> None:
    runs = [f"r{number}" for number in range(8)]
    await asyncio.gather(*(records.put(app, replace(INDEXED, run=run)) for run in reversed(runs)))
    found = await records.get(app, INDEXED.path)
    assert found is not None
    assert found.run == "r7"


def test_a_run_sorts_behind_the_one_on_record_whatever_the_clock_says() -> None:
    first = run_after(None, 1_800_000_000_000)
    assert run_after(None, 1_800_000_000_001) > first
    ahead = replace(INDEXED, run=first)
    assert run_after(ahead, 1_000) > first
    assert run_after(ahead, 1_800_000_000_000) > first
