"""What the templates say once SAM has transformed them: routes, streams, roles, names."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from attache.apps.app import RETENTION_DAYS
from attache.settings import Settings
from attache.tools.http_tool import HttpTool
from attache.wire.boundary import EVERY_ANSWER
from attache.wire.deliveries import MOST_TRIES

Json = Any  # CloudFormation is JSON, of no fixed shape

ROOT = Path(__file__).resolve().parents[2]
STREAMED = {"/api/chat", "/api/updates"}
LOCAL_ONLY = {"ATTACHE_DEMO_MODEL_URL", "ATTACHE_LOOPBACK_TOOLS"}
# of the functions that index and search
SEARCH = {"ATTACHE_SEARCH_BACKEND", "ATTACHE_SEARCH_ENDPOINT"}
OWN = {
    "SessionsFunction": {"ATTACHE_WALLET_DOMAINS"},
    "ChatFunction": SEARCH,
    "TurnsFunction": SEARCH,
    "DocumentsFunction": SEARCH | {"ATTACHE_DOCUMENTS_BUCKET", "ATTACHE_DOCUMENTS_QUEUE_URL"},
}
OF_SOME = set().union(*OWN.values())
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


# IAM's quota of managed policies a role, unless it is raised
IAM_POLICIES_A_ROLE = 10
PROVIDER_KEYS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/attache/${Stage}/providers/*"


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
    assert carriers == {"ChatFunction", "TurnsFunction", "DocumentsFunction"}


def test_only_the_function_that_checks_signatures_carries_ethereums_libraries(resources: Json) -> None:
    functions = typed(resources, "AWS::Lambda::Function")
    assert {name for name, f in functions.items() if "'WalletLayer" in str(f["Layers"])} == {"SessionsFunction"}


def test_wallets_are_proven_in_production_unless_the_operator_says_otherwise(source: Json) -> None:
    assert source["Parameters"]["WalletProof"]["Default"] == "auto"
    production = {"Fn::And": [is_given("WalletProof", "auto"), is_given("Stage", "prod")]}
    assert source["Conditions"]["ProveWallets"] == {"Fn::Or": [is_given("WalletProof", "required"), production]}
    variables = source["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["ATTACHE_WALLET_PROOF"] == {"Fn::If": ["ProveWallets", "required", "off"]}


def is_given(parameter: str, value: str) -> Json:
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def test_proofs_of_wallets_are_kept_by_one_function_and_read_by_another(resources: Json) -> None:
    may = {
        name: set(statement["Action"])
        for name, statement in statements(resources)
        if "PROOF#" in str(statement.get("Condition"))
    }
    kept = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}
    assert may == {"KeepProofs": kept, "ChatFunctionRole": {"dynamodb:GetItem"}}
    roles = {name: str(role["ManagedPolicyArns"]) for name, role in typed(resources, "AWS::IAM::Role").items()}
    assert {name for name, policies in roles.items() if "KeepProofs" in policies} == {"SessionsFunctionRole"}


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


def statements(resources: Json) -> Iterator[tuple[str, Json]]:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for name, policy in typed(resources, kind).items():
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, role in typed(resources, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def test_no_role_has_a_wildcard_action_or_every_resource(resources: Json) -> None:
    """But for X-Ray, which knows no resources, and is traced to only where the operator turned it on."""
    named = list(statements(resources))
    assert len(named) > 10
    for name, statement in named:
        assert "*" not in "".join(statement["Action"]), name
        assert "NotAction" not in statement, name
        assert "NotResource" not in statement, name
        if name == "TraceCalls":
            assert resources[name]["Condition"] == "Traces"
            assert {action.partition(":")[0] for action in statement["Action"]} == {"xray"}
        else:
            assert statement["Resource"] != "*", name


def test_a_resource_is_cut_short_by_its_prefix_only(resources: Json) -> None:
    """What stands for many things is one of these, and no other: objects of a prefix, and keys of providers."""
    short = {part for _, statement in statements(resources) for part in texts(statement["Resource"]) if "*" in part}
    assert short - {"*"} == {"${Bucket}/sessions/*", "${Bucket}/apps/*", "${Bucket}/*", PROVIDER_KEYS}
    whole = [name for name, statement in statements(resources) if "${Bucket}/*" in texts(statement["Resource"])]
    assert whole == ["ReadDocuments"], "of a bucket of their own"


def texts(value: Json) -> Iterator[str]:
    """Every string in a piece of a template."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(part)


def policies_of(resources: Json, role: Json) -> set[str]:
    """The managed policies of a role by logical id, whatever the parameters say; others by their ARN."""
    arns = [arn["Fn::If"][1] if isinstance(arn, dict) and "Fn::If" in arn else arn for arn in role["ManagedPolicyArns"]]
    return {str(arn["Ref"]) if isinstance(arn, dict) and "Ref" in arn else str(arn) for arn in arns}


def allowed(resources: Json, function: str) -> dict[str, set[str]]:
    """What a function may do, by what it may do it to: actions by the resource's name in the templates."""
    role = resources[f"{function}Role"]["Properties"]
    documents = [resources[name]["Properties"]["PolicyDocument"] for name in policies_of(resources, role)]
    documents += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    found: dict[str, set[str]] = {}
    for statement in (each for document in documents for each in document["Statement"]):
        found.setdefault(place(statement["Resource"]), set()).update(statement["Action"])
    return found


def place(resource: Json) -> str:
    said = [text for text in texts(resource) if text not in ("Data", "Queues", "Arn")]
    return " ".join(text.removeprefix("Outputs.").removeprefix("${Bucket}/").removeprefix("${Table}/") for text in said)


READ = {"dynamodb:GetItem", "dynamodb:Query"}
WRITE = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
RECEIVE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
TABLES = {
    "ChatFunction": READ | WRITE,
    "UpdatesFunction": READ,
    "StateFunction": READ | WRITE,
    "SessionsFunction": READ | WRITE | {"dynamodb:BatchGetItem"},
    "ControlFunction": READ | WRITE,
    "InterruptFunction": READ | WRITE,
    "TurnsFunction": READ | WRITE | {"dynamodb:BatchWriteItem"},
    "ToolsFunction": READ | WRITE,
}
QUEUES = {
    "ChatFunction": {"TurnsQueueArn": {"sqs:SendMessage"}, "ToolCallsQueueArn": {"sqs:SendMessage"}},
    "UpdatesFunction": {"TurnsQueueArn": {"sqs:SendMessage"}},
    "StateFunction": {"TurnsQueueArn": {"sqs:SendMessage"}},
    "SessionsFunction": {"TurnsQueueArn": {"sqs:SendMessage"}},
    "ControlFunction": {},
    "InterruptFunction": {"TurnsQueueArn": {"sqs:SendMessage"}},
    "TurnsFunction": {"TurnsQueueArn": {"sqs:SendMessage"} | RECEIVE, "ToolCallsQueueArn": {"sqs:SendMessage"}},
    "ToolsFunction": {"TurnsQueueArn": {"sqs:SendMessage"}, "ToolCallsQueueArn": {"sqs:SendMessage"} | RECEIVE},
}


@pytest.mark.parametrize("function", TABLES)
def test_a_function_does_with_sessions_and_queues_what_it_is_for(resources: Json, function: str) -> None:
    may = allowed(resources, function)
    assert may["SessionsTableArn"] == TABLES[function]
    assert {name: actions for name, actions in may.items() if name.endswith("QueueArn")} == QUEUES[function]


def test_a_role_has_policies_of_ours_only_and_not_more_than_iam_takes(resources: Json) -> None:
    roles = typed(resources, "AWS::IAM::Role")
    assert {f"{name}Role" for name in TABLES} | {"DocumentsFunctionRole", "ApiLogsRole"} == set(roles)
    for name in TABLES:
        policies = policies_of(resources, roles[f"{name}Role"])
        assert policies <= set(typed(resources, "AWS::IAM::ManagedPolicy")), name
        assert len(policies) <= IAM_POLICIES_A_ROLE, name


def test_the_registry_is_opened_by_key_prefix_only(resources: Json) -> None:
    for name, statement in statements(resources):
        if "RegistryTableArn" in str(statement["Resource"]):
            assert statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] != ["*"], name


def test_a_function_opens_secrets_or_keeps_those_of_clients_and_none_does_both(resources: Json) -> None:
    may = {
        action: {name for name, statement in statements(resources) if action in statement["Action"]}
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    }
    assert may == {
        "kms:Decrypt": {"CallTools", "CallModels", "EmbedTexts"},
        "kms:GenerateDataKey": {"KeepClientSecrets"},
    }
    roles = {name: str(role["ManagedPolicyArns"]) for name, role in typed(resources, "AWS::IAM::Role").items()}
    assert {name for name, policies in roles.items() if "KeepClientSecrets" in policies} == {"ControlFunctionRole"}
    openers = {name for name, policies in roles.items() if "CallTools" in policies}
    assert openers == {"ChatFunctionRole", "TurnsFunctionRole", "ToolsFunctionRole"}
    for name, statement in statements(resources):
        if name == "KeepClientSecrets":
            assert "client#*" in str(statement["Condition"])


def test_no_secret_is_a_parameter_or_a_variable(source: Json, resources: Json) -> None:
    """The operator's provider keys are in SSM."""
    assert not [name for name, parameter in source["Parameters"].items() if "NoEcho" in parameter or "Key" in name]
    for function in typed(resources, "AWS::Lambda::Function").values():
        assert not [name for name in function["Environment"]["Variables"] if name.endswith("_API_KEY")]


def test_provider_keys_are_opened_by_what_calls_models_and_by_nothing_else(resources: Json) -> None:
    openers = {"ChatFunction", "TurnsFunction"}
    for function in TABLES:
        may = allowed(resources, function)
        reads = may.get(PROVIDER_KEYS, set())
        assert reads == ({"ssm:GetParameter"} if function in {*openers, "ControlFunction"} else set())
    assert "kms:Decrypt" not in allowed(resources, "ControlFunction")["SecretsKey"]


def test_apps_are_read_by_what_serves_them_and_by_nothing_else(resources: Json) -> None:
    roles = typed(resources, "AWS::IAM::Role")
    readers = {name for name in TABLES if "ReadApps" in policies_of(resources, roles[f"{name}Role"])}
    assert readers == {"ChatFunction", "ControlFunction", "TurnsFunction", "ToolsFunction"}


def test_functions_have_roles_of_their_own(resources: Json) -> None:
    functions = typed(resources, "AWS::Lambda::Function")
    assert len({str(function["Role"]) for function in functions.values()}) == len(functions) == 9


def test_a_queue_hides_a_message_for_longer_than_its_function_may_run(source: Json, resources: Json) -> None:
    """AWS's advice for queues that feed functions ("Using Lambda with Amazon SQS")."""
    given = source["Resources"]["Queues"]["Properties"]["Parameters"]
    functions = typed(resources, "AWS::Lambda::Function")
    assert int(given["TurnsVisibility"]) == 6 * functions["TurnsFunction"]["Timeout"]
    assert 6 * 60 >= int(given["ToolCallsVisibility"]) > functions["ToolsFunction"]["Timeout"], (
        "nobody else looks after"
    )


def test_a_message_is_tried_as_often_as_the_workers_count() -> None:
    queues = yaml_parse((ROOT / "infra" / "queues.yaml").read_text())["Resources"].values()
    policies = [queue["Properties"].get("RedrivePolicy") for queue in queues]
    assert {policy["maxReceiveCount"] for policy in policies if policy} == {MOST_TRIES}


def test_a_tool_may_take_less_time_than_its_worker(resources: Json) -> None:
    longest = next(each.le for each in HttpTool.model_fields["timeout"].metadata if hasattr(each, "le"))
    assert longest < typed(resources, "AWS::Lambda::Function")["ToolsFunction"]["Timeout"]


def test_workers_take_one_message_at_a_time_and_say_which_failed(resources: Json) -> None:
    sources = typed(resources, "AWS::Lambda::EventSourceMapping").values()
    assert len(sources) == 3
    for mapping in sources:
        assert mapping["BatchSize"] == 1
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_function_gets_the_settings_and_nothing_of_the_local_stack(resources: Json) -> None:
    fields = {f"ATTACHE_{name.upper()}" for name in Settings.model_fields}
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        given = {variable for variable in function["Environment"]["Variables"] if variable.startswith("ATTACHE_")}
        assert given == fields - LOCAL_ONLY - OF_SOME | OWN.get(name, set()), name


@pytest.mark.parametrize("name", ["data", "queues", "documents", "search"])
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
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    targets = [queue["Properties"].get("RedrivePolicy") for queue in queues["Resources"].values()]
    names = [target["deadLetterTargetArn"]["Fn::GetAtt"][0] for target in targets if target]
    assert len(names) == len(targets) / 2, "each queue has a place of its own"
    for name in names:
        assert queues["Outputs"][f"{name}Name"]["Value"] == {"Fn::GetAtt": [name, "QueueName"]}
        assert str({"Fn::GetAtt": ["Queues", f"Outputs.{name}Name"]}) in watched


KEPT = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key")


@pytest.fixture(scope="module")
def data() -> Json:
    return yaml_parse((ROOT / "infra" / "data.yaml").read_text(encoding="utf-8"))["Resources"]


def test_tables_can_be_restored_are_encrypted_forget_in_time_and_are_protected(source: Json, data: Json) -> None:
    tables = typed(data, "AWS::DynamoDB::Table")
    assert len(tables) == 2
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
    given = source["Resources"]["Data"]["Properties"]["Parameters"]
    assert given["DeletionProtection"] == {"Fn::If": ["ProtectTables", "on", "off"]}
    assert "{'Fn::Equals': [{'Ref': 'Stage'}, 'prod']}" in str(source["Conditions"]["ProtectTables"])


def test_the_bucket_is_private_encrypted_and_reached_by_tls_only(data: Json) -> None:
    [bucket] = typed(data, "AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    [_, long_results] = bucket["LifecycleConfiguration"]["Rules"]
    assert (long_results["Prefix"], long_results["ExpirationInDays"]) == ("sessions/", {"Ref": "LongResultDays"})
    [policy] = typed(data, "AWS::S3::BucketPolicy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_long_results_are_kept_as_long_as_messages_are(source: Json) -> None:
    nested = yaml_parse((ROOT / "infra" / "data.yaml").read_text(encoding="utf-8"))
    for template in (source, nested):
        assert template["Parameters"]["LongResultDays"]["Default"] == RETENTION_DAYS


def test_the_key_is_the_accounts_and_everything_allowed_with_it_is_said(data: Json) -> None:
    [key] = typed(data, "AWS::KMS::Key").values()
    assert key["EnableKeyRotation"] is True
    for statement in key["KeyPolicy"]["Statement"]:
        assert "*" not in "".join(statement["Action"])
        assert statement["Principal"]["AWS"] == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    # without this nobody could ever change the policy again
    assert "kms:PutKeyPolicy" in str(key["KeyPolicy"])


def test_a_dead_letter_queue_takes_from_its_own_queue_only() -> None:
    queues = typed(
        yaml_parse((ROOT / "infra" / "queues.yaml").read_text(encoding="utf-8"))["Resources"], "AWS::SQS::Queue"
    )
    fed = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
    assert len(fed) == 2
    for queue in fed.values():
        dead = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]["RedriveAllowPolicy"]
        assert dead["redrivePermission"] == "byQueue"
        [source] = dead["sourceQueueArns"]
        assert source["Fn::Sub"].rpartition(":")[2] == queue["QueueName"]["Fn::Sub"]
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


@pytest.mark.parametrize("name", ["data", "queues", "documents"])
def test_what_is_kept_stays_when_its_stack_goes(name: str) -> None:
    nested = yaml_parse((ROOT / "infra" / f"{name}.yaml").read_text(encoding="utf-8"))
    for resource in nested["Resources"].values():
        kept = resource["Type"] in KEPT
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


@pytest.mark.parametrize(("environment", "stage"), [("default", "dev"), ("staging", "staging"), ("prod", "prod")])
def test_stages_are_deployed_under_their_own_names_with_parameters_that_there_are(
    source: Json, environment: str, stage: str
) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))[environment]
    assert config["global"]["parameters"]["stack_name"] == f"attache-{stage}"
    said = dict(each.split("=", 1) for each in config["deploy"]["parameters"]["parameter_overrides"])
    assert said["Stage"] == stage
    for name, value in said.items():
        assert value in [str(each) for each in source["Parameters"][name].get("AllowedValues", [value])], name
    assert f"stage={stage}" in config["deploy"]["parameters"]["tags"]
    assert (said.get("WalletProof"), said.get("DefaultApp")) == (
        (None, None) if stage == "dev" else ("required", "off")
    )


def test_every_parameter_has_a_default_and_says_what_it_is_for(source: Json) -> None:
    for name, parameter in source["Parameters"].items():
        assert "Default" in parameter, name
        assert "Description" in parameter, name
