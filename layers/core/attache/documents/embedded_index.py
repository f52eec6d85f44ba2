"""Passages in a file of SQLite: its full-text search for words, and every vector looked at for what is meant.

For the local stack: no server, and exact where OpenSearch's vectors are approximate. Some thousand passages an app take
milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from operator import mul
from pathlib import Path

from attache.documents.index import Hit, PassageIndex, Vector, fused, unit
from attache.documents.passage import Passage
from attache.errors import Unavailable

MAX_WORDS = 64  # of a question
BUSY_SECONDS = 10.0
_WORD = re.compile(r"\w+")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY, app TEXT, path TEXT, run TEXT, position INTEGER, title TEXT, headings TEXT, text TEXT,
    page INTEGER, space TEXT, vector BLOB
);
CREATE INDEX IF NOT EXISTS documents ON passages (app, path);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    title, headings, text, content='', tokenize='porter unicode61'
);
"""
_COLUMNS = "app, path, position, title, headings, text, page, run"
_FOUND = ", ".join(f"passages.{column}" for column in _COLUMNS.split(", "))
Row = tuple[str, str, int, str, str, str, int | None, str]


class EmbeddedIndex(PassageIndex):
    """The PassageIndex in `file`, which is made where it is not there."""

    settled_after = 0.0

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._free = threading.Lock()  # SQLite refuses at once who begins to write while another one does
        self._made = False

    async def put(self, run: str, passages: Sequence[tuple[Passage, Vector | None]]) -> None:
        """See `PassageIndex`."""
        await asyncio.to_thread(self._put, run, passages)

    async def drop(self, app: str, path: str, *, before: str) -> None:
        """See `PassageIndex`."""
        await asyncio.to_thread(self._drop, app, path, before)

    async def search(self, app: str, text: str, vector: Vector | None, k: int) -> Sequence[Hit]:
        """See `PassageIndex`."""
        return await asyncio.to_thread(self._search, app, text, vector, k)

    async def close(self) -> None:
        """Nothing is kept open."""

    def _put(self, run: str, passages: Sequence[tuple[Passage, Vector | None]]) -> None:
        with self._open() as database:
            for passage, vector in passages:
                _insert(database, run, passage, vector)

    def _drop(self, app: str, path: str, before: str) -> None:
        with self._open() as database:
            rows = database.execute(
                "SELECT id, title, headings, text FROM passages WHERE app = ? AND path = ? AND run < ?",
                (app, path, before),
            ).fetchall()
            for number, *said in rows:
                # an index without its content is told what it forgets
                database.execute(
                    "INSERT INTO words (words, rowid, title, headings, text) VALUES ('delete', ?, ?, ?, ?)",
                    (number, *said),
                )
                database.execute("DELETE FROM passages WHERE id = ?", (number,))

    def _search(self, app: str, text: str, vector: Vector | None, k: int) -> Sequence[Hit]:
        with self._open() as database:
            rankings = [_by_words(database, app, text, k)]
            if vector is not None:
                rankings.append(_by_meaning(database, app, vector, k))
        return fused(rankings, k)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction. Raises Unavailable."""
        try:
            with self._free, closing(sqlite3.connect(self._file, timeout=BUSY_SECONDS)) as database:
                if not self._made:
                    database.executescript(_SCHEMA)
                    self._made = True
                with database:
                    yield database
        except sqlite3.Error as error:
            raise Unavailable("The index of documents does not answer; try again in a moment.") from error


def _insert(database: sqlite3.Connection, run: str, passage: Passage, vector: Vector | None) -> None:
    headings = json.dumps(passage.headings, ensure_ascii=False)
    row = (passage.app, passage.path, passage.position, passage.title, headings, passage.text, passage.page, run)
    meant = (vector.space, _packed(vector.values)) if vector else (None, None)
    inserted = database.execute(
        f"INSERT INTO passages ({_COLUMNS}, space, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (*row, *meant),
    )
    database.execute(
        "INSERT INTO words (rowid, title, headings, text) VALUES (?, ?, ?, ?)",
        (inserted.lastrowid, passage.title, headings, passage.text),
    )


def _by_words(database: sqlite3.Connection, app: str, text: str, k: int) -> list[Hit]:
    """By BM25; any of the words will do, and none of them is a command of the query language."""
    words = " OR ".join(f'"{word}"' for word in _WORD.findall(text)[:MAX_WORDS])
    if not words:
        return []
    rows = database.execute(
        f"SELECT {_FOUND} FROM words JOIN passages ON passages.id = words.rowid"  # noqa: S608
        " WHERE words MATCH ? AND app = ? ORDER BY bm25(words, 2.0, 2.0, 1.0), passages.id LIMIT ?",
        (words, app, k),
    )
    return [_hit(row) for row in rows]


def _by_meaning(database: sqlite3.Connection, app: str, vector: Vector, k: int) -> list[Hit]:
    rows = database.execute("SELECT id, vector FROM passages WHERE app = ? AND space = ?", (app, vector.space))
    wanted = unit(vector.values)
    near = sorted(((-sum(map(mul, wanted, _unpacked(packed))), number) for number, packed in rows))[:k]
    return [
        _hit(database.execute(f"SELECT {_COLUMNS} FROM passages WHERE id = ?", (number,)).fetchone())  # noqa: S608
        for _, number in near
    ]


def _hit(row: Row) -> Hit:
    app, path, position, title, headings, text, page, run = row
    return Hit(Passage(app, path, position, title, tuple(json.loads(headings)), text, page), run)


def _packed(values: Sequence[float]) -> bytes:
    return array("f", unit(values)).tobytes()


def _unpacked(packed: bytes) -> array[float]:
    values: array[float] = array("f")
    values.frombytes(packed)
    return values
