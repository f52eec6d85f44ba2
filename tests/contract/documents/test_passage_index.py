"""One contract for every PassageIndex: SQLite's file, and a real OpenSearch."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx
import pytest

from attache.aws import Aws, AwsAccess
from attache.documents.embedded_index import EmbeddedIndex
from attache.documents.index import Hit, PassageIndex, Vector
from attache.documents.opensearch_http import OpenSearchHttp
from attache.documents.opensearch_index import OpenSearchIndex
from attache.documents.opensearch_mapping import Target, index_name
from attache.documents.passage import Passage
from attache.errors import Unavailable
from tests.opensearch.collection import collection
from tests.opensearch.node import opensearch

ACCESS = AwsAccess(region="us-east-1", access_key_id="local", secret_access_key="local")
TEXTS = {
    "fees.md": ["A withdrawal costs a fixed fee of its own coin.", "Deposits are free of charge."],
    "limits.md": ["Verified accounts withdraw up to 100,000 USD a day."],
    "orders.md": ["A stop order sleeps until the market reaches its price.", "A limit order names the worst price."],
}
UP, RIGHT, DOWN = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with opensearch(tmp_path_factory.mktemp("opensearch")) as url:
        yield url


@pytest.fixture(scope="session")
def serverless(endpoint: str) -> Iterator[str]:
    with collection(endpoint) as url:
        yield url


@pytest.fixture(params=["embedded", "domain", "serverless"])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PassageIndex]:
    made: PassageIndex = EmbeddedIndex(tmp_path / "index.sqlite")
    if request.param != "embedded":
        url = request.getfixturevalue("endpoint" if request.param == "domain" else "serverless")
        made = _Refreshed(url, request.getfixturevalue("endpoint"), request.param)
    yield made
    await made.close()


class _Refreshed(OpenSearchIndex):
    """An index that shows at once what was put: tests need not wait for its second, or a collection's minute."""

    def __init__(self, url: str, behind: str, target: Target) -> None:
        sign = partial(Aws(ACCESS).signed, "es" if target == "domain" else "aoss")
        super().__init__(OpenSearchHttp(url, sign), target, "test")
        self._behind = behind

    async def search(self, app: str, text: str, vector: Vector | None, k: int) -> Sequence[Hit]:
        await self._refreshed()
        return await super().search(app, text, vector, k)

    async def drop(self, app: str, path: str, *, before: str) -> None:
        await self._refreshed()
        await super().drop(app, path, before=before)

    async def _refreshed(self) -> None:
        async with httpx.AsyncClient() as client:
            await client.post(f"{self._behind}/_refresh")


@pytest.fixture
def app() -> str:
    return f"app-{secrets.token_hex(4)}"


def passages(app: str, path: str, texts: Sequence[str]) -> list[tuple[Passage, Vector | None]]:
    return [(Passage(app, path, number, path, ("About", path), text, 7), None) for number, text in enumerate(texts)]


async def filled(index: PassageIndex, app: str, run: str = "r1") -> None:
    for path, texts in TEXTS.items():
        await index.put(run, passages(app, path, texts))


def found(hits: Sequence[Hit]) -> list[tuple[str, int]]:
    return [(hit.passage.path, hit.passage.position) for hit in hits]


async def test_a_passage_is_found_by_its_words_and_comes_back_whole(index: PassageIndex, app: str) -> None:
    await filled(index, app)
    best = (await index.search(app, "What does a withdrawal cost?", None, 3))[0]
    assert best == Hit(passages(app, "fees.md", TEXTS["fees.md"])[0][0], "r1")


async def test_words_are_found_in_their_other_forms(index: PassageIndex, app: str) -> None:
    await filled(index, app)
    assert found(await index.search(app, "ordering stops", None, 1)) == [("orders.md", 0)]
    assert found(await index.search(app, "FEES of coins", None, 1)) == [("fees.md", 0)]


@pytest.mark.parametrize(
    "text",
    ['"', "a AND (b", "text:* NEAR -", "{'a': 1}", "fee'; DROP TABLE passages; --", "…", "*:*", "\x00", "\ud83d\ude00"],
)
async def test_a_question_is_no_query_language(index: PassageIndex, app: str, text: str) -> None:
    await filled(index, app)
    assert len(await index.search(app, text, None, 5)) <= 5


async def test_a_passage_is_found_by_what_it_means(index: PassageIndex, app: str) -> None:
    told = [(Passage(app, f"{n}.md", 0, "T", (), "Nothing."), Vector("s", v)) for n, v in enumerate((UP, RIGHT, DOWN))]
    for each in told:
        await index.put("r", [each])
    hits = await index.search(app, "unrelated", Vector("s", (0.9, 0.1, 0.0)), 3)
    assert found(hits) == [("1.md", 0), ("0.md", 0), ("2.md", 0)]


async def test_words_and_meaning_count_both(index: PassageIndex, app: str) -> None:
    both = (Passage(app, "both.md", 0, "T", (), "The withdrawal fee."), Vector("s", UP))
    word = (Passage(app, "word.md", 0, "T", (), "The withdrawal fee withdrawal fee."), None)
    mean = (Passage(app, "mean.md", 0, "T", (), "Something else."), Vector("s", UP))
    for each in (word, mean, both):
        await index.put("r", [each])
    hits = await index.search(app, "withdrawal fee", Vector("s", UP), 3)
    assert found(hits)[0] == ("both.md", 0)
    assert {path for path, _ in found(hits)} == {"both.md", "word.md", "mean.md"}


async def test_vectors_of_another_model_are_never_compared(index: PassageIndex, app: str) -> None:
    await index.put("r", [(Passage(app, "old.md", 0, "T", (), "Old."), Vector("old", UP))])
    assert await index.search(app, "nothing", Vector("new", (*UP, 1.0)), 3) == []
    await index.put("r", [(Passage(app, "new.md", 0, "T", (), "New."), Vector("new", (*UP, 1.0)))])
    assert found(await index.search(app, "nothing", Vector("new", (*UP, 1.0)), 3)) == [("new.md", 0)]
    assert found(await index.search(app, "nothing", Vector("old", UP), 3)) == [("old.md", 0)]


async def test_no_app_finds_what_another_has(index: PassageIndex, app: str) -> None:
    """Invariant 8: the same words, the same vectors, the same paths, and names of which one begins like the other."""
    apps = (app, f"{app}-2", f"{app[:-1]}")
    for number, owner in enumerate(apps):
        await index.put("r", [(Passage(owner, "a.md", 0, "T", (), f"The secret fee is {number}."), Vector("s", UP))])
    for number, owner in enumerate(apps):
        hits = await index.search(owner, "secret fee", Vector("s", UP), 10)
        assert [(hit.passage.app, hit.passage.text) for hit in hits] == [(owner, f"The secret fee is {number}.")]
    await index.drop(apps[0], "a.md", before="s")
    assert [len(await index.search(owner, "secret fee", Vector("s", UP), 10)) for owner in apps] == [0, 1, 1]


async def test_another_run_takes_the_place_of_the_one_before(index: PassageIndex, app: str) -> None:
    await filled(index, app)
    await index.put("r3", passages(app, "fees.md", ["A later withdrawal."]))
    await index.put("r2", passages(app, "fees.md", ["A withdrawal is free."]))
    await index.drop(app, "fees.md", before="r2")
    hits = await index.search(app, "withdrawal deposits free charge fee", None, 20)
    assert sorted((hit.run, hit.passage.position) for hit in hits if hit.passage.path == "fees.md") == [
        ("r2", 0),
        ("r3", 0),
    ]
    assert ("limits.md", 0) in found(await index.search(app, "verified accounts", None, 20))


async def test_what_is_dropped_is_gone_however_often(index: PassageIndex, app: str) -> None:
    await index.drop(app, "never-there.md", before="s")
    await filled(index, app)
    for _ in range(2):
        await index.drop(app, "fees.md", before="s")
    assert "fees.md" not in [path for path, _ in found(await index.search(app, "withdrawal fee deposits", None, 20))]


async def test_an_app_without_documents_finds_nothing(index: PassageIndex, app: str) -> None:
    assert await index.search(app, "fee", Vector("s", UP), 5) == []


async def test_many_passages_are_put_and_dropped(index: PassageIndex, app: str) -> None:
    many = passages(app, "long.md", [f"Paragraph {number} on fees." for number in range(450)])
    await index.put("r", many)
    assert len(await index.search(app, "paragraph fees", None, 40)) == 40
    await index.drop(app, "long.md", before="s")
    assert await index.search(app, "paragraph fees", None, 40) == []


async def test_puts_at_once_do_not_disturb_each_other(index: PassageIndex, app: str) -> None:
    await asyncio.gather(*(index.put(f"r{n}", passages(app, f"{n}.md", ["The same fee."])) for n in range(12)))
    assert {path for path, _ in found(await index.search(app, "fee", None, 50))} == {f"{n}.md" for n in range(12)}


async def test_each_app_has_an_index_of_its_own_in_opensearch(endpoint: str, app: str) -> None:
    index = _Refreshed(endpoint, endpoint, "domain")
    await filled(index, app)
    async with httpx.AsyncClient() as client:
        mapping = (await client.get(f"{endpoint}/{index_name('test', app)}/_mapping")).json()
    assert mapping[index_name("test", app)]["mappings"]["dynamic"] == "strict"
    await index.close()


async def test_an_opensearch_that_is_not_there_is_unavailable() -> None:
    async def unsigned(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        return headers

    async def no_sleep(seconds: float) -> None: ...

    index = OpenSearchIndex(OpenSearchHttp("http://127.0.0.1:9", unsigned, no_sleep), "domain", "test")
    with pytest.raises(Unavailable):
        await index.search("app", "fee", None, 5)
    await index.close()
