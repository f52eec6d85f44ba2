"""`search_documents`: the tool by which a model reads its app's documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from attache.documents.embeddings import Account
from attache.documents.passage import Passage
from attache.documents.search import DocumentSearch
from attache.errors import Unavailable
from attache.tools.arguments import check_arguments
from attache.tools.document_tool import USUAL, DocumentTool
from attache.tools.results import MAX_TEXT, compact
from attache.tools.tool import CallContext, ToolCall, ToolResult, ToolSpec

MAX_SHOWN = 2_500  # characters of one passage; a passage of words has fewer
NOTHING = "No passage of the documents fits. Say it in other words, or tell the user that the documents do not say."
UNAVAILABLE = "The documents cannot be searched right now. Tell the user, or try again once."


log = logging.getLogger(__name__)


class SearchToolset:
    """The Toolset of an app's documents. Their text is data: it is quoted, and nothing in it is obeyed by us."""

    def __init__(self, tool: DocumentTool, search: DocumentSearch) -> None:
        self._spec = tool.spec
        self._search = search

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return (self._spec,)

    def check(self, call: ToolCall) -> ToolResult | None:
        arguments, advice = check_arguments(self._spec.parameters, call.arguments)
        return None if arguments is not None else ToolResult("error", advice or "")

    async def run(self, call: ToolCall, context: CallContext) -> ToolResult:
        arguments, advice = check_arguments(self._spec.parameters, call.arguments)
        if arguments is None:
            return ToolResult("error", advice or "")
        account = Account(context.app, context.session_id, context.key)
        try:
            found = await self._search.find(arguments["query"], arguments.get("k", USUAL), account)
        except Unavailable as error:
            log.warning("documents were not searched: %s", error.message, exc_info=error.__cause__)
            return ToolResult("error", UNAVAILABLE)
        return _told(found)


def _told(found: Sequence[Passage]) -> ToolResult:
    if not found:
        return ToolResult("ok", compact({"passages": [], "note": NOTHING}))
    shown = [{**source_of(passage), "text": passage.text[:MAX_SHOWN]} for passage in found]
    while len(shown) > 1 and len(compact({"passages": shown}).encode()) > MAX_TEXT:
        shown.pop()
    return ToolResult("ok", compact({"passages": shown}), sources=tuple(map(source_of, found[: len(shown)])))


def source_of(passage: Passage) -> Mapping[str, Any]:
    """Where a passage stands, as a client is told: {document, title, passage, headings?, page?}."""
    source: dict[str, Any] = {"document": passage.path, "title": passage.title, "passage": passage.position}
    if passage.headings:
        source["headings"] = list(passage.headings)
    return source | ({"page": passage.page} if passage.page is not None else {})
