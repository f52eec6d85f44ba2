"""Importing LiteLLM, which takes seconds, and turning off its side effects.

It must not fetch, store, log or resend anything by itself.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from typing import Any

# read by LiteLLM when it is imported or first used: no price list, header list or .env file from elsewhere
ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
# imported by the first call, which would hold up the event loop for a second
FIRST_CALL = (
    "anyio._backends._asyncio",
    "httpcore",
    "litellm._service_logger",
    "litellm.litellm_core_utils.default_encoding",
    "openai.lib.streaming",
    "openai.resources.chat",
)
_importing = threading.Lock()
_done = threading.Event()


def import_litellm() -> None:
    """Import LiteLLM and everything its first call would import; blocks for seconds the first time."""
    with _importing:
        if not _done.is_set():
            os.environ.update(ENVIRONMENT)
            litellm = importlib.import_module("litellm")
            _settle(litellm)
            _rehearse(litellm)
            _done.set()


def is_imported() -> bool:
    """Whether `import_litellm` has been done."""
    return _done.is_set()


def _settle(litellm: Any) -> None:
    litellm.suppress_debug_info = True
    litellm.disable_streaming_logging = True
    litellm.REPEATED_STREAMING_CHUNK_LIMIT = sys.maxsize  # a Markdown table's ruler is not a failure
    # its warnings quote prompts and providers' answers
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL + 1)


def _rehearse(litellm: Any) -> None:
    for name in FIRST_CALL:
        importlib.import_module(name)
    messages = [{"role": "user", "content": "a rehearsal"}]
    litellm.completion("openai/gpt-4o", messages, api_key="none", max_retries=0, mock_response="sent to nobody")
