"""A small memory of what was read lately."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from attache.clock import Clock

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[V]):
    """A value that is still fresh; it may be None."""

    value: V


class TimedCache(Generic[K, V]):
    """The `size` values used last, each for `seconds` after it was read; None for `absent` seconds, where that is said.

    Who was told that something is missing sets it and tries again: so what is absent is looked for again sooner.
    """

    def __init__(self, clock: Clock, seconds: float, size: int, *, absent: float | None = None) -> None:
        self._clock = clock
        self._milliseconds = int(seconds * 1000)
        self._absent = self._milliseconds if absent is None else int(absent * 1000)
        self._size = size
        self._kept: OrderedDict[K, tuple[int, Kept[V]]] = OrderedDict()
        self._dropped: OrderedDict[K, int] = OrderedDict()

    def get(self, key: K) -> Kept[V] | None:
        """What is kept under `key`, None where it is not known or no longer fresh."""
        if key not in self._kept:
            return None
        until, kept = self._kept[key]
        if self._clock.now() >= until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: K, value: V, read_at: int) -> None:
        """Keep a value that was asked for at `read_at` (milliseconds): its age counts from the asking.

        One that was asked for before its key was dropped may be what was there before, and is not kept.
        """
        if read_at < self._dropped.get(key, read_at):
            return
        lasts = self._absent if value is None else self._milliseconds
        self._kept[key] = (read_at + lasts, Kept(value))
        self._bound(self._kept, key)

    def drop(self, key: K) -> None:
        """Forget what is kept under `key`, if anything is."""
        self._kept.pop(key, None)
        self._dropped[key] = self._clock.now()
        self._bound(self._dropped, key)

    def _bound(self, entries: OrderedDict[K, T], newest: K) -> None:
        entries.move_to_end(newest)
        if len(entries) > self._size:
            entries.popitem(last=False)
