"""Which tools an app's turns have."""

from __future__ import annotations

from pathlib import Path

import pytest

from attache.apps.app import App, ModelChoice
from attache.documents.embedded_index import EmbeddedIndex
from attache.documents.search import DocumentSearch
from attache.secrets import Secrets
from attache.telemetry.meter import NoMeter
from attache.tools.document_tool import DocumentTool
from attache.turns.app_toolsets import AppToolsets
from tests.fakes.clock import FakeClock
from tests.fakes.document_records import FakeDocumentRecords
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.secret_store import FakeSealer, FakeSecretStore

PLAIN = App(name="shop", title="Shop", version="1", models=ModelChoice(default="m"))
READING = PLAIN.model_copy(update={"documents": DocumentTool(name="search_documents_2")})


def toolsets(documents: DocumentSearch | None) -> AppToolsets:
    secrets = Secrets(FakeSecretStore(), FakeSealer(), FakeClock())
    return AppToolsets(secrets, FakeClock(), NoMeter(), allow_loopback=False, documents=documents)


@pytest.fixture
def search(tmp_path: Path) -> DocumentSearch:
    return DocumentSearch(EmbeddedIndex(tmp_path / "index.sqlite"), FakeDocumentRecords(), FakeEmbeddings())


def test_documents_are_searched_by_apps_that_have_some(search: DocumentSearch) -> None:
    assert [spec.name for spec in toolsets(search).of(READING).specs] == ["search_documents_2"]
    assert [spec.name for spec in toolsets(search).of(PLAIN).specs] == []


def test_where_nothing_can_be_searched_no_app_has_the_tool() -> None:
    assert [spec.name for spec in toolsets(None).of(READING).specs] == []
