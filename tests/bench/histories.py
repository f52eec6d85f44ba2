"""Sessions of any length, written straight into the table as turns would have left them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from attache.aws import Aws, Item
from attache.sessions.dynamo_items import entry_item, head_item, summary_item
from attache.sessions.entries import Body, End, Entry, Piece, Text, TurnUsage, User
from attache.sessions.head import DAY, Head, owner_name
from attache.sessions.summary import Summary
from attache.turns.titles import MOST_GIST

BATCH = 25  # BatchWriteItem's limit
SECONDS_OF_A_TURN = 10
RECORD = 3_000  # bytes of a summary: 400 words, and some
PIECES = 12  # that an answer of ten seconds is stored in (session-log.md, "What it costs")
ANSWERS = Path(__file__).with_name("answers.txt").read_text()
STRIDE = 997  # characters, so that one answer does not begin as another does
QUESTION = "And what would that come to if I had bought it a month ago instead, after fees? "


@dataclass(frozen=True)
class History:
    """`messages` of user and assistant, a turn every `apart` seconds up to now; answers of these lengths in turn.

    Pieces expire after a day: turns older than that have none any more. A summary of `record` bytes holds the first
    `summarized` messages. `wallet` is its owner's, who proved it.
    """

    messages: int
    answers: Sequence[int] = (400, 1_500, 3_000)
    apart: int = 600
    summarized: int = 0
    record: int = RECORD
    wallet: str | None = None

    def summary(self, entries: Sequence[Entry], born: int) -> Summary | None:
        ends = [entry.number for entry in entries if isinstance(entry.body, End)]
        return Summary(born, ends[self.summarized // 2 - 1], prose(self.record)) if self.summarized else None

    def entries(self, now: int) -> Iterator[Entry]:
        number = 0
        turns = self.messages // 2
        for turn in range(turns):
            at = now - (turns - turn) * self.apart * 1000
            fresh = now - at < DAY * 1000
            for body in _turn(number + 1, self.answers[turn % len(self.answers)]):
                number += 1
                if fresh or not isinstance(body, Text):
                    yield Entry(number, at + number, f"0123456789ab.{number}", body)


async def write(aws: Aws, table: str, history: History, app: str, now: int) -> str:
    """The id of a new session with that history."""
    session_id = str(uuid.uuid4())
    entries = list(history.entries(now))
    last, first = entries[-1], entries[0]
    owner = owner_name(history.wallet, app) if history.wallet else None
    gist = prose(MOST_GIST)  # as every session has one that was named
    head = Head(
        session_id, "0a1b2c3d", 1, last.number, first.at, last.at, app=app, wallet=history.wallet, owner=owner,
        title_by="model", gist=gist, gist_at=first.at,
    )  # fmt: skip
    items = [entry_item(session_id, entry, head.lifetime) for entry in entries]
    expires = now // 1000 + head.lifetime.head
    summary = history.summary(entries, head.born)
    summaries = [summary_item(session_id, summary, expires)] if summary else []
    await _put(aws, table, [head_item(session_id, head, expires), *summaries, *items])
    return session_id


async def _put(aws: Aws, table: str, items: Sequence[Item]) -> None:
    for start in range(0, len(items), BATCH):
        batch = [{"PutRequest": {"Item": item}} for item in items[start : start + BATCH]]
        await aws.call("dynamodb", "batch_write_item", RequestItems={table: batch})


def usual(messages: int) -> History:
    """A history whose older turns are summarised; one turn more, and the next ones are."""
    return History(messages, summarized=max(messages - 30, 0))


def _turn(first: int, length: int) -> Iterator[Body]:
    text = prose(length, first)
    yield User(QUESTION, runner="0123456789ab", streamed=True, key="k" * 24)
    each = -(-length // PIECES)
    pieces = [text[start : start + each] for start in range(0, length, each)]
    for place, piece in enumerate(pieces):
        yield Text(piece, first + 1 if place else None)
    covered = tuple(Piece(first + 1 + place, len(piece)) for place, piece in enumerate(pieces))
    yield End("done", text, covered, usage=TurnUsage("claude-sonnet", 2_000, length // 4))


def prose(length: int, start: int = 0) -> str:
    """This many characters of what an assistant says, from somewhere in it; over 4,700 of them repeat themselves."""
    first = start * STRIDE % len(ANSWERS)
    return (ANSWERS * (2 + length // len(ANSWERS)))[first : first + length]
