"""A small memory: how long it keeps what, and what it forgets first."""

from __future__ import annotations

from attache.cache import TimedCache
from tests.fakes.clock import FakeClock


def cache(clock: FakeClock, size: int = 2) -> TimedCache[str, int | None]:
    return TimedCache(clock, seconds=60, size=size)


def test_a_value_is_fresh_for_its_time_counted_from_the_asking() -> None:
    clock = FakeClock()
    kept = cache(clock)
    asked = clock.now()
    clock.forward(10)
    kept.put("a", 1, asked)
    clock.forward(49.999)
    assert kept.get("a")
    clock.forward(0.001)
    assert kept.get("a") is None


def test_nothing_is_a_value_too() -> None:
    clock = FakeClock()
    kept = cache(clock)
    kept.put("a", None, clock.now())
    found = kept.get("a")
    assert found is not None
    assert found.value is None


def test_what_was_used_longest_ago_goes_first() -> None:
    clock = FakeClock()
    kept = cache(clock)
    for name in ("a", "b"):
        kept.put(name, 1, clock.now())
    assert kept.get("a")
    kept.put("c", 1, clock.now())
    assert [name for name in "abc" if kept.get(name)] == ["a", "c"]


def test_what_is_dropped_is_gone_and_dropping_nothing_is_fine() -> None:
    clock = FakeClock()
    kept = cache(clock)
    kept.put("a", 1, clock.now())
    for _ in range(2):
        kept.drop("a")
    assert kept.get("a") is None


def test_what_is_absent_is_looked_for_again_sooner() -> None:
    clock = FakeClock()
    kept: TimedCache[str, int | None] = TimedCache(clock, seconds=60, size=2, absent=3)
    kept.put("there", 1, clock.now())
    kept.put("absent", None, clock.now())
    clock.forward(2.999)
    assert kept.get("absent")
    clock.forward(0.001)
    assert kept.get("absent") is None
    assert kept.get("there")


def test_what_was_asked_for_before_it_was_dropped_is_not_kept() -> None:
    clock = FakeClock()
    kept = cache(clock)
    asked = clock.now()
    clock.forward(0.01)
    kept.drop("a")
    kept.put("a", 1, asked)
    assert kept.get("a") is None
    kept.put("a", 2, clock.now())
    found = kept.get("a")
    assert found is not None
    assert found.value == 2
