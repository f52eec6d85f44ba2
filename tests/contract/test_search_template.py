"""What the templates say of documents and of the search for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from attache.documents.reading_process import MEMORY, SECONDS
from attache.wire.deliveries import MOST_TRIES
from tests.contract.templates.transformed import PROVIDER_KEYS, RECEIVE, ROOT, allowed, typed
from tests.contract.test_versions import transformed

Json = Any  # CloudFormation is JSON, of no fixed shape
COLLECTION = {"Fn::GetAtt": ["Collection", "Arn"]}
READS = {"aoss:DescribeIndex", "aoss:ReadDocument"}
WRITES = READS | {"aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"}


@pytest.fixture(scope="module")
def resources() -> Json:
    return transformed()


def nested(name: str) -> Json:
    return yaml_parse((ROOT / "infra" / f"{name}.yaml").read_text(encoding="utf-8"))


def test_where_nothing_is_searched_there_is_nothing_of_it(resources: Json) -> None:
    made = ("Documents", "Search", "DocumentsFunction", "DocumentsFunctionRole", "ReadDocuments", "EmbedTexts")
    for name in (*made, "DocumentsFunctionAliaslive", "DocumentsFunctionDocuments"):
        assert resources[name]["Condition"] == "Searches", name
    alarms = nested("observability")["Resources"]
    watching = [name for name in alarms if "Documents" in name]
    assert [alarms[name]["Condition"] for name in watching] == ["ReadsDocuments"] * 2


def test_the_worker_does_what_it_is_for(resources: Json) -> None:
    assert allowed(resources, "DocumentsFunction") == {
        "FunctionLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "*": {"xray:PutTraceSegments", "xray:PutTelemetryRecords"},
        "* Documents DocumentsBucketArn": {"s3:GetObject"},
        "Documents DocumentsBucketArn": {"s3:ListBucket"},
        "RegistryTableArn": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "Documents DocumentsQueueArn": RECEIVE | {"sqs:SendMessage"},
        PROVIDER_KEYS: {"ssm:GetParameter"},
        "SecretsKey": {"kms:Decrypt"},
    }


def test_the_worker_has_time_and_memory_for_reading(resources: Json) -> None:
    function = typed(resources, "AWS::Lambda::Function")["DocumentsFunction"]
    visible = int(resources["Documents"]["Properties"]["Parameters"]["DocumentsVisibility"])
    assert function["Timeout"] > 2 * SECONDS
    assert visible == 6 * function["Timeout"], "as AWS advises"
    assert function["MemorySize"] * 2**20 > MEMORY + 600 * 2**20, "the model library is there as well"


def test_a_change_of_a_document_is_tried_told_of_and_set_aside() -> None:
    resources = nested("documents")["Resources"]
    queue, dead = resources["DocumentsQueue"]["Properties"], resources["DocumentsDeadLetters"]["Properties"]
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["DocumentsDeadLetters", "Arn"]},
        "maxReceiveCount": MOST_TRIES,
    }
    assert queue["SqsManagedSseEnabled"] is dead["SqsManagedSseEnabled"] is True
    [source] = dead["RedriveAllowPolicy"]["sourceQueueArns"]
    assert source["Fn::Sub"].rpartition(":")[2] == queue["QueueName"]["Fn::Sub"]
    alarm = nested("observability")["Resources"]["DocumentsDeadLettersAlarm"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Ref": "DocumentsDeadLettersName"}}]


def test_originals_are_private_and_tell_of_what_happens_to_them() -> None:
    resources = nested("documents")["Resources"]
    bucket = resources["DocumentsBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    told = bucket["NotificationConfiguration"]["QueueConfigurations"]
    assert {each["Event"] for each in told} == {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}
    [by_tls] = resources["DocumentsBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (by_tls["Effect"], by_tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    [telling] = resources["DocumentsQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert telling["Principal"] == {"Service": "s3.amazonaws.com"}
    assert telling["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def said(policy: str) -> Json:
    """A policy of the collection, as it is in the stage dev."""
    properties = nested("search")["Resources"][policy]["Properties"]
    words = properties["Policy"]["Fn::Sub"]
    for name in ("Stage", "ChatRole", "TurnsRole", "DocumentsRole", "AWS::AccountId"):
        words = words.replace(f"${{{name}}}", name if name != "Stage" else "dev")
    return json.loads(words.replace("${AWS::Partition}", "aws"))


@pytest.mark.parametrize(
    ("policy", "roles", "rights"),
    [("Readers", {"ChatRole", "TurnsRole"}, READS), ("Writer", {"DocumentsRole"}, WRITES)],
)
def test_the_collection_is_open_to_whom_it_is_for(policy: str, roles: set[str], rights: set[str]) -> None:
    [statement] = said(policy)
    assert {principal.rpartition("/")[2] for principal in statement["Principal"]} == roles
    [rule] = statement["Rules"]
    assert (rule["ResourceType"], rule["Resource"]) == ("index", ["index/attache-dev/attache_dev_*"])
    assert set(rule["Permission"]) == rights


def test_the_collection_is_encrypted_and_there_before_nothing_that_it_needs() -> None:
    resources = nested("search")["Resources"]
    collection = resources["Collection"]
    assert set(collection["DependsOn"]) == {"Group", "Encryption", "Network"}
    assert said("Encryption")["AWSOwnedKey"] is True
    for rules in (said("Encryption"), *said("Network")):
        assert rules["Rules"] == [{"ResourceType": "collection", "Resource": ["collection/attache-dev"]}]
    group = resources["Group"]["Properties"]
    assert collection["Properties"]["CollectionGroupName"] == group["Name"]
    assert group["Generation"] == "NEXTGEN"
    least = {group["CapacityLimits"][f"Min{kind}CapacityInOcu"] for kind in ("Indexing", "Search")}
    assert least == {0}, "it scales to zero"
    assert collection["Properties"]["StandbyReplicas"] == group["StandbyReplicas"]


def test_roles_reach_this_collection_or_this_stages_indexes_of_the_domain() -> None:
    policies = typed(nested("search")["Resources"], "AWS::IAM::ManagedPolicy")
    attached = {name: [role["Ref"] for role in policy["Roles"]] for name, policy in policies.items()}
    assert attached == {"SearchDocuments": ["ChatRole", "TurnsRole"], "IndexDocuments": ["DocumentsRole"]}
    indexes = {"Fn::Sub": "${SearchDomain}/attache_${Stage}_*"}
    expected = {
        "SearchDocuments": ({"es:ESHttpPost"}, {"Fn::Sub": f"{indexes['Fn::Sub']}/_search"}),
        "IndexDocuments": ({"es:ESHttpPost", "es:ESHttpPut"}, indexes),
    }
    for name, policy in policies.items():
        _, collection, domain = policy["PolicyDocument"]["Statement"][-1]["Fn::If"]
        assert (collection["Action"], collection["Resource"]) == (["aoss:APIAccessAll"], COLLECTION)
        assert (set(domain["Action"]), domain["Resource"]) == expected[name]


def test_who_searches_reads_the_records_that_say_what_counts() -> None:
    first = nested("search")["Resources"]["SearchDocuments"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert first["Action"] == ["dynamodb:GetItem"]
    assert first["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["DOC#*"]}}


@pytest.mark.parametrize("function", ["ChatFunction", "TurnsFunction"])
def test_with_what_search_adds_a_role_has_not_more_policies_than_iam_takes(resources: Json, function: str) -> None:
    assert len(resources[f"{function}Role"]["Properties"]["ManagedPolicyArns"]) + 1 <= 10


def test_a_domain_is_named_where_one_is_chosen() -> None:
    rule = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Rules"]["DomainIsNamed"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "SearchBackend"}, "domain"]}
    asserted = str([each["Assert"] for each in rule["Assertions"]])
    assert "SearchEndpoint" in asserted
    assert "SearchDomain" in asserted
