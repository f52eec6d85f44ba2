"""Calls as requests: OpenAPI's styles, and values that cannot become anything but values."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attache.tools.http_tool import ToolAuth
from attache.tools.request import UnsendableError, authorized, request_for
from tests.unit.tools.tools import binding, http_tool

WORDS = st.text().filter(lambda text: text.isprintable())


def target(value: Any, place: str = "query", path: str = "/things", **style: Any) -> str:
    return request_for(http_tool(binding("a", place, **style), path=path), {"a": value}).target


@pytest.mark.parametrize(
    ("value", "style", "expected"),
    [
        ("a b&c=d#e?f", {}, "a=a%20b%26c%3Dd%23e%3Ff"),
        ("é/ä", {}, "a=%C3%A9%2F%C3%A4"),
        (5, {}, "a=5"),
        (5.0, {}, "a=5"),
        (0.1, {}, "a=0.1"),
        (True, {}, "a=true"),
        (None, {}, ""),
        ("", {}, "a="),
        (["x", "y,z"], {}, "a=x&a=y%2Cz"),
        ([], {}, ""),
        (["x", "y,z"], {"explode": False}, "a=x,y%2Cz"),
        (["x", "y"], {"explode": False, "style": "spaceDelimited"}, "a=x%20y"),
        (["x", "y"], {"explode": False, "style": "pipeDelimited"}, "a=x%7Cy"),
        ({"k": "v&", "l": 1}, {}, "k=v%26&l=1"),
        ({"k": "v", "l": 1}, {"explode": False}, "a=k,v,l,1"),
        ({"k": "v", "l&": 1}, {"style": "deepObject"}, "a%5Bk%5D=v&a%5Bl%26%5D=1"),
        ({"k": [1]}, {"style": "json"}, "a=%7B%22k%22%3A%5B1%5D%7D"),
        ({"k": None, "l": 1}, {}, "l=1"),
        ({"k": None, "l": 1}, {"style": "deepObject"}, "a%5Bl%5D=1"),
        ([{"k": 1}], {}, "a=%7B%22k%22%3A1%7D"),
        ("x", {"name": "filter[state]"}, "filter%5Bstate%5D=x"),
    ],
)
def test_a_query_has_openapis_styles(value: Any, style: dict[str, Any], expected: str) -> None:
    assert target(value, **style) == "/v1/things" + (f"?{expected}" if expected else "")


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ("ETH", "/prices/{a}", "/v1/prices/ETH"),
        ("BTC/USD", "/prices/{a}", "/v1/prices/BTC%2FUSD"),
        ("a b?c#d", "/prices/{a}", "/v1/prices/a%20b%3Fc%23d"),
        ("50%", "/prices/{a}", "/v1/prices/50%25"),
        (7, "/x/{a}/y", "/v1/x/7/y"),
        (["x", "y"], "/x/{a}", "/v1/x/x,y"),
        ("x", "/{a}.json", "/v1/x.json"),
        ("v1.2..3", "/{a}", "/v1/v1.2..3"),
        ("{b}", "/x/{a}", "/v1/x/%7Bb%7D"),
    ],
)
def test_a_value_stays_in_its_segment(value: Any, path: str, expected: str) -> None:
    assert target(value, "path", path) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../admin",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "..\\x",
        "%2e%2e",
        "%2e%2e%2fadmin",
        "%252e%252e%252f",
        "a\x00b",
        "a\nb",
        [],
    ],
)
def test_a_value_that_climbs_is_refused(value: Any) -> None:
    with pytest.raises(UnsendableError):
        target(value, "path", "/users/{a}/profile")


def test_values_cannot_climb_together() -> None:
    tool = http_tool(binding("a", "path"), binding("b", "path"), path="/x/{a}{b}/y")
    with pytest.raises(UnsendableError):
        request_for(tool, {"a": ".", "b": "."})
    with pytest.raises(UnsendableError):
        request_for(tool, {"a": "%2e%2", "b": "e"})


@given(WORDS)
def test_any_path_value_is_one_segment_that_reads_back(value: str) -> None:
    try:
        path = target(value, "path", "/users/{a}/profile")
    except UnsendableError:
        return
    pieces = path.split("/")
    assert len(pieces) == 5
    assert pieces[4] == "profile"
    assert unquote(pieces[3]) == value


@given(st.dictionaries(st.sampled_from("ab"), WORDS))
def test_any_query_values_read_back(values: dict[str, str]) -> None:
    request = request_for(http_tool(binding("a"), binding("b")), values)
    parts = urlsplit(request.url)
    assert parts.netloc == "api.example.com"
    assert dict(parse_qsl(parts.query, keep_blank_values=True)) == values


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "ä", "\x00"])
def test_a_header_takes_no_line_break(value: str) -> None:
    with pytest.raises(UnsendableError):
        request_for(http_tool(binding("a", "header", name="X-A")), {"a": value})


def test_a_header_carries_its_value() -> None:
    headers = request_for(http_tool(binding("a", "header", name="X-A")), {"a": [1, "x y "]}).headers
    assert ("X-A", "1,x y") in headers


def test_a_header_without_a_value_is_not_sent() -> None:
    headers = request_for(http_tool(binding("a", "header", name="X-A")), {"a": None}).headers
    assert "X-A" not in dict(headers)


@pytest.mark.parametrize(
    ("bindings", "arguments", "required", "body"),
    [
        (
            [binding("a", "body_property", name="A"), binding("b", "body_property")],
            {"a": 1, "b": None},
            True,
            {"A": 1, "b": None},
        ),
        ([binding("a", "body_property")], {}, True, {}),
        ([binding("a", "body_property")], {}, False, None),
        ([binding("a", "body")], {"a": [1]}, True, [1]),
        ([binding("a", "body")], {}, False, None),
    ],
)
def test_a_body_is_json(bindings: Any, arguments: Any, required: bool, body: Any) -> None:
    tool = http_tool(*bindings, method="POST", body_type="application/json", body_required=required)
    request = request_for(tool, arguments)
    assert (json.loads(request.content) if request.content else None) == body
    assert (("Content-Type", "application/json") in request.headers) == (body is not None)


def test_a_required_default_is_filled_in() -> None:
    schema = {"type": "object", "properties": {"a": {"default": "USD"}}}
    assert request_for(http_tool(binding("a", fill=True), parameters=schema), {}).target == "/v1/things?a=USD"
    assert request_for(http_tool(binding("a"), parameters=schema), {}).target == "/v1/things"


def auth(place: Any, name: str, **more: Any) -> ToolAuth:
    return ToolAuth(place=place, name=name, secret="S", **more)


def test_a_secret_replaces_what_the_model_put_in_its_place() -> None:
    request = request_for(http_tool(binding("a")), {"a": {"key": "mine", "my_key": "x"}})
    assert authorized(request, auth("query", "key"), "s/1").target == "/v1/things?my_key=x&key=s%2F1"
    request = request_for(http_tool(binding("a", "header", name="X-KEY")), {"a": "mine"})
    sent = authorized(request, auth("header", "X-Key", prefix="Token "), "s1").headers
    assert [pair for pair in sent if pair[0].lower() == "x-key"] == [("X-Key", "Token s1")]


@pytest.mark.parametrize("value", ["line\nbreak", "ünïcode"])
def test_a_secret_that_no_header_takes_is_not_named_by_its_value(value: str) -> None:
    with pytest.raises(UnsendableError) as caught:
        authorized(request_for(http_tool(), {}), auth("header", "X-Key"), value)
    assert "The secret S" in str(caught.value)
    assert value not in str(caught.value)
