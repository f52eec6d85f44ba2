"""What is read of documents: blocks, and the passages that are made of them."""

from __future__ import annotations

from dataclasses import dataclass


class Unreadable(Exception):
    """A document that no further try will read; the message tells its owner why, and what to do."""


@dataclass(frozen=True)
class Block:
    """A paragraph, list, table or code, below its headings (outermost first), on a page counted from 1."""

    text: str
    headings: tuple[str, ...] = ()
    page: int | None = None


@dataclass(frozen=True)
class Reading:
    """A document as text. `title` is what it says of itself, None where it says nothing."""

    title: str | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Passage:
    """A piece of a document. `position` counts from 0 in it; `page` is where the piece begins."""

    app: str
    path: str
    position: int
    title: str
    headings: tuple[str, ...]
    text: str
    page: int | None = None
