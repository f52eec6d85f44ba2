"""The protocol's time limits and intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds. Tests of recovery make them short, all in proportion."""

    look: float = 0.25  # how often a waiting runner checks on its work
    tail: float = 1.0  # how often the log's tail is read while a provider or tool is silent
    sign: float = 7.0  # how often a runner with nothing else to append signs that it is alive
    dead: float = 22.0  # from the last sign to a takeover: 20, and 2 for clocks
    guard: float = 23.0  # from the last sign to the guard's look
    clocks: float = 2.0  # the greatest difference between two clocks
    longest: float = 960.0  # from a guard to its runner's last possible append: a function's time, and a put
    again: float = 2.0  # before a job is tried again that storage or queue made fail
    patience: float = 15.0  # a runner that cannot append for this long stops
    fresh: float = 2.0  # the oldest reading of the log on which a call is sent
    turn: float = 600.0  # the longest turn
    hand_over: float = 45.0  # a runner hands over when less of its function's time is left
    leave: float = 5.0  # a stream that only follows is closed when less is left
    idle: float = 2.0  # how long a waiting message is left to its stream
    interrupt: float = 1.5  # how long the endpoint waits for the runner to end its turn
    first_flushes: float = 0.5  # between two stored pieces of text,
    first_while: float = 2.0  # during this time,
    later_flushes: float = 1.0  # and after it

    slack: float = 30.0  # after a call's timeout, until its sender is surely dead
    title: float = 30.0  # for the model to name a conversation
    summary: float = 90.0  # for the model to summarise what leaves the window
    summary_again: tuple[float, ...] = (60.0, 600.0)  # before it is asked again

    takeovers: int = 3  # without a new step, before the turn is ended as failed
    waiting: int = 20  # messages that may wait in a session
    purge: float = 900.0  # from a deletion to the purge; longer than any function lives


DEFAULT = Timings()
