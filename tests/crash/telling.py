"""A model that goes on exactly where the history it is sent stops: text that were lost or doubled would show."""

from __future__ import annotations

from tests.servers.script import Answer, Asked, Refusal, Reply

PIECE, PAUSE = 18, 0.03  # characters of one piece of the answer; seconds between two, a little more than a flush


def going_on(whole: str, said: str, *calls: Asked) -> Reply:
    if not whole.startswith(said):
        return Refusal(400, f"this history is not mine: {said!r}")
    return Answer(pieces=pieces(whole.removeprefix(said)), calls=calls)


def pieces(whole: str) -> list[str | float]:
    """A text in pieces, with a pause after each."""
    cut = (whole[at : at + PIECE] for at in range(0, len(whole), PIECE))
    return [step for piece in cut for step in (piece, PAUSE)]
