"""Wake-ups, as the session log needs them: hints that there is work, never the work itself."""

from __future__ import annotations

from typing import Protocol


class Wakeups(Protocol):
    """Sends wake-ups over a queue that may repeat, delay, reorder or lose them: that costs time and nothing else.

    Every method raises Unavailable if the queue does not accept the message.
    """

    async def wake(self, session_id: str, *, delay: float = 0) -> None:
        """A message waits in this session, or its runner may have died."""
        ...

    async def guard(self, session_id: str, runner: str, *, delay: float, sent: int | None = None) -> None:
        """Check on `runner`'s turn after `delay` seconds.

        `sent`: the runner's time (ms), if the entry that takes the turn is still to be appended.
        """
        ...

    async def hand_over(self, session_id: str, runner: str) -> None:
        """`runner` has let go of its turn: take it at once."""
        ...

    async def purge(self, session_id: str, tag: str, *, delay: float) -> None:
        """Remove the session `tag` after `delay` seconds, if it has been deleted."""
        ...

    async def title(self, session_id: str, tag: str) -> None:
        """The session `tag` has had its first answer and has no title yet."""
        ...

    async def summarize(self, session_id: str, tag: str, *, delay: float = 0, tries: int = 0) -> None:
        """The window of the session `tag` is full. `tries`: how often its summary has failed."""
        ...
