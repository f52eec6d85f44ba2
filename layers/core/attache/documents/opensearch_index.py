"""Passages in OpenSearch: a domain's, or a vector search collection of OpenSearch Serverless.

A collection takes no ids of ours, has no delete by query, and shows what was put after a minute or so: so ids are the
server's everywhere, what is to be removed is searched for, and which run counts the records say. Words and vectors are
asked for apart and fused here: a collection has no search pipelines, and so all backends rank alike.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from attache.documents.index import Hit, PassageIndex, Vector, fused, unit
from attache.documents.opensearch_http import UNAVAILABLE, Answer, OpenSearchHttp
from attache.documents.opensearch_mapping import Target, index_body, index_name, vector_field, vector_mapping
from attache.documents.passage import Passage
from attache.errors import Unavailable

AT_ONCE = 400  # lines of a bulk request: two a passage, some 2 MB with vectors
MOST_DROPPED = 10_000  # of one search, OpenSearch's own limit
PATIENCE = 50.0  # seconds for a search: an assistant is waiting
SETTLED = 120.0  # seconds, well over the minute that a collection takes to show what was put
DONE = (200, 201, 404)  # what is to be deleted may be gone
EXISTS = "resource_already_exists_exception"
_FIELDS = ("path", "run", "position", "page", "title", "headings", "text")

log = logging.getLogger(__name__)
Line = Mapping[str, Any]


class OpenSearchIndex(PassageIndex):
    """The PassageIndex of a stage; one OpenSearch may serve several."""

    def __init__(self, http: OpenSearchHttp, target: Target, stage: str) -> None:
        self._http = http
        self._target = target
        self._stage = stage
        self._made: set[str] = set()

    @property
    def settled_after(self) -> float:
        """See `PassageIndex`; a domain is refreshed before anything is dropped."""
        return 0.0 if self._target == "domain" else SETTLED

    async def put(self, run: str, passages: Sequence[tuple[Passage, Vector | None]]) -> None:
        """See `PassageIndex`."""
        if not passages:
            return
        index = index_name(self._stage, passages[0][0].app)
        await self._make(index)
        for vector in {vector.space: vector for _, vector in passages if vector}.values():
            await self._make_field(index, vector)
        for part in _parts(_lines(run, passages)):
            await self._bulk(index, part)

    async def drop(self, app: str, path: str, *, before: str) -> None:
        """See `PassageIndex`."""
        index = index_name(self._stage, app)
        if self._target == "domain":
            await self._http.ask("POST", f"/{index}/_refresh")
        query = {"bool": {"filter": [{"term": {"path": path}}, {"range": {"run": {"lt": before}}}]}}
        found = await self._found(index, {"query": query, "size": MOST_DROPPED, "_source": False})
        for part in _parts({"delete": {"_id": each["_id"]}} for each in found):
            await self._bulk(index, part)

    async def search(self, app: str, text: str, vector: Vector | None, k: int) -> Sequence[Hit]:
        """See `PassageIndex`."""
        asked = [_by_words(text), *([_by_meaning(vector, k)] if vector else [])]
        try:
            async with asyncio.timeout(PATIENCE):
                found = await asyncio.gather(*(self._hits(app, query, k) for query in asked))
        except TimeoutError:
            raise Unavailable(UNAVAILABLE) from None
        return fused(found, k)

    async def close(self) -> None:
        """See `PassageIndex`."""
        await self._http.close()

    async def _hits(self, app: str, query: Mapping[str, Any], k: int) -> list[Hit]:
        asked = {"query": query, "size": k, "_source": list(_FIELDS)}
        return [_hit(app, each["_source"]) for each in await self._found(index_name(self._stage, app), asked)]

    async def _found(self, index: str, asked: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Nothing where there is no index yet, or no vector of this kind in it."""
        answer = await self._http.ask("POST", f"/{index}/_search", asked)
        if answer.status == 404 or (answer.status == 400 and "knn" in asked["query"] and _no_such_field(answer)):
            return []
        hits: Sequence[Mapping[str, Any]] = _good(answer)["hits"]["hits"]
        return hits

    async def _make(self, index: str) -> None:
        if index not in self._made:
            answer = await self._http.ask("PUT", f"/{index}", index_body())
            if answer.reason != EXISTS:
                _good(answer)
            self._made.add(index)

    async def _make_field(self, index: str, vector: Vector) -> None:
        name = f"{index} {vector.space}"
        if name not in self._made:
            mapping = vector_mapping(self._target, vector.space, len(vector.values))
            _good(await self._http.ask("PUT", f"/{index}/_mapping", mapping))
            self._made.add(name)

    async def _bulk(self, index: str, lines: Iterable[Mapping[str, Any]]) -> None:
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        data = _good(await self._http.ask("POST", f"/{index}/_bulk", body))
        results = [result for item in data["items"] for result in item.values()]
        refused = [result for result in results if result["status"] not in DONE]
        if refused:  # its words for why may quote the document
            log.warning("the search backend refused %d passages: %s", len(refused), refused[0]["error"]["type"])
            raise Unavailable(UNAVAILABLE)


def _by_words(text: str) -> Mapping[str, Any]:
    fields = ["title^2", "headings^2", "text"]
    return {"multi_match": {"query": text, "fields": fields, "type": "cross_fields"}}


def _by_meaning(vector: Vector, k: int) -> Mapping[str, Any]:
    return {"knn": {vector_field(vector.space): {"vector": unit(vector.values), "k": k}}}


def _lines(run: str, passages: Sequence[tuple[Passage, Vector | None]]) -> Iterator[Line]:
    for passage, vector in passages:
        yield {"create": {}}
        yield _document(run, passage, vector)


def _document(run: str, passage: Passage, vector: Vector | None) -> Mapping[str, Any]:
    said = {
        "path": passage.path,
        "run": run,
        "position": passage.position,
        "page": passage.page,
        "title": passage.title,
        "headings": list(passage.headings),
        "text": passage.text,
    }
    return said | ({vector_field(vector.space): unit(vector.values)} if vector else {})


def _hit(app: str, source: Mapping[str, Any]) -> Hit:
    passage = Passage(
        app,
        source["path"],
        source["position"],
        source["title"],
        tuple(source["headings"]),
        source["text"],
        source.get("page"),
    )
    return Hit(passage, source["run"])


def _no_such_field(answer: Answer) -> bool:
    return "knn_vector" in json.dumps(answer.data)


def _good(answer: Answer) -> Mapping[str, Any]:
    """Raises Unavailable: what is refused is for an operator to mend, and then the same request works."""
    if answer.status >= 300:
        log.error("the search backend refused a request: %d %s", answer.status, answer.reason)
        raise Unavailable(UNAVAILABLE)
    return answer.data


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while part := list(islice(rest, AT_ONCE)):
        yield part
