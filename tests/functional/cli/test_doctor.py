"""`attache doctor` on a service that runs, and on one of which each part is broken in turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from attache.aws import Aws
from attache_cli.doctor.command import examine
from attache_cli.doctor.documents import search
from attache_cli.doctor.finding import Examined
from attache_cli.doctor.providers import Question, providers
from attache_cli.doctor.storage import tables
from attache_cli.target import Outputs, Target
from attache_local.demo_model import demo_model
from attache_local.ports import listen
from attache_local.service import Service, settings_for
from attache_local.serving import serving
from tests.functional.cli.conftest import Attache, Stack, new_stack

pytestmark = pytest.mark.aws
APP = """
name: {name}
title: A shop
models: {{default: gpt-4o}}
secrets: [{{name: API_KEY, description: The shop's, required: true}}]
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One of its own: what other tests left would be found."""
    with new_stack(tmp_path_factory.mktemp("aws")) as stack:
        yield stack


@asynccontextmanager
async def _service(stack: Stack) -> AsyncIterator[str]:
    async with serving(demo_model(pause=0.01), listen(0)) as demo:
        service = Service(settings_for(stack.outputs, demo), stack.aws, {})
        async with serving(service.app, listen(0)) as url:
            yield url
        await service.close()


@pytest.fixture(scope="module")
def served(stack: Stack) -> Iterator[str]:
    """The address of a service that runs on the embedded AWS."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_service(stack)) as url:
        yield url


@pytest.fixture
def running(stack: Stack, served: str, folder: Path) -> None:
    """The command finds that service in its folder."""
    (folder / ".attache" / "dev.json").write_text(json.dumps({**stack.dev, "url": served}))


def looked(attache: Attache, *arguments: str, code: int) -> dict[str, dict[str, str]]:
    """What the doctor says, by what it is about; the worst of it where there is more."""
    ran = attache("doctor", "--json", *arguments)
    assert ran.exit_code == code, ran.output
    order = ("ok", "note", "wrong")
    found = sorted(json.loads(ran.stdout), key=lambda finding: order.index(finding["level"]))
    return {finding["of"]: finding for finding in found}


def test_a_service_that_is_well(attache: Attache, running: None) -> None:
    found = looked(attache, "--call", code=0)
    assert {"sessions table", "registry table", "bucket", "turns queue", "key", "API", "clock"} <= set(found)
    assert found["updates"]["said"].startswith("streams; first line after")
    assert found["chat"]["level"] == "ok"
    assert "wrong" not in {finding["level"] for finding in found.values()}


def test_people_get_a_table_and_a_sentence(attache: Attache, running: None) -> None:
    ran = attache("doctor")
    assert "seals and opens" in ran.stdout
    assert ran.stderr == "Nothing is wrong with the local stack.\n"


def test_a_service_that_is_not_there(attache: Attache) -> None:
    found = looked(attache, code=1)
    assert "does not answer" in found["API"]["said"]
    assert "make dev" in found["API"]["do"]


def test_what_could_not_be_handled_is_told(attache: Attache, running: None, stack: Stack) -> None:
    dead = stack.outputs["TurnsDeadLettersUrl"]
    asyncio.run(stack.aws.call("sqs", "send_message", QueueUrl=dead, MessageBody="poison"))
    try:
        found = looked(attache, code=1)
    finally:
        asyncio.run(stack.aws.call("sqs", "purge_queue", QueueUrl=dead))
    assert found["turns queue, dead letters"]["said"].startswith("1 messages could not be handled")
    assert found["tool-calls queue, dead letters"]["level"] == "ok"
    assert "RUNBOOK" in found["turns queue, dead letters"]["do"]


async def test_a_table_that_cannot_be_restored_or_never_forgets(stack: Stack) -> None:
    examined, said = Examined(target(stack), "prod"), "never forgets|cannot be restored|deleted by mistake"
    assert [finding.level for finding in await tables(examined)] == ["wrong", "wrong", "note"] * 2, said
    for name in (stack.outputs["SessionsTable"], stack.outputs["RegistryTable"]):
        await harden(stack.aws, name)
    sessions, registry = await tables(examined)
    assert sessions.level == registry.level == "ok"
    assert "restorable, forgets" in sessions.said


async def harden(aws: Aws, table: str) -> None:
    """What CloudFormation does on AWS, and the embedded one leaves out."""
    recovery = {"PointInTimeRecoveryEnabled": True}
    await aws.call("dynamodb", "update_continuous_backups", TableName=table, PointInTimeRecoverySpecification=recovery)
    ttl = {"Enabled": True, "AttributeName": "expires"}
    await aws.call("dynamodb", "update_time_to_live", TableName=table, TimeToLiveSpecification=ttl)
    await aws.call("dynamodb", "update_table", TableName=table, DeletionProtectionEnabled=True)


def test_an_app_without_its_secret_or_a_key(attache: Attache, running: None, folder: Path) -> None:
    (folder / "app.yaml").write_text(APP.format(name="doctored"))
    attache("apps", "deploy", str(folder))
    try:
        lacking = looked(attache, code=1)["app doctored"]
        assert "lacks API_KEY" in lacking["said"]
        assert lacking["do"] == "attache secrets set --app doctored API_KEY"
        attache("secrets", "set", "--app", "doctored", "API_KEY", stdin="v")
        assert "no key" in looked(attache, code=0)["app doctored"]["said"]
        attache("keys", "create", "--app", "doctored", "--label", "x", "--expires", "1d")
        found = looked(attache, code=0)
        assert found["app doctored"]["level"] == "ok"
        assert "within 14 days" in found["app keys"]["said"]
    finally:
        attache("apps", "delete", "doctored", "--yes")


def test_a_conversation_is_held_with_the_app_that_is_named_and_its_key(
    attache: Attache, running: None, folder: Path
) -> None:
    (folder / "app.yaml").write_text("name: talked\ntitle: Talk\npreamble: Talk.\nmodels: {default: gpt-4o}\n")
    attache("apps", "deploy", str(folder))
    key = json.loads(attache("keys", "create", "--app", "talked", "--label", "x", "--json").stdout)["key"]
    try:
        talked = looked(attache, "--call", "--app", "talked", "--key", key, code=0)
        unknown = looked(attache, "--call", "--app", "talked", "--key", "sk-unknown", code=1)
    finally:
        attache("apps", "delete", "talked", "--yes")
    assert talked["chat"]["level"] == "ok"
    assert unknown["chat"]["said"].startswith("the app talked answers 401: ")
    assert "ATTACHE_APP_KEY" in unknown["chat"]["do"]


def target(stack: Stack, **outputs: str) -> Target:
    known = Outputs.model_validate({**stack.outputs, **outputs})
    return Target("somewhere", stack.aws, known, "http://127.0.0.1:9")


async def test_what_is_missing_is_told_and_nothing_breaks(stack: Stack) -> None:
    absent = target(stack, SessionsTable="", RegistryTable="no-such-table", DataBucket="no-such", SecretsKey="no-such")
    found = await examine(Examined(absent))
    said = {finding.of: finding for finding in found if finding.level == "wrong"}
    assert {"tables", "bucket", "sealing", "apps", "API"} <= set(said)
    assert all(finding.do for finding in said.values())


@pytest.fixture
async def parameters(stack: Stack) -> AsyncIterator[Aws]:
    """Provider keys of a stage, as `attache providers` keeps them."""
    names = [f"/attache/doctored/providers/{provider}" for provider in ("openai", "anthropic")]
    for name in names:
        await stack.aws.call("ssm", "put_parameter", Name=name, Value=f"sk-{name[-6:]}", Type="SecureString")
    yield stack.aws
    for name in names:
        await stack.aws.call("ssm", "delete_parameter", Name=name)


async def test_a_provider_is_shown_its_key(stack: Stack, parameters: Aws) -> None:
    async def models(request: Request) -> Response:
        return Response(status_code=200 if request.headers["authorization"] == "Bearer sk-openai" else 401)

    async with serving(Starlette(routes=[Route("/v1/models", models)]), listen(0)) as url:
        asked = {name: Question(f"{url}/v1/models") for name in ("openai", "anthropic")}
        found = await providers(Examined(target(stack), "doctored"), asked)
    assert {(finding.level, finding.said) for finding in found} == {
        ("ok", "openai takes its key"),
        ("wrong", "anthropic refuses its key"),
    }


class PagingAws(Aws):
    """SSM that answers nothing at first, as it may when it has looked at much."""

    async def call(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        if operation == "get_parameters_by_path" and "NextToken" not in parameters:
            return {"Parameters": [], "NextToken": "more"}
        return await super().call(service, operation, **{k: v for k, v in parameters.items() if k != "NextToken"})


async def test_provider_keys_are_found_behind_an_empty_page(stack: Stack, parameters: Aws) -> None:
    paging = replace(target(stack), aws=PagingAws(parameters.access))
    found = await providers(Examined(paging, "doctored"), {})
    assert {finding.said.split(" is kept")[0] for finding in found} == {"a key of openai", "a key of anthropic"}


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (403, "ok"), (503, "wrong")])
async def test_a_search_backend_answers_though_it_may_refuse(stack: Stack, status: int, level: str) -> None:
    async def refuses(_: Request) -> Response:
        return Response(status_code=status)

    async with serving(Starlette(routes=[Route("/", refuses)]), listen(0)) as url:
        searched = target(stack, SearchBackend="domain", SearchEndpoint=url)
        (found,) = await search(Examined(searched, "doctored"))
        assert await search(Examined(searched)) == [], "the local stack's is a file"
    assert (found.level, found.do != "") == (level, level == "wrong")
    (gone,) = await search(Examined(searched, "doctored"))
    assert gone.said == f"{url} does not answer (ConnectError)"


async def test_a_collection_is_looked_up_by_its_stage(stack: Stack) -> None:
    serverless = target(stack, SearchBackend="serverless", SearchEndpoint="http://127.0.0.1:9")
    found = await search(Examined(serverless, "doctored"))
    assert found[0].said == "the collection attache-doctored is not there"


async def test_no_provider_key_at_all(stack: Stack) -> None:
    (found,) = await providers(Examined(target(stack), "bare"))
    assert (found.level, found.do) == ("wrong", "attache providers set anthropic")


def test_a_stage_is_looked_at_with_its_stack(attache: Attache, stage: str) -> None:
    found = looked(attache, "--stage", stage, code=1)
    assert found["stack"] == {"level": "ok", "of": "stack", "said": "attache-tried is CREATE_COMPLETE", "do": ""}
    assert found["functions"]["said"] == "the stack has none"
    assert "functions at once" in found["quotas"]["said"]
    assert found["alarms"]["said"] == "none is on"


def test_an_alarm_is_told_with_what_it_says_and_another_stages_is_not(
    attache: Attache, stage: str, stack: Stack
) -> None:
    cloudwatch = stack.aws.client("cloudwatch")
    said = {"AlarmDescription": "look", "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
    names = [f"attache-{stage}-Alarm-1", f"attache-{stage}2-Alarm-1"]
    for name in names:
        cloudwatch.put_metric_alarm(
            AlarmName=name, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", **said
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried")
    try:
        alarms = [
            each for each in json.loads(attache("doctor", "--json", "--stage", stage).stdout) if each["of"] == "alarm"
        ]
    finally:
        cloudwatch.delete_alarms(AlarmNames=names)
    assert [(each["said"], each["do"]) for each in alarms] == [(f"attache-{stage}-Alarm-1 is on", "look")]
