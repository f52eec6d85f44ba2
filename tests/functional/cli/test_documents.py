"""`attache documents`, and what a deployment says of an app's documents."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from attache.documents.dynamo_records import DynamoRecords
from attache.documents.records import DocumentRecord
from attache.documents.s3_originals import S3Originals
from tests.functional.cli.conftest import Attache, Stack

pytestmark = pytest.mark.aws
MANIFEST = "name: {name}\nmodels: {{default: claude-sonnet}}\ndocuments: docs/\n"


def described(folder: Path, name: str) -> Path:
    place = folder / name
    (place / "docs").mkdir(parents=True)
    (place / "app.yaml").write_text(MANIFEST.format(name=name))
    (place / "docs" / "fees.md").write_text("# Fees\n\nNone.\n")
    (place / "docs" / "terms.txt").write_text("Terms.\n")
    (place / "docs" / "logo.png").write_bytes(b"x")
    return place


@pytest.fixture
def searching(stack: Stack, folder: Path) -> None:
    """The local stack has a search backend."""
    dev = {**stack.dev, "outputs": {**stack.outputs, "SearchBackend": "embedded"}}
    (folder / ".attache" / "dev.json").write_text(json.dumps(dev))


@pytest.mark.usefixtures("searching")
def test_a_deployment_brings_what_changed_and_says_so(attache: Attache, tmp_path: Path) -> None:
    place = described(tmp_path, "library")
    first = attache("apps", "deploy", str(place))
    assert first.exit_code == 0, first.stderr
    assert "search_documents" in first.stdout
    assert "put document fees.md" in first.stderr
    assert "logo.png is no document" in first.stderr
    (place / "docs" / "fees.md").write_text("# Fees\n\nSome.\n")
    (place / "docs" / "terms.txt").unlink()
    told = json.loads(attache("apps", "deploy", str(place), "--json").stdout)["documents"]
    assert told == {"put": ["fees.md"], "deleted": ["terms.txt"], "same": 0}
    assert "0 put, 0 deleted, 1 unchanged" in attache("apps", "deploy", str(place)).stderr


def test_where_nothing_can_be_searched_nothing_is_deployed(attache: Attache, tmp_path: Path) -> None:
    refused = attache("apps", "deploy", str(described(tmp_path, "unsearched")))
    assert refused.exit_code == 1
    assert "app.yaml:3 (documents)" in refused.stderr
    assert "SearchBackend" in refused.stderr
    assert "unsearched" not in attache("apps", "list", "--json").stdout
    assert attache("documents", "list", "unsearched").exit_code == 1


@pytest.mark.usefixtures("searching")
def test_the_list_says_what_became_of_each(attache: Attache, stack: Stack, tmp_path: Path) -> None:
    attache("apps", "deploy", str(described(tmp_path, "shown")))
    originals = S3Originals(stack.aws, stack.outputs["DocumentsBucket"])
    fees = asyncio.run(originals.look("shown", "fees.md"))
    assert fees is not None
    record = DocumentRecord("fees.md", fees.revision, "failed", 1_800_000_000_000, "1", why="It is damaged.")
    asyncio.run(DynamoRecords(stack.aws, stack.outputs["RegistryTable"]).put("shown", record))
    said = json.loads(attache("documents", "list", "shown", "--json").stdout)
    assert [(each["path"], each["state"]) for each in said] == [("fees.md", "failed"), ("terms.txt", "waiting")]
    shown = attache("documents", "list", "shown").stdout
    assert "It is damaged." in shown
    assert "waiting" in shown


@pytest.mark.usefixtures("searching")
@pytest.mark.parametrize("command", ["list", "reindex"])
def test_an_app_without_documents_is_told_how_to_get_some(attache: Attache, tmp_path: Path, command: str) -> None:
    place = described(tmp_path, "bare")
    (place / "app.yaml").write_text("name: bare\nmodels: {default: claude-sonnet}\n")
    attache("apps", "deploy", str(place))
    told = attache("documents", command, "bare")
    assert told.exit_code == 0
    assert "bare has no documents: name their folder in app.yaml" in told.stderr


@pytest.mark.usefixtures("searching")
@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("reindex",)])
def test_an_app_that_is_not_there_is_an_error(attache: Attache, arguments: tuple[str, ...]) -> None:
    refused = attache("documents", *arguments, "no-such")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "There is no app 'no-such' on the local stack" in refused.stderr
    assert "attache apps list" in refused.stderr


@pytest.mark.usefixtures("searching")
def test_documents_of_a_deleted_app_are_shown(attache: Attache, tmp_path: Path) -> None:
    attache("apps", "deploy", str(described(tmp_path, "closed")))
    attache("apps", "delete", "closed", "--yes")
    said = json.loads(attache("documents", "list", "closed", "--json").stdout)
    assert [each["path"] for each in said] == ["fees.md", "terms.txt"]


@pytest.mark.usefixtures("searching")
def test_a_reindex_has_all_read_again(attache: Attache, tmp_path: Path) -> None:
    attache("apps", "deploy", str(described(tmp_path, "again")))
    assert "2 documents are read again" in attache("documents", "reindex", "again").stderr
    (tmp_path / "again" / "docs" / "terms.txt").unlink()
    attache("apps", "deploy", str(tmp_path / "again"))
    assert "1 document is read again" in attache("documents", "reindex", "again").stderr
