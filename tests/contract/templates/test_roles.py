"""Roles of the transformed template: each function may do what it is for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.templates.transformed import (
    PROVIDER_KEYS,
    RECEIVE,
    Json,
    allowed,
    policies_of,
    texts,
    typed,
)

# IAM's quota of managed policies a role, unless it is raised
IAM_POLICIES_A_ROLE = 10


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


READ = {"dynamodb:GetItem", "dynamodb:Query"}


WRITE = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


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
