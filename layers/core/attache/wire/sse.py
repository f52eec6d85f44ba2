"""Server-sent events: the content of a stream, and its bytes.

The format is the HTML standard's (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HEADERS: Mapping[str, str] = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "private, no-cache, no-transform",
    "x-accel-buffering": "no",
}
COMMENT = b":\n\n"  # keeps a connection open, and says nothing


@dataclass(frozen=True)
class Event:
    """One event of a stream; `data` contains its `type`.

    Without data it is an `id:` line alone: everything so far is stored. `id` is where the stream can be resumed; None
    if it cannot be resumed there.
    """

    data: Mapping[str, Any] | None = None
    id: str | None = None

    def encode(self) -> bytes:
        """The event's lines in one piece, ASCII only.

        JSON's escapes keep all of Unicode's line breaks out, and characters whole: published clients split at U+2028
        and decode each read by itself.
        """
        lines = [f"id: {self.id}"] if self.id is not None else []
        if self.data is not None:
            lines.append("data: " + json.dumps(self.data, separators=(",", ":")))
        return ("\n".join(lines) + "\n\n").encode("ascii")
