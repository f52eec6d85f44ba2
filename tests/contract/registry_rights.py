"""What the template lets a role touch of the registry, by key prefix: the embedded AWS does not ask such conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
Json = Any  # CloudFormation is JSON, of no fixed shape


@dataclass(frozen=True)
class Touch:
    """An action on items of one partition of a table, or of one of its indexes."""

    action: str
    partition: str
    index: str = ""


@dataclass(frozen=True)
class Right:
    """Actions on partitions whose key fits one of the patterns."""

    actions: frozenset[str]
    patterns: tuple[str, ...]
    index: str

    def covers(self, touch: Touch) -> bool:
        fits = any(fnmatchcase(touch.partition, pattern) for pattern in self.patterns)
        return fits and touch.action in self.actions and touch.index == self.index


def rights_of(function: str) -> tuple[Right, ...]:
    """Those of a function's role on the registry table."""
    resources = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]
    return tuple(_right(each) for each in _statements(resources, function) if "RegistryTableArn" in str(each))


def touches(operation: str, parameters: Mapping[str, Any], table: str) -> list[Touch]:
    """What a call of DynamoDB touches of `table`; a transaction touches by each of its writes."""
    if operation == "transact_write_items":
        writes = [write for item in parameters["TransactItems"] for write in item.items()]
        return [touch for kind, each in writes for touch in touches(f"{kind.lower()}_item", each, table)]
    if parameters.get("TableName") != table:
        return []
    action = "dynamodb:" + operation.title().replace("_", "")
    return [Touch(action, _partition(parameters), parameters.get("IndexName", ""))]


def _partition(parameters: Mapping[str, Any]) -> str:
    if "KeyConditionExpression" in parameters:
        name = re.findall(r"= (:\w+)", parameters["KeyConditionExpression"])[0]
        return str(parameters["ExpressionAttributeValues"][name]["S"])
    return str((parameters.get("Key") or parameters["Item"])["pk"]["S"])


def _statements(resources: Json, function: str) -> Iterator[Json]:
    role = resources[f"{function}Role"]["Properties"]
    for policy in role["ManagedPolicyArns"]:
        if "Ref" in policy:
            yield from resources[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]
    yield from _of_search(resources["Search"]["Properties"]["Parameters"], {"Ref": f"{function}Role"})


def _of_search(given: Json, role: Json) -> Iterator[Json]:
    """What the nested template for search lets a role do, if it is given that role."""
    nested = yaml_parse((ROOT / "infra" / "search.yaml").read_text(encoding="utf-8"))["Resources"].values()
    for policy in (each["Properties"] for each in nested if each["Type"] == "AWS::IAM::ManagedPolicy"):
        if role in [given[parameter["Ref"]] for parameter in policy["Roles"]]:
            yield from policy["PolicyDocument"]["Statement"]


def _right(statement: Json) -> Right:
    patterns = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    index = re.search(r"/index/(\w+)", str(statement["Resource"]))
    return Right(frozenset(statement["Action"]), tuple(patterns), index[1] if index else "")
