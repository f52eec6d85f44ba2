"""OpenSearch's HTTP API: signed requests, JSON answers, and retries."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from attache.errors import Unavailable

# a collection that has scaled to zero takes 10 to 30 s to wake; until then it holds the request, or refuses it
TIMEOUT = httpx.Timeout(40.0, connect=5.0)
PAUSES = (1.0, 3.0)  # seconds before each further try
PASSING = {408, 425, 429, 500, 502, 503, 504}
UNAVAILABLE = "The search backend does not answer; try again in a moment."
# compressed answers were seen to break behind OpenSearch Serverless
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}

log = logging.getLogger(__name__)
Sign = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True)
class Answer:
    """An answer that a retry would not change. `data` is its JSON, empty if it has none."""

    status: int
    data: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """OpenSearch's name for the error, such as `index_not_found_exception`."""
        error = self.data.get("error")
        return str(error.get("type", "")) if isinstance(error, Mapping) else str(error or "")


class OpenSearchHttp:
    """Sends requests to one endpoint. `sign` returns the headers for a method, URL, headers and body."""

    def __init__(self, endpoint: str, sign: Sign, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._sign = sign
        self._sleep = sleep
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False)

    async def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request. `path` begins with `/`; `body` is sent as JSON unless it is bytes. Raises Unavailable."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        for pause in (*PAUSES, None):
            answer = await self._tried(method, path, content)
            if answer is not None:
                return answer
            if pause is not None:
                await self._sleep(pause)
        raise Unavailable(UNAVAILABLE)

    async def close(self) -> None:
        """Close the connections that are kept open."""
        await self._client.aclose()

    async def _tried(self, method: str, path: str, content: bytes) -> Answer | None:
        """The answer; None if a retry may succeed."""
        url = self._endpoint + path
        headers = await self._sign(method, url, HEADERS, content)
        try:
            response = await self._client.request(method, url, content=content, headers=dict(headers))
        except httpx.HTTPError as error:
            log.warning("the search backend does not answer: %s", type(error).__name__)
            return None
        if response.status_code in PASSING:
            log.warning("the search backend answers %d", response.status_code)
            return None
        return Answer(response.status_code, _json(response))


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        data = response.json()
    except ValueError:
        return {}
    return data if isinstance(data, Mapping) else {}
