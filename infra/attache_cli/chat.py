"""`attache chat`: talk to an app in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer

from attache_cli.attending import Attendant, attendant
from attache_cli.conversation import Conversation, Event
from attache_cli.errors import CommandError
from attache_cli.options import AsJson, Stage
from attache_cli.output import say
from attache_cli.shown import Show, show, show_json
from attache_cli.target import Target, find_target


def chat(
    message: Annotated[str | None, typer.Argument(help="What to ask; without it, a conversation.")] = None,
    app: Annotated[str, typer.Option("--app", metavar="APP", help="The app to talk to.")] = "default",
    session: Annotated[str | None, typer.Option(metavar="ID", help="Go on with an earlier session.")] = None,
    key: Annotated[
        str | None,
        typer.Option(envvar="ATTACHE_APP_KEY", help="The app key; the local stack's own is known.", show_default=False),
    ] = None,
    wallet: Annotated[str | None, typer.Option(metavar="ADDRESS", help="The wallet that you have connected.")] = None,
    chain: Annotated[int, typer.Option(metavar="ID", help="The chain that it is on.")] = 1,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Chat with an app, as its users do. Ctrl-C stops an answer, Ctrl-D ends the conversation.

    If a tool waits for your approval, you are asked: y, or n and why not. If your wallet is asked for a transaction or
    a signature, paste the hash or the signature that it shows, or reject it. Calls that take a while are followed to
    their end. With a MESSAGE, with --json, or without a terminal nobody is asked: what is pending is shown with the
    curl command that answers it.
    """
    target = find_target(stage)
    user_state = {"address": wallet, "chain_id": chain, "is_connected": True} if wallet else None
    conversation = Conversation(_url(target), app, key or target.app_key, session, user_state)
    talk = _Talk(conversation, show_json if as_json else show, attendant(message, as_json=as_json))
    say(f"Session {conversation.session_id}", "dim")
    try:
        if message is not None:
            talk.ask(message)
        else:
            talk.converse(resumed=session is not None)
    finally:
        conversation.close()


def _url(target: Target) -> str:
    if not target.url:
        raise CommandError(f"{target.title} has no API address among its outputs; deploy it again.")
    return target.url


def _lines() -> Iterable[str]:
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line


@dataclass(frozen=True)
class _Talk:
    """A conversation in a terminal, with whoever attends to what it waits for."""

    conversation: Conversation
    show: Show
    attendant: Attendant

    def converse(self, *, resumed: bool) -> None:
        """Ask each line of the input; first attend to what an earlier conversation left."""
        if resumed:
            self._tried(self._attend)
        for line in _lines():
            self._tried(partial(self.ask, line))

    def ask(self, message: str) -> None:
        """Raises CommandError."""
        try:
            for event in self.conversation.ask(message):
                self._heard(event)
        except KeyboardInterrupt:
            self.conversation.interrupt()
            say("\nStopped.", "dim")
        else:
            self._attend()

    def _heard(self, event: Event) -> None:
        self.show(event)
        if event["type"] == "error":
            raise CommandError(event.get("message", "It could not be finished."))

    def _attend(self) -> None:
        self.attendant.attend(self.conversation, self.show)

    @staticmethod
    def _tried(work: Callable[[], None]) -> None:
        try:
            work()
        except CommandError as error:
            say(f"Error: {error}", "red")
