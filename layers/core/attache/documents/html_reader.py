"""HTML as blocks below headings, with the standard library's parser.

Only text and headings in order are needed, no tree, so deep nesting causes no recursion.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from attache.documents.headings import Headings
from attache.documents.passage import Block, Reading, Unreadable
from attache.documents.text_reader import decoded

_SKIPPED = frozenset(("script", "style", "template", "noscript", "svg", "nav", "iframe", "object", "select", "button"))
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body details div dl fieldset figcaption figure footer form header hr"
        " html main ol p pre section summary table ul",
    )
)
_CELLS = ("td", "th")
_LINES = ("br", "dd", "dt", "li", "tr")
_HEADING = re.compile(r"h([1-6])")
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def read_html(content: bytes) -> Reading:
    """The document's title and blocks. Raises Unreadable."""
    page = _Page()
    page.feed(_text(content))
    page.close()
    page.end_block()
    return Reading(page.headings.title or page.title, tuple(page.blocks))


def _text(content: bytes) -> str:
    """The decoded page: UTF-8, or the encoding that the page declares."""
    said = _CHARSET.search(content[:4096])
    try:
        return decoded(content)
    except Unreadable:
        if said is None or content.startswith(b"%PDF-"):
            raise
    try:
        return content.decode(said[1].decode("ascii"))
    except (LookupError, ValueError):
        raise Unreadable(f"This page is not written in {said[1].decode('ascii')}, as it says.") from None


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.headings = Headings()
        self.title: str | None = None
        self._words: list[str] = []
        self._skipped: list[str] = []  # the elements that are open whose text is not read
        self._head: str | None = None  # `title`, or the heading that is open
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs  # no text that anybody reads
        if tag in _SKIPPED:
            self._skipped.append(tag)
        elif tag == "title" or _HEADING.fullmatch(tag):
            self.end_block()
            self._head = tag
        elif tag in _CELLS:
            self._words += [" | "] if self._words and self._words[-1] != "\n" else []
        elif tag in _LINES:
            self._words += ["\n", "- "] if tag == "li" else ["\n"]
        elif tag in _BLOCKS:
            self.end_block()
            self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipped:
            del self._skipped[self._skipped.index(tag) :]
        elif tag == self._head:
            self._end_head(tag)
        elif tag in _BLOCKS:
            self.end_block()
            self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._words.append(data if self._pre else re.sub(r"\s+", " ", data))

    def _end_head(self, tag: str) -> None:
        text = " ".join("".join(self._words).split())
        self._words, self._head = [], None
        if tag == "title":
            self.title = self.title or text or None
        else:
            self.headings.enter(int(tag[1]), text)

    def end_block(self) -> None:
        """End the current block."""
        text = "".join(self._words)
        lines = text.splitlines() if self._pre else [" ".join(line.split()) for line in text.split("\n")]
        lines = lines if self._pre else [line for line in lines if line]
        self._words = []
        text = "\n".join(lines).strip("\n")
        if text.strip(" -|\n"):
            self.blocks.append(Block(text, self.headings.path))
