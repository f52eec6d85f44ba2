"""Failed queue messages: delivered again after growing pauses, then moved to the dead-letter queue.

SQS moves them itself, by its own count: so a dead letter knows its source queue and can be moved back. Waiting for the
visibility timeout, which is longer than a function may run, would take hours.
"""

from __future__ import annotations

import json
import logging

from attache.errors import AttacheError

MOST_TRIES = 5  # infra/queues.yaml, maxReceiveCount
FIRST_PAUSE = 10  # seconds


class NotOurs(Exception):
    """A message that no retry will make sense of."""


class AnotherVersion(Exception):
    """A job of another version of the service: during a deployment, a retry may reach that version."""


class GivenUp(Exception):
    """A message that is not tried again, and whose session was told."""


KNOWN = (AttacheError, NotOurs, AnotherVersion, GivenUp)


def refusal(body: str, version: int) -> NotOurs | AnotherVersion:
    """Why a message is no job of this version."""
    try:
        said = json.loads(body)["v"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return NotOurs("This is no job of ours.")
    if isinstance(said, int) and not isinstance(said, bool) and said != version:
        return AnotherVersion(f"This is a job of version {said}; known here is {version}.")
    return NotOurs("This is no job of ours.")


def pause(error: Exception, tries: int) -> int:
    """Seconds until a message that failed with `error` on its `tries`th delivery is delivered again.

    0 if there is no use in waiting: the queue then moves it to the dead letters at once.
    """
    if isinstance(error, NotOurs) or tries >= MOST_TRIES:
        return 0
    return int(FIRST_PAUSE * 3 ** (tries - 1))


def log_failure(log: logging.Logger, what: str, error: Exception) -> None:
    """Log why `what` failed: one line if it is known in words, with the traceback of its cause if it names one.

    Anything else is a fault of ours, and has its whole traceback.
    """
    if isinstance(error, KNOWN):
        log.warning("%s failed: %s", what, error, exc_info=error.__cause__)
    else:
        log.error("%s failed", what, exc_info=error)
