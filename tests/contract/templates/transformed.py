"""Parts of templates, for tests: resources by type, integrations, statements of roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = Any  # CloudFormation is JSON, of no fixed shape


ROOT = Path(__file__).resolve().parents[3]


STREAMED = {"/api/chat", "/api/updates"}


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


PROVIDER_KEYS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/attache/${Stage}/providers/*"


class NoManagedPolicies:
    """SAM looks up managed policies by name in the account; ours are in the template."""

    def load(self) -> dict[str, str]:
        return {}


def typed(resources: Json, kind: str) -> dict[str, Json]:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def integrations(resources: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and integration of every route but the preflights, which API Gateway answers itself."""
    body = resources["Api"]["Properties"]["Body"]
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if method != "options":
                yield path, method, operation["x-amazon-apigateway-integration"]


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


RECEIVE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
