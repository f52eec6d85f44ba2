"""Tracking the headings above a place in a document."""

from __future__ import annotations

MAX_HEADING = 200


class Headings:
    """Follows headings in order. The first one of level 1 is the document's title, and not part of paths."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, text: str) -> None:
        """Enter a heading of this level (1 is the highest), which ends all those of the same or a lower rank."""
        text = " ".join(text.split())[:MAX_HEADING]
        self._open = [(above, said) for above, said in self._open if above < level]
        if self.title is None and level == 1:
            self.title = text or None
        elif text:
            self._open.append((level, text))

    @property
    def path(self) -> tuple[str, ...]:
        """The current headings, outermost first."""
        return tuple(text for _, text in self._open)
