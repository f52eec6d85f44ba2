"""Expired pieces of text, restored from the steps that cover them, so that readers find no gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attache.sessions.entries import Agent, End, Entry, Text


def restored(entries: Iterable[Entry], after: int) -> list[Entry]:
    """The entries above number `after`, with expired pieces restored."""
    newer = [entry for entry in entries if entry.number > after]
    if not newer or newer[-1].number - after == len(newer):
        return newer
    there = {entry.number for entry in newer}
    pieces = (piece for entry in newer for piece in _pieces(entry))
    missing = [piece for piece in pieces if piece.number > after and piece.number not in there]
    return sorted([*newer, *missing], key=lambda entry: entry.number)


def _pieces(entry: Entry) -> Iterator[Entry]:
    if not isinstance(entry.body, Agent | End):
        return
    text, start = entry.body.text, 0
    for place, piece in enumerate(entry.body.pieces):
        part = text[start : start + piece.length]
        start += piece.length
        first = entry.body.pieces[0].number if place else None
        yield Entry(piece.number, entry.at, entry.nonce, Text(part, first))
