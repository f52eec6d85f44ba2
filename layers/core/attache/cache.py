"""A small memory of what was read lately."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from attache.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Kept(Generic[V]):
    """A value that is still fresh; it may be None."""

    value: V


class TimedCache(Generic[K, V]):
    """The `size` values used last, each for `seconds` after it was read."""

    def __init__(self, clock: Clock, seconds: float, size: int) -> None:
        self._clock = clock
        self._milliseconds = int(seconds * 1000)
        self._size = size
        self._kept: OrderedDict[K, tuple[int, Kept[V]]] = OrderedDict()

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
        """Keep a value that was asked for at `read_at` (milliseconds): its age counts from the asking."""
        self._kept[key] = (read_at + self._milliseconds, Kept(value))
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget what is kept under `key`, if anything is."""
        self._kept.pop(key, None)
