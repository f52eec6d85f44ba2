"""Folders compiled to apps, with the report; nothing comes out where anything is wrong."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from attache.apps.app import App
from attache.apps.problems import CannotDeploy
from attache.errors import BadInput
from attache.tools.arguments import check_arguments
from tests.unit.apps.descriptions import as_json, description, json_body, large, query
from tests.unit.apps.folders import MANIFEST, built, with_tools

PATHS: dict[str, Any] = {
    "/prices/{symbol}": {"get": {"operationId": "getPrice", "summary": "A price.", "tags": ["market"]}},
    "/trades": {
        "post": {"operationId": "trade", "tags": ["trading"], "deprecated": True, **json_body({"type": "object"})},
        "put": {"operationId": "putTrades", "requestBody": {"content": {"text/csv": {}}}},
    },
    "/markets": {"get": {"tags": ["market"], **query({"type": "integer"})}},
}
SECRET = {"secrets": [{"name": "KEY", "required": True}]}


def test_without_narrowing_every_operation_is_a_tool_and_the_rest_is_reported(tmp_path: Path) -> None:
    app, report = built(tmp_path, MANIFEST, description(PATHS))
    assert [tool.name for tool in app.tools] == ["getPrice", "trade", "GET_markets"]
    assert [tool.safe for tool in app.tools] == [True, False, True]
    assert [tool.server for tool in app.tools] == ["https://api.example.com"] * 3
    assert app.tools[0].description == "A price."
    assert app.tools[1].description == "POST /trades\nDeprecated."
    [left_out] = report.left_out
    lines = (tmp_path / "openapi.yaml").read_text().splitlines()
    line = lines.index("          text/csv: {}")
    assert str(left_out) == (
        f"openapi.yaml:{line} (paths./trades.put.requestBody.content): PUT /trades is left out: "
        "The body is text/csv; only JSON can be sent."
    )
    assert all(taken.tokens > 0 for taken in report.taken)
    assert App.model_validate_json(app.model_dump_json()) == app


@pytest.mark.parametrize(
    ("narrowing", "names"),
    [
        ({"expose": ["getPrice"]}, ["getPrice"]),
        ({"expose": ["get /markets", "POST /trades"]}, ["GET_markets", "trade"]),
        ({"tags": ["market"]}, ["getPrice", "GET_markets"]),
        ({"paths": ["/trades*"]}, ["trade"]),
        ({"expose": [{"operation": "trade", "name": "Buy"}], "tags": ["market"]}, ["Buy", "getPrice", "GET_markets"]),
    ],
)
def test_the_manifest_narrows(tmp_path: Path, narrowing: dict[str, Any], names: list[str]) -> None:
    app, report = built(tmp_path, with_tools(**narrowing), description(PATHS))
    assert [tool.name for tool in app.tools] == names
    assert bool(report.left_out) == (narrowing.keys() != {"expose"})


def test_an_operation_id_may_look_like_a_route(tmp_path: Path) -> None:
    paths = {"/x": {"get": {"operationId": "get all things"}}}
    app, _ = built(tmp_path, with_tools(expose=["get all things"]), description(paths))
    assert [tool.name for tool in app.tools] == ["get_all_things"]


def test_what_the_manifest_says_of_an_operation_holds(tmp_path: Path) -> None:
    trade = {
        "operation": "trade",
        "name": "Buy",
        "description": "Buys.",
        "idempotent": True,
        "confirm": True,
        "timeout": 5,
    }
    manifest = with_tools(expose=[trade], timeout=9, auth={"bearer": True, "secret": "KEY"}) | SECRET
    [tool] = built(tmp_path, manifest, description(PATHS))[0].tools
    assert (tool.name, tool.description, tool.safe, tool.confirm, tool.timeout) == ("Buy", "Buys.", True, True, 5)
    assert tool.auth is not None
    assert (tool.auth.name, tool.auth.prefix, tool.auth.required) == ("Authorization", "Bearer ", True)


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (
            {"expose": ["getPrize"]},
            "app.yaml:7 (tools.expose.0.operation): The description has no operation 'getPrize'. Did you",
        ),
        ({"expose": ["GET /price"]}, "Did you mean"),
        ({"expose": ["PUT /trades"]}, "PUT /trades cannot be used (openapi.yaml:"),
        ({"expose": ["putTrades"]}, "putTrades cannot be used (openapi.yaml:"),
        (
            {"expose": [{"operation": "trade", "steps": {"poll": "putTrades", "field": "x", "done": "y"}}]},
            "putTrades cannot be used (openapi.yaml:",
        ),
        ({"expose": ["trade", "POST /trades"]}, "POST /trades is exposed twice"),
        (
            {"expose": [{"operation": "trade", "name": "X"}, {"operation": "getPrice", "name": "X"}]},
            "The tool name X is used",
        ),
        ({"tags": ["markets"]}, "No operation has the tag 'markets'. Did you mean 'market'?"),
        ({"paths": ["/v2/*"]}, "No path matches '/v2/*'"),
        ({"server": "ftp://x"}, "give an absolute address"),
        ({"server": "https://u:p@x.com"}, "has no user"),
        ({"server": "https://10.0.0.1"}, "10.0.0.1 is a private address"),
        ({"server": "http://0.0.0.0:8000"}, "0.0.0.0 is where a server listens, and no address of it; 127.0.0.1 is"),
        ({"server": "http://[::]:8000"}, ":: is where a server listens"),
        ({"server": "http://169.254.169.254/latest"}, "is a link-local address"),
        ({"server": "http://[::ffff:10.0.0.1]"}, "is a private address"),
        ({"server": "http://localhost:8001"}, "is this machine itself; only the local stack reaches it"),
        ({"server": "http://127.0.0.1:8001"}, "is this machine itself; only the local stack reaches it"),
    ],
)
def test_what_cannot_be_had_is_an_error(tmp_path: Path, tools: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotDeploy) as caught:
        built(tmp_path, with_tools(**tools), description(PATHS))
    assert words in caught.value.message


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    manifest = with_tools(expose=["a", "b", "getPrice"], server="http://localhost:1")
    with pytest.raises(CannotDeploy) as caught:
        built(tmp_path, manifest, description(PATHS))
    assert len(caught.value.problems) == 3


def test_a_description_none_of_which_can_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CannotDeploy, match="None of its operations can be used"):
        built(tmp_path, MANIFEST, description({"/x": {"options": {}}}))


@pytest.mark.parametrize(
    ("servers", "server"),
    [
        ([{"url": "https://a.example/v1/"}], "https://a.example/v1"),
        ([{"url": "https://{region}.a.example", "variables": {"region": {"default": "eu"}}}], "https://eu.a.example"),
        ([{"url": "https://bücher.example"}], "https://xn--bcher-kva.example"),
    ],
)
def test_the_server_is_the_description_s_own(tmp_path: Path, servers: list[Any], server: str) -> None:
    app, _ = built(tmp_path, with_tools(expose=["getPrice"]), description(PATHS, servers=servers))
    assert app.tools[0].server == server


@pytest.mark.parametrize("servers", [[], [{"url": "/v1"}], [{"url": "https://{region}.a.example"}], "x", [7]])
def test_a_server_that_is_no_address_must_be_said_in_the_manifest(tmp_path: Path, servers: Any) -> None:
    with pytest.raises(CannotDeploy, match=r"server|address"):
        built(tmp_path, MANIFEST, description(PATHS, servers=servers))
    app, _ = built(tmp_path, with_tools(server="https://b.example"), description(PATHS, servers=servers))
    assert app.tools[0].server == "https://b.example"


def test_the_local_stack_takes_a_server_on_this_machine_and_warns(tmp_path: Path) -> None:
    app, report = built(tmp_path, MANIFEST, description(PATHS), allow_loopback=True, server="http://localhost:8001")
    assert {tool.server for tool in app.tools} == {"http://localhost:8001"}
    assert "works on the local stack only" in str(report.warnings[0])


@pytest.mark.parametrize(
    ("manifest", "more", "words"),
    [
        (with_tools(server="http://api.example.com"), {}, "is not encrypted"),
        (MANIFEST, {"security": [{"key": []}]}, "GET /prices/{symbol} and 2 more need authorization"),
        (with_tools(expose=["trade"]), {"security": [{"key": []}]}, "POST /trades needs authorization"),
    ],
)
def test_what_looks_wrong_is_a_warning(tmp_path: Path, manifest: Any, more: dict[str, Any], words: str) -> None:
    _, report = built(tmp_path, manifest, description(PATHS, **more))
    assert any(words in warning.message for warning in report.warnings)


WITHDRAWALS: dict[str, Any] = {
    "/withdrawals": {"post": {"operationId": "withdraw"}},
    "/withdrawals/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"operationId": "withdrawal"},
        "delete": {},
    },
}
STEPS: dict[str, Any] = {
    "poll": "GET /withdrawals/{id}", "arguments": {"id": "data.id"}, "field": "status", "done": "settled",
}  # fmt: skip


def test_steps_carry_the_operation_that_is_polled(tmp_path: Path) -> None:
    exposed = [{"operation": "withdraw", "steps": STEPS}]
    app, _ = built(tmp_path, with_tools(expose=exposed), description(WITHDRAWALS))
    (tool,) = app.tools
    assert tool.later
    assert tool.steps is not None
    assert (tool.steps.poll.method, tool.steps.poll.path) == ("GET", "/withdrawals/{id}")
    assert (tool.steps.arguments, tool.steps.done, tool.steps.limit) == ({"id": "data.id"}, ("settled",), 600)
    assert type(app).model_validate_json(app.model_dump_json()) == app


def test_async_alone_puts_the_answer_off(tmp_path: Path) -> None:
    exposed = [{"operation": "withdraw", "async": True}]
    app, _ = built(tmp_path, with_tools(expose=exposed), description(WITHDRAWALS))
    assert [(tool.later, tool.steps) for tool in app.tools] == [(True, None)]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ({"poll": "GET /nothing"}, "has no operation 'GET /nothing'"),
        ({"poll": "DELETE /withdrawals/{id}"}, "only a GET is polled"),
        ({"arguments": {}}, "also needs id"),
        ({"arguments": {"id": "id", "name": "n"}}, "has no name"),
        ({"done": []}, "done"),
        ({"interval": 0}, "interval"),
        ({"every": 3}, "The key 'every' is not known here"),
    ],
)
def test_steps_that_cannot_be(tmp_path: Path, steps: dict[str, Any], words: str) -> None:
    exposed = [{"operation": "withdraw", "steps": {**STEPS, **steps}}]
    with pytest.raises(CannotDeploy, match=re.escape(words)):
        built(tmp_path, with_tools(expose=exposed), description(WITHDRAWALS))


def test_steps_end_before_what_waits_for_them_expires(tmp_path: Path) -> None:
    exposed = [{"operation": "withdraw", "steps": {**STEPS, "limit": 100_000}}]
    manifest = with_tools(expose=exposed)
    with pytest.raises(CannotDeploy, match=r"expose.*`limit` is longer .* 86,400 seconds"):
        built(tmp_path, {**manifest, "retention_days": 1}, description(WITHDRAWALS))
    built(tmp_path, {**manifest, "retention_days": 2}, description(WITHDRAWALS))


def test_models_that_there_are_not_are_refused_each_by_its_place(tmp_path: Path) -> None:
    def check(model: str) -> None:
        if model != "m":
            raise BadInput(f"There is no model {model}.")

    said = {"default": "a", "fallback": "b", "title": "c", "allowed": ["m", "d", "e/*", "b"]}
    wallet = {"name": "shop", "wallet": [WALLET]}
    with pytest.raises(CannotDeploy) as refused:
        built(tmp_path, {**wallet, "models": said}, check_model=check)
    places = {problem.place.partition(" ")[2]: problem.message for problem in refused.value.problems}
    assert places == {
        "(models.default)": "There is no model a.",
        "(models.fallback)": "There is no model b.",
        "(models.title)": "There is no model c.",
        "(models.allowed.1)": "There is no model d.",
        "(models.allowed.3)": "There is no model b.",
    }
    built(tmp_path, {**wallet, "models": {"default": "m", "allowed": ["m", "e/*"]}}, check_model=check)


WALLET = {"name": "Pay", "request": "transaction", "description": "Pays.", "chain_id": 137, "to": "0x" + "1" * 40}


def test_wallet_tools_need_no_description_of_an_api(tmp_path: Path) -> None:
    app, report = built(tmp_path, {"name": "shop", "models": {"default": "m"}, "wallet": [WALLET]})
    assert [tool.model_dump() for tool in app.wallet_tools] == [WALLET]
    assert [(each.tool, each.operation) for each in report.taken] == [("Pay", "wallet transaction")]


@pytest.mark.parametrize(
    ("wallet", "words"),
    [
        ([WALLET, {**WALLET, "request": "eip712", "to": None}], "The tool name Pay is used twice"),
        ([{**WALLET, "to": "shop.eth"}], "an address is 0x and 40 hexadecimal digits"),
        ([{**WALLET, "request": "eip712"}], "a signature goes nowhere"),
        ([{**WALLET, "name": "a b"}], "letters, digits"),
        ([{**WALLET, "chain": 1}], "'chain_id'"),
    ],
)
def test_wallet_tools_that_cannot_be(tmp_path: Path, wallet: Any, words: str) -> None:
    with pytest.raises(CannotDeploy, match=words):
        built(tmp_path, {"name": "shop", "models": {"default": "m"}, "wallet": wallet})


def test_too_many_tools_must_be_narrowed(tmp_path: Path) -> None:
    paths: dict[str, Any] = {f"/x{number}": {"get": {}} for number in range(129)}
    with pytest.raises(CannotDeploy, match="129 tools; a model is shown 128 at most"):
        built(tmp_path, MANIFEST, description(paths))
    assert len(built(tmp_path, with_tools(paths=["/x1*"]), description(paths))[0].tools) == 40


def test_two_apis_with_the_same_names_stay_apart(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(as_json(description(PATHS, servers=[{"url": "https://b.example"}])))
    manifest = {**MANIFEST, "tools": [{"openapi": "openapi.yaml"}, {"openapi": "other.json"}]}
    app, _ = built(tmp_path, manifest, description(PATHS))
    assert len({tool.name for tool in app.tools}) == 6
    assert {tool.server for tool in app.tools} == {"https://api.example.com", "https://b.example"}


def test_the_version_is_the_content_s(tmp_path: Path) -> None:
    first, _ = built(tmp_path, MANIFEST, description(PATHS))
    again, _ = built(tmp_path, MANIFEST, description(PATHS))
    other, _ = built(tmp_path, {**MANIFEST, "preamble": "Hello."}, description(PATHS))
    assert first.version == again.version != other.version


def test_a_large_description_compiles_in_good_time(tmp_path: Path) -> None:
    """360 operations over schemas that refer to each other in circles; a third of them cannot be sent."""
    began = time.process_time()
    app, report = built(tmp_path, with_tools(tags=["group1", "group2", "group3"]), json.dumps(large()))
    assert time.process_time() - began < 10
    assert len(app.tools) == len(report.taken) == 102
    assert len(report.left_out) == 120
    assert len(app.model_dump_json()) < 3_000_000
    for tool in app.tools:
        assert "X-Tenant" in tool.parameters["required"]
        arguments = {"X-Tenant": "t", "name": "n", "price": None} if tool.method == "POST" else {"X-Tenant": "t"}
        assert check_arguments(tool.parameters, json.dumps(arguments)) == (arguments, None)
