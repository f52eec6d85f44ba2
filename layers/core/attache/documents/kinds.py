"""Which files are documents, their size limits, and their keys in the bucket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["markdown", "text", "html", "pdf"]
KINDS: Mapping[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
}
# what stands beside documents and is none: left out, and said
BESIDE = frozenset((".avif", ".css", ".gif", ".ico", ".jpeg", ".jpg", ".js", ".png", ".svg", ".webp"))
READABLE = "Markdown (.md), text (.txt), HTML (.html) and PDF (.pdf) are read"
MAX_BYTES = 20_000_000  # of one file
MAX_CHARACTERS = 5_000_000  # of its text
MAX_DOCUMENTS = 2_000  # of one app
MAX_PATH = 512  # bytes of UTF-8: with the app's name it fits an S3 key, and a sort key
_APP = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def kind_of(path: str) -> Kind | None:
    """The kind by the file's ending; None if it is no document."""
    return KINDS.get(PurePosixPath(path).suffix.lower())


def key_of(app: str, path: str) -> str:
    """The key of a document's object: one prefix per app."""
    return f"{app}/{path}"


def place_of(key: str) -> tuple[str, str] | None:
    """App and path of an object; None if it is no document, such as a folder's marker."""
    app, _, path = key.partition("/")
    if not _APP.fullmatch(app) or not path or path.endswith("/") or len(path.encode()) > MAX_PATH:
        return None
    return app, path
