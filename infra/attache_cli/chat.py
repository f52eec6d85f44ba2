"""`attache chat`: talk to an app in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from attache_cli.conversation import Conversation, Event
from attache_cli.errors import CommandError
from attache_cli.options import AsJson, Stage
from attache_cli.output import give, printable, say
from attache_cli.target import Target, find_target

SHOWN = 200  # characters of a tool's result

Show = Callable[[Event], None]


def chat(
    message: Annotated[str | None, typer.Argument(help="What to ask; without it, a conversation.")] = None,
    app: Annotated[str, typer.Option("--app", metavar="APP", help="The app to talk to.")] = "default",
    session: Annotated[str | None, typer.Option(metavar="ID", help="Go on with an earlier session.")] = None,
    key: Annotated[
        str | None,
        typer.Option(envvar="ATTACHE_APP_KEY", help="The app key; the local stack's own is known.", show_default=False),
    ] = None,
    stage: Stage = None,
    as_json: AsJson = False,
) -> None:
    """Chat with an app, as its users do. Ctrl-C stops an answer, Ctrl-D ends the conversation."""
    target = find_target(stage)
    conversation = Conversation(_url(target), app, key or target.app_key, session)
    show = _show_json if as_json else _show
    say(f"Session {conversation.session_id}", "dim")
    try:
        if message is not None:
            _answer(conversation, message, show)
        else:
            _converse(conversation, show)
    finally:
        conversation.close()


def _url(target: Target) -> str:
    if not target.url:
        raise CommandError(f"{target.title} has no API address among its outputs; deploy it again.")
    return target.url


def _converse(conversation: Conversation, show: Show) -> None:
    for line in _lines():
        try:
            _answer(conversation, line, show)
        except CommandError as error:
            say(f"Error: {error}", "red")


def _lines() -> Iterable[str]:
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "")
        except EOFError:
            return
        if line.strip():
            yield line


def _answer(conversation: Conversation, message: str, show: Show) -> None:
    try:
        for event in conversation.ask(message):
            show(event)
            if event["type"] == "error":
                raise CommandError(event.get("message", "It could not be finished."))
    except KeyboardInterrupt:
        conversation.interrupt()
        say("\nStopped.", "dim")


def _show_json(event: Event) -> None:
    give(json.dumps(event, ensure_ascii=False))


def _show(event: Event) -> None:
    match event:
        case {"type": "text", "content": str(content)}:
            sys.stdout.write(printable(content))
            sys.stdout.flush()
        case {"type": "tool_call", "name": name}:
            say(f"→ {name} {json.dumps(event.get('args'), ensure_ascii=False)}", "dim")
        case {"type": "tool_result" | "async_tool_result", "name": name}:
            say(f"← {name} {_short(event.get('result'))}", "dim")
        case {"type": "complete" | "error"}:
            give("")


def _short(result: object) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
