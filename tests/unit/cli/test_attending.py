"""Someone at a terminal, who presses Ctrl-C at the worst moment."""

from __future__ import annotations

import io
import sys

import pytest

from attache_cli.attending import Attendant, Notes, Person
from attache_cli.conversation import Conversation, Event
from attache_cli.requests import Waiting


class SlowTool(Conversation):
    """A session in which a tool goes on."""

    def waiting(self) -> Waiting:
        return Waiting((), ("Withdraw",), "New chat", "ab-1")


class Impatient(io.StringIO):
    """A terminal at which Ctrl-C is pressed as soon as it is offered."""

    def write(self, text: str) -> int:
        written = super().write(text)
        if "Ctrl-C" in text:
            raise KeyboardInterrupt
        return written


def test_who_does_not_wait_may_say_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Impatient()
    monkeypatch.setattr(sys, "stderr", terminal)
    conversation = SlowTool("http://127.0.0.1:9", "shop", None)
    Person().attend(conversation, lambda _: None)
    conversation.close()
    assert terminal.getvalue().endswith("It goes on without being waited for.\n")


class Cut(Conversation):
    """A session whose answer was cut: the first look at it says so."""

    notices: tuple[str, ...] = ("It was cut.",)

    def waiting(self) -> Waiting:
        told, self.notices = self.notices, ()
        return Waiting((), (), "New chat", "ab-1", told)


@pytest.mark.parametrize("attendant", [Notes(), Person()])
def test_what_the_user_is_to_know_is_shown_once(attendant: Attendant) -> None:
    conversation, shown = Cut("http://127.0.0.1:9", "shop", None), list[Event]()
    for _ in range(2):
        attendant.attend(conversation, shown.append)
    conversation.close()
    assert shown == [{"type": "system_notice", "message": "It was cut."}]
