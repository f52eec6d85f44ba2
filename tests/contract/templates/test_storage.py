"""Templates of tables, bucket, key and queues: what is protected, kept and expires."""

from __future__ import annotations

import pytest
from samtranslator.yaml_helper import yaml_parse

from attache.apps.app import RETENTION_DAYS
from tests.contract.templates.transformed import (
    ROOT,
    Json,
    typed,
)

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
