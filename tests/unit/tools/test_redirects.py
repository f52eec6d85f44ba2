"""Redirects: only where the app says that it goes."""

from __future__ import annotations

import pytest

from attache.tools.redirects import RedirectRefusedError, origin_of, redirected
from attache.tools.request import HttpRequest
from attache.tools.results import HttpAnswer

DECLARED = {origin_of("https://api.example.com"), origin_of("http://localhost:8001")}


def follow(location: str | None, status: int = 302, method: str = "GET") -> HttpRequest | None:
    request = HttpRequest(method, "https://api.example.com", "/a/b?c=d")
    headers = {} if location is None else {"location": location}
    return redirected(request, HttpAnswer(status, headers), DECLARED)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x?y=1", "https://api.example.com:443/x?y=1"),
        ("x", "https://api.example.com:443/a/x"),
        ("https://API.example.com:443/x#f", "https://api.example.com:443/x"),
        ("//api.example.com/x", "https://api.example.com:443/x"),
        ("http://localhost:8001", "http://localhost:8001/"),
        ("/ä b", "https://api.example.com:443/%C3%A4%20b"),
    ],
)
def test_a_declared_server_is_followed(location: str, url: str) -> None:
    request = follow(location)
    assert request is not None
    assert request.url == url


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example.com/",
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "https://api.example.com@evil.example.com/",
        "https://user:pw@api.example.com/",
        "file:///etc/passwd",
        "gopher://api.example.com/",
        "https://[::1",
        "https://api.example.com:99999/",
    ],
)
def test_any_other_is_refused_without_its_path(location: str) -> None:
    with pytest.raises(RedirectRefusedError) as caught:
        follow(location)
    assert "meta-data" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "status", "method"), [(None, 302, "GET"), ("/x", 200, "GET"), ("/x", 304, "GET"), ("/x", 307, "POST")]
)
def test_what_is_no_redirect_to_follow_is_an_answer(location: str | None, status: int, method: str) -> None:
    assert follow(location, status, method) is None
