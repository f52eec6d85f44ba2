"""The deployed stack on an embedded AWS that asks IAM about every request; its functions have their own roles."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from fastapi import FastAPI
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from attache.aws import Aws, AwsAccess
from attache.settings import Settings
from attache.wire.health import health_routes
from attache.wire.web_app import web_app
from attache.wiring import wire
from attache_local.embedded_aws import EmbeddedAws
from attache_local.queue_pollers import Handler
from functions.chat.routes import routes as chat_routes
from functions.control.routes import routes as control_routes
from functions.interrupt.routes import routes as interrupt_routes
from functions.sessions.routes import routes as sessions_routes
from functions.state.routes import routes as state_routes
from functions.tools.jobs import do_tool_job
from functions.turns.jobs import do_job
from functions.updates.routes import routes as updates_routes
from tests.contract.ground import Ground
from tests.contract.registry_rights import rights_of, touches

ROOT = Path(__file__).resolve().parents[2]
STACK = "attache-dev"
BUILT = "built"
ACCOUNT = "000000000000"
HTTP = {
    "ChatFunction": chat_routes,
    "UpdatesFunction": updates_routes,
    "StateFunction": state_routes,
    "SessionsFunction": sessions_routes,
    "ControlFunction": control_routes,
    "InterruptFunction": interrupt_routes,
}
WORKERS = ("TurnsFunction", "ToolsFunction")
GRACE_SECONDS = 2
Json = Any  # CloudFormation is JSON, of no fixed shape


class CheckingAws(EmbeddedAws):
    """An embedded AWS with IAM."""

    def _environment(self, port: int, token: str) -> dict[str, str]:
        return {**super()._environment(port, token), "AUTH": "true"}

    @property
    def access(self) -> AwsAccess:
        return AwsAccess(self.process.endpoint, super().access.region, ACCOUNT, "test")


@dataclass(frozen=True)
class Refused:
    """A request that a function's role does not allow."""

    function: str
    operation: str
    message: str


class RoleAws(Aws):
    """AWS as a function's role may use it; what it may not is noted in `refused`."""

    def __init__(self, access: AwsAccess, token: str, function: str, registry: str, refused: list[Refused]) -> None:
        super().__init__(access)
        self._token = token
        self._function = function
        self._registry = registry
        self._rights = rights_of(function)
        self._refused = refused

    def _call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            if service == "dynamodb":
                self._ask(operation, parameters)
            return super()._call(service, operation, parameters)
        except ClientError as error:
            if "AccessDenied" in str(error.response["Error"].get("Code")):
                self._refused.append(Refused(self._function, f"{service}.{operation}", str(error)))
            raise

    def _ask(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raises what AWS would, where the role may not touch those partitions of the registry."""
        for touch in touches(operation, parameters, self._registry):
            if not any(right.covers(touch) for right in self._rights):
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": str(touch)}}, operation)

    @cached_property
    def _session(self) -> Any:
        session = botocore.session.Session()
        session.set_credentials(self.access.access_key_id, self.access.secret_access_key, self._token)
        return session


@dataclass(frozen=True)
class Deployed:
    """The stack, to its owner, and what its functions were refused."""

    aws: Aws
    outputs: Mapping[str, str]
    refused: list[Refused]

    def update(self, **parameters: str) -> None:
        """Deploy the same again, but for these parameters."""
        client = cloudformation(self.aws.access)
        known = client.describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"]
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        same = [{"ParameterKey": each["ParameterKey"], "UsePreviousValue": True} for each in known]
        client.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Parameters=[*given, *(each for each in same if each["ParameterKey"] not in parameters)],
            Capabilities=["CAPABILITY_IAM"],
        )
        client.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    def feed_nothing(self) -> None:
        """Have this AWS leave the queues' messages to the workers of the test."""
        client = self.aws.client("lambda")
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    def environment(self, function: str) -> dict[str, str]:
        """The variables of a function."""
        found = self.aws.client("lambda").get_function_configuration(FunctionName=self.name(function))
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def as_role_of(self, function: str) -> RoleAws:
        """AWS with the rights of the function's role."""
        role = f"{function}Role"
        name = self.name(role)
        iam, access = self.aws.client("iam"), self.aws.access
        trusting = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trusting]})
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=document)
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        made = self.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="tested")["Credentials"]
        own = AwsAccess(access.endpoint_url, access.region, made["AccessKeyId"], made["SecretAccessKey"])
        return RoleAws(own, made["SessionToken"], function, self.outputs["RegistryTable"], self.refused)

    def name(self, logical: str) -> str:
        """What AWS calls a resource of the root template."""
        detail = self.aws.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        name: str = detail["StackResourceDetail"]["PhysicalResourceId"]
        return name


@contextmanager
def deployed(directory: Path, **parameters: str) -> Iterator[Deployed]:
    """The whole template, but for what its functions run, and for the rule that its bucket is reached by TLS only."""
    with CheckingAws(directory) as embedded:
        aws = Aws(embedded.access)
        client = cloudformation(embedded.access)
        client.create_stack(
            StackName=STACK,
            TemplateURL=_packaged(aws),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        client.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        made = client.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
        yield Deployed(aws, {each["OutputKey"]: each["OutputValue"] for each in made}, [])


def cloudformation(access: AwsAccess) -> Any:
    """The client; this AWS answers when it has made most of a stack, and to a second request that there is one."""
    session = botocore.session.Session()
    session.set_credentials(access.access_key_id, access.secret_access_key)
    patient = Config(read_timeout=120, retries={"total_max_attempts": 1})
    return session.create_client("cloudformation", access.region, endpoint_url=access.endpoint_url, config=patient)


def _packaged(aws: Aws) -> str:
    """Where the transformed template is, its parts in a bucket as `sam package` puts them."""
    s3, template = aws.client("s3"), yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    s3.create_bucket(Bucket=BUILT)
    s3.put_object(Bucket=BUILT, Key="code.zip", Body=_some_code())
    template["Globals"]["Function"]["CodeUri"] = f"s3://{BUILT}/code.zip"
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = f"s3://{BUILT}/code.zip"
        if resource["Type"] == "AWS::CloudFormation::Stack":
            properties["TemplateURL"] = _put(aws, properties["TemplateURL"], _nested(properties["TemplateURL"]))
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            for statement in properties["PolicyDocument"]["Statement"]:
                _without_unknown_conditions(statement)
    return _put(aws, "root.json", transform(template, {}, _NoManagedPolicies()))


def _without_unknown_conditions(statement: Json) -> None:
    """This AWS does not tell IAM what a request to KMS encrypts for, so nothing that asks for it is ever allowed."""
    if "kms:EncryptionContext" in json.dumps(statement.get("Condition", {})):
        del statement["Condition"]


def _nested(path: str) -> Json:
    template = yaml_parse((ROOT / path).read_text(encoding="utf-8"))
    for policy in ("DataBucketPolicy", "DocumentsBucketPolicy"):  # this AWS is reached over plain HTTP
        template["Resources"].pop(policy, None)
    return template


def _put(aws: Aws, key: str, template: Json) -> str:
    aws.client("s3").put_object(Bucket=BUILT, Key=key, Body=json.dumps(template).encode())
    return f"{aws.access.endpoint_url}/{BUILT}/{key}"


def _some_code() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("run.sh", "#!/bin/sh\n")
    return content.getvalue()


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


class RoleService:
    """The functions in one process, each with the rights of its own role."""

    def __init__(self, stack: Deployed, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._of = {name: wire(settings, stack.as_role_of(name), environ) for name in (*HTTP, *WORKERS)}

    @property
    def app(self) -> FastAPI:
        return web_app([*(routes(self._of[name]) for name, routes in HTTP.items()), health_routes()], self._settle)

    @property
    def queues(self) -> Mapping[str, Handler]:
        return {
            self._settings.turns_queue_url: partial(do_job, self._of["TurnsFunction"]),
            self._settings.tool_calls_queue_url: partial(do_tool_job, self._of["ToolsFunction"]),
        }

    async def close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await asyncio.gather(*(services.aclose() for services in self._of.values()))

    async def _settle(self) -> None:
        await asyncio.gather(*(services.keys.settle() for services in self._of.values()))


@dataclass(frozen=True)
class RoleGround:
    """The deployed stack, where nobody may do more than the template says."""

    stack: Deployed
    stage: str = "dev"

    @property
    def aws(self) -> Aws:
        return self.stack.aws

    @property
    def outputs(self) -> Mapping[str, str]:
        return self.stack.outputs

    def service(self, settings: Settings, environ: Mapping[str, str]) -> RoleService:
        return RoleService(self.stack, settings, environ)

    def feeder(self, queue_url: str) -> Aws:
        """Lambda polls a queue with the function's role."""
        return self.stack.as_role_of("TurnsFunction" if queue_url.endswith("-turns") else "ToolsFunction")


@asynccontextmanager
async def roles_ground(directory: Path) -> AsyncIterator[Ground]:
    """Fails at its end where a function was refused anything."""
    with deployed(directory, Stage="dev") as stack:
        stack.feed_nothing()
        yield RoleGround(stack)
        assert stack.refused == []
