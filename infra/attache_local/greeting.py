"""What a ready stack prints: where it is, a key, and three lines to paste."""

from __future__ import annotations

import json
from uuid import uuid4

from attache_local.stack import Ready

QUESTION = "What's ETH trading at, and what is user123's portfolio worth?"
DEMO = "No provider key is set: a demo model answers. It matches keywords and says so (see README, Models)."


def greeting(ready: Ready, seconds: float) -> str:
    """The text, for a session of its own, so that pasting the lines again goes on with the same conversation."""
    session, key = f"-H 'X-Session-Id: {uuid4()}'", f"-H 'AOMI-APP-KEY: {ready.app_key}'"
    question = json.dumps({"text": QUESTION}).replace("'", "'\\''")
    return f"""
Attaché is ready after {seconds:.1f} s: {ready.url}
  app key      {ready.app_key}
  apps         {", ".join(ready.apps)}
  example API  {ready.example_api}
{DEMO if ready.demo else ""}
Paste any of these: an answer as a stream, the next as a snapshot, and the conversation so far.

curl -N '{ready.url}/api/chat?app=mycoindex' {session} {key} -H 'Content-Type: application/json' -d '{question}'
curl -X POST -G '{ready.url}/api/chat' -d app=mycoindex --data-urlencode 'message=Show me the ETH-USD order book' {session} {key}
curl '{ready.url}/api/state' {session}

Ctrl-C stops it; sessions are kept in .attache/.
"""
