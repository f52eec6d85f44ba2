"""PDFs as a block a paragraph, with pages; the headings are those of the document's outline (its bookmarks)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError

from attache.documents.headings import Headings
from attache.documents.kinds import MAX_CHARACTERS
from attache.documents.passage import Block, Reading, Unreadable

MAX_PAGES = 3_000
MAX_BOOKMARKS = 5_000
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
Bookmark = tuple[int, int, str]  # page counted from 0, level counted from 1, text


def read_pdf(content: bytes) -> Reading:
    """Raises Unreadable."""
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("This is no PDF, whatever its name says.")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of each small irregularity
    try:
        return _read(PdfReader(BytesIO(content)))
    except FileNotDecryptedError:
        raise Unreadable("This PDF needs a password: put it without one.") from None
    except PyPdfError as error:
        raise Unreadable(f"This PDF is damaged: {str(error)[:200]}") from None


def _read(pdf: PdfReader) -> Reading:
    if pdf.is_encrypted and not pdf.decrypt(""):
        raise Unreadable("This PDF needs a password: put it without one.")
    if len(pdf.pages) > MAX_PAGES:
        raise Unreadable(f"This PDF has {len(pdf.pages):,} pages; {MAX_PAGES:,} at most are read. Divide it.")
    blocks = tuple(_blocks(pdf, sorted(_bookmarks(pdf, pdf.outline, 1), key=lambda each: each[0])))
    if not blocks:
        raise Unreadable("This PDF has no text, as scans have none: put one with a text layer (OCR).")
    return Reading(_title(pdf), blocks)


def _title(pdf: PdfReader) -> str | None:
    said = pdf.metadata.title if pdf.metadata else None
    return " ".join(str(said).split())[:200] or None if said else None


def _blocks(pdf: PdfReader, bookmarks: Sequence[Bookmark]) -> Iterator[Block]:
    headings, characters = Headings(), 0
    headings.title = ""  # an outline has chapters, and no title
    for number, page in enumerate(pdf.pages):
        for _, level, text in (each for each in bookmarks if each[0] == number):
            headings.enter(level, text)
        text = page.extract_text()
        characters += len(text)
        if characters > MAX_CHARACTERS:
            raise Unreadable(f"This PDF has over {MAX_CHARACTERS:,} characters of text. Divide it.")
        for part in _PARAGRAPH.split(text):
            if part.strip():
                yield Block(part.strip(), headings.path, number + 1)


def _bookmarks(pdf: PdfReader, outline: Sequence[Any], level: int) -> Iterator[Bookmark]:
    """The outline, flattened; a bookmark that leads nowhere is none."""
    for each in outline[:MAX_BOOKMARKS]:
        if isinstance(each, list):
            yield from _bookmarks(pdf, each, level + 1)
            continue
        page = pdf.get_destination_page_number(each)
        if page is not None and each.title:
            yield page, level, str(each.title)
