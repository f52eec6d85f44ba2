"""How long things may take; the protocol's figures (session-log.md, "Signs of life, guards, wake-ups")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds. Tests of recovery make them short, all in proportion."""

    look: float = 0.25  # how often a waiting runner looks after its work
    tail: float = 1.0  # while a provider or tool is silent, the tail is read this often
    sign: float = 7.0  # a runner that has nothing else to append signs this often
    dead: float = 22.0  # others take over so long after the last sign: 20, and 2 for clocks
    guard: float = 23.0  # a guard looks so long after the last sign
    clocks: float = 2.0  # two clocks are at most so far apart
    longest: float = 960.0  # after its guard a runner appends nothing any more: a function's time, and a put on its way
    again: float = 2.0  # a job that storage or queue did not let be done is tried again so much later
    patience: float = 15.0  # a runner that could not append for so long stops
    fresh: float = 2.0  # a call is sent only so long after the last read or append
    turn: float = 600.0  # all that a turn may take
    hand_over: float = 45.0  # what must be left of a function's time to go on
    leave: float = 5.0  # a stream that only follows is closed when so little of its function's time is left
    idle: float = 2.0  # a message that a stream waits for is left to it for so long
    interrupt: float = 1.5  # the endpoint waits so long for the runner to end its turn
    first_flushes: float = 0.5  # pieces are stored so far apart,
    first_while: float = 2.0  # for so long,
    later_flushes: float = 1.0  # then so far apart

    slack: float = 30.0  # so long after its timeout nobody sends a call any more that a worker began
    title: float = 30.0  # the model has so long to name a conversation
    summary: float = 90.0  # and to summarise what leaves the window;
    summary_again: tuple[float, ...] = (60.0, 600.0)  # where it cannot, it is asked again so much later

    takeovers: int = 3  # without a new step, before the taker ends the turn
    waiting: int = 20  # messages that may wait
    purge: float = 900.0  # after a deletion; longer than any function lives


DEFAULT = Timings()
