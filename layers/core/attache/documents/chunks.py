"""Cutting a document's blocks into passages of about 300 to 500 tokens, each below one heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath

from attache.documents.passage import Block, Passage, Reading

GOAL = 400  # tokens, over which nothing more is added
MOST = 500
LEAST = 60  # a rest that is shorter goes with what is before it
_SENTENCE = re.compile(r"(?<=[.!?;:。！？])[\"'”’)\]]*\s+|\n+")
_WORD = re.compile(r"\S+\s*")


def passages_of(app: str, path: str, reading: Reading) -> tuple[Passage, ...]:
    """The passages of a document; the same document always has the same ones."""
    title = reading.title or PurePosixPath(path).stem.replace("-", " ").replace("_", " ")
    chunks = [chunk for _, below in groupby(reading.blocks, lambda block: block.headings) for chunk in _packed(below)]
    return tuple(
        Passage(app, path, number, title, chunk.headings, chunk.text, chunk.page) for number, chunk in enumerate(chunks)
    )


def tokens(text: str) -> int:
    """About as many tokens as a model counts: four bytes of UTF-8 each."""
    return -(-len(text.encode(errors="replace")) // 4)


def _packed(blocks: Iterable[Block]) -> list[Block]:
    """Blocks below the same headings, joined and cut to size."""
    packed: list[Block] = []
    for block in blocks:
        for piece in _pieces(block):
            together = replace(packed[-1], text=f"{packed[-1].text}\n\n{piece.text}") if packed else None
            if together is not None and _fits(packed[-1], piece, together):
                packed[-1] = together
            else:
                packed.append(piece)
    return packed


def _fits(before: Block, piece: Block, together: Block) -> bool:
    if tokens(before.text) < LEAST or tokens(piece.text) < LEAST:
        return tokens(together.text) <= MOST
    return tokens(together.text) <= GOAL


def _pieces(block: Block) -> Iterator[Block]:
    if tokens(block.text) <= MOST:
        yield block
        return
    for text in _joined(_sentences(block.text)):
        yield replace(block, text=text.strip())


def _sentences(text: str) -> Iterator[str]:
    """Parts of the text that are short enough: sentences, else words, else as much as fits."""
    begin = 0
    for end in [*(found.end() for found in _SENTENCE.finditer(text)), len(text)]:
        sentence, begin = text[begin:end], end
        if tokens(sentence) <= GOAL:
            yield sentence
        else:
            yield from _joined([part for word in _WORD.findall(sentence) for part in _slices(word)])


def _slices(word: str) -> Sequence[str]:
    if tokens(word) <= GOAL:
        return [word]
    return [word[start : start + GOAL] for start in range(0, len(word), GOAL)]


def _joined(parts: Iterable[str]) -> Iterator[str]:
    """As many at a time as fit."""
    held: list[str] = []
    size = 0
    for part in parts:
        if held and size + len(part.encode(errors="replace")) > GOAL * 4:
            yield "".join(held)
            held, size = [], 0
        held.append(part)
        size += len(part.encode(errors="replace"))
    if held:
        yield "".join(held)
