"""Routes of the transformed template: every endpoint, streams, refusals, logs and throttling."""

from __future__ import annotations

import json
import re

import pytest

from attache.wire.boundary import EVERY_ANSWER
from tests.contract.templates.transformed import (
    ROUTES,
    STREAMED,
    Json,
    integrations,
    typed,
)

STATUS = {
    "DEFAULT_5XX": 500,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "INVALID_SIGNATURE": 404,
    "EXPIRED_TOKEN": 404,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "UNSUPPORTED_MEDIA_TYPE": 400,
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "WAF_FILTERED": 403,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTEGRATION_FAILURE": 429,
    "INTEGRATION_TIMEOUT": 503,
}


REQUEST_HEADERS = {
    "X-Session-Id",
    "AOMI-APP-KEY",
    "X-API-Key",
    "Last-Event-ID",
    "Prefer",
    "Idempotency-Key",
    "Content-Type",
    "Accept",
    "If-None-Match",
    "X-Wallet-Token",
}


def route_of(path: str, paths: dict[str, Json]) -> str:
    """The resource that API Gateway chooses for a path: the exact one, else the greedy one."""
    if path in paths:
        return path
    return next(known for known in paths if known.endswith("/{proxy+}") and path.startswith(known[: -len("{proxy+}")]))


@pytest.mark.parametrize(("endpoint", "function"), ROUTES.items())
def test_every_endpoint_of_the_contract_reaches_its_function(resources: Json, endpoint: str, function: str) -> None:
    paths = resources["Api"]["Properties"]["Body"]["paths"]
    operations = paths[route_of(endpoint.partition(" ")[2], paths)]
    uri = operations["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]["uri"]
    assert f"${{{function}Aliaslive}}/" in uri["Fn::Sub"]


def test_the_stream_routes_are_streamed_and_no_other_is(resources: Json) -> None:
    streamed = {path for path, _, route in integrations(resources) if route.get("responseTransferMode") == "STREAM"}
    by_uri = {path for path, _, route in integrations(resources) if "/response-streaming-invocations" in str(route)}
    assert streamed == by_uri == STREAMED
    modes = {route.get("responseTransferMode") for path, _, route in integrations(resources) if path not in STREAMED}
    assert modes == {None}


def test_a_stream_may_last_as_long_as_its_function(resources: Json) -> None:
    functions = typed(resources, "AWS::Lambda::Function")
    for path, _, route in integrations(resources):
        assert route.get("timeoutInMillis") == (900_000 if path in STREAMED else None)
    assert functions["ChatFunction"]["Timeout"] == functions["UpdatesFunction"]["Timeout"] == 900


def test_browsers_may_send_what_the_contract_has(resources: Json) -> None:
    for path, methods in resources["Api"]["Properties"]["Body"]["paths"].items():
        answered = methods["options"]["x-amazon-apigateway-integration"]["responses"]["default"]["responseParameters"]
        allowed = answered["method.response.header.Access-Control-Allow-Headers"].strip("'")
        assert set(allowed.split(",")) == REQUEST_HEADERS, path
        assert answered["method.response.header.Access-Control-Allow-Origin"] == "'*'"


def test_refusals_of_api_gateway_itself_have_the_shape_of_ours(resources: Json) -> None:
    answers = resources["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        assert answer["responseTemplates"]["application/json"].startswith('{"error": ')
        assert answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert {name: int(answer["statusCode"]) for name, answer in answers.items() if "statusCode" in answer} == STATUS
    assert STATUS.keys() | {"DEFAULT_4XX"} == answers.keys()
    for name, answer in answers.items():
        may_be_sent_again = STATUS.get(name) in (429, 503)
        assert ("gatewayresponse.header.Retry-After" in answer["responseParameters"]) is may_be_sent_again, name
        exposed = answer["responseParameters"]["gatewayresponse.header.Access-Control-Expose-Headers"]
        assert exposed.strip("'") == EVERY_ANSWER["access-control-expose-headers"]


def test_refusals_of_api_gateway_are_json_whatever_it_fills_in(resources: Json) -> None:
    answers = resources["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    for name, answer in answers.items():
        text = answer["responseTemplates"]["application/json"]
        filled = text.replace("$context.error.messageString", '"why"').replace("$context.requestId", "1-2-3")
        assert "$" not in filled, name
        assert json.loads(filled)["error"], name


def test_no_log_holds_a_query_string_or_a_session_id(source: Json) -> None:
    api = source["Resources"]["Api"]["Properties"]
    said = set(re.findall(r"\$context\.([A-Za-z.]+)", api["AccessLogSetting"]["Fn::If"][1]["Format"]))
    assert said == {
        "requestId",
        "requestTime",
        "httpMethod",
        "resourcePath",
        "status",
        "responseLatency",
        "responseLength",
        "error.responseType",
        "integration.status",
    }
    [settings] = api["MethodSettings"]
    assert settings["LoggingLevel"] == "OFF"
    assert settings["DataTraceEnabled"] is False


def test_every_route_is_throttled(source: Json) -> None:
    [settings] = source["Resources"]["Api"]["Properties"]["MethodSettings"]
    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}
