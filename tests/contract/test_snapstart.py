"""The template for functions that start from a snapshot: every way leads to a version just published."""

from __future__ import annotations

from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from snapstart import SOURCE, STREAMED, NotAsExpected, with_snapstart
from tests.contract.test_templates import NoManagedPolicies, integrations, typed

Json = Any  # CloudFormation is JSON, of no fixed shape


def transformed(moment: str | None) -> Json:
    text = SOURCE.read_text(encoding="utf-8")
    packaged = yaml_parse(with_snapstart(text, moment) if moment else text)
    packaged["Globals"]["Function"]["CodeUri"] = "s3://built/function"
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://built/layer"
    return transform(packaged, {}, NoManagedPolicies())["Resources"]


@pytest.fixture(scope="module")
def resources() -> Json:
    return transformed("now")


def test_what_answers_buffered_or_works_starts_from_a_snapshot(resources: Json) -> None:
    applied = {n: f["SnapStart"]["ApplyOn"] for n, f in typed(resources, "AWS::Lambda::Function").items()}
    assert len(applied) == 8
    assert {name for name, on in applied.items() if on == "None"} == set(STREAMED)
    assert {on for name, on in applied.items() if name not in STREAMED} == {"PublishedVersions"}


def test_requests_and_messages_go_to_the_alias(resources: Json) -> None:
    aliases = typed(resources, "AWS::Lambda::Alias")
    assert {alias["Name"] for alias in aliases.values()} == {"live"}
    assert len(aliases) == 8
    for path, _, route in integrations(resources):
        assert "Aliaslive}" in route["uri"]["Fn::Sub"], path
    for mapping in typed(resources, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionName"]["Ref"] in aliases
    for name, permission in typed(resources, "AWS::Lambda::Permission").items():
        assert permission["FunctionName"]["Ref"] in aliases, name


def test_each_time_it_is_written_there_are_new_versions(resources: Json) -> None:
    now, later = (set(typed(each, "AWS::Lambda::Version")) for each in (resources, transformed("later")))
    assert len(now) == len(later) == 8
    assert not now & later


def test_it_is_the_same_service_otherwise(resources: Json) -> None:
    plain = transformed(None)
    ways = {(path, method) for path, method, _ in integrations(resources)}
    assert ways == {(path, method) for path, method, _ in integrations(plain)}
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::CloudFormation::Stack"):
        assert typed(resources, kind) == typed(plain, kind)


def test_a_template_of_another_form_is_refused() -> None:
    with pytest.raises(NotAsExpected):
        with_snapstart("  Odd:\n    Properties: {}\n    Type: AWS::Serverless::Function\n", "now")
