"""One contract for every Originals."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from attache.documents.originals import Originals
from attache.documents.s3_originals import S3Originals
from attache.documents.sync import Synced, sync
from tests.embedded import Embedded
from tests.fakes.originals import FakeOriginals

pytestmark = pytest.mark.aws
PATH = "help/Gebühren & mehr.md"


@pytest.fixture(params=["fake", "s3"])
def originals(request: pytest.FixtureRequest) -> Originals:
    if request.param == "fake":
        return FakeOriginals()
    embedded: Embedded = request.getfixturevalue("embedded")
    return S3Originals(embedded.aws, embedded.outputs["DocumentsBucket"])


@pytest.fixture
def app() -> str:
    return f"app-{secrets.token_hex(4)}"


async def test_what_was_put_is_there_until_it_is_deleted(originals: Originals, app: str) -> None:
    assert await originals.look(app, PATH) is None
    await originals.put(app, PATH, b"one")
    original = await originals.look(app, PATH)
    assert original is not None
    assert (original.path, original.size) == (PATH, 3)
    assert await originals.read(app, original) == b"one"
    assert await originals.all(app) == [original]
    await originals.delete(app, PATH)
    await originals.delete(app, PATH)
    assert await originals.look(app, PATH) is None
    assert await originals.read(app, original) is None


async def test_another_content_is_another_revision_and_is_not_read_for_the_first(
    originals: Originals, app: str
) -> None:
    await originals.put(app, PATH, b"one")
    first = await originals.look(app, PATH)
    await originals.put(app, PATH, b"two")
    second = await originals.look(app, PATH)
    assert first is not None
    assert second is not None
    assert first.revision != second.revision
    assert await originals.read(app, first) is None
    assert await originals.read(app, second) == b"two"


async def test_what_is_touched_keeps_its_content(originals: Originals, app: str) -> None:
    await originals.put(app, PATH, b"one")
    await originals.touch(app, PATH)
    touched = await originals.look(app, PATH)
    assert touched is not None
    assert await originals.read(app, touched) == b"one"


async def test_an_app_sees_its_own_and_none_of_one_that_is_called_alike(originals: Originals, app: str) -> None:
    await originals.put(app, "a.md", b"one")
    await originals.put(f"{app}-2", "b.md", b"two")
    assert [original.path for original in await originals.all(app)] == ["a.md"]


async def test_a_folder_is_synced_by_what_changed(originals: Originals, app: str, tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / name).write_text(name)
    files = {name: tmp_path / name for name in ("a.md", "b.md", "c.md")}
    assert await sync(originals, app, files) == Synced(("a.md", "b.md", "c.md"), (), 0)
    assert await sync(originals, app, files) == Synced((), (), 3)
    (tmp_path / "b.md").write_text("changed")
    del files["c.md"]
    assert await sync(originals, app, files) == Synced(("b.md",), ("c.md",), 1)
    assert await sync(originals, app, {}) == Synced((), ("a.md", "b.md"), 0)
