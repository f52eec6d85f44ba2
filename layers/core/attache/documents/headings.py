"""The headings that a place in a document stands below."""

from __future__ import annotations

MAX_HEADING = 200


class Headings:
    """Follows headings as they come. The first of level 1 is the document's title, and part of no path."""

    def __init__(self) -> None:
        self.title: str | None = None
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, text: str) -> None:
        """A heading of this level (1 is the highest): it ends all that are not above it."""
        text = " ".join(text.split())[:MAX_HEADING]
        self._open = [(above, said) for above, said in self._open if above < level]
        if self.title is None and level == 1:
            self.title = text or None
        elif text:
            self._open.append((level, text))

    @property
    def path(self) -> tuple[str, ...]:
        """Outermost first."""
        return tuple(text for _, text in self._open)
