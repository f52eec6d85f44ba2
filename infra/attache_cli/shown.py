"""Events of a session, as a terminal shows them: what the assistant says on stdout, all else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from attache_cli.conversation import Event
from attache_cli.output import give, printable, say

SHOWN = 200  # characters of a tool's result

Show = Callable[[Event], None]


def show_json(event: Event) -> None:
    """One event a line, as it came."""
    give(json.dumps(event, ensure_ascii=False))


def show(event: Event) -> None:
    """An event of a chat stream, or of the updates channel, where `tool_complete` stands for every result."""
    match event:
        case {"type": "text", "content": str(content)}:
            sys.stdout.write(printable(content))
            sys.stdout.flush()
        case {"type": "tool_call", "name": name}:
            _called(name, event.get("args"))
        case {"type": "tool_update", "name": name, "status": "started"}:
            _called(name, event.get("args"))
        case {"type": "tool_update", "name": name, "message": str(message)}:
            say(f"… {name}: {printable(message)}", "dim")
        case {"type": "async_tool_result", "session_id": _}:
            pass
        case {"type": "tool_result" | "async_tool_result" | "tool_complete", "name": name}:
            say(f"← {name} {_short(event.get('result'))}", "dim")
        case {"type": "dropped", "content": content}:
            say(f"\nTaken back, since it was not kept: “{printable(content)}”", "dim")
        case {"type": "system_notice", "message": message}:
            say(printable(message), "yellow")
        case {"type": "complete" | "error"}:
            give("")


def _called(name: str, arguments: object) -> None:
    say(f"→ {name} {json.dumps(arguments, ensure_ascii=False)}", "dim")


def _short(result: object) -> str:
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
