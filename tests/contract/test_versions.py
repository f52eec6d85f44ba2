"""What runs is a published version, and every deploy that changes anything of a function publishes another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from attache.wire.web_adapter_snapshots import AFTER, BEFORE
from tests.contract.templates.transformed import ROOT, STREAMED, NoManagedPolicies, integrations, typed

Json = Any  # CloudFormation is JSON, of no fixed shape

LONGEST = 256  # characters of a description, Lambda's limit
BEHIND_ADAPTER = {"ChatFunction", "UpdatesFunction"}
# not of a version: they take effect at once
OF_THE_FUNCTION = ("RecursiveLoop", "ReservedConcurrentExecutions", "Tags")


def source(**content: str) -> Json:
    """The template, packaged: where the code of a function, or a layer's content, is what `content` says."""
    packaged = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    packaged["Globals"]["Function"]["CodeUri"] = "s3://built/function"
    for name, resource in packaged["Resources"].items():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = f"s3://built/{content.get(name, 'layer')}"
        elif name in content:
            resource["Properties"]["CodeUri"] = f"s3://built/{content[name]}"
    return packaged


def transformed(**content: str) -> Json:
    return transform(source(**content), {}, NoManagedPolicies())["Resources"]


@pytest.fixture(scope="module")
def template() -> Json:
    return source()


@pytest.fixture(scope="module")
def resources() -> Json:
    return transformed()


def versions(resources: Json) -> dict[str, str]:
    """The version that a function has, by the function's name."""
    return {version["FunctionName"]["Ref"]: name for name, version in typed(resources, "AWS::Lambda::Version").items()}


def test_requests_and_messages_go_to_the_alias(resources: Json) -> None:
    functions, aliases = typed(resources, "AWS::Lambda::Function"), typed(resources, "AWS::Lambda::Alias")
    assert {alias["Name"] for alias in aliases.values()} == {"live"}
    assert {alias["FunctionName"]["Ref"] for alias in aliases.values()} == functions.keys()
    for path, _, route in integrations(resources):
        assert "Aliaslive}" in route["uri"]["Fn::Sub"], path
    for mapping in typed(resources, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionName"]["Ref"] in aliases
    for name, permission in typed(resources, "AWS::Lambda::Permission").items():
        assert permission["FunctionName"]["Ref"] in aliases, name


def test_the_alias_follows_the_version(resources: Json) -> None:
    published = versions(resources)
    for alias in typed(resources, "AWS::Lambda::Alias").values():
        version = published[alias["FunctionName"]["Ref"]]
        assert alias["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}


def test_new_code_is_a_new_version_of_that_function(resources: Json) -> None:
    before, after = versions(resources), versions(transformed(StateFunction="changed"))
    assert {name for name in before if before[name] != after[name]} == {"StateFunction"}


def test_a_new_layer_is_a_new_version_of_the_functions_that_carry_it(resources: Json) -> None:
    before = versions(resources)
    llm, core = versions(transformed(LlmLayer="changed")), versions(transformed(CoreLayer="changed"))
    carriers = {n for n, f in typed(resources, "AWS::Lambda::Function").items() if "'LlmLayer" in str(f["Layers"])}
    assert {name for name in before if before[name] != llm[name]} == carriers
    assert not set(before.values()) & set(core.values())


def test_every_parameter_that_a_function_is_told_is_in_the_description_of_its_version(
    template: Json, resources: Json
) -> None:
    """CloudFormation replaces a version whose description is another one, and no version for any other reason."""
    described = {each["FunctionName"]["Ref"]: each for each in typed(resources, "AWS::Lambda::Version").values()}
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        said = described[name]["Description"]
        told = {key: value for key, value in function.items() if key not in ("Description", *OF_THE_FUNCTION)}
        assert set(parameters(told, template)) <= set(re.findall(r"\$\{(\w+)}", said["Fn::Sub"])), name


def parameters(value: Json, template: Json) -> Iterator[str]:
    """The parameters that a piece of the template depends on, through its conditions."""
    if isinstance(value, dict):
        if isinstance(name := value.get("Ref"), str) and name in template["Parameters"]:
            yield name
        if "Fn::If" in value:
            yield from parameters(template["Conditions"][value["Fn::If"][0]], template)
        if isinstance(text := value.get("Fn::Sub"), str):
            yield from (name for name in re.findall(r"\$\{(\w+)}", text) if name in template["Parameters"])
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parameters(part, template)


def test_lambda_always_finds_something_new_to_publish(resources: Json) -> None:
    """It refuses a second version of what is the same: so the function has the same description as its version."""
    described = {each["FunctionName"]["Ref"]: each for each in typed(resources, "AWS::Lambda::Version").values()}
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        assert function["Description"] == described[name]["Description"], name


def test_no_description_is_longer_than_lambda_takes(template: Json) -> None:
    words = template["Globals"]["Function"]["Description"]["Fn::Sub"]
    longest = re.sub(r"\$\{(\w+)}", lambda found: "x" * most(template["Parameters"][found[1]]), words)
    assert len(longest) <= LONGEST


def most(parameter: Json) -> int:
    """The characters of a parameter's longest value."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if "AllowedPattern" in parameter:
        return 1 + int(re.fullmatch(r"\[a-z]\[a-z0-9]\{0,(\d+)}", parameter["AllowedPattern"])[1])  # type: ignore[index]
    return int(parameter["MaxLength"]) if "MaxLength" in parameter else len(str(parameter["MaxValue"]))


def test_the_operator_says_whether_versions_begin_from_snapshots(template: Json, resources: Json) -> None:
    assert template["Parameters"]["SnapStart"] | {"Description": ""} == {
        "Type": "String",
        "Default": "off",
        "AllowedValues": ["on", "off"],
        "Description": "",
    }
    assert template["Conditions"]["Snapshots"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "on"]}
    for function in typed(resources, "AWS::Lambda::Function").values():
        assert function["SnapStart"] == {"ApplyOn": {"Fn::If": ["Snapshots", "PublishedVersions", "None"]}}


def test_a_snapshot_is_not_kept_for_longer_than_it_serves(resources: Json) -> None:
    for version in (each for each in resources.values() if each["Type"] == "AWS::Lambda::Version"):
        assert version["DeletionPolicy"] == "Delete"
        assert version.get("UpdateReplacePolicy", "Delete") == "Delete"


def test_the_adapter_calls_what_is_to_be_done_around_a_snapshot(resources: Json) -> None:
    assert {"/api/chat", "/api/updates"} == STREAMED
    for name, function in typed(resources, "AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        behind = (BEFORE, AFTER) if name in BEHIND_ADAPTER else (None, None)
        given = ("AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH", "AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH")
        assert tuple(variables.get(variable) for variable in given) == behind, name
    paths = resources["Api"]["Properties"]["Body"]["paths"]
    assert not [path for path in paths if path.startswith("/snapshot")]
