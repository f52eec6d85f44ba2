"""What a session waits for, attended to: asked of the person at the terminal, or told to whoever reads the output."""

from __future__ import annotations

import sys
from typing import Protocol

from attache_cli.conversation import Conversation, Event
from attache_cli.errors import CommandError
from attache_cli.output import printable, say
from attache_cli.requests import Request, Waiting, curl
from attache_cli.shown import Show


class Attendant(Protocol):
    """Attends to what a session waits for, after each answer."""

    def attend(self, conversation: Conversation, show: Show) -> None:
        """Raises CommandError."""
        ...


class Notes:
    """Where nobody can be asked: what is pending, and how to answer it."""

    def attend(self, conversation: Conversation, show: Show) -> None:
        waiting = conversation.waiting()
        _tell(waiting, show)
        for request in waiting.requests:
            show({"type": "system_event", "event": {"InlineCall": {"type": request.kind, "payload": request.payload}}})
            _note(conversation, request)
        for name in waiting.going_on:
            url, session_id = conversation.url, conversation.session_id
            say(f"{name} goes on. Follow it:\n  curl -N {url}/api/updates -H 'X-Session-Id: {session_id}'")


class Person:
    """Someone at a terminal, who is asked about each request once."""

    def __init__(self) -> None:
        self._left: set[str] = set()
        self._title = ""

    def attend(self, conversation: Conversation, show: Show) -> None:
        """Ask, post the answers and show what comes of them, until nothing is left that was not put off."""
        while True:
            waiting = conversation.waiting()
            _tell(waiting, show)
            self._entitle(waiting.title)
            request = next((each for each in waiting.requests if each.key not in self._left), None)
            if request is not None:
                self._request(conversation, waiting, request, show)
            elif going_on := [name for name in waiting.going_on if name not in self._left]:
                self._follow(conversation, waiting, going_on, show)
            else:
                return

    def _request(self, conversation: Conversation, waiting: Waiting, request: Request, show: Show) -> None:
        say(printable(request.words), "bold")
        answer = ask_for_proof(request) if request.proof else ask_for_approval(request)
        if answer is None:
            self._left.add(request.key)
            return
        try:
            conversation.answer(answer)
        except CommandError as error:
            self._left.add(request.key)
            say(f"Error: {error}", "red")
            return
        try:
            _show_all(conversation, waiting, show)
        except KeyboardInterrupt:
            conversation.interrupt()
            say("\nStopped.", "dim")

    def _follow(self, conversation: Conversation, waiting: Waiting, names: list[str], show: Show) -> None:
        notice = f"{', '.join(names)}: this takes a while, and its outcome is told here. Ctrl-C: not to wait for it."
        try:
            say(notice, "dim")  # who reads it may press the keys before it returns
            _show_all(conversation, waiting, show)
        except KeyboardInterrupt:
            self._left.update(names)
            say("\nIt goes on without being waited for.", "dim")

    def _entitle(self, title: str) -> None:
        if title not in (self._title, "New chat"):
            say(f"Title: {printable(title)}", "dim")
        self._title = title


def attendant(message: str | None, *, as_json: bool) -> Attendant:
    """A person only where there is one: a conversation, at a terminal."""
    talking = message is None and not as_json and sys.stdin.isatty()
    return Person() if talking else Notes()


def ask_for_approval(request: Request) -> Event | None:
    """The answer to an approval request; None: later."""
    match _asked("Approve? y, n, or Enter for later: ").lower():
        case "y" | "yes":
            return request.accepted()
        case "n" | "no":
            return request.rejected(_asked("Why not? (Enter: no reason) "))
    return None


def ask_for_proof(request: Request) -> Event | None:
    """The outcome of a wallet request, as the user's own wallet says it; None: later."""
    said = _asked(f"Paste its {request.proof} once your wallet has done it, n to reject, or Enter for later: ")
    if said.lower() in ("n", "no"):
        return request.rejected(_asked("Why not? (Enter: no reason) "))
    return request.accepted(said) if said else None


def _asked(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        return ""


def _tell(waiting: Waiting, show: Show) -> None:
    for notice in waiting.notices:
        show({"type": "system_notice", "message": notice})


def _show_all(conversation: Conversation, waiting: Waiting, show: Show) -> None:
    for event in conversation.follow(waiting.last_event_id):
        if event["type"] != "system_notice":  # the next look at what is waiting has it, too
            show(event)
        if event["type"] == "error":
            say(f"Error: {printable(str(event['message']))}", "red")


def _note(conversation: Conversation, request: Request) -> None:
    url, session_id, proof = conversation.url, conversation.session_id, f"THE_{request.proof}".upper()
    say(
        f"{printable(request.words)}\n"
        f"  yes: {curl(url, session_id, request.accepted(proof))}\n"
        f"  no:  {curl(url, session_id, request.rejected())}"
    )
