"""A model that repeats the last message a word at a time, slowly; for one that begins with `Price` it calls a tool.

An answer that was cut it goes on with where the history stops.
"""

from __future__ import annotations

from tests.servers.script import Answer, Asked, Received, Reply, calls

PAUSE, SLOWLY = 0.02, 0.1  # seconds after each word; of a message of more than seven


def echo(request: Received) -> Reply:
    messages = request.body["messages"]
    asked = max(at for at, m in enumerate(messages) if m["role"] == "user" and not m["content"].startswith("[Note"))
    message, since = messages[asked]["content"], messages[asked + 1 :]
    if message.startswith("Price") and not since:
        return calls(Asked("GetTokenPrice", {"symbol": "ETH"}))
    said = "".join(each.get("content") or "" for each in since if each["role"] == "assistant")
    words = f"{echoed(message)} ".removeprefix(said).split(" ")[:-1]
    pause = SLOWLY if len(message.split(" ")) > 7 else PAUSE
    return Answer(pieces=[piece for word in words for piece in (f"{word} ", pause)])


def echoed(message: str) -> str:
    """What the answer to a message is."""
    return f"You said: {message} That is all."
