"""The reader of each kind of document. Call it where nothing is lost if it never ends: `reading_process`."""

from __future__ import annotations

from attache.documents.kinds import MAX_CHARACTERS, READABLE, kind_of
from attache.documents.passage import Reading, Unreadable


def read_document(path: str, content: bytes) -> Reading:
    """What a document says. Raises Unreadable, and whatever a damaged file makes a parser raise."""
    if not content.strip():
        raise Unreadable("This file is empty.")
    reading = _read(path, content)
    if not reading.blocks:
        raise Unreadable("There is no text in this file.")
    if sum(len(block.text) for block in reading.blocks) > MAX_CHARACTERS:
        raise Unreadable(f"This file has over {MAX_CHARACTERS:,} characters of text. Divide it.")
    return reading


def _read(path: str, content: bytes) -> Reading:
    match kind_of(path):
        case "markdown":
            from attache.documents.markdown_reader import read_markdown

            return read_markdown(content)
        case "html":
            from attache.documents.html_reader import read_html

            return read_html(content)
        case "pdf":
            from attache.documents.pypdf_reader import read_pdf

            return read_pdf(content)
        case "text":
            from attache.documents.text_reader import read_text

            return read_text(content)
        case None:
            raise Unreadable(f"This is no document: {READABLE}.")
