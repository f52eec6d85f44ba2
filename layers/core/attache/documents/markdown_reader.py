"""Markdown as blocks below headings. Inline markup stays: models read it well.

It is read line by line without a library: of CommonMark, only headings and code fences matter for where passages may
end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attache.documents.headings import Headings
from attache.documents.passage import Block, Reading
from attache.documents.text_reader import decoded

MOST_LEVELS = 6
CODE = 4  # blanks before a line of code
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TITLE = re.compile(r"title:[ \t]*[\"']?(.*?)[\"']?[ \t]*")


def read_markdown(content: bytes) -> Reading:
    """The document's title and blocks. Raises Unreadable."""
    title, lines = _front_matter(decoded(content).splitlines())
    headings = Headings()
    blocks = tuple(_blocks(lines, headings))
    return Reading(title or headings.title, blocks)


def _front_matter(lines: list[str]) -> tuple[str | None, list[str]]:
    """The title in the front matter, between two `---`, and the rest of the text."""
    if not lines or lines[0].rstrip() != "---" or "---" not in (line.rstrip() for line in lines[1:100]):
        return None, lines
    end = next(number for number, line in enumerate(lines) if number and line.rstrip() == "---")
    titles = [said[1] for said in map(_TITLE.fullmatch, lines[1:end]) if said and said[1]]
    return (titles[0] if titles else None), lines[end + 1 :]


def _blocks(lines: list[str], headings: Headings) -> Iterator[Block]:
    paragraph: list[str] = []
    fence: str | None = None
    for line in lines:
        if fence is not None:
            paragraph.append(line)
            fence = None if line.strip().startswith(fence) else fence
            continue
        if opened := _FENCE.match(line):
            paragraph.append(line)
            fence = opened[1]
            continue
        heading = _heading(line, paragraph)
        if heading:
            yield from _flushed(paragraph, headings)
            headings.enter(*heading)
        elif line.strip():
            paragraph.append(line.rstrip())
        else:
            yield from _flushed(paragraph, headings)
    yield from _flushed(paragraph, headings)


def _heading(line: str, paragraph: list[str]) -> tuple[int, str] | None:
    """Level and text of a heading; the text of an underlined one is removed from its paragraph."""
    if marked := _marked(line):
        return marked
    underlined = _SETEXT.fullmatch(line)
    if underlined and len(paragraph) == 1 and not paragraph[0].lstrip().startswith(("- ", "* ", "|", ">")):
        return (1 if "=" in underlined[1] else 2), paragraph.pop().strip()
    return None


def _marked(line: str) -> tuple[int, str] | None:
    """`## Level and text ##`; without a pattern, which long lines of blanks and `#` would keep busy."""
    stripped = line.strip()
    level = len(stripped) - len(stripped.lstrip("#"))
    text = stripped[level:]
    if not 1 <= level <= MOST_LEVELS or len(line) - len(line.lstrip()) >= CODE or text[:1] not in ("", " ", "\t"):
        return None
    closed = text.rstrip("#")
    return level, (closed if closed[-1:] in ("", " ", "\t") else text).strip()


def _flushed(paragraph: list[str], headings: Headings) -> Iterator[Block]:
    text = "\n".join(paragraph).strip("\n")
    paragraph.clear()
    if text.strip():
        yield Block(text, headings.path)
