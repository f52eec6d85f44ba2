"""A small cache of recent reads."""

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
    """A cached value that is still fresh; it may be None."""

    value: V


class TimedCache(Generic[K, V]):
    """The `size` values used last, each for `seconds` after it was read; None for `absent` seconds, if given.

    A caller that is told that something is missing sets it and tries again, so absence is cached for a shorter time.
    """

    def __init__(self, clock: Clock, seconds: float, size: int, *, absent: float | None = None) -> None:
        self._clock = clock
        self._milliseconds = int(seconds * 1000)
        self._absent = self._milliseconds if absent is None else int(absent * 1000)
        self._size = size
        self._kept: OrderedDict[K, tuple[int, Kept[V]]] = OrderedDict()
        self._dropped: OrderedDict[K, int] = OrderedDict()

    def get(self, key: K) -> Kept[V] | None:
        """The value under `key`; None if there is none or it is no longer fresh."""
        if key not in self._kept:
            return None
        until, kept = self._kept[key]
        if self._clock.now() >= until:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: K, value: V, read_at: int) -> None:
        """Store a value that was requested at `read_at` (ms): its age counts from then.

        A value that was requested before its key was dropped may be outdated, and is not stored.
        """
        if read_at < self._dropped.get(key, read_at):
            return
        lasts = self._absent if value is None else self._milliseconds
        self._kept[key] = (read_at + lasts, Kept(value))
        self._bound(self._kept, key)

    def drop(self, key: K) -> None:
        """Forget the value under `key`, if there is one."""
        self._kept.pop(key, None)
        self._dropped[key] = self._clock.now()
        self._bound(self._dropped, key)

    def _bound(self, entries: OrderedDict[K, T], newest: K) -> None:
        entries.move_to_end(newest)
        if len(entries) > self._size:
            entries.popitem(last=False)
