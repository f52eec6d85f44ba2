"""A deploy that changes a parameter takes effect, on an AWS that publishes versions as Lambda does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from attache_cli.doctor.finding import Examined, Finding
from attache_cli.doctor.stack import functions
from attache_cli.target import Outputs, Target
from tests.contract.roles import Deployed, deployed

pytestmark = [pytest.mark.aws, pytest.mark.slow, pytest.mark.xdist_group("published"), pytest.mark.timeout(240)]
NAMES = ("Chat", "Updates", "State", "Sessions", "Control", "Interrupt", "Turns", "Tools")
Json = Any  # AWS's answers are JSON, of no fixed shape


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed(tmp_path_factory.mktemp("published"), Stage="dev") as stack:
        yield stack


def live(stack: Deployed) -> dict[str, Json]:
    """The version of each function that requests reach."""
    call = stack.aws.client("lambda").get_function_configuration
    return {name: call(FunctionName=stack.name(f"{name}Function"), Qualifier="live") for name in NAMES}


def numbers(configured: dict[str, Json]) -> list[int]:
    return [int(each["Version"]) for each in configured.values()]


def test_a_switch_alone_is_what_runs_then(stack: Deployed) -> None:
    first = live(stack)
    assert {each["SnapStart"]["ApplyOn"] for each in first.values()} == {"None"}
    stack.update(SnapStart="on")
    on = live(stack)
    assert all(new == old + 1 for new, old in zip(numbers(on), numbers(first), strict=True))
    assert {finding.level for finding in doctor(stack)} == {"ok"}
    states = {(each["SnapStart"]["ApplyOn"], each["SnapStart"]["OptimizationStatus"]) for each in on.values()}
    assert states == {("PublishedVersions", "On")}
    stack.update(SnapStart="off")
    assert {each["SnapStart"]["ApplyOn"] for each in live(stack).values()} == {"None"}


@pytest.mark.parametrize(
    ("parameter", "value", "variable", "read"),
    [
        ("SnapshotWait", "7", "ATTACHE_SNAPSHOT_WAIT", "7"),
        ("WalletDomains", "app.shop.example", "ATTACHE_WALLET_DOMAINS", "app.shop.example"),
        ("WalletProof", "required", "ATTACHE_WALLET_PROOF", "required"),
        ("WalletProof", "off", "ATTACHE_WALLET_PROOF", "off"),
        ("WalletProof", "auto", "ATTACHE_WALLET_PROOF", "off"),  # says the same, and is deployed all the same
        ("LogLevel", "DEBUG", "ATTACHE_LOG_LEVEL", "DEBUG"),
    ],
)
def test_so_is_any_parameter(stack: Deployed, parameter: str, value: str, variable: str, read: str) -> None:
    stack.update(**{parameter: value})
    told = [each["Environment"]["Variables"] for each in live(stack).values()]
    assert {variables[variable] for variables in told if variable in variables} == {read}


def test_a_version_that_is_not_served_is_gone(stack: Deployed) -> None:
    stack.update(Release="again")
    for name, configured in live(stack).items():
        found = stack.aws.client("lambda").list_versions_by_function(FunctionName=stack.name(f"{name}Function"))
        assert [each["Version"] for each in found["Versions"]] == ["$LATEST", configured["Version"]]


def test_documents_come_with_a_search_backend_and_go_with_it(stack: Deployed) -> None:
    arn, url = "arn:aws:es:us-east-1:000000000000:domain/passages", "https://search-passages.us-east-1.es.amazonaws.com"
    stack.update(SearchBackend="domain", SearchEndpoint=url, SearchDomain=arn)
    call = stack.aws.client("lambda").get_function_configuration
    for name in ("Chat", "Turns", "Documents"):
        variables = call(FunctionName=stack.name(f"{name}Function"), Qualifier="live")["Environment"]["Variables"]
        assert (variables["ATTACHE_SEARCH_BACKEND"], variables["ATTACHE_SEARCH_ENDPOINT"]) == ("domain", url)
        role = stack.name(f"{name}FunctionRole")
        attached = stack.aws.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert len([each for each in attached if "Documents" in each["PolicyName"]]) == (
            2 if name == "Documents" else 1
        )
    [source] = stack.aws.client("lambda").list_event_source_mappings(
        FunctionName=f"{stack.name('DocumentsFunction')}:live"
    )["EventSourceMappings"]
    assert source["EventSourceArn"].endswith(":attache-dev-documents")
    stack.update(SearchBackend="none")
    with pytest.raises(ClientError):
        stack.name("DocumentsFunction")
    assert live(stack)["Chat"]["Environment"]["Variables"]["ATTACHE_SEARCH_ENDPOINT"] == ""


def doctor(stack: Deployed) -> list[Finding]:
    for name in NAMES:  # this AWS calls a stack complete while its functions are still being changed
        waiter = stack.aws.client("lambda").get_waiter("function_active_v2")
        waiter.wait(FunctionName=stack.name(f"{name}Function"), WaiterConfig={"Delay": 1})
    outputs = Outputs.model_validate(stack.outputs)
    return asyncio.run(functions(Examined(Target("dev", stack.aws, outputs, outputs.ApiUrl), "dev")))


def test_the_doctor_tells_what_runs_as_it_was_before(stack: Deployed) -> None:
    state = stack.name("StateFunction")
    stack.aws.client("lambda").update_function_configuration(FunctionName=state, Timeout=28)
    told = {finding.of: finding for finding in doctor(stack) if finding.level != "ok"}
    assert told.keys() == {state}
    assert told[state].said.endswith("has since changed in Timeout")
    worker = stack.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"][0]
    stack.aws.client("lambda").update_event_source_mapping(UUID=worker["UUID"], Enabled=False)
    assert any("the event source mapping is off" in finding.said for finding in doctor(stack))
