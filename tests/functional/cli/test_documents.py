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
    assert "has no documents" in attache("documents", "list", "never").stderr


@pytest.mark.usefixtures("searching")
def test_a_reindex_has_all_read_again(attache: Attache, tmp_path: Path) -> None:
    attache("apps", "deploy", str(described(tmp_path, "again")))
    assert "2 documents are read again" in attache("documents", "reindex", "again").stderr
