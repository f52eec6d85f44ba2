"""The demo model's titles and summaries, and what it remembers."""

from __future__ import annotations

import re
from collections.abc import Sequence

NAMED = re.compile(r"You name conversations.*\nUser: (.*)")
RECORDED = re.compile(r"You keep the record of a conversation.*\nThe record so far:\n(.*)", re.DOTALL)
RECORD = re.compile(r"\A\[Note from the system: (this conversation began|what follows in this message)")
USER = re.compile(r"^User: (.*)", re.MULTILINE)
FACT = re.compile(r"\bmy\b|\bI am\b|\bI['’]m\b|\bcall me\b", re.IGNORECASE)
FIRST_WORDS, NEWEST, MOST_FACTS = 160, 8, 20  # characters of a message; messages without and with something to keep


def aside(messages: Sequence[str]) -> str | None:
    """The title or summary that is asked for; None if a user asks something."""
    asked = "\n".join(messages)
    if titled := NAMED.match(asked):
        return titled[1]
    if recorded := RECORDED.match(asked):
        return _record(USER.findall(recorded[1]))
    return None


def said_in(message: str) -> list[str]:
    """What the user says in a message; in a summary, everything it keeps of what the user said."""
    return USER.findall(message) if RECORD.match(message) else [message]


def remembered(question: str, before: Sequence[str]) -> str | None:
    """The answer to a question about what the user said before; None for any other question."""
    if not before:
        return None
    if re.search(r"\bfirst\b.*\b(say|said|ask|tell|told)|\b(say|said|ask)\b.*\bfirst\b", question, re.IGNORECASE):
        return f"First you said: “{before[0]}”."
    if re.search(r"\bdid i (just |last )?(say|ask|tell)|\bi (just |last )?(said|asked|told)", question, re.IGNORECASE):
        return f"Before this you said: “{before[-1]}”."
    asked = re.search(r"\bwhat(?:'s|’s| is| was) my ([\w ]*\w)", question, re.IGNORECASE)
    told = re.escape(f"my {asked[1]} is") if asked else "(?!)"
    told += r"|\bcall me|\bi am|\bi['’]m" if told == "my\\ name\\ is" else ""
    facts = re.findall(rf"(?:{told}) ([^.,!?\n]+)", "\n".join(before), re.IGNORECASE)
    return f"Your {asked[1]} is {facts[-1].strip()}: you told me." if asked and facts else None


def _record(said: Sequence[str]) -> str:
    """A summary: beginnings of what the user said about themselves, and of the newest messages."""
    facts = [at for at, one in enumerate(said) if FACT.search(one)]
    kept = {0, *facts[-MOST_FACTS:], *range(max(len(said) - NEWEST, 0), len(said))}
    return "\n".join(f"User: {one[:FIRST_WORDS]}" for at, one in enumerate(said) if at in kept)
