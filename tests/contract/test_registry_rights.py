"""Whose partitions of the registry a function's role may touch, and how calls are told apart by that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.registry_rights import Touch, rights_of, touches

READ, WRITE = "dynamodb:GetItem", "dynamodb:PutItem"
KEY = {"pk": {"S": "KEY#1"}, "sk": {"S": "KEY"}}


@pytest.mark.parametrize(
    ("function", "touch", "may"),
    [
        ("StateFunction", Touch(READ, "KEY#1"), True),
        ("StateFunction", Touch(READ, "SECRET#app#shop"), False),
        ("StateFunction", Touch(READ, "APP#shop"), False),
        ("ChatFunction", Touch(READ, "SECRET#app#shop"), True),
        ("ChatFunction", Touch(READ, "PROOF#token#1"), True),
        ("ChatFunction", Touch(READ, "PROOF#nonce#1"), False),
        ("ChatFunction", Touch(WRITE, "USAGE#shop#2026-01-31#0"), True),
        ("ControlFunction", Touch(WRITE, "SECRET#client#1"), True),
        ("ControlFunction", Touch(READ, "SECRET#app#shop"), False),
        ("ControlFunction", Touch("dynamodb:Query", "APP", "listing"), True),
        ("ControlFunction", Touch("dynamodb:Query", "KEY", "listing"), False),
        ("TurnsFunction", Touch(READ, "KEY#1"), False),
        ("ToolsFunction", Touch(WRITE, "USAGE#shop#2026-01-31#0"), False),
        ("TurnsFunction", Touch(READ, "DOC#shop"), True),
        ("TurnsFunction", Touch(WRITE, "DOC#shop"), False),
        ("ToolsFunction", Touch(READ, "DOC#shop"), False),
        ("DocumentsFunction", Touch(WRITE, "DOC#shop"), True),
        ("DocumentsFunction", Touch(READ, "APP#shop"), False),
    ],
)
def test_a_role_touches_what_its_function_is_for(function: str, touch: Touch, may: bool) -> None:
    assert any(right.covers(touch) for right in rights_of(function)) is may


@pytest.mark.parametrize(
    ("operation", "parameters", "touched"),
    [
        ("get_item", {"TableName": "registry", "Key": KEY}, [Touch(READ, "KEY#1")]),
        ("put_item", {"TableName": "registry", "Item": KEY}, [Touch(WRITE, "KEY#1")]),
        ("get_item", {"TableName": "sessions", "Key": KEY}, []),
        (
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "registry", "Item": KEY}}]},
            [Touch(WRITE, "KEY#1")],
        ),
        (
            "query",
            {
                "TableName": "registry",
                "IndexName": "listing",
                "KeyConditionExpression": "#listed = :app",
                "ExpressionAttributeValues": {":app": {"S": "APP"}},
            },
            [Touch("dynamodb:Query", "APP", "listing")],
        ),
    ],
)
def test_a_call_is_told_by_the_partitions_that_it_touches(
    operation: str, parameters: dict[str, Any], touched: list[Touch]
) -> None:
    assert touches(operation, parameters, "registry") == touched
