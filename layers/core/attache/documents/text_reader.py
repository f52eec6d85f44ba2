"""Plain text: paragraphs, and no headings."""

from __future__ import annotations

import re

from attache.documents.passage import Block, Reading, Unreadable

_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_ELSE = {b"%PDF-": "a PDF: name it .pdf", b"PK\x03\x04": "a zip file, as Word and Excel write"}


def read_text(content: bytes) -> Reading:
    """Raises Unreadable."""
    text = decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    return Reading(None, tuple(Block(part.strip("\n")) for part in _BLANK.split(text) if part.strip()))


def decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark. Raises Unreadable."""
    for mark, what in _ELSE.items():
        if content.startswith(mark):
            raise Unreadable(f"This is no text but {what}.")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"This is not UTF-8 text (byte {error.start}): save it as UTF-8.") from None
    if "\x00" in text:
        raise Unreadable("This is no text: it holds zero bytes.")
    return text
