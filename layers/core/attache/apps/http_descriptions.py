"""Descriptions by URL, downloaded on the operator's machine when an app is deployed."""

from __future__ import annotations

import httpx

from attache.apps.problems import CannotDeploy
from attache.apps.source import MAX_BYTES, TOO_LARGE

TIMEOUT = 30.0
ACCEPTED = "application/json, application/yaml, text/yaml, */*;q=0.5"


def fetch_description(url: str) -> bytes:
    """Download the document at `url`, following redirects. Raises CannotDeploy."""
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers={"Accept": ACCEPTED}) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise CannotDeploy.at(url, f"The server answered {response.status_code}; there is no description here.")
            return _content(url, response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CannotDeploy.at(url, f"This cannot be fetched: {str(error) or type(error).__name__}.") from None


def _content(url: str, response: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise CannotDeploy.at(url, TOO_LARGE)
    return bytes(content)
