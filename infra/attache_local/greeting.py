"""What a ready stack prints: its address, a key, and three commands to paste."""

from __future__ import annotations

import json
from uuid import uuid4

from attache_local.stack import Ready

QUESTION = "What's ETH trading at, and what is user123's portfolio worth?"


def greeting(ready: Ready, seconds: float) -> str:
    """The text, with a session of its own: pasting a command again continues the same conversation."""
    return f"""
Attaché is ready after {seconds:.1f} s: {ready.url}
  app key      {ready.app_key}
  apps         {", ".join(ready.apps)}
  example API  {ready.example_api}
  models       {_models(ready)}

{lines_to_paste(ready.url, ready.app_key)}

Ctrl-C stops it; sessions are kept for the next start.
"""


def lines_to_paste(url: str, app_key: str) -> str:
    """Three requests to the example app, in one session."""
    chat, session = f"'{url}/api/chat?app=mycoindex'", f"-H 'X-Session-Id: {uuid4()}'"
    keyed = f"{session} -H 'AOMI-APP-KEY: {app_key}'"
    text = json.dumps({"text": QUESTION}).replace("'", "'\\''")
    return f"""Paste any of these: an answer as a stream, another as a snapshot, the conversation so far.

curl -N {chat} {keyed} -H 'Content-Type: application/json' -d '{text}'
curl -G -X POST {chat} {keyed} --data-urlencode 'message=Show me the ETH-USD order book'
curl '{url}/api/state' {session}"""


def _models(ready: Ready) -> str:
    if not ready.providers:
        return "a demo model, which matches keywords and says so: no provider's key is set"
    return f"those of {', '.join(ready.providers)}, whose keys are set; others are refused"
