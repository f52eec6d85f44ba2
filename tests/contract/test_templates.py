"""What the templates say once SAM has transformed them: routes, streams, roles, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from attache.settings import Settings

Json = Any  # CloudFormation is JSON, of no fixed shape

ROOT = Path(__file__).resolve().parents[2]
STREAMED = {"/api/chat", "/api/updates"}
LOCAL_ONLY = {"ATTACHE_DEMO_MODEL_URL", "ATTACHE_LOOPBACK_TOOLS"}
ROUTES = {
    "POST /api/chat": "ChatFunction",
    "GET /api/updates": "UpdatesFunction",
    "GET /api/state": "StateFunction",
    "POST /api/system": "StateFunction",
    "GET /api/events": "StateFunction",
    "GET /health": "StateFunction",
    "POST /api/sessions": "SessionsFunction",
    "GET /api/sessions": "SessionsFunction",
    "GET /api/sessions/{id}": "SessionsFunction",
    "PATCH /api/sessions/{id}": "SessionsFunction",
    "DELETE /api/sessions/{id}": "SessionsFunction",
    "POST /api/sessions/{id}/archive": "SessionsFunction",
    "POST /api/sessions/{id}/unarchive": "SessionsFunction",
    "GET /api/wallet/nonce": "SessionsFunction",
    "POST /api/wallet/verify": "SessionsFunction",
    "POST /api/interrupt": "InterruptFunction",
    "POST /api/control/model": "ControlFunction",
    "GET /api/control/models": "ControlFunction",
    "GET /api/session/models": "ControlFunction",
    "GET /api/control/apps": "ControlFunction",
    "GET /api/session/apps": "ControlFunction",
    "GET /api/control/provider-keys": "ControlFunction",
    "POST /api/control/provider-keys": "ControlFunction",
    "DELETE /api/control/provider-keys/{provider}": "ControlFunction",
    "POST /api/secrets": "ControlFunction",
    "DELETE /api/secrets": "ControlFunction",
    "DELETE /api/secrets/{name}": "ControlFunction",
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


class NoManagedPolicies:
    """SAM looks up managed policies by name in the account; ours are in the template."""

    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def source() -> Json:
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def resources(source: Json) -> Json:
    packaged = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    packaged["Globals"]["Function"]["CodeUri"] = "s3://built/function"
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://built/layer"
    return transform(packaged, {}, NoManagedPolicies())["Resources"]


def typed(resources: Json, kind: str) -> dict[str, Json]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def integrations(resources: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and integration of every route but the preflights, which API Gateway answers itself."""
    body = resources["Api"]["Properties"]["Body"]
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if method != "options":
                yield path, method, operation["x-amazon-apigateway-integration"]


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
    assert f"${{{function}.Arn}}/" in uri["Fn::Sub"]


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


def test_streaming_functions_run_behind_the_adapter_and_no_other_does(resources: Json) -> None:
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        behind = name in ("ChatFunction", "UpdatesFunction")
        assert (variables.get("AWS_LWA_INVOKE_MODE") == "response_stream") is behind
        assert (variables.get("AWS_LAMBDA_EXEC_WRAPPER") == "/opt/bootstrap") is behind
        assert (function["Handler"] == "run.sh") is behind
        assert ("LambdaAdapterLayerArm64:30" in str(function["Layers"])) is behind


def test_only_functions_that_call_a_model_carry_the_model_library(resources: Json) -> None:
    carriers = {
        name
        for name, f in typed(resources, "AWS::Lambda::Function").items()
        if re.search("'LlmLayer", str(f["Layers"]))
    }
    assert carriers == {"ChatFunction", "TurnsFunction"}


def test_handlers_are_where_the_source_has_them(resources: Json) -> None:
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        folder = ROOT / "functions" / name.removesuffix("Function").lower()
        assert (folder / "handler.py").is_file()
        if function["Handler"] == "run.sh":
            assert (folder / "run.sh").stat().st_mode & 0o111
        else:
            assert function["Handler"] == f"functions.{folder.name}.handler.handler"


def test_everything_that_is_built_has_its_target(source: Json) -> None:
    for name, resource in source["Resources"].items():
        if resource.get("Metadata", {}).get("BuildMethod") == "makefile":
            folder = ROOT / resource["Properties"].get("ContentUri", source["Globals"]["Function"]["CodeUri"])
            assert re.search(rf"^build-{name}:", (folder / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), name


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
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert "gatewayresponse.header.Retry-After" in answers["THROTTLED"]["responseParameters"]


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
    }
    assert api["MethodSettings"] == [
        {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "OFF", "DataTraceEnabled": False}
    ]


def statements(resources: Json) -> Iterator[tuple[str, Json]]:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for name, policy in typed(resources, kind).items():
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, role in typed(resources, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def test_no_role_has_a_wildcard_action_or_every_resource(resources: Json) -> None:
    named = list(statements(resources))
    assert len(named) > 10
    for name, statement in named:
        assert "*" not in "".join(statement["Action"]), name
        assert statement["Resource"] != "*", name


def test_the_registry_is_opened_by_key_prefix_only(resources: Json) -> None:
    for name, statement in statements(resources):
        if "RegistryTableArn" in str(statement["Resource"]):
            assert statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] != ["*"], name


def test_a_function_opens_secrets_or_keeps_those_of_clients_and_none_does_both(resources: Json) -> None:
    may = {
        action: {name for name, statement in statements(resources) if action in statement["Action"]}
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    }
    assert may == {"kms:Decrypt": {"OpenSecrets"}, "kms:GenerateDataKey": {"KeepClientSecrets"}}
    roles = {name: str(role["ManagedPolicyArns"]) for name, role in typed(resources, "AWS::IAM::Role").items()}
    assert {name for name, policies in roles.items() if "KeepClientSecrets" in policies} == {"ControlFunctionRole"}
    openers = {name for name, policies in roles.items() if "OpenSecrets" in policies}
    assert openers == {"ChatFunctionRole", "TurnsFunctionRole", "ToolsFunctionRole"}
    for name, statement in statements(resources):
        if name == "KeepClientSecrets":
            assert "client#*" in str(statement["Condition"])


def test_functions_have_roles_of_their_own(resources: Json) -> None:
    functions = typed(resources, "AWS::Lambda::Function")
    assert len({str(function["Role"]) for function in functions.values()}) == len(functions) == 8


def test_a_queue_hides_a_message_longer_than_its_function_runs(source: Json, resources: Json) -> None:
    visible = {name: int(value) for name, value in source["Resources"]["Queues"]["Properties"]["Parameters"].items()}
    functions = typed(resources, "AWS::Lambda::Function")
    assert functions["TurnsFunction"]["Timeout"] < visible["TurnsVisibility"]
    assert functions["ToolsFunction"]["Timeout"] < visible["ToolCallsVisibility"]


def test_workers_take_one_message_at_a_time_and_say_which_failed(resources: Json) -> None:
    sources = typed(resources, "AWS::Lambda::EventSourceMapping").values()
    assert len(sources) == 2
    for mapping in sources:
        assert mapping["BatchSize"] == 1
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_function_gets_the_settings_and_nothing_of_the_local_stack(resources: Json) -> None:
    fields = {f"ATTACHE_{name.upper()}" for name in Settings.model_fields}
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        given = {variable for variable in function["Environment"]["Variables"] if variable.startswith("ATTACHE_")}
        assert given == fields - LOCAL_ONLY, name


@pytest.mark.parametrize("name", ["data", "queues"])
def test_a_nested_template_is_plain_and_gives_what_the_root_asks_of_it(source: Json, name: str) -> None:
    nested = yaml_parse((ROOT / "infra" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert "Transform" not in nested
    asked = set(re.findall(rf"'{name.title()}\.Outputs\.(\w+)'|'{name.title()}', 'Outputs\.(\w+)'", str(source)))
    assert asked
    assert {one or other for one, other in asked} <= set(nested["Outputs"])


def test_whatever_could_not_be_handled_raises_an_alarm(source: Json) -> None:
    queues, told = (yaml_parse((ROOT / "infra" / name).read_text()) for name in ("queues.yaml", "observability.yaml"))
    given = source["Resources"]["Observability"]["Properties"]["Parameters"]
    assert set(given) == set(told["Parameters"])
    alarms = [each["Properties"] for each in told["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {
        str(given[alarm["Dimensions"][0]["Value"]["Ref"]])
        for alarm in alarms
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    targets = [queue["Properties"].get("RedrivePolicy") for queue in queues["Resources"].values()]
    names = [target["deadLetterTargetArn"]["Fn::GetAtt"][0] for target in targets if target]
    assert len(names) == len(targets) / 2, "each queue has a place of its own"
    for name in names:
        assert queues["Outputs"][f"{name}Name"]["Value"] == {"Fn::GetAtt": [name, "QueueName"]}
        assert str({"Fn::GetAtt": ["Queues", f"Outputs.{name}Name"]}) in watched


@pytest.mark.parametrize("name", ["data", "queues"])
def test_what_is_kept_stays_when_its_stack_goes(name: str) -> None:
    nested = yaml_parse((ROOT / "infra" / f"{name}.yaml").read_text(encoding="utf-8"))
    for resource in nested["Resources"].values():
        kept = resource["Type"] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")
        assert (resource.get("DeletionPolicy") == "RetainExceptOnCreate") is kept
        assert (resource.get("UpdateReplacePolicy") == "Retain") is kept


@pytest.mark.parametrize("path", sorted(ROOT.glob("infra/requirements/*.txt")) + sorted(ROOT.glob("layers/*/*.txt")))
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        assert re.fullmatch(
            r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ +(; [^#]+?)?( *--hash=sha256:[0-9a-f]{64})+", line
        ), line
    assert not re.search(r"litellm==1\.82\.[78]\b", text)
