"""What becomes of a queue's message that could not be handled: it comes again, each time later, and then is set aside.

Its queue sets it aside, by its own count: so what lies among the dead letters knows where it came from, and SQS can
move it back. To wait for the visibility timeout, which is longer than a function may run, would take hours.
"""

from __future__ import annotations

import json

MOST_TRIES = 5  # infra/queues.yaml, maxReceiveCount
FIRST_PAUSE = 10  # seconds


class NotOurs(Exception):
    """A message that no try will make sense of."""


class AnotherVersion(Exception):
    """A message of ours that another version of us has sent: while one is deployed, the next try may be the other's."""


class GivenUp(Exception):
    """A message that nobody tries any more, and whose session knows."""


def refusal(body: str, version: int) -> NotOurs | AnotherVersion:
    """Why a message is no job of this version of us."""
    try:
        said = json.loads(body)["v"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return NotOurs("This is no job of ours.")
    if isinstance(said, int) and not isinstance(said, bool) and said != version:
        return AnotherVersion(f"This is a job of version {said}; known here is {version}.")
    return NotOurs("This is no job of ours.")


def pause(error: Exception, tries: int) -> int:
    """Seconds until a message comes again that failed with `error` when it came for the `tries`th time.

    0 where there is no use in waiting: the queue then sets it aside at once.
    """
    if isinstance(error, NotOurs) or tries >= MOST_TRIES:
        return 0
    return int(FIRST_PAUSE * 3 ** (tries - 1))
