"""From an original to what is found: whatever comes twice, late, in another order, or breaks off."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from attache.documents.embedded_index import EmbeddedIndex
from attache.documents.embeddings import Account
from attache.documents.ingest import NO_KEY, NO_VECTORS, Ingest
from attache.documents.kinds import MAX_BYTES
from attache.documents.listing import Listed, listed
from attache.documents.passage import Reading
from attache.documents.readers import read_document
from attache.documents.search import DocumentSearch
from attache.errors import Unavailable
from tests.fakes.clock import FakeClock
from tests.fakes.document_records import FakeDocumentRecords
from tests.fakes.embeddings import FakeEmbeddings
from tests.fakes.originals import FakeOriginals

APP = "shop"
FEES = b"# Fees\n\nA withdrawal costs one dollar.\n"
DEARER = b"# Fees\n\nA withdrawal costs two dollars.\n"


class Eventual(EmbeddedIndex):
    """An index that removes nothing at once, as a collection of OpenSearch Serverless."""

    settled_after = 120.0
    sees = False

    async def drop(self, app: str, path: str, *, before: str) -> None:
        if self.sees:
            await super().drop(app, path, before=before)


class Failing(EmbeddedIndex):
    """An index that fails at so many removals."""

    failures = 0

    async def drop(self, app: str, path: str, *, before: str) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("The index of documents does not answer.")
        await super().drop(app, path, before=before)


class Library:
    """Everything that ingest stands on, and a search over it."""

    def __init__(self, directory: Path, index: EmbeddedIndex | None = None) -> None:
        self.originals = FakeOriginals()
        self.records = FakeDocumentRecords()
        self.embeddings = FakeEmbeddings()
        self.index = index or EmbeddedIndex(directory / "index.sqlite")
        self.swept: list[tuple[str, str, str]] = []
        self.read_count = 0
        self.meanwhile: list[bytes] = []
        self.ingest = Ingest(
            self.originals, self.records, self.index, self.embeddings, self._read, self._later, FakeClock()
        )

    async def put(self, path: str, content: bytes, app: str = APP) -> None:
        await self.originals.put(app, path, content)
        await self.ingest.changed(app, path)

    async def found(self, text: str, app: str = APP) -> list[str]:
        search = DocumentSearch(self.index, self.records, self.embeddings)
        return [passage.text for passage in await search.find(text, 10, Account(app))]

    async def listed(self) -> list[Listed]:
        return list(await listed(self.originals, self.records, APP))

    async def _read(self, path: str, content: bytes) -> Reading:
        """Somebody puts another one while this is read."""
        self.read_count += 1
        if self.meanwhile:
            await self.originals.put(APP, path, self.meanwhile.pop())
        return read_document(path, content)

    async def sweep(self) -> None:
        for app, path, before in self.swept:
            await self.ingest.sweep(app, path, before)

    async def _later(self, app: str, path: str, before: str, seconds: float) -> None:
        assert seconds == 120.0
        self.swept.append((app, path, before))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


async def test_a_document_that_was_put_is_found(library: Library) -> None:
    await library.put("fees.md", FEES)
    assert await library.found("withdrawal") == ["A withdrawal costs one dollar."]
    (record,) = await library.records.all(APP)
    assert (record.state, record.passages, record.space, record.why) == ("indexed", 1, "fake@16", "")
    texts, account = library.embeddings.asked[0]
    assert (list(texts), account) == (["Fees\nA withdrawal costs one dollar."], Account(APP))


async def test_the_same_event_again_does_nothing(library: Library) -> None:
    await library.put("fees.md", FEES)
    await library.ingest.changed(APP, "fees.md")
    assert library.read_count == 1


async def test_another_version_takes_its_place(library: Library) -> None:
    await library.put("fees.md", FEES + b"\n## Deposits\n\nA deposit is free.\n")
    await library.put("fees.md", DEARER)
    assert await library.found("withdrawal deposit") == ["A withdrawal costs two dollars."]


async def test_a_document_that_was_deleted_is_not_found(library: Library) -> None:
    await library.put("fees.md", FEES)
    await library.originals.delete(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")
    assert await library.found("withdrawal") == []
    assert await library.records.all(APP) == []


async def test_an_event_that_comes_late_brings_nothing_old_back(library: Library) -> None:
    """`put` and `delete` in the wrong order: what is there now counts, not what an event says."""
    await library.originals.put(APP, "fees.md", FEES)
    await library.originals.delete(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")  # the delete
    await library.ingest.changed(APP, "fees.md")  # the put
    assert await library.found("withdrawal") == []


async def test_what_changes_while_it_is_read_ends_as_it_is_at_last(library: Library) -> None:
    library.meanwhile = [DEARER]
    await library.put("fees.md", FEES)
    assert await library.found("withdrawal") == ["A withdrawal costs two dollars."]


async def test_two_workers_at_one_document_end_with_what_is_there(library: Library) -> None:
    versions = [f"A withdrawal costs {number} dollars.".encode() for number in range(8)]
    for version in versions:
        await library.originals.put(APP, "fees.txt", version)
        library.meanwhile = [b"A withdrawal is free."]
        await asyncio.gather(*(library.ingest.changed(APP, "fees.txt") for _ in range(3)))
        assert await library.found("withdrawal") == ["A withdrawal is free."]


async def test_what_cannot_be_read_says_why_and_is_not_found(library: Library) -> None:
    await library.put("fees.md", FEES)
    await library.put("fees.md", b"caf\xe9")
    assert await library.found("withdrawal") == []
    (shown,) = await library.listed()
    assert (shown.state, shown.passages) == ("failed", 0)
    assert "UTF-8" in shown.why
    await library.ingest.changed(APP, "fees.md")
    assert library.read_count == 2


async def test_what_is_too_large_is_not_even_fetched(library: Library) -> None:
    await library.put("fees.md", b"x" * (MAX_BYTES + 1))
    (shown,) = await library.listed()
    assert (shown.state, library.read_count) == ("failed", 0)
    assert f"{MAX_BYTES:,}" in shown.why


async def test_while_the_embedding_model_is_silent_words_find_it(library: Library) -> None:
    library.embeddings.failures = 1
    with pytest.raises(Unavailable):
        await library.put("fees.md", FEES)
    assert await library.found("withdrawal") == ["A withdrawal costs one dollar."]
    assert (await library.listed())[0].why == NO_VECTORS
    await library.ingest.changed(APP, "fees.md")
    assert [(each.why, each.passages) for each in await library.listed()] == [("", 1)]
    library.embeddings.failures = 1
    await library.originals.put(APP, "fees.md", DEARER)
    await library.ingest.changed(APP, "fees.md", last_try=True)
    assert (await library.listed())[0].why == NO_VECTORS


SAID = "fees.md of shop is found by words only. The embedding model does not answer."


async def test_who_tries_a_document_again_knows_which_it_is_and_what_to_do(library: Library) -> None:
    library.embeddings.failures = 1
    with pytest.raises(Unavailable) as raised:
        await library.put("fees.md", FEES)
    assert raised.value.message.startswith(SAID)
    assert "`attache documents reindex shop`" in raised.value.message
    assert raised.value.__cause__ is None


async def test_after_the_last_try_it_is_logged_in_one_line(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    await library.originals.put(APP, "fees.md", FEES)
    library.embeddings.failures = 1
    await library.ingest.changed(APP, "fees.md", last_try=True)
    (line,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert line.getMessage().startswith(SAID)
    assert line.exc_info is None


async def test_without_a_key_words_find_it_and_a_key_that_comes_is_used(library: Library) -> None:
    library.embeddings.now_in = None
    await library.put("fees.md", FEES)
    assert (await library.listed())[0].why == NO_KEY
    library.embeddings.now_in = "fake@16"
    assert await library.found("withdrawal") == ["A withdrawal costs one dollar."]
    await library.originals.touch(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")
    assert (await library.listed())[0].why == ""


async def test_after_a_change_of_the_model_words_find_it_until_it_is_read_again(library: Library) -> None:
    await library.put("fees.md", FEES)
    library.embeddings.now_in = "another@16"
    assert await library.found("withdrawal") == ["A withdrawal costs one dollar."]
    await library.ingest.changed(APP, "fees.md")
    (record,) = await library.records.all(APP)
    assert record.space == "another@16"


async def test_documents_are_renewed_where_another_model_embeds_now(library: Library) -> None:
    await library.put("fees.md", FEES)
    await library.put("broken.md", b"")
    await library.ingest.renew(APP)
    assert library.read_count == 2
    library.embeddings.now_in = "another@16"
    await library.ingest.renew(APP)
    assert library.read_count == 3
    assert [(each.path, each.state) for each in await library.listed()] == [
        ("broken.md", "failed"),
        ("fees.md", "indexed"),
    ]
    assert (await library.records.all(APP))[1].space == "another@16"


async def test_an_index_that_forgets_late_shows_nothing_old(tmp_path: Path) -> None:
    index = Eventual(tmp_path / "index.sqlite")
    library = Library(tmp_path, index)
    await library.put("fees.md", FEES)
    await library.put("fees.md", DEARER)
    assert await library.found("withdrawal") == ["A withdrawal costs two dollars."]
    assert len(await index.search(APP, "withdrawal", None, 10)) == 2
    index.sees = True
    await library.sweep()
    assert len(await index.search(APP, "withdrawal", None, 10)) == 1
    await library.originals.delete(APP, "fees.md")
    index.sees = False
    await library.ingest.changed(APP, "fees.md")
    assert await library.found("withdrawal") == []
    index.sees = True
    await library.sweep()
    assert await index.search(APP, "withdrawal", None, 10) == []


async def test_what_could_not_be_removed_is_removed_with_the_next_try(tmp_path: Path) -> None:
    """A deleted document is gone from the index too, and an earlier version takes no place in a ranking."""
    index = Failing(tmp_path / "index.sqlite")
    library = Library(tmp_path, index)
    await library.put("fees.md", FEES)
    await library.originals.put(APP, "fees.md", DEARER)
    index.failures = 1
    with pytest.raises(Unavailable):
        await library.ingest.changed(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")
    assert len(await index.search(APP, "withdrawal", None, 10)) == 1
    await library.originals.delete(APP, "fees.md")
    index.failures = 1
    with pytest.raises(Unavailable):
        await library.ingest.changed(APP, "fees.md")
    await library.ingest.changed(APP, "fees.md")
    assert await index.search(APP, "withdrawal", None, 10) == []


async def test_no_app_finds_what_another_was_given(library: Library) -> None:
    """Invariant 8, over the whole way: the same path, the same words."""
    await library.put("fees.md", FEES)
    await library.put("fees.md", DEARER, app="shop-2")
    assert await library.found("withdrawal dollar") == ["A withdrawal costs one dollar."]
    assert await library.found("withdrawal dollar", app="shop-2") == ["A withdrawal costs two dollars."]
    assert await library.found("withdrawal dollar", app="sho") == []


async def test_an_operator_sees_how_far_each_document_is(library: Library) -> None:
    await library.put("a.md", FEES)
    await library.put("b.md", b"")
    await library.put("c.md", FEES)
    await library.put("d.md", FEES)
    await library.originals.put(APP, "c.md", DEARER)
    await library.originals.delete(APP, "d.md")
    await library.originals.put(APP, "e.md", FEES)
    assert [(each.path, each.state, each.passages) for each in await library.listed()] == [
        ("a.md", "indexed", 1),
        ("b.md", "failed", 0),
        ("c.md", "waiting", 1),
        ("d.md", "going", 1),
        ("e.md", "waiting", 0),
    ]


async def test_one_that_is_given_up_says_so(library: Library) -> None:
    await library.originals.put(APP, "fees.md", FEES)
    await library.ingest.give_up(APP, "fees.md", "It could not be indexed.")
    assert [(each.state, each.why) for each in await library.listed()] == [("failed", "It could not be indexed.")]
    await library.ingest.give_up(APP, "gone.md", "It could not be indexed.")
    assert len(await library.listed()) == 1


async def test_one_that_was_given_up_is_tried_again_by_another_event(library: Library) -> None:
    """A message that is moved back from the dead letters is one, and the object is as it was."""
    await library.originals.put(APP, "fees.md", FEES)
    await library.ingest.give_up(APP, "fees.md", "It could not be indexed.")
    await library.ingest.changed(APP, "fees.md")
    assert [(each.state, each.passages, each.why) for each in await library.listed()] == [("indexed", 1, "")]
